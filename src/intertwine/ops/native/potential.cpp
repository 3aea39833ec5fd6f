// The potential of evaluate.h for those who load the library.

#include "newer.h"

#include "evaluate.h"

ANY_PROCESSOR

// 0: done; 1: left to the reference, for a bond is too short or not finite, or the processor too old; 2: no memory.
#define EXPORT(NAME, T)                                                                                                \
    extern "C" long NAME(const long *sizes, const double *numbers, const void *const *tables, const void *const *graph, \
                         void *const *results) {                                                                       \
        return CAPABLE ? evaluate<T>(sizes, numbers, tables, graph, results) : 1;                                      \
    }
EXPORT(potential_float, float)
EXPORT(potential_double, double)

// whether all arrays hold the same bytes
extern "C" long same(const void *const *a, const void *const *b, const long *bytes, long arrays) {
    for (long k = 0; k < arrays; ++k)
        if (std::memcmp(a[k], b[k], bytes[k])) return 0;
    return 1;
}
