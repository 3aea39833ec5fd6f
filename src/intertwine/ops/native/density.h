// The density of neighbours in harmonics, radial functions and species, and its derivative.
//
//     rho [rows][columns][radial, padded to tiles] += Y_lm (c_s B_n),    c_s the columns of the neighbour's species

#pragma once

#include "bonds.h"

namespace {

template <typename T> struct Density {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width;
    int l_max, functions, columns;
    T scale;
    const T *mixtures;  // [species][columns]

    int rows() const { return (l_max + 1) * (l_max + 1); }
    int tiles() const { return (functions + lanes - 1) / lanes; }

    // radial functions of one bond side by side
    INLINE void gather(const V *of_bonds, int e, V *to) const {
        for (int t = 0; t < tiles(); ++t)
            for (int k = 0; k < lanes; ++k) to[t][k] = t * lanes + k < functions ? of_bonds[t * lanes + k][e] : T(0);
    }

    // to [row][width]
    KERNEL void add(const Bonds<T> &bonds, const int *species, T *to, int width) const {
        V b[MAX_RADIAL / lanes];
        for (int e = 0; e < bonds.count; ++e) {
            gather(bonds.radial, e, b);
            for (int s = 0; s < columns; ++s) {
                const T c = scale * mixtures[species[e] * columns + s];
                if (c == 0) continue;
                for (int t = 0; t < tiles(); ++t) {
                    T *place = to + (s * tiles() + t) * lanes;
                    const V part = c * b[t];
                    for (int r = 0; r < rows(); ++r, place += width)
                        store<T>(place, load<T>(place, lanes) + bonds.harmonics[r][e] * part, lanes);
                }
            }
        }
    }

    // gradients of harmonics and radial functions from that of the density, rows `stride` apart
    KERNEL void back(const Bonds<T> &bonds, const int *species, const T *grad, long stride, V *g_harmonics, V *g_radial) const {
        V b[MAX_RADIAL / lanes], g_b[MAX_RADIAL / lanes], products[MAX_ROWS][lanes];
        for (int r = 0; r < rows(); ++r)
            for (int e = 0; e < lanes; ++e) products[r][e] = V{};
        for (int n = 0; n < functions; ++n) g_radial[n] = V{};
        for (int e = 0; e < bonds.count; ++e) {
            gather(bonds.radial, e, b);
            for (int t = 0; t < tiles(); ++t) g_b[t] = V{};
            for (int s = 0; s < columns; ++s) {
                const T c = scale * mixtures[species[e] * columns + s];
                if (c == 0) continue;
                for (int t = 0; t < tiles(); ++t) {
                    const T *place = grad + (s * tiles() + t) * lanes;
                    for (int r = 0; r < rows(); ++r, place += stride) {
                        const V g = c * load<T>(place, lanes);
                        products[r][e] += g * b[t], g_b[t] += bonds.harmonics[r][e] * g;
                    }
                }
            }
            for (int n = 0; n < functions; ++n) g_radial[n][e] = g_b[n / lanes][n % lanes];
        }
        for (int r = 0; r < rows(); ++r) g_harmonics[r] = across(products[r]);
    }
};

}  // namespace
