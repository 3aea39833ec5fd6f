// The exponential function, and what is made of it, of all lanes of a tile.

#pragma once

#include <cstdint>

#include "lanes.h"

namespace {

template <typename T> struct Format;
template <> struct Format<float> {
    typedef std::int32_t Bits __attribute__((vector_size(32)));
    static constexpr int mantissa = 23, degree = 7;  // of the polynomial
    static constexpr float largest = 87;             // |x| whose exponential is a normal number
    static constexpr float half[2] = {0.693359375f, -2.12194440e-4f};  // log 2 in two parts, n times the first is exact
};
template <> struct Format<double> {
    typedef std::int64_t Bits __attribute__((vector_size(32)));
    static constexpr int mantissa = 52, degree = 13;
    static constexpr double largest = 708;
    static constexpr double half[2] = {0.693147180369123816490, 1.90821492927058770002e-10};
};

constexpr double one_over_factorial(int k) { return k ? one_over_factorial(k - 1) / k : 1; }

// the series of e^x from the term k on, over x^k
template <typename T, int k = 0> INLINE Lanes<T> series(const Lanes<T> &x) {
    constexpr T coefficient = one_over_factorial(k);
    if constexpr (k == Format<T>::degree) return Lanes<T>{} + coefficient;
    else return series<T, k + 1>(x) * x + coefficient;
}

// 2^n e^r with the whole number n nearest to x / log 2, by the series of e^r: |r| < 0.35, to rounding
template <typename T> INLINE Lanes<T> exponential(Lanes<T> x) {
    using V = Lanes<T>;
    using F = Format<T>;
    using Bits = typename F::Bits;
    constexpr T rounding = T(3) * T(std::int64_t(1) << (F::mantissa - 1));  // has no room for fractions
    const V high = V{} + F::largest;
    x = x > high ? high : x, x = x < -high ? -high : x;
    const V shifted = x * T(1.44269504088896340736) + rounding, n = shifted - rounding;
    const V r = x - n * F::half[0] - n * F::half[1];
    const Bits power = ((Bits)shifted << F::mantissa) + (Bits)(V{} + T(1));
    return series<T>(r) * (V)power;
}

template <typename T> INLINE Lanes<T> sigmoid(const Lanes<T> &x) { return T(1) / (T(1) + exponential<T>(-x)); }
template <typename T> INLINE Lanes<T> tangent(const Lanes<T> &x) { return T(1) - T(2) / (exponential<T>(x + x) + T(1)); }

}  // namespace
