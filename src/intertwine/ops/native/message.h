// Messages along bonds and their first derivative, for as many bonds at once as a tile has lanes.
//
// For the bond e from j to the atom, channel c understood, with R = B W of three kinds for every degree,
//
//     P_l = R0_l h0_j + Rpar_l (d . h1_j)    T_la = Rperp_l h1_ja    A[lm] += Y_lm P_l + sum_a Z_lma T_la,
//
// Z_l = (table of raising) Y_{l-1}. P and T stand side by side as the four `sides` of a bond; all sums over rows,
// channels or bonds are small matrix products. Lanes hold bonds where a number belongs to a bond, channels elsewhere.

#pragma once

#include "bonds.h"

namespace {

constexpr int KINDS = 3, SIDES = 4, MAX_RAISED = 3 * (MAX_ROWS - 1);

template <typename T> struct Message {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width;
    int l_max, vectors, functions, tiles;  // tiles of channels, an even number
    const T *raising;                      // for each l from 1 [2 l - 1][3][2 l + 1]
    const T *weights;                      // [l][tile][radial][KINDS][lanes]

    int rows() const { return (l_max + 1) * (l_max + 1); }
    int hidden_rows() const { return vectors ? 4 : 1; }
    long scratch() const { return long(tiles) * lanes * (KINDS + 2 * SIDES + SIDES + 2) + MAX_RADIAL * lanes + SIDES * 16 * lanes; }

    V raised[MAX_RAISED], g_raised[MAX_RAISED];
    V *along, *g_along, *R, *sides, *g_sides, *g_hidden, *g_basis, *products;
    const T *hidden[lanes];

    INLINE void use(V *scratch) {
        const long size = long(tiles) * lanes;
        along = scratch, g_along = along + size, R = g_along + size, sides = R + KINDS * size;
        g_sides = sides + SIDES * size, g_hidden = g_sides + SIDES * size, g_basis = g_hidden + SIDES * size;
        products = g_basis + MAX_RADIAL * lanes;
    }

    INLINE V of_hidden(int e, int row, int tile) const { return load<T>(hidden[e] + (row * tiles + tile) * lanes, lanes); }

    template <int l> INLINE void raise(const V *y, const T *table, V *z) const {
        if (l > l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int k = 0; k < width; ++k) {
            V sum = {};
            for (int m = 0; m < 2 * l - 1; ++m) sum += table[m * width + k] * y[m];
            z[k] = sum;
        }
        if constexpr (l < MAX_L) raise<l + 1>(y + 2 * l - 1, table + (2 * l - 1) * width, z + width);
    }
    template <int l> INLINE void lower(const V *g_z, const T *table, V *g_y) const {
        if (l > l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int m = 0; m < 2 * l - 1; ++m) {
            V sum = {};
            for (int k = 0; k < width; ++k) sum += table[m * width + k] * g_z[k];
            g_y[m] += sum;
        }
        if constexpr (l < MAX_L) lower<l + 1>(g_z + width, table + (2 * l - 1) * width, g_y + 2 * l - 1);
    }

    // senders' rows [hidden_rows][tiles][lanes] at `of` + sender * hidden_rows * tiles * lanes; `spare` where no bond is
    KERNEL void begin(const Bonds<T> &bonds, const T *of, const int *senders, int spare) {
        for (int e = 0; e < lanes; ++e)
            hidden[e] = of + long(e < bonds.count ? senders[e] : spare) * hidden_rows() * tiles * lanes;
        if (!vectors) return;
        raise<1>(bonds.harmonics, raising, raised);
        for (int e = 0; e < lanes; ++e) {
            const T x = bonds.direction[0][e], y = bonds.direction[1][e], z = bonds.direction[2][e];
            for (int t = 0; t < tiles; ++t)
                along[e * tiles + t] = x * of_hidden(e, 1, t) + y * of_hidden(e, 2, t) + z * of_hidden(e, 3, t);
        }
    }

    // R of one degree [e][kind][tile], and from it the sides [e][side][tile]
    KERNEL void amplitudes(const Bonds<T> &bonds, int l) {
        const T *basis = reinterpret_cast<const T *>(bonds.radial);
        for (int t = 0; t < tiles; ++t) {
            const T *mine = weights + (long(l) * tiles + t) * functions * KINDS * lanes;
            for (int e = 0; e < lanes; e += 4) {
                V sum[4][KINDS] = {};
                for (int n = 0; n < functions; ++n) {
                    V w[KINDS];
                    for (int k = 0; k < KINDS; ++k) w[k] = load<T>(mine + (n * KINDS + k) * lanes, lanes);
                    for (int i = 0; i < 4; ++i)
                        for (int k = 0; k < KINDS; ++k) sum[i][k] += basis[n * lanes + e + i] * w[k];
                }
                for (int i = 0; i < 4; ++i) {
                    V *r = R + (e + i) * KINDS * tiles + t, *s = sides + (e + i) * SIDES * tiles + t;
                    for (int k = 0; k < KINDS; ++k) r[k * tiles] = sum[i][k];
                    s[0] = sum[i][0] * of_hidden(e + i, 0, t);
                    if (!vectors) continue;
                    s[0] += sum[i][1] * along[(e + i) * tiles + t];
                    for (int a = 1; a < SIDES; ++a) s[a * tiles] = sum[i][2] * of_hidden(e + i, a, t);
                }
            }
        }
    }

    // what multiplies side s in row m of degree l, for all bonds
    template <int l> INLINE const T *coefficient(const Bonds<T> &bonds, int s, int m) const {
        return reinterpret_cast<const T *>(s ? raised + 3 * (l * l - 1) + (s - 1) * (2 * l + 1) + m : bonds.harmonics + l * l + m);
    }
    template <int l> INLINE int sides_of() const { return l && vectors ? SIDES : 1; }

    // sum [row][tile]
    template <int l> KERNEL void add_degree(const Bonds<T> &bonds, V *sum) {
        if (l > l_max) return;
        constexpr int width = 2 * l + 1, step = l < 4 ? 2 : 1;
        amplitudes(bonds, l);
        for (int t = 0; t < tiles; t += step) {
            V part[width][step];
            for (int m = 0; m < width; ++m)
                for (int k = 0; k < step; ++k) part[m][k] = sum[(l * l + m) * tiles + t + k];
            for (int s = 0; s < sides_of<l>(); ++s)
                for (int e = 0; e < lanes; ++e) {
                    const V *side = sides + (e * SIDES + s) * tiles + t;
                    for (int m = 0; m < width; ++m)
                        for (int k = 0; k < step; ++k) part[m][k] += coefficient<l>(bonds, s, m)[e] * side[k];
                }
            for (int m = 0; m < width; ++m)
                for (int k = 0; k < step; ++k) sum[(l * l + m) * tiles + t + k] = part[m][k];
        }
        if constexpr (l < MAX_L) add_degree<l + 1>(bonds, sum);
    }
    INLINE void add(const Bonds<T> &bonds, V *sum) { add_degree<0>(bonds, sum); }

    // gradients of the sides of one degree, [e][side][tile], from those of the sum
    template <int l> INLINE void back_to_sides(const Bonds<T> &bonds, const V *grad) {
        constexpr int width = 2 * l + 1;
        for (int t = 0; t < tiles; t += 2)
            for (int e = 0; e < lanes; ++e) {
                V part[SIDES][2] = {};
                for (int m = 0; m < width; ++m) {
                    const V *g = grad + (l * l + m) * tiles + t;
                    for (int s = 0; s < (l ? SIDES : 1); ++s)
                        for (int k = 0; k < 2; ++k) part[s][k] += coefficient<l>(bonds, s, m)[e] * g[k];
                }
                for (int s = 0; s < SIDES; ++s)
                    for (int k = 0; k < 2; ++k) g_sides[(e * SIDES + s) * tiles + t + k] = part[s][k];
            }
    }

    // gradients of the harmonics and of what was raised from them: sums over channels
    template <int l> INLINE void back_to_rows(const V *grad, V *g_y) {
        constexpr int width = 2 * l + 1;
        for (int s = 0; s < sides_of<l>(); ++s) {
            for (int e = 0; e < lanes; ++e) {
                V part[width] = {};
                for (int t = 0; t < tiles; ++t) {
                    const V side = sides[(e * SIDES + s) * tiles + t];
                    for (int m = 0; m < width; ++m) part[m] += side * grad[(l * l + m) * tiles + t];
                }
                for (int m = 0; m < width; ++m) products[m * lanes + e] = part[m];
            }
            V *to = s ? g_raised + 3 * (l * l - 1) + (s - 1) * width : g_y + l * l;
            for (int m = 0; m < width; ++m) to[m] = across(products + m * lanes);
        }
    }

    // gradients of R in its place, of what the senders know, and of the radial functions [n][e] before the sum over lanes
    INLINE void back_to_hidden(int l) {
        for (int e = 0; e < lanes; ++e)
            for (int t = 0; t < tiles; ++t) {
                V *r = R + e * KINDS * tiles + t, *g_h = g_hidden + e * SIDES * tiles + t;
                const V *g = g_sides + e * SIDES * tiles + t;
                g_h[0] += r[0] * g[0];
                const V g_scalar = g[0] * of_hidden(e, 0, t);
                if (vectors) {
                    g_along[e * tiles + t] += r[tiles] * g[0];
                    V g_pair = {};
                    for (int a = 1; a < SIDES; ++a) {
                        g_h[a * tiles] += r[2 * tiles] * g[a * tiles];
                        g_pair += g[a * tiles] * of_hidden(e, a, t);
                    }
                    r[tiles] = g[0] * along[e * tiles + t], r[2 * tiles] = g_pair;
                }
                r[0] = g_scalar;
            }
        for (int e = 0; e < lanes; ++e)
            for (int first = 0; first < functions; first += 8) {
                V part[8] = {};
                const int count = functions - first < 8 ? functions - first : 8;
                for (int t = 0; t < tiles; ++t) {
                    const T *mine = weights + ((long(l) * tiles + t) * functions + first) * KINDS * lanes;
                    for (int k = 0; k < (vectors ? KINDS : 1); ++k) {
                        const V g = R[(e * KINDS + k) * tiles + t];
                        if (count == 8)
                            for (int n = 0; n < 8; ++n) part[n] += g * load<T>(mine + (n * KINDS + k) * lanes, lanes);
                        else
                            for (int n = 0; n < count; ++n) part[n] += g * load<T>(mine + (n * KINDS + k) * lanes, lanes);
                    }
                }
                for (int n = 0; n < count; ++n) g_basis[(first + n) * lanes + e] += part[n];
            }
    }

    template <int l> KERNEL void back_degree(const Bonds<T> &bonds, const V *grad, V *g_y) {
        if (l > l_max) return;
        amplitudes(bonds, l);
        back_to_sides<l>(bonds, grad);
        back_to_rows<l>(grad, g_y);
        back_to_hidden(l);
        if constexpr (l < MAX_L) back_degree<l + 1>(bonds, grad, g_y);
    }

    // from the gradient of the sum [row][tile] to those of direction, harmonics, radial functions; those of what the
    // senders know are added to `to`
    KERNEL void back(const Bonds<T> &bonds, const V *grad, V *g_direction, V *g_y, V *g_radial, T *to, const int *senders) {
        for (long k = 0; k < long(tiles) * lanes; ++k) g_along[k] = V{};
        for (long k = 0; k < long(tiles) * lanes * SIDES; ++k) g_hidden[k] = V{};
        for (int k = 0; k < functions * lanes; ++k) g_basis[k] = V{};
        back_degree<0>(bonds, grad, g_y);
        for (int n = 0; n < functions; ++n) g_radial[n] = across(g_basis + n * lanes);
        for (int a = 0; a < 3; ++a) g_direction[a] = V{};
        if (vectors) {
            lower<1>(g_raised, raising, g_y);
            for (int a = 0; a < 3; ++a) {
                for (int e = 0; e < lanes; ++e) {
                    V sum = {};
                    for (int t = 0; t < tiles; ++t) {
                        const V g = g_along[e * tiles + t];
                        sum += g * of_hidden(e, 1 + a, t);
                        g_hidden[(e * SIDES + 1 + a) * tiles + t] += bonds.direction[a][e] * g;
                    }
                    products[e] = sum;
                }
                g_direction[a] = across(products);
            }
        }
        for (int e = 0; e < bonds.count; ++e) {
            T *place = to + long(senders[e]) * hidden_rows() * tiles * lanes;
            for (int k = 0; k < hidden_rows() * tiles; ++k, place += lanes)
                store<T>(place, load<T>(place, lanes) + g_hidden[e * SIDES * tiles + k], lanes);
        }
    }
};

}  // namespace
