// What the particles of an event tell it in one round of a planar encoder (encoders/planar.py), computed while all of
// it is in the nearest cache: lanes are particles, rows are invariants, hidden units, harmonics and functions.

#pragma once

#include <algorithm>
#include <cmath>

#include "exponential.h"

namespace {

constexpr int CHUNK = 120;  // particles at once, a stride that spreads rows over a cache

struct Sizes {
    long events, scalars, orders, width, functions, heads, safe, threads;

    long rows() const { return 2 * orders + 1; }
    long shares() const { return heads + (safe ? 1 : 0); }  // weights that are divided by their sum
    long weights() const { return heads + (safe ? 1 : 2); }
};

template <typename T> struct Round {
    Sizes size;
    double particles, largest;  // in an event on average; logit
    const T *direction, *scalars, *weight;
    const long *offsets;
    const T *own, *own_bias, *out, *out_bias;                // [outputs][inputs]
    const T *heard, *heard_odd;                              // [events][rows][width]; null: nothing yet, no mirrors
    const T *square, *odd_out, *odd_gate, *odd_gate_bias;
    T *even, *odd;                                           // [events][rows][weights][functions]
};

template <typename T> struct Matrix {
    const T *entries;
    long by_output, by_input, outputs, inputs;
};

template <typename T, int ROWS, int TILES>
INLINE void block(const Matrix<T> &w, const T *entries, const T *x, T *y, const T *bias, bool add) {
    using V = Lanes<T>;
    constexpr int width = Tile<T>::width;
    V sum[ROWS][TILES];
    for (int r = 0; r < ROWS; ++r)
        for (int t = 0; t < TILES; ++t) {
            sum[r][t] = add ? load<T>(y + r * CHUNK + t * width, width) : V{};
            if (bias) sum[r][t] += bias[r];
        }
    for (long d = 0; d < w.inputs; ++d, x += CHUNK, entries += w.by_input) {
        V tile[TILES];
        for (int t = 0; t < TILES; ++t) tile[t] = load<T>(x + t * width, width);
        for (int r = 0; r < ROWS; ++r)
            for (int t = 0; t < TILES; ++t) sum[r][t] += entries[r * w.by_output] * tile[t];
    }
    for (int r = 0; r < ROWS; ++r)
        for (int t = 0; t < TILES; ++t) store<T>(y + r * CHUNK + t * width, sum[r][t], width);
}

template <typename T, int TILES>
INLINE void strip(const Matrix<T> &w, const T *x, T *y, const T *bias, bool add) {
    long r = 0;
    for (; r + 4 <= w.outputs; r += 4)
        block<T, 4, TILES>(w, w.entries + r * w.by_output, x, y + r * CHUNK, bias ? bias + r : bias, add);
    for (; r < w.outputs; ++r)
        block<T, 1, TILES>(w, w.entries + r * w.by_output, x, y + r * CHUNK, bias ? bias + r : bias, add);
}

// y = or += w x + bias
template <typename T> KERNEL void product(const Matrix<T> &w, const T *x, T *y, long tiles, const T *bias, bool add) {
    constexpr int width = Tile<T>::width;
    for (; tiles >= 3; tiles -= 3, x += 3 * width, y += 3 * width) strip<T, 3>(w, x, y, bias, add);
    if (tiles == 2) strip<T, 2>(w, x, y, bias, add);
    if (tiles == 1) strip<T, 1>(w, x, y, bias, add);
}

constexpr int LEFT = 4, RIGHT = 2;  // rows whose products are summed at once

// sums [left / LEFT][right / RIGHT][LEFT][RIGHT] += a bᵀ
template <typename T> KERNEL void gather(const T *a, long left, const T *b, long right, long tiles, T *sums) {
    using V = Lanes<T>;
    constexpr int width = Tile<T>::width;
    for (long i = 0; i < left; i += LEFT)
        for (long j = 0; j < right; j += RIGHT, sums += LEFT * RIGHT) {
            V sum[LEFT * RIGHT] = {};
            const T *x = a + i * CHUNK, *y = b + j * CHUNK;
            for (long t = 0; t < tiles; ++t, x += width, y += width)
                for (int k = 0; k < LEFT * RIGHT; ++k)
                    sum[k] += load<T>(x + k / RIGHT * CHUNK, width) * load<T>(y + k % RIGHT * CHUNK, width);
            for (int k = 0; k < LEFT * RIGHT; k += width) store<T>(sums + k, load<T>(sums + k, width) + across(sum + k), width);
        }
}

inline long whole(long count, long step) { return (count + step - 1) / step * step; }

template <typename T> class Hearing {  // the work of one thread
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width;
    const Round<T> &p;
    const long rows = p.size.rows(), weights = p.size.weights(), told = p.size.functions * (p.odd ? 2 : 1);
    const long left = whole(weights * rows, LEFT), right = whole(told, RIGHT);
    Buffer<T> of_harmonics{2 * rows * CHUNK}, of_scalars{p.size.scalars * CHUNK}, of_hidden{p.size.width * CHUNK};
    Buffer<T> of_seen{2 * p.size.width * CHUNK}, of_functions{(right + p.size.functions) * CHUNK};
    Buffer<T> of_weights{(weights + 1) * CHUNK}, of_weighted{left * CHUNK}, of_sums{left * right}, of_totals{weights};
    T *const harmonics = of_harmonics.data(), *const turned = harmonics + rows * CHUNK, *const scalars = of_scalars.data();
    T *const hidden = of_hidden.data(), *const seen = of_seen.data(), *const squares = seen + p.size.width * CHUNK;
    T *const functions = of_functions.data(), *const gates = functions + right * CHUNK;
    T *const weight = of_weights.data(), *const there = weight + weights * CHUNK, *const weighted = of_weighted.data();
    T *const sums = of_sums.data(), *const totals = of_totals.data();

    static V &at(T *x, long row, long tile) { return *reinterpret_cast<V *>(x + row * CHUNK + tile * lanes); }
    template <typename Act> static void each(T *x, long count, long tiles, Act &&act) {
        for (long row = 0; row < count; ++row)
            for (long t = 0; t < tiles; ++t) at(x, row, t) = act(at(x, row, t), row, t);
    }

    // rows of what is known of each; zero, and not there, beyond the last
    void read(long first, long count, long tiles) {
        const long depth = p.size.scalars;
        T *const one = harmonics, *const x = one + CHUNK, *const y = x + CHUNK, *const plain = weight + p.size.heads * CHUNK;
        for (long i = 0; i < tiles * lanes; ++i) {
            const bool is = i < count;
            one[i] = 1, there[i] = is;
            x[i] = is ? p.direction[2 * (first + i)] : 0, y[i] = is ? p.direction[2 * (first + i) + 1] : 0;
            plain[i] = is ? p.weight[first + i] : 0;
            for (long k = 0; k < depth; ++k) scalars[k * CHUNK + i] = is ? p.scalars[(first + i) * depth + k] : 0;
        }
        for (long t = 0; t < tiles; ++t) {
            const V cos = at(x, 0, t), sin = at(y, 0, t);
            for (long row = 3; row < rows; row += 2) {
                const V re = at(harmonics, row - 2, t), im = at(harmonics, row - 1, t);
                at(harmonics, row, t) = re * cos - im * sin, at(harmonics, row + 1, t) = re * sin + im * cos;
            }
        }
    }

    void turn(long tiles) {
        for (long t = 0; t < tiles; ++t) {
            at(turned, 0, t) = at(harmonics, 0, t);
            for (long row = 1; row < rows; row += 2)
                at(turned, row, t) = -at(harmonics, row + 1, t), at(turned, row + 1, t) = at(harmonics, row, t);
        }
    }

    // functions, those that are odd under mirrors after the others, and logits in the place of their weights
    void network(long event, long tiles) {
        const Sizes &s = p.size;
        const long table = rows * s.width;
        product<T>({p.own, s.scalars, 1, s.width, s.scalars}, scalars, hidden, tiles, p.own_bias, false);
        if (p.heard) product<T>({p.heard + event * table, 1, s.width, s.width, rows}, harmonics, hidden, tiles, nullptr, true);
        if (p.odd) {
            turn(tiles);
            product<T>({p.heard_odd + event * table, 1, s.width, s.width, rows}, turned, seen, tiles, nullptr, false);
            each(squares, s.width, tiles, [&](V, long row, long t) { return at(seen, row, t) * at(seen, row, t); });
            product<T>({p.square, s.width, 1, s.width, s.width}, squares, hidden, tiles, nullptr, true);
        }
        each(hidden, s.width, tiles, [](V x, long, long) { return x * sigmoid<T>(x); });
        product<T>({p.out, s.width, 1, s.functions, s.width}, hidden, functions, tiles, p.out_bias, false);
        each(functions, s.functions, tiles, [](V x, long, long) { return x * sigmoid<T>(x); });
        product<T>({p.out + s.functions * s.width, s.width, 1, s.heads, s.width}, hidden, weight, tiles,
                   p.out_bias + s.functions, false);
        if (!p.odd) return;
        T *const odd = functions + s.functions * CHUNK;
        product<T>({p.odd_out, s.width, 1, s.functions, s.width}, seen, odd, tiles, nullptr, false);
        product<T>({p.odd_gate, s.width, 1, s.functions, s.width}, hidden, gates, tiles, p.odd_gate_bias, false);
        each(odd, s.functions, tiles, [&](V x, long row, long t) { return x * sigmoid<T>(at(gates, row, t)); });
    }

    // weights of each particle, and their products with the harmonics
    void weigh(long tiles) {
        const long heads = p.size.heads;
        const T most = p.largest;
        each(weight, heads, tiles, [&](V x, long, long t) {
            return at(weight, heads, t) * exponential<T>(most * tangent<T>(x / most));
        });
        if (!p.size.safe) each(weight + (heads + 1) * CHUNK, 1, tiles, [&](V, long, long t) { return at(there, 0, t); });
        for (long w = 0; w < weights; ++w) {
            each(weighted + w * rows * CHUNK, rows, tiles, [&](V, long row, long t) { return at(weight, w, t) * at(harmonics, row, t); });
            V total = {};
            for (long t = 0; t < tiles; ++t) total += at(weight, w, t);
            for (int i = 0; i < lanes; ++i) totals[w] += total[i];
        }
    }

    T factor(long w, long row) const {
        if (w < p.size.shares()) return totals[w] > 0 ? 1 / totals[w] : T(1);
        return row ? 1 / std::sqrt(p.particles) : 1 / p.particles;
    }

    // factor times the sums of a weight and a row, of all functions from one on
    void write(long w, long row, long first, T factor, T *to) const {
        const long i = w * rows + row;
        const T *const from = sums + i / LEFT * LEFT * right + i % LEFT * RIGHT;
        for (long f = first; f < first + p.size.functions; ++f) *to++ = factor * from[f / RIGHT * LEFT * RIGHT + f % RIGHT];
    }

    void write(long event) const {
        const long functions = p.size.functions;
        for (long row = 0; row < rows; ++row)
            for (long w = 0; w < weights; ++w) {
                const long to = ((event * rows + row) * weights + w) * functions;
                const T size = factor(w, row);
                write(w, row, 0, size, p.even + to);
                if (p.odd && row == 0) write(w, row, functions, size, p.odd + to);
                else if (p.odd && row % 2) write(w, row + 1, functions, -size, p.odd + to);  // i times every m > 0
                else if (p.odd) write(w, row - 1, functions, size, p.odd + to);
            }
    }

public:
    explicit Hearing(const Round<T> &round) : p(round) {}
    void operator()(long event) {
        std::fill_n(sums, left * right, T(0)), std::fill_n(totals, weights, T(0));
        const long last = p.offsets[event + 1];
        for (long first = p.offsets[event]; first < last; first += CHUNK) {
            const long count = std::min<long>(CHUNK, last - first), tiles = whole(count, lanes) / lanes;
            read(first, count, tiles), network(event, tiles), weigh(tiles);
            gather<T>(weighted, left, functions, right, tiles, sums);
        }
        write(event);
    }
};

}  // namespace
