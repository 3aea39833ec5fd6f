// Arithmetic on tiles of 32 bytes of channels, and on pairs of a value and its slope.

#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define FOR_EVERY_PROCESSOR
#endif
#define INLINE inline __attribute__((always_inline))
#define KERNEL __attribute__((noinline))  // worth a call: compiled once, for the processor of its file

namespace {

constexpr int MAX_L = 6, MAX_ROWS = (MAX_L + 1) * (MAX_L + 1);  // highest degree the kernels have room for

template <typename T> struct Tile {
    typedef T type __attribute__((vector_size(32)));
    typedef T anywhere __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));  // in memory, whatever the boundary
    static constexpr int width = 32 / sizeof(T);
};
template <typename T> using Lanes = typename Tile<T>::type;

template <typename X> struct Dual {
    X value, slope;
};
template <typename X, bool SECOND> using Number = std::conditional_t<SECOND, Dual<X>, X>;

template <typename A, typename B> INLINE auto operator*(const Dual<A> &a, const Dual<B> &b) {
    return Dual<B>{a.value * b.value, a.slope * b.value + a.value * b.slope};
}
template <typename A, typename B> INLINE auto operator*(const Dual<A> &a, const B &b) {
    return Dual<B>{a.value * b, a.slope * b};
}
template <typename A> INLINE Dual<A> operator+(const Dual<A> &a, const Dual<A> &b) {
    return {a.value + b.value, a.slope + b.slope};
}
template <typename A> INLINE void operator+=(Dual<A> &a, const Dual<A> &b) { a.value += b.value, a.slope += b.slope; }
template <typename X> INLINE X result(const X &x) { return x; }  // what is asked for: the number, or the slope
template <typename X> INLINE X result(const Dual<X> &x) { return x.slope; }
template <typename T> INLINE T pair(const T *const *x, int k, std::false_type) { return x[0][k]; }
template <typename T> INLINE Dual<T> pair(const T *const *x, int k, std::true_type) { return {x[0][k], x[1][k]}; }

template <typename T> INLINE Lanes<T> load(const T *from, int count) {
    if (count == Tile<T>::width) return *reinterpret_cast<const typename Tile<T>::anywhere *>(from);
    Lanes<T> tile = {};
    std::memcpy(&tile, from, count * sizeof(T));
    return tile;
}
template <typename T> INLINE void store(T *to, const Lanes<T> &tile, int count) {
    if (count == Tile<T>::width) *reinterpret_cast<typename Tile<T>::anywhere *>(to) = tile;
    else std::memcpy(to, &tile, count * sizeof(T));
}

// zeros, on a boundary of 64 bytes whatever the allocator
template <typename X> class Buffer {
    std::vector<char> bytes;
    X *first;

public:
    explicit Buffer(long size) : bytes(size * sizeof(X) + 64) {
        first = reinterpret_cast<X *>((reinterpret_cast<std::uintptr_t>(bytes.data()) + 63) / 64 * 64);
    }
    INLINE X *data() { return first; }
};

// sums across the lanes of as many tiles as a tile has lanes
INLINE Lanes<double> across(const Lanes<double> *x) {
    typedef long Order __attribute__((vector_size(32)));
    Lanes<double> half[2];
    for (int k = 0; k < 2; ++k) {
        const Lanes<double> a = x[2 * k], b = x[2 * k + 1];
        half[k] = __builtin_shuffle(a, b, Order{0, 4, 2, 6}) + __builtin_shuffle(a, b, Order{1, 5, 3, 7});
    }
    return __builtin_shuffle(half[0], half[1], Order{0, 1, 4, 5}) + __builtin_shuffle(half[0], half[1], Order{2, 3, 6, 7});
}
INLINE Lanes<float> across(const Lanes<float> *x) {
    typedef int Order __attribute__((vector_size(32)));
    Lanes<float> half[4], quarter[2];
    for (int k = 0; k < 4; ++k) {
        const Lanes<float> a = x[2 * k], b = x[2 * k + 1];
        half[k] = __builtin_shuffle(a, b, Order{0, 8, 2, 10, 4, 12, 6, 14}) +
                  __builtin_shuffle(a, b, Order{1, 9, 3, 11, 5, 13, 7, 15});
    }
    for (int k = 0; k < 2; ++k) {
        const Lanes<float> a = half[2 * k], b = half[2 * k + 1];
        quarter[k] = __builtin_shuffle(a, b, Order{0, 1, 8, 9, 4, 5, 12, 13}) +
                     __builtin_shuffle(a, b, Order{2, 3, 10, 11, 6, 7, 14, 15});
    }
    return __builtin_shuffle(quarter[0], quarter[1], Order{0, 1, 2, 3, 8, 9, 10, 11}) +
           __builtin_shuffle(quarter[0], quarter[1], Order{4, 5, 6, 7, 12, 13, 14, 15});
}

}  // namespace
