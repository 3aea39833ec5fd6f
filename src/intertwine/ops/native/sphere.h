// Products of functions on the sphere, fused: coefficients -> values on a grid -> product -> coefficients.
//
// Per atom and channel, with u, v, w = S x the values on the grid of three functions and P the analysis,
//
//     y = P p,    p = u (a + v (b + c w)).
//
// The grid is symmetric under inversion: at g and -g the even and odd parts of a function add and subtract,
// so that half of the points carry all the work. Values never leave the cache: a tile of 32 bytes of
// channels is taken through the whole product. Layouts (channels contiguous):
//
//     x [rows][atoms][3 C]: u, v, w side by side    orders [atoms][3][C]    y [rows_out][atoms][C]
//
// Tables hold one column per pair of points, padded to a multiple of BLOCK; rows of even degree come first.

#pragma once

#include "lanes.h"

namespace {

constexpr int BLOCK = 4;      // pairs of points that share one load of a coefficient
constexpr int MAX_PAIRS = 136;  // half the points of the grid of degree 27, padded

template <typename T> struct Sphere {
    int rows, even, rows_out, even_out, pairs;
    const int *order, *order_out;      // place of each table row among the coefficients
    const T *synthesis, *analysis;     // [rows][pairs], [rows_out][pairs]
    long stride, stride_out;           // between rows of coefficients
};

// F functions at BLOCK pairs: plus at the points, minus at their opposites
template <typename T, int F>
INLINE void values(const Lanes<T> (*x)[MAX_ROWS], const T *table, int rows, int even, int pairs, int g,
                   Lanes<T> (*plus)[BLOCK], Lanes<T> (*minus)[BLOCK]) {
    Lanes<T> e[F][BLOCK] = {}, o[F][BLOCK] = {};
    for (int r = 0; r < even; ++r)
        for (int k = 0; k < BLOCK; ++k)
            for (int f = 0; f < F; ++f) e[f][k] += table[r * pairs + g + k] * x[f][r];
    for (int r = even; r < rows; ++r)
        for (int k = 0; k < BLOCK; ++k)
            for (int f = 0; f < F; ++f) o[f][k] += table[r * pairs + g + k] * x[f][r];
    for (int f = 0; f < F; ++f)
        for (int k = 0; k < BLOCK; ++k) plus[f][k] = e[f][k] + o[f][k], minus[f][k] = e[f][k] - o[f][k];
}

// N rows of coefficients of F functions given on the pairs
template <typename T, int F, int N>
INLINE void rows_of(const Lanes<T> (*part)[MAX_PAIRS], const T *table, int pairs, int r, Lanes<T> (*x)[MAX_ROWS]) {
    Lanes<T> sum[F][N] = {};
    for (int g = 0; g < pairs; ++g)
        for (int k = 0; k < N; ++k)
            for (int f = 0; f < F; ++f) sum[f][k] += table[(r + k) * pairs + g] * part[f][g];
    for (int f = 0; f < F; ++f)
        for (int k = 0; k < N; ++k) x[f][r + k] = sum[f][k];
}

// coefficients of F functions given by their even and odd parts on the pairs
template <typename T, int F>
INLINE void coefficients(const Lanes<T> (*even_part)[MAX_PAIRS], const Lanes<T> (*odd_part)[MAX_PAIRS], const T *table,
                         int rows, int even, int pairs, Lanes<T> (*x)[MAX_ROWS]) {
    for (int r = 0; r < rows;) {
        const int left = (r < even ? even : rows) - r;
        const Lanes<T> (*part)[MAX_PAIRS] = r < even ? even_part : odd_part;
        if (left >= 4) rows_of<T, F, 4>(part, table, pairs, r, x), r += 4;
        else if (left >= 2) rows_of<T, F, 2>(part, table, pairs, r, x), r += 2;
        else rows_of<T, F, 1>(part, table, pairs, r, x), r += 1;
    }
}

template <typename T> struct Functions {  // u, v, w of one tile
    using V = Lanes<T>;
    V x[3][MAX_ROWS];
    V plus[3][BLOCK], minus[3][BLOCK];

    INLINE void read(const Sphere<T> &s, const T *from, int channels, int count) {
        for (int f = 0; f < 3; ++f)
            for (int r = 0; r < s.rows; ++r)
                x[f][r] = load<T>(from + s.order[r] * s.stride + f * channels, count);
    }
    INLINE void at(const Sphere<T> &s, int g) {
        values<T, 3>(x, s.synthesis, s.rows, s.even, s.pairs, g, plus, minus);
    }
};

template <typename T> struct Gradient {  // of u, v, w on the grid, then of their coefficients
    using V = Lanes<T>;
    V even[3][MAX_PAIRS], odd[3][MAX_PAIRS];

    INLINE void put(int f, int g, const V &plus, const V &minus) {
        even[f][g] = plus + minus, odd[f][g] = plus - minus;
    }
    INLINE void write(const Sphere<T> &s, T *to, int channels, int count) {
        V x[3][MAX_ROWS];
        coefficients<T, 3>(even, odd, s.synthesis, s.rows, s.even, s.pairs, x);
        for (int f = 0; f < 3; ++f)
            for (int r = 0; r < s.rows; ++r) store<T>(to + s.order[r] * s.stride + f * channels, x[f][r], count);
    }
};

template <typename T> INLINE void sphere_forward(const Sphere<T> &s, const T *x, const T *orders, T *y, int channels, int count) {
    using V = Lanes<T>;
    Functions<T> f;
    V even[1][MAX_PAIRS], odd[1][MAX_PAIRS], out[1][MAX_ROWS];
    f.read(s, x, channels, count);
    const V a = load<T>(orders, count), b = load<T>(orders + channels, count);
    const V c = load<T>(orders + 2 * channels, count);
    for (int g = 0; g < s.pairs; g += BLOCK) {
        f.at(s, g);
        for (int k = 0; k < BLOCK; ++k) {
            const V plus = f.plus[0][k] * (a + f.plus[1][k] * (b + c * f.plus[2][k]));
            const V minus = f.minus[0][k] * (a + f.minus[1][k] * (b + c * f.minus[2][k]));
            even[0][g + k] = plus + minus, odd[0][g + k] = plus - minus;
        }
    }
    coefficients<T, 1>(even, odd, s.analysis, s.rows_out, s.even_out, s.pairs, out);
    for (int r = 0; r < s.rows_out; ++r) store<T>(y + s.order_out[r] * s.stride_out, out[0][r], count);
}

template <typename T, bool ORDERS = true>
INLINE void sphere_backward(const Sphere<T> &s, const T *x, const T *orders, const T *gy, T *gx, T *g_orders, int channels, int count) {
    using V = Lanes<T>;
    Functions<T> f;
    Gradient<T> grad;
    V q[1][MAX_ROWS], q_plus[1][BLOCK], q_minus[1][BLOCK], ga = {}, gb = {}, gc = {};
    f.read(s, x, channels, count);
    for (int r = 0; r < s.rows_out; ++r) q[0][r] = load<T>(gy + s.order_out[r] * s.stride_out, count);
    const V a = load<T>(orders, count), b = load<T>(orders + channels, count);
    const V c = load<T>(orders + 2 * channels, count);
    for (int g = 0; g < s.pairs; g += BLOCK) {
        f.at(s, g);
        values<T, 1>(q, s.analysis, s.rows_out, s.even_out, s.pairs, g, q_plus, q_minus);
        for (int k = 0; k < BLOCK; ++k) {
            V gu[2], gv[2], gw[2];
            for (int side = 0; side < 2; ++side) {
                const V u = side ? f.minus[0][k] : f.plus[0][k], v = side ? f.minus[1][k] : f.plus[1][k];
                const V w = side ? f.minus[2][k] : f.plus[2][k], p = side ? q_minus[0][k] : q_plus[0][k];
                const V inner = b + c * w, pu = p * u, puv = pu * v;
                gu[side] = p * (a + v * inner), gv[side] = pu * inner, gw[side] = puv * c;
                ga += pu, gb += puv, gc += puv * w;
            }
            grad.put(0, g + k, gu[0], gu[1]), grad.put(1, g + k, gv[0], gv[1]), grad.put(2, g + k, gw[0], gw[1]);
        }
    }
    grad.write(s, gx, channels, count);
    if (!ORDERS) return;
    store<T>(g_orders, ga, count), store<T>(g_orders + channels, gb, count);
    store<T>(g_orders + 2 * channels, gc, count);
}

}  // namespace
