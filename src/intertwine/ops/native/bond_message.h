// What the kernel of bond messages reads: the whole problem, its weights, and what the channels of an edge share.

#pragma once

#include <algorithm>

#include "lanes.h"

namespace {

constexpr int MAX_L = 6, MAX_RAISED = 144;
constexpr int CHUNK = 8;  // edges whose gradients of R are kept until those of the weights are summed
constexpr int GROUP = 4;  // radial functions that share one load of the basis

template <typename T> struct Message {
    int l_max, vectors, radial, channels;
    long atoms, edges;
    const T *raising;
    const long *receiver, *sender;
    const T *harmonics[2], *direction[2], *basis[2], *hidden[2];  // the point, and the direction of the slopes
    const T *grad;                                                // of A; null asks for A itself
    T *g_harmonics, *g_direction, *g_basis;                       // null where not wanted
    T *sum;                                                       // A, or the gradient of `grad`

    int rows() const { return (l_max + 1) * (l_max + 1); }
    int raised() const { return 3 * (rows() - 1); }
    int tiles() const { return (channels + Tile<T>::width - 1) / Tile<T>::width; }
    int functions() const { return vectors ? 3 * l_max + 2 : l_max + 1; }
    int groups() const { return (functions() + GROUP - 1) / GROUP; }
    int count(int tile) const { return std::min(channels - tile * Tile<T>::width, Tile<T>::width); }
    long tile_of_weights() const { return long(groups()) * radial * GROUP; }
    int reduced() const { return (rows() + raised() + 3 + radial + 7) / 8 * 8; }
    int number(int l) const { return vectors ? std::max(3 * l - 1, 0) : l; }  // of the first function of a degree
};

// weights between their three arrays and tiles [tiles][groups][radial][GROUP]
template <typename T, typename Move> void for_weights(const Message<T> &p, T *const *weights, Move move) {
    for (int kind = 0; kind < (p.vectors ? 3 : 1); ++kind)
        for (int n = 0; n < p.radial; ++n)
            for (int l = kind == 2; l <= p.l_max; ++l)
                for (int tile = 0; tile < p.tiles(); ++tile) {
                    const int k = p.number(l) + kind, degrees = p.l_max + (kind != 2);
                    const long group = tile * p.groups() + k / GROUP, row = n * degrees + l - (kind == 2);
                    move(weights[kind] + row * p.channels + tile * Tile<T>::width,
                         (group * p.radial + n) * GROUP + k % GROUP, p.count(tile));
                }
}

template <typename T, bool SECOND> struct Edge {  // what all its channels share
    static constexpr int sides = SECOND ? 2 : 1;
    T raised[2][MAX_RAISED];
    const T *y[2], *z[2] = {raised[0], raised[1]}, *d[2], *b[2], *h[2];

    INLINE void read(const Message<T> &p, long e) {
        for (int side = 0; side < sides; ++side) {
            y[side] = p.harmonics[side] + e * p.rows(), d[side] = p.direction[side] + e * 3;
            b[side] = p.basis[side] + e * p.radial, h[side] = p.hidden[side] + p.sender[e] * p.channels;
            if (p.vectors) raise<1>(p, y[side], p.raising, raised[side]);
        }
    }
    template <int l> static INLINE void raise(const Message<T> &p, const T *y, const T *table, T *z) {
        if (l > p.l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int k = 0; k < width; ++k) {
            T sum = 0;
            for (int m = 0; m < 2 * l - 1; ++m) sum += table[m * width + k] * y[m];
            z[k] = sum;
        }
        if constexpr (l < MAX_L) raise<l + 1>(p, y + 2 * l - 1, table + (2 * l - 1) * width, z + width);
    }
    template <int l> static INLINE void lower(const Message<T> &p, const T *gz, const T *table, T *gy) {
        if (l > p.l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int m = 0; m < 2 * l - 1; ++m) {
            T sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int k = 0; k < width; ++k) sum += table[m * width + k] * gz[k];
            gy[m] += sum;
        }
        if constexpr (l < MAX_L) lower<l + 1>(p, gz + width, table + (2 * l - 1) * width, gy + 2 * l - 1);
    }
};

}  // namespace
