// Energies of many poses of one body beside a fixed set of sites: sums of radial functions that are read from tables.

#include <cmath>

#include "lanes.h"

namespace {

// radial functions as cubics on equal intervals: row [class][interval][4]
template <typename T> struct Radials {
    const T *cubics;
    long intervals;
    T per_length, cutoff;
};

// sites that a point of a voxel can feel: those of voxel v are near[starts[v]] ... near[starts[v + 1] - 1]
template <typename T> struct Voxels {
    const T *corner;
    T per_length;
    const long *sizes, *starts;
    const int *near;

    INLINE long of(const T *x) const {
        long index = 0;
        for (int axis = 0; axis < 3; ++axis) {
            const T place = (x[axis] - corner[axis]) * per_length;
            if (!(place >= 0 && place < T(sizes[axis]))) return -1;
            index = index * sizes[axis] + long(place);
        }
        return index;
    }
};

template <typename T> INLINE void add(const Radials<T> &f, long kind, const T *from, const T *to, T *energy, T *gradient) {
    const T x = to[0] - from[0], y = to[1] - from[1], z = to[2] - from[2];
    const T square = x * x + y * y + z * z;
    if (square >= f.cutoff * f.cutoff) return;
    const T r = std::sqrt(square), place = r * f.per_length;
    long interval = long(place);
    interval = interval < f.intervals ? interval : f.intervals - 1;
    const T t = place - T(interval), *c = f.cubics + 4 * (kind * f.intervals + interval);
    *energy += c[0] + t * (c[1] + t * (c[2] + t * c[3]));
    const T slope = (c[1] + t * (2 * c[2] + t * 3 * c[3])) * f.per_length / (r > T(1e-12) ? r : T(1e-12));
    gradient[0] += slope * x, gradient[1] += slope * y, gradient[2] += slope * z;
}

template <typename T>
INLINE void run(const Radials<T> &f, const Voxels<T> &voxels, const T *sites, const int *site_kinds, long kinds,
                const int *atom_kinds, const int *inner, const int *inner_kinds, long inners, const T *x, T *outer_energy,
                T *inner_energy, T *gradient, long first, long last, long atoms) {
    for (long pose = first; pose < last; ++pose) {
        const T *at = x + 3 * atoms * pose;
        T *out = gradient + 3 * atoms * pose;
        for (long atom = 0; atom < atoms; ++atom) {
            T energy = 0, slope[3] = {0, 0, 0};
            const long voxel = voxels.of(at + 3 * atom);
            if (voxel >= 0)
                for (long k = voxels.starts[voxel]; k < voxels.starts[voxel + 1]; ++k) {
                    const int site = voxels.near[k];
                    add<T>(f, long(atom_kinds[atom]) * kinds + site_kinds[site], sites + 3 * site, at + 3 * atom, &energy, slope);
                }
            outer_energy[atoms * pose + atom] = energy;
            for (int axis = 0; axis < 3; ++axis) out[3 * atom + axis] = slope[axis];
        }
        T energy = 0;
        for (long k = 0; k < inners; ++k) {
            T slope[3] = {0, 0, 0};
            const int a = inner[2 * k], b = inner[2 * k + 1];
            add<T>(f, inner_kinds[k], at + 3 * a, at + 3 * b, &energy, slope);
            for (int axis = 0; axis < 3; ++axis) out[3 * b + axis] += slope[axis], out[3 * a + axis] -= slope[axis];
        }
        inner_energy[pose] = energy;
    }
}

#define RUN(NAME, T)                                                                                                    \
    FOR_EVERY_PROCESSOR static void NAME(const Radials<T> &f, const Voxels<T> &voxels, const T *sites,                  \
                                         const int *site_kinds, long kinds, const int *atom_kinds, const int *inner,    \
                                         const int *inner_kinds, long inners, const T *x, T *outer_energy,              \
                                         T *inner_energy, T *gradient, long first, long last, long atoms) {             \
        run<T>(f, voxels, sites, site_kinds, kinds, atom_kinds, inner, inner_kinds, inners, x, outer_energy,            \
               inner_energy, gradient, first, last, atoms);                                                             \
    }
RUN(run_float, float)
RUN(run_double, double)

}  // namespace

// lengths: intervals per Å of the radial functions, their cutoff, voxels per Å;
// counts: intervals, kinds of sites, pairs inside the body, poses, atoms, threads
#define EXPORT(NAME, RUN, T)                                                                                            \
    extern "C" void NAME(const T *cubics, const T *lengths, const T *corner, const long *sizes, const long *starts,     \
                         const int *near, const T *sites, const int *site_kinds, const int *atom_kinds,                 \
                         const int *inner, const int *inner_kinds, const T *x, T *outer_energy, T *inner_energy,        \
                         T *gradient, const long *counts) {                                                             \
        const Radials<T> f{cubics, counts[0], lengths[0], lengths[1]};                                                  \
        const Voxels<T> voxels{corner, lengths[2], sizes, starts, near};                                                \
        const long poses = counts[3], threads = counts[5], share = (poses + threads - 1) / threads;                     \
        _Pragma("omp parallel for num_threads(threads) schedule(static) if (threads > 1)")                              \
        for (long part = 0; part < threads; ++part) {                                                                   \
            const long first = part * share, last = first + share < poses ? first + share : poses;                      \
            if (first < last)                                                                                           \
                RUN(f, voxels, sites, site_kinds, counts[1], atom_kinds, inner, inner_kinds, counts[2], x,              \
                    outer_energy, inner_energy, gradient, first, last, counts[4]);                                      \
        }                                                                                                               \
    }
EXPORT(pose_pairs_float, run_float, float)
EXPORT(pose_pairs_double, run_double, double)
