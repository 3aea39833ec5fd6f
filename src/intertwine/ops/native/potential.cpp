// The potential of evaluate.h for any processor, and the choice among those compiled for more of them.

#define PROCESSOR plain
#include "evaluate.h"

using Evaluate = long(const long *, const double *, const void *const *, const void *const *, void *const *);

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
Evaluate potential_float_v3, potential_double_v3, potential_float_v4, potential_double_v4;
#define CHOICE(NAME) \
    __builtin_cpu_supports("x86-64-v4") ? NAME##_v4 : __builtin_cpu_supports("x86-64-v3") ? NAME##_v3 : NAME##_plain
#else
#define CHOICE(NAME) NAME##_plain
#endif

// 0: done; 1: a bond too short or not finite, left to the reference; 2: no memory.
#define EXPORT(NAME)                                                                                                   \
    extern "C" long NAME(const long *sizes, const double *numbers, const void *const *tables, const void *const *graph, \
                         void *const *results) {                                                                       \
        static Evaluate *const chosen = CHOICE(NAME);                                                                  \
        return chosen(sizes, numbers, tables, graph, results);                                                         \
    }
EXPORT(potential_float)
EXPORT(potential_double)

// whether all arrays hold the same bytes
extern "C" long same(const void *const *a, const void *const *b, const long *bytes, long arrays) {
    for (long k = 0; k < arrays; ++k)
        if (std::memcmp(a[k], b[k], bytes[k])) return 0;
    return 1;
}
