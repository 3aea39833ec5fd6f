// Products of a few rows with a matrix that was laid out for it once: panels of two tiles of columns,
// [columns / (2 tiles)][depth][2 tiles], so that the inner loop reads it in order.

#pragma once

#include "lanes.h"

namespace {

template <typename T, int ROWS>
INLINE void panel_product(const T *a, int stride_a, const T *panel, int depth, T *c, int stride_c, bool add) {
    using V = Lanes<T>;
    constexpr int width = Tile<T>::width;
    V sum[ROWS][2];
    for (int r = 0; r < ROWS; ++r)
        for (int k = 0; k < 2; ++k) sum[r][k] = add ? load<T>(c + r * stride_c + k * width, width) : V{};
    for (int d = 0; d < depth; ++d, panel += 2 * width) {
        const V left = load<T>(panel, width), right = load<T>(panel + width, width);
        for (int r = 0; r < ROWS; ++r) {
            const T x = a[r * stride_a + d];
            sum[r][0] += x * left, sum[r][1] += x * right;
        }
    }
    for (int r = 0; r < ROWS; ++r)
        for (int k = 0; k < 2; ++k) store<T>(c + r * stride_c + k * width, sum[r][k], width);
}

// c [rows][columns] = or += a [rows][depth] b
template <typename T>
KERNEL void multiply(const T *a, int stride_a, const T *b, int depth, T *c, int columns, int rows, bool add) {
    constexpr int panel = 2 * Tile<T>::width;
    for (int first = 0; first < columns; first += panel, b += depth * panel) {
        const T *from = a;
        T *to = c + first;
        int left = rows;
        for (; left >= 6; left -= 6, from += 6 * stride_a, to += 6 * columns)
            panel_product<T, 6>(from, stride_a, b, depth, to, columns, add);
        if (left >= 3) {
            panel_product<T, 3>(from, stride_a, b, depth, to, columns, add);
            left -= 3, from += 3 * stride_a, to += 3 * columns;
        }
        if (left == 2) panel_product<T, 2>(from, stride_a, b, depth, to, columns, add);
        if (left == 1) panel_product<T, 1>(from, stride_a, b, depth, to, columns, add);
    }
}

}  // namespace
