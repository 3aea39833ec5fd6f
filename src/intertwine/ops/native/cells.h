// Sites in cells no narrower than a cutoff: whoever is near a point lies in the 27 cells about it.

#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "lanes.h"

namespace {

template <typename T> class Cells {
    static constexpr long MOST = 48;  // cells along an axis
    T low[3], per_length[3];
    long count[3];
    std::vector<long> starts;
    std::vector<T> places[3];  // of the sites, cell by cell
    std::vector<int> order;

    long cell(const T *x, int axis) const { return std::min(long((x[axis] - low[axis]) * per_length[axis]), count[axis] - 1); }
    long cell(const T *x) const { return (cell(x, 0) * count[1] + cell(x, 1)) * count[2] + cell(x, 2); }

public:
    // false where a site is not finite
    bool sort(const T *sites, long size, T cutoff) {
        for (int axis = 0; axis < 3; ++axis) {
            T first = 0, last = 0;
            for (long j = 0; j < size; ++j) {
                const T x = sites[3 * j + axis];
                if (!std::isfinite(x)) return false;
                first = j ? std::min(first, x) : x, last = j ? std::max(last, x) : x;
            }
            const T cells = std::max(T(1), std::min(std::floor((last - first) / cutoff), T(MOST)));
            low[axis] = first, count[axis] = long(cells), per_length[axis] = cells / std::max(last - first, cutoff);
        }
        starts.assign(count[0] * count[1] * count[2] + 1, 0);
        for (long j = 0; j < size; ++j) ++starts[cell(sites + 3 * j) + 1];
        for (std::size_t k = 1; k < starts.size(); ++k) starts[k] += starts[k - 1];
        std::vector<long> next(starts);
        order.resize(size);
        for (long j = 0; j < size; ++j) order[next[cell(sites + 3 * j)]++] = int(j);
        for (int axis = 0; axis < 3; ++axis) {
            places[axis].resize(size);
            for (long k = 0; k < size; ++k) places[axis][k] = sites[3 * order[k] + axis];
        }
        return true;
    }

    // sites nearer to x than the cutoff, and vectors from x to them; both have room for all sites
    KERNEL int near(const T *x, T cutoff, int *sites, T *vectors) const {
        long from[3], to[3];
        for (int axis = 0; axis < 3; ++axis) {
            const T place = (x[axis] - low[axis]) * per_length[axis];
            if (!(place >= -1 && place <= count[axis] + 1)) return 0;
            from[axis] = std::max(long(place + 1) - 2, 0L), to[axis] = std::min(long(place + 1), count[axis] - 1);
        }
        int found = 0;
        for (long i = from[0]; i <= to[0]; ++i)
            for (long j = from[1]; j <= to[1]; ++j) {
                const long row = (i * count[1] + j) * count[2];
                if (from[2] <= to[2]) found = among(starts[row + from[2]], starts[row + to[2] + 1], x, cutoff, sites, vectors, found);
            }
        return found;
    }

private:
    INLINE int among(long first, long last, const T *x, T cutoff, int *sites, T *vectors, int found) const {
        constexpr int AT_ONCE = 64;
        T squares[AT_ONCE];
        for (; first < last; first += AT_ONCE) {
            const int some = int(std::min(last - first, long(AT_ONCE)));
            const T *a = places[0].data() + first, *b = places[1].data() + first, *c = places[2].data() + first;
            for (int k = 0; k < some; ++k)
                squares[k] = (a[k] - x[0]) * (a[k] - x[0]) + (b[k] - x[1]) * (b[k] - x[1]) + (c[k] - x[2]) * (c[k] - x[2]);
            for (int k = 0; k < some; ++k)
                if (squares[k] < cutoff * cutoff) {
                    sites[found] = order[first + k];
                    vectors[3 * found] = a[k] - x[0], vectors[3 * found + 1] = b[k] - x[1], vectors[3 * found + 2] = c[k] - x[2];
                    ++found;
                }
        }
        return found;
    }
};

}  // namespace
