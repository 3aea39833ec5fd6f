// What is included between this header and ANY_PROCESSOR is compiled for processors with 256-bit vectors and fused
// multiplication (x86-64-v3) on x86; who exports it asks whether the processor is CAPABLE, and else leaves the work to
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
#define ANY_PROCESSOR _Pragma("GCC pop_options")
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#else
#define CAPABLE true
#define ANY_PROCESSOR
#endif
