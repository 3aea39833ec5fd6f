// Energies of poses: sums of radial functions that are read from tables, of a body beside fixed sites.

#pragma once

#include <cmath>

#include "lanes.h"

namespace {

// radial functions as cubics on equal intervals: row [function][interval][4]
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

// a body of atoms, the pairs inside it that feel each other, and the sites around
template <typename T> struct Scene {
    Radials<T> f;
    Voxels<T> voxels;
    const T *sites;
    const int *site_kinds, *atom_kinds, *inner, *inner_kinds;
    long kinds, inners, atoms;
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

// energies of one pose, of each atom with the sites and of all pairs inside, and the gradient of their sum
template <typename T> INLINE T energies(const Scene<T> &s, const T *x, T *outer, T *gradient) {
    for (long atom = 0; atom < s.atoms; ++atom) {
        T energy = 0, slope[3] = {0, 0, 0};
        const long voxel = s.voxels.of(x + 3 * atom);
        if (voxel >= 0)
            for (long k = s.voxels.starts[voxel]; k < s.voxels.starts[voxel + 1]; ++k) {
                const int site = s.voxels.near[k];
                add<T>(s.f, long(s.atom_kinds[atom]) * s.kinds + s.site_kinds[site], s.sites + 3 * site, x + 3 * atom, &energy, slope);
            }
        outer[atom] = energy;
        for (int axis = 0; axis < 3; ++axis) gradient[3 * atom + axis] = slope[axis];
    }
    T energy = 0;
    for (long k = 0; k < s.inners; ++k) {
        T slope[3] = {0, 0, 0};
        const int a = s.inner[2 * k], b = s.inner[2 * k + 1];
        add<T>(s.f, s.inner_kinds[k], x + 3 * a, x + 3 * b, &energy, slope);
        for (int axis = 0; axis < 3; ++axis) gradient[3 * b + axis] += slope[axis], gradient[3 * a + axis] -= slope[axis];
    }
    return energy;
}

// lengths: intervals per Å of the radial functions, their cutoff, voxels per Å;
// counts: intervals, kinds of sites, pairs inside the body, poses, atoms, threads
template <typename T>
Scene<T> scene(const T *cubics, const T *lengths, const T *corner, const long *sizes, const long *starts, const int *near,
               const T *sites, const int *site_kinds, const int *atom_kinds, const int *inner, const int *inner_kinds,
               const long *counts) {
    return {{cubics, counts[0], lengths[0], lengths[1]}, {corner, lengths[2], sizes, starts, near}, sites, site_kinds,
            atom_kinds, inner, inner_kinds, counts[1], counts[2], counts[4]};
}

}  // namespace
