// What points feel of the sites around them: densities in harmonics and a field, and their derivatives.
//
// For the point i and the sites j within the cutoff, channel c understood, k = 0 ... L for densities and one more for the field,
//
//     R_k = sum_n B_n W_nk      A[lm] = sum_j R_l S_j[00] Y_lm      F = sum_j R_(L+1) sum_lm S_j[lm] Y_lm
//
// Sites are taken as many at once as a tile has lanes: lanes hold sites where a number belongs to a pair, channels elsewhere.
// Layouts: x [points][3]    sites [sites][3]    S [sites][rows][C]    W [functions][L + 2][C]    A, then F [points][rows + 1][C]

#pragma once

#include "bonds.h"
#include "cells.h"

namespace {

constexpr double CLOSEST = 1e-3;  // of the cutoff: what is closer is left to the reference
constexpr int DEGREE[] = {0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4};  // of each row

template <typename T> struct FieldsOf {
    long points, sites, channels, functions, threads;
    T cutoff;
    const T *x, *places, *features, *weights;
    const T *grad;                    // of A and F; null asks for these
    T *result;                        // A and F, or the gradient of x
    T *g_features, *g_weights;        // a copy for every thread; null where not wanted

    int tiles() const { return int((channels + Tile<T>::width - 1) / Tile<T>::width); }
    int count(int tile) const { return int(std::min(channels - tile * Tile<T>::width, long(Tile<T>::width))); }
};

// one thread's share of the points
template <typename T, int L> class Fields {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width, rows = (L + 1) * (L + 1), kinds = L + 2;
    static_assert(lanes % 2 == 0);
    const FieldsOf<T> &p;
    const Cells<T> &cells;
    const int tiles, functions;
    std::vector<int> near;
    std::vector<T> vectors;
    Buffer<V> room, panels, g_panels;
    V *const of_point = room.data();     // A and F, or their gradient [tile][rows + 1]
    V *const weights = panels.data();    // [tile][functions][kinds]
    V *const g_weights = g_panels.data();
    Bonds<T> bonds;
    V R[lanes][kinds], g_y[rows][lanes], g_b[MAX_RADIAL][lanes];

    template <typename Do> void for_weights(Do &&act) const {
        for (int t = 0; t < tiles; ++t)
            for (int k = 0; k < functions * kinds; ++k) act(k * p.channels + t * lanes, t * functions * kinds + k, p.count(t));
    }

    INLINE void amplitudes(int t) {
        const T *basis = reinterpret_cast<const T *>(bonds.radial);
        const V *const w = weights + t * functions * kinds;
        for (int e = 0; e < lanes; e += 2) {
            V sum[2][kinds] = {};
            for (int n = 0; n < functions; ++n) {
                const T first = basis[n * lanes + e], second = basis[n * lanes + e + 1];
                for (int k = 0; k < kinds; ++k) sum[0][k] += first * w[n * kinds + k], sum[1][k] += second * w[n * kinds + k];
            }
            for (int k = 0; k < kinds; ++k) R[e][k] = sum[0][k], R[e + 1][k] = sum[1][k];
        }
    }

    INLINE void site(int which, int t, V *s) const {
        const T *from = p.features + long(which) * rows * p.channels + t * lanes;
        if (p.count(t) == lanes)
            for (int r = 0; r < rows; ++r) s[r] = load<T>(from + r * p.channels, lanes);
        else
            for (int r = 0; r < rows; ++r) s[r] = load<T>(from + r * p.channels, p.count(t));
    }

    KERNEL void add(const int *senders) {
        const T *y = reinterpret_cast<const T *>(bonds.harmonics);
        for (int t = 0; t < tiles; ++t) {
            V *const to = of_point + t * (rows + 1);
            V sum[rows], field = to[rows];
            for (int r = 0; r < rows; ++r) sum[r] = to[r];
            amplitudes(t);
            for (int e = 0; e < bonds.count; ++e) {
                V s[rows], amplitude[L + 1], along = {};
                site(senders[e], t, s);
                for (int l = 0; l <= L; ++l) amplitude[l] = R[e][l] * s[0];
                for (int r = 0; r < rows; ++r) along += y[r * lanes + e] * s[r];
                field += R[e][L + 1] * along;
                for (int r = 0; r < rows; ++r) sum[r] += y[r * lanes + e] * amplitude[DEGREE[r]];
            }
            for (int r = 0; r < rows; ++r) to[r] = sum[r];
            to[rows] = field;
        }
    }

    // gradients of harmonics and radial functions, of features and weights
    template <bool ALL> KERNEL void back(const int *senders, long thread) {
        const T *y = reinterpret_cast<const T *>(bonds.harmonics), *basis = reinterpret_cast<const T *>(bonds.radial);
        for (int r = 0; r < rows; ++r) std::fill_n(g_y[r], lanes, V{});
        for (int n = 0; n < functions; ++n) std::fill_n(g_b[n], lanes, V{});
        for (int t = 0; t < tiles; ++t) {
            const V *const g = of_point + t * (rows + 1), *const w = weights + t * functions * kinds;
            amplitudes(t);
            for (int e = 0; e < bonds.count; ++e) {
                V s[rows], g_amplitude[L + 1] = {}, along = {}, g_R[kinds];
                site(senders[e], t, s);
                const V g_along = R[e][L + 1] * g[rows];
                for (int r = 0; r < rows; ++r) {
                    g_amplitude[DEGREE[r]] += y[r * lanes + e] * g[r], along += y[r * lanes + e] * s[r];
                    g_y[r][e] += R[e][DEGREE[r]] * s[0] * g[r] + g_along * s[r];
                }
                for (int l = 0; l <= L; ++l) g_R[l] = g_amplitude[l] * s[0];
                g_R[L + 1] = along * g[rows];
                for (int n = 0; n < functions; ++n) {
                    V sum = {};
                    for (int k = 0; k < kinds; ++k) sum += w[n * kinds + k] * g_R[k];
                    g_b[n][e] += sum;
                }
                if constexpr (ALL) {
                    V *const to = g_weights + t * functions * kinds;
                    for (int n = 0; n < functions; ++n)
                        for (int k = 0; k < kinds; ++k) to[n * kinds + k] += basis[n * lanes + e] * g_R[k];
                    V g_s[rows];
                    for (int r = 0; r < rows; ++r) g_s[r] = g_along * y[r * lanes + e];
                    for (int l = 0; l <= L; ++l) g_s[0] += R[e][l] * g_amplitude[l];
                    T *of = p.g_features + ((thread * p.sites + senders[e]) * rows) * p.channels + t * lanes;
                    for (int r = 0; r < rows; ++r, of += p.channels) store<T>(of, load<T>(of, p.count(t)) + g_s[r], p.count(t));
                }
            }
        }
    }

    INLINE void pull(T *g_x) {
        V harmonics[rows], radial[MAX_RADIAL];
        T g[3 * lanes];
        for (int r = 0; r < rows; ++r) harmonics[r] = across(g_y[r]);
        for (int n = 0; n < functions; ++n) radial[n] = across(g_b[n]);
        bonds.write(nullptr, harmonics, radial, L, functions, g);
        for (int e = 0; e < bonds.count; ++e)
            for (int axis = 0; axis < 3; ++axis) g_x[axis] -= g[3 * e + axis];
    }

    bool point(long i, long thread) {
        const int found = cells.near(p.x + 3 * i, p.cutoff, near.data(), vectors.data());
        T g_x[3] = {};
        exchange(i, p.grad != nullptr);
        for (int e = 0; e < found; e += lanes) {
            const T *some = vectors.data() + 3 * e;
            const int count = std::min(found - e, lanes);
            for (int k = 0; k < count; ++k)
                if (some[3 * k] * some[3 * k] + some[3 * k + 1] * some[3 * k + 1] + some[3 * k + 2] * some[3 * k + 2] <
                    T(CLOSEST * CLOSEST) * p.cutoff * p.cutoff)
                    return false;
            bonds.read(some, count, p.cutoff, L, functions);
            if (!p.grad) add(near.data() + e);
            else if (p.g_features) back<true>(near.data() + e, thread), pull(g_x);
            else back<false>(near.data() + e, thread), pull(g_x);
        }
        if (p.grad) std::copy(g_x, g_x + 3, p.result + 3 * i);
        else exchange(i, false, true);
        return true;
    }

    // numbers of a point between its rows and tiles: zeros, read, or written
    INLINE void exchange(long i, bool read, bool write = false) {
        for (int t = 0; t < tiles; ++t)
            for (int r = 0; r <= rows; ++r) {
                V &tile = of_point[t * (rows + 1) + r];
                const long place = (i * (rows + 1) + r) * p.channels + t * lanes;
                if (write) store<T>(p.result + place, tile, p.count(t));
                else tile = read ? load<T>(p.grad + place, p.count(t)) : V{};
            }
    }

public:
    Fields(const FieldsOf<T> &of, const Cells<T> &among)
        : p(of), cells(among), tiles(of.tiles()), functions(int(of.functions)), near(of.sites), vectors(3 * of.sites),
          room(tiles * (rows + 1)), panels(tiles * functions * kinds), g_panels(tiles * functions * kinds) {
        for_weights([&](long from, int to, int count) { weights[to] = load<T>(p.weights + from, count); });
    }

    // false where a pair is too close
    bool run(long thread) {
        const long share = (p.points + p.threads - 1) / p.threads;
        for (long i = thread * share; i < std::min((thread + 1) * share, p.points); ++i)
            if (!point(i, thread)) return false;
        if (p.g_weights)
            for_weights([&](long to, int from, int count) {
                store<T>(p.g_weights + thread * functions * kinds * p.channels + to, g_weights[from], count);
            });
        return true;
    }
};

template <typename T, int L> bool run(const FieldsOf<T> &p, const Cells<T> &cells, long thread) {
    return Fields<T, L>(p, cells).run(thread);
}

template <typename T> bool run(int l_max, const FieldsOf<T> &p, const Cells<T> &cells, long thread) {
    switch (l_max) {
    case 0: return run<T, 0>(p, cells, thread);
    case 1: return run<T, 1>(p, cells, thread);
    case 2: return run<T, 2>(p, cells, thread);
    case 3: return run<T, 3>(p, cells, thread);
    case 4: return run<T, 4>(p, cells, thread);
    default: return false;
    }
}

}  // namespace
