// The potential of evaluate.h for those who load the library.
//
// On x86 it is compiled for processors with 256-bit vectors and fused multiplication (x86-64-v3); others leave it to
// the reference. The headers of the standard library come first, so that nothing of them is compiled for that level.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CAPABLE __builtin_cpu_supports("x86-64-v3")
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#include "evaluate.h"
#pragma GCC pop_options
#else
#define CAPABLE true
#include "evaluate.h"
#endif

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
