// Geometry of bonds, as many at once as a tile has lanes: directions, harmonics, radial functions, and back from
// gradients of all these to the gradient of the bond vector.
//
// With (X, Y, Z) = (z, x, y), C_m + i S_m = (X + i Y)^m and Q_lm the m-th derivative of the Legendre polynomial,
//
//     Y_lm = N_lm Q_l|m|(Z) {S_|m|, C_m},    B_n = sqrt(2) sin(n pi x) / (pi x) f(x),    x = r / cutoff,
//
// f = (1 - x)^3 (1 + 3 x + 6 x^2 + 10 x^3 + 15 x^4 + 21 x^5). Harmonics are read as polynomials off the sphere:
// only the part of their gradient across the bond is used.

#pragma once

#include <cmath>

#include "lanes.h"

namespace {

constexpr int MAX_RADIAL = 32;
constexpr double PI = 3.14159265358979323846;

// Newton's square root, at compile time: nothing of a file for newer processors may run while the library loads
constexpr double root(double x) {
    double r = x > 1 ? x : 1;
    for (int k = 0; k < 64; ++k) r = 0.5 * (r + x / r);
    return r;
}

struct Norms {  // of the harmonics, sum over m of Y_lm^2 = 2 l + 1
    double of[MAX_L + 1][MAX_L + 1] = {};
    constexpr Norms() {
        for (int l = 0; l <= MAX_L; ++l)
            for (int m = 0; m <= l; ++m) {
                double ratio = (2 * l + 1) * (m ? 2 : 1);
                for (int k = l - m + 1; k <= l + m; ++k) ratio /= k;
                of[l][m] = root(ratio);
            }
    }
};
constexpr Norms NORMS;

template <typename X> INLINE X series(const X &square, int first, int last) {  // sum (-1)^k square^k / (first + 2 k)! first!
    X sum = X{} + 1;
    for (int k = last; k > first; k -= 2) sum = 1 - square * sum / typename std::decay<decltype(sum[0])>::type(k * (k - 1));
    return sum;
}

template <typename T> struct Bonds {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width;
    int count;  // the others stand at the cutoff, where every radial function is zero
    V length, inverse, direction[3];
    V harmonics[MAX_ROWS], radial[MAX_RADIAL], slope[MAX_RADIAL];
    V cosine[MAX_L + 1], sine[MAX_L + 1], legendre[MAX_L + 2][MAX_L + 2];

    // vectors [count][3]
    KERNEL void read(const T *vectors, int bonds, T cutoff, int l_max, int functions) {
        count = bonds;
        V r[3] = {};
        for (int e = 0; e < lanes; ++e)
            for (int a = 0; a < 3; ++a) r[a][e] = e < bonds ? vectors[3 * e + a] : a == 2 ? cutoff : T(0);
        length = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        for (int e = 0; e < lanes; ++e) length[e] = std::sqrt(length[e]);
        inverse = 1 / length;
        for (int a = 0; a < 3; ++a) direction[a] = r[a] * inverse;
        read_harmonics(l_max);
        read_radial(cutoff, functions);
    }

    INLINE void read_harmonics(int l_max) {
        const V &X = direction[2], &Y = direction[0], &Z = direction[1];
        cosine[0] = V{} + 1, sine[0] = V{};
        for (int m = 1; m <= l_max; ++m) {
            cosine[m] = X * cosine[m - 1] - Y * sine[m - 1];
            sine[m] = X * sine[m - 1] + Y * cosine[m - 1];
        }
        for (int m = 0; m <= l_max; ++m) {
            T first = 1;
            for (int k = 2 * m - 1; k > 1; k -= 2) first *= k;
            legendre[m][m] = V{} + first, legendre[m][m + 1] = V{};
            if (m < l_max) legendre[m + 1][m] = T(2 * m + 1) * Z * legendre[m][m];
            for (int l = m + 2; l <= l_max; ++l)
                legendre[l][m] =
                    (T(2 * l - 1) * Z * legendre[l - 1][m] - T(l + m - 1) * legendre[l - 2][m]) * (T(1) / (l - m));
        }
        for (int l = 0; l <= l_max; ++l)
            for (int m = 0; m <= l; ++m) {
                const V scaled = T(NORMS.of[l][m]) * legendre[l][m];
                harmonics[l * l + l + m] = scaled * cosine[m];
                if (m) harmonics[l * l + l - m] = scaled * sine[m];
            }
    }

    INLINE void read_radial(T cutoff, int functions) {
        const V x = length / cutoff, angle = T(PI) * x - T(PI / 2), square = angle * angle;
        const V s = series(square, 0, 24), c = -angle * series(square, 1, 25);  // sin and cos of pi x
        const V gap = 1 - x;
        const V f = gap * gap * gap * (1 + x * (3 + x * (6 + x * (10 + x * (15 + x * 21)))));
        const V df = -168 * (x * x * x * x * x) * gap * gap, in_x = 1 / x;
        V s_n = s, c_n = c;
        for (int n = 0; n < functions; ++n) {
            const V wave = T(std::sqrt(2.0) / PI) * s_n * in_x;
            radial[n] = wave * f;
            slope[n] = ((T(std::sqrt(2.0)) * (n + 1) * c_n - wave) * in_x * f + wave * df) / cutoff;
            const V next = s_n * c + c_n * s;
            c_n = c_n * c - s_n * s, s_n = next;
        }
    }

    // gradient of the bond vectors [count][3] from those of direction, harmonics and radial functions
    KERNEL void write(const V *g_direction, const V *g_harmonics, const V *g_radial, int l_max, int functions, T *to) const {
        V g_cosine[MAX_L + 1] = {}, g_sine[MAX_L + 1] = {}, g[3] = {}, g_length = {};
        if (g_direction) g[0] = g_direction[0], g[1] = g_direction[1], g[2] = g_direction[2];
        for (int l = 1; l <= l_max; ++l)
            for (int m = 0; m <= l; ++m) {
                const V even = T(NORMS.of[l][m]) * g_harmonics[l * l + l + m];
                const V odd = m ? T(NORMS.of[l][m]) * g_harmonics[l * l + l - m] : V{};
                g_cosine[m] += legendre[l][m] * even, g_sine[m] += legendre[l][m] * odd;
                g[1] += legendre[l][m + 1] * (cosine[m] * even + sine[m] * odd);
            }
        for (int m = 1; m <= l_max; ++m) {
            g[2] += T(m) * (g_cosine[m] * cosine[m - 1] + g_sine[m] * sine[m - 1]);
            g[0] += T(m) * (g_sine[m] * cosine[m - 1] - g_cosine[m] * sine[m - 1]);
        }
        for (int n = 0; n < functions; ++n) g_length += g_radial[n] * slope[n];
        const V along = g[0] * direction[0] + g[1] * direction[1] + g[2] * direction[2];
        for (int a = 0; a < 3; ++a) {
            const V result = g_length * direction[a] + (g[a] - along * direction[a]) * inverse;
            for (int e = 0; e < count; ++e) to[3 * e + a] = result[e];
        }
    }
};

}  // namespace
