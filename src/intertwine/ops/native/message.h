// Messages along bonds and their first derivative, for as many bonds at once as a tile has lanes.
//
// For the bond e from j to the atom, channel c understood, with R = B W of three kinds for every degree,
//
//     P_l = R0_l h0_j + Rpar_l (d . h1_j)    T_la = Rperp_l h1_ja    A[lm] += Y_lm P_l + sum_a Z_lma T_la,
//
// Z_l = (table of raising) Y_{l-1}. P and T stand side by side as the four `sides` of a bond; all sums over rows,
// channels or bonds are small matrix products. Lanes hold bonds where a number belongs to a bond, channels elsewhere.
// Channels never meet: they are taken a strip of S tiles after another.

#pragma once

#include "bonds.h"

namespace {

constexpr int KINDS = 3, SIDES = 4, MAX_RAISED = 3 * (MAX_ROWS - 1);

// what all channels share: the harmonics of the bonds, coupled with the three axes
template <typename T> struct Raising {
    using V = Lanes<T>;
    int l_max;
    const T *table;  // for each l from 1 [2 l - 1][3][2 l + 1]

    template <int l> INLINE void raise(const V *y, const T *from, V *z) const {
        if (l > l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int k = 0; k < width; ++k) {
            V sum = {};
            for (int m = 0; m < 2 * l - 1; ++m) sum += from[m * width + k] * y[m];
            z[k] = sum;
        }
        if constexpr (l < MAX_L) raise<l + 1>(y + 2 * l - 1, from + (2 * l - 1) * width, z + width);
    }
    template <int l> INLINE void lower(const V *g_z, const T *from, V *g_y) const {
        if (l > l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int m = 0; m < 2 * l - 1; ++m) {
            V sum = {};
            for (int k = 0; k < width; ++k) sum += from[m * width + k] * g_z[k];
            g_y[m] += sum;
        }
        if constexpr (l < MAX_L) lower<l + 1>(g_z + width, from + (2 * l - 1) * width, g_y + 2 * l - 1);
    }
    KERNEL void up(const V *harmonics, V *raised) const { raise<1>(harmonics, table, raised); }
    KERNEL void down(const V *g_raised, V *g_harmonics) const { lower<1>(g_raised, table, g_harmonics); }
};

template <typename T, int S> struct Message {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width, strip = S * lanes, sent = SIDES * strip;  // numbers of an atom
    const Bonds<T> &bonds;
    const V *raised;
    const T *weights;  // of this strip [l][tile][functions][KINDS][lanes]
    int l_max, functions;
    long degree;  // numbers between the weights of two degrees

    const T *hidden[lanes];  // of the senders [SIDES][strip]
    V along[lanes][S], R[lanes][KINDS][S], sides[lanes][SIDES][S];
    V g_along[lanes][S], g_sides[lanes][SIDES][S], g_hidden[lanes][SIDES][S], g_basis[MAX_RADIAL][lanes];

    INLINE Message(const Bonds<T> &of, const V *with, const T *strip_weights, int highest, int radial, long apart)
        : bonds(of), raised(with), weights(strip_weights), l_max(highest), functions(radial), degree(apart) {}

    INLINE V of_hidden(int e, int row, int t) const { return load<T>(hidden[e] + (row * S + t) * lanes, lanes); }

    // senders' numbers at `of` + sender * stride; `spare` where no bond is
    KERNEL void begin(const T *of, long stride, const int *senders, int spare) {
        for (int e = 0; e < lanes; ++e) {
            hidden[e] = of + stride * (e < bonds.count ? senders[e] : spare);
            const T x = bonds.direction[0][e], y = bonds.direction[1][e], z = bonds.direction[2][e];
            for (int t = 0; t < S; ++t) along[e][t] = x * of_hidden(e, 1, t) + y * of_hidden(e, 2, t) + z * of_hidden(e, 3, t);
        }
    }

    // R and the sides of one degree
    template <int l> INLINE void amplitudes() {
        const T *basis = reinterpret_cast<const T *>(bonds.radial), *w = weights + l * degree;
        for (int t = 0; t < S; ++t, w += functions * KINDS * lanes)
            for (int e = 0; e < lanes; e += 4) {
                V sum[4][KINDS] = {};
                for (int n = 0; n < functions; ++n)
                    for (int k = 0; k < KINDS; ++k) {
                        const V of_kind = load<T>(w + (n * KINDS + k) * lanes, lanes);
                        for (int i = 0; i < 4; ++i) sum[i][k] += basis[n * lanes + e + i] * of_kind;
                    }
                for (int i = 0; i < 4; ++i) {
                    for (int k = 0; k < KINDS; ++k) R[e + i][k][t] = sum[i][k];
                    sides[e + i][0][t] = sum[i][0] * of_hidden(e + i, 0, t) + sum[i][1] * along[e + i][t];
                    for (int a = 1; l && a < SIDES; ++a) sides[e + i][a][t] = sum[i][2] * of_hidden(e + i, a, t);
                }
            }
    }

    // what multiplies side s in row m of degree l, for all bonds
    template <int l> INLINE const T *coefficient(int s, int m) const {
        return reinterpret_cast<const T *>(s ? raised + 3 * (l * l - 1) + (s - 1) * (2 * l + 1) + m : bonds.harmonics + l * l + m);
    }

    // sum [row][tile]
    template <int l> KERNEL void add_degree(V *sum) {
        constexpr int width = 2 * l + 1, step = l < 4 ? 2 : 1;
        amplitudes<l>();
        V *to = sum + l * l * S;
        for (int t = 0; t < S; t += step, to += step) {
            V part[width][step];
            for (int m = 0; m < width; ++m)
                for (int k = 0; k < step; ++k) part[m][k] = to[m * S + k];
            for (int s = 0; s < (l ? SIDES : 1); ++s) {
                const T *c = coefficient<l>(s, 0);
                for (int e = 0; e < lanes; ++e)
                    for (int m = 0; m < width; ++m)
                        for (int k = 0; k < step; ++k) part[m][k] += c[m * lanes + e] * sides[e][s][t + k];
            }
            for (int m = 0; m < width; ++m)
                for (int k = 0; k < step; ++k) to[m * S + k] = part[m][k];
        }
        if constexpr (l < MAX_L)
            if (l < l_max) add_degree<l + 1>(sum);
    }
    INLINE void add(V *sum) { add_degree<0>(sum); }

    // gradients of the sides of one degree from those of the sum
    template <int l> INLINE void back_to_sides(const V *grad) {
        constexpr int width = 2 * l + 1, count = l ? SIDES : 1;
        for (int t = 0; t < S; t += 2)
            for (int e = 0; e < lanes; ++e) {
                V part[count][2] = {};
                for (int m = 0; m < width; ++m)
                    for (int s = 0; s < count; ++s) {
                        const T c = coefficient<l>(s, m)[e];
                        for (int k = 0; k < 2; ++k) part[s][k] += c * grad[m * S + t + k];
                    }
                for (int s = 0; s < count; ++s)
                    for (int k = 0; k < 2; ++k) g_sides[e][s][t + k] = part[s][k];
            }
    }

    // gradients of the harmonics and of what was raised from them: sums over channels, added to what is there
    template <int l> INLINE void back_to_rows(const V *grad, V *g_y, V *g_raised) {
        constexpr int width = 2 * l + 1;
        for (int s = 0; s < (l ? SIDES : 1); ++s) {
            V products[width][lanes];
            for (int e = 0; e < lanes; ++e) {
                V part[width] = {};
                for (int t = 0; t < S; ++t) {
                    const V side = sides[e][s][t];
                    for (int m = 0; m < width; ++m) part[m] += side * grad[m * S + t];
                }
                for (int m = 0; m < width; ++m) products[m][e] = part[m];
            }
            V *to = s ? g_raised + 3 * (l * l - 1) + (s - 1) * width : g_y + l * l;
            for (int m = 0; m < width; ++m) to[m] += across(products[m]);
        }
    }

    // gradients of R in its place, of what the senders know, and of the radial functions before the sum over lanes
    template <int l> INLINE void back_to_hidden() {
        for (int e = 0; e < lanes; ++e)
            for (int t = 0; t < S; ++t) {
                const V g = g_sides[e][0][t];
                g_hidden[e][0][t] += R[e][0][t] * g, g_along[e][t] += R[e][1][t] * g;
                V g_pair = {};
                for (int a = 1; l && a < SIDES; ++a) {
                    g_hidden[e][a][t] += R[e][2][t] * g_sides[e][a][t];
                    g_pair += g_sides[e][a][t] * of_hidden(e, a, t);
                }
                R[e][0][t] = g * of_hidden(e, 0, t), R[e][1][t] = g * along[e][t], R[e][2][t] = g_pair;
            }
        const T *w = weights + l * degree;
        for (int e = 0; e < lanes; e += 2)
            for (int first = 0; first < functions; first += 4) {
                V part[4][2];
                for (int n = 0; n < 4; ++n)
                    for (int i = 0; i < 2; ++i) part[n][i] = g_basis[first + n][e + i];
                for (int t = 0; t < S; ++t)
                    for (int k = 0; k < (l ? KINDS : 2); ++k) {
                        const T *of_kind = w + ((t * functions + first) * KINDS + k) * lanes;
                        for (int n = 0; n < 4; ++n) {
                            const V x = load<T>(of_kind + n * KINDS * lanes, lanes);
                            for (int i = 0; i < 2; ++i) part[n][i] += R[e + i][k][t] * x;
                        }
                    }
                for (int n = 0; n < 4; ++n)
                    for (int i = 0; i < 2; ++i) g_basis[first + n][e + i] = part[n][i];
            }
    }

    template <int l> KERNEL void back_degree(const V *grad, V *g_y, V *g_raised) {
        amplitudes<l>();
        back_to_sides<l>(grad + l * l * S);
        back_to_rows<l>(grad + l * l * S, g_y, g_raised);
        back_to_hidden<l>();
        if constexpr (l < MAX_L)
            if (l < l_max) back_degree<l + 1>(grad, g_y, g_raised);
    }

    // from the gradient of the sum [row][tile] to those of direction, harmonics, what was raised and radial functions,
    // added to what is there; likewise those of what the senders know, at `to` + sender * stride
    KERNEL void back(const V *grad, V *g_direction, V *g_y, V *g_raised, V *g_radial, T *to, long stride, const int *senders) {
        std::memset(g_along, 0, sizeof g_along), std::memset(g_hidden, 0, sizeof g_hidden);
        std::memset(g_basis, 0, functions * sizeof *g_basis);
        back_degree<0>(grad, g_y, g_raised);
        for (int n = 0; n < functions; ++n) g_radial[n] += across(g_basis[n]);
        for (int a = 0; a < 3; ++a) {
            V products[lanes];
            for (int e = 0; e < lanes; ++e) {
                V sum = {};
                for (int t = 0; t < S; ++t) {
                    sum += g_along[e][t] * of_hidden(e, 1 + a, t);
                    g_hidden[e][1 + a][t] += bonds.direction[a][e] * g_along[e][t];
                }
                products[e] = sum;
            }
            g_direction[a] += across(products);
        }
        for (int e = 0; e < bonds.count; ++e) {
            T *place = to + senders[e] * stride;
            for (int a = 0; a < SIDES; ++a)
                for (int t = 0; t < S; ++t, place += lanes) store<T>(place, load<T>(place, lanes) + g_hidden[e][a][t], lanes);
        }
    }
};

}  // namespace
