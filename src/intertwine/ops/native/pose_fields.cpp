// The fields of pose_fields.h for those who load the library.

#include "newer.h"

#include "pose_fields.h"

ANY_PROCESSOR

// sizes: points, sites, channels, radial functions, threads, highest degree;
// 0: done; 1: left to the reference, for a pair is too close, a site not finite, or the processor too old
#define EXPORT(NAME, T)                                                                                                \
    extern "C" long NAME(const long *sizes, const T *cutoff, const T *x, const T *places, const T *features,           \
                         const T *weights, const T *grad, T *result, T *g_features, T *g_weights) {                    \
        const FieldsOf<T> p{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], *cutoff, x, places, features, weights,   \
                            grad, result, g_features, g_weights};                                                      \
        Cells<T> cells;                                                                                                \
        if (!CAPABLE || !cells.sort(places, p.sites, p.cutoff)) return 1;                                              \
        long left = 0;                                                                                                 \
        _Pragma("omp parallel for num_threads(p.threads) schedule(static) reduction(+ : left) if (p.threads > 1)")     \
        for (long thread = 0; thread < p.threads; ++thread) left += !run<T>(int(sizes[5]), p, cells, thread);          \
        return left != 0;                                                                                              \
    }
EXPORT(pose_fields_float, float)
EXPORT(pose_fields_double, double)
