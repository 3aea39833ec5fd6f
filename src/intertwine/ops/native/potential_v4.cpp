// The potential of evaluate.h for processors of the level x86-64-v4.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

#pragma GCC target("arch=x86-64-v4")
#define PROCESSOR v4
#include "evaluate.h"
#endif
