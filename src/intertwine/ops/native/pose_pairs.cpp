// Energies of many poses (poses.h).

#include "poses.h"

namespace {

template <typename T>
INLINE void run(const Scene<T> &s, const T *x, T *outer, T *inner, T *gradient, long first, long last) {
    for (long pose = first; pose < last; ++pose)
        inner[pose] = energies<T>(s, x + 3 * s.atoms * pose, outer + s.atoms * pose, gradient + 3 * s.atoms * pose);
}

#define RUN(NAME, T)                                                                                                    \
    FOR_EVERY_PROCESSOR static void NAME(const Scene<T> &s, const T *x, T *outer, T *inner, T *gradient, long first,    \
                                         long last) {                                                                   \
        run<T>(s, x, outer, inner, gradient, first, last);                                                              \
    }
RUN(run_float, float)
RUN(run_double, double)

}  // namespace

#define EXPORT(NAME, RUN, T)                                                                                            \
    extern "C" void NAME(const T *cubics, const T *lengths, const T *corner, const long *sizes, const long *starts,     \
                         const int *near, const T *sites, const int *site_kinds, const int *atom_kinds,                 \
                         const int *inner_pairs, const int *inner_kinds, const T *x, T *outer, T *inner, T *gradient,   \
                         const long *counts) {                                                                          \
        const Scene<T> s = scene<T>(cubics, lengths, corner, sizes, starts, near, sites, site_kinds, atom_kinds,        \
                                    inner_pairs, inner_kinds, counts);                                                  \
        const long poses = counts[3], threads = counts[5], share = (poses + threads - 1) / threads;                     \
        _Pragma("omp parallel for num_threads(threads) schedule(static) if (threads > 1)")                              \
        for (long part = 0; part < threads; ++part) {                                                                   \
            const long first = part * share, last = first + share < poses ? first + share : poses;                      \
            if (first < last) RUN(s, x, outer, inner, gradient, first, last);                                           \
        }                                                                                                               \
    }
EXPORT(pose_pairs_float, run_float, float)
EXPORT(pose_pairs_double, run_double, double)
