// Messages along bonds, fused: edges are streamed, nothing of size edges x channels is written to memory.
//
// For the edge e from atom j to atom i, with the channel understood, k numbering the radial functions,
//
//     R_k = sum_n B_n W_nk    P_l = R0_l h0_j + Rpar_l (d . h1_j)    T_la = Rperp_l h1_ja
//     A_i[lm] += Y_lm P_l + sum_a Z_lma T_la,    Z_l = (table of raising) Y_{l-1}
//
// Everything is linear in each of Y, d, B, h, W. So the second derivatives, contracted with a direction
// (h_harmonics, h_direction, h_basis, h_hidden), are the slopes of the first ones along it: the code of the
// derivative runs once on numbers, once on pairs of value and slope (Dual).
//
// Layouts: harmonics [edges][rows]    direction [edges][3]    basis [edges][radial]    hidden [4 or 1][atoms][C]
// weights [radial][degrees][C] of R0 (l = 0 ... l_max), Rpar (the same), Rperp (l = 1 ... l_max)
// A and its gradient [rows][atoms][C]    raising: for each l from 1 [2 l - 1][3][2 l + 1]

#include <algorithm>

#include "lanes.h"

namespace {

constexpr int MAX_RAISED = 144;
constexpr int CHUNK = 8;  // edges whose gradients of R are kept until those of the weights are summed
constexpr int GROUP = 4;  // radial functions that share one load of the basis

template <typename T> struct Message {
    int l_max, vectors, radial, channels;
    long atoms, edges;
    const T *raising;
    const long *receiver, *sender;
    const T *harmonics[2], *direction[2], *basis[2], *hidden[2];  // the point, and the direction of the slopes
    const T *grad;                                                // of A; null asks for A itself
    T *g_harmonics, *g_direction, *g_basis;                       // null where not wanted
    T *sum;                                                       // A, or the gradient of `grad`

    int rows() const { return (l_max + 1) * (l_max + 1); }
    int raised() const { return 3 * (rows() - 1); }
    int tiles() const { return (channels + Tile<T>::width - 1) / Tile<T>::width; }
    int functions() const { return vectors ? 3 * l_max + 2 : l_max + 1; }
    int groups() const { return (functions() + GROUP - 1) / GROUP; }
    int count(int tile) const { return std::min(channels - tile * Tile<T>::width, Tile<T>::width); }
    long tile_of_weights() const { return long(groups()) * radial * GROUP; }
    int reduced() const { return (rows() + raised() + 3 + radial + 7) / 8 * 8; }
    int number(int l) const { return vectors ? std::max(3 * l - 1, 0) : l; }  // of the first function of a degree
};

// weights between their three arrays and tiles [tiles][groups][radial][GROUP]
template <typename T, typename Move> void for_weights(const Message<T> &p, T *const *weights, Move move) {
    for (int kind = 0; kind < (p.vectors ? 3 : 1); ++kind)
        for (int n = 0; n < p.radial; ++n)
            for (int l = kind == 2; l <= p.l_max; ++l)
                for (int tile = 0; tile < p.tiles(); ++tile) {
                    const int k = p.number(l) + kind, degrees = p.l_max + (kind != 2);
                    const long group = tile * p.groups() + k / GROUP, row = n * degrees + l - (kind == 2);
                    move(weights[kind] + row * p.channels + tile * Tile<T>::width,
                         (group * p.radial + n) * GROUP + k % GROUP, p.count(tile));
                }
}

template <typename T, bool SECOND> struct Edge {  // what all its channels share
    static constexpr int sides = SECOND ? 2 : 1;
    T raised[2][MAX_RAISED];
    const T *y[2], *z[2] = {raised[0], raised[1]}, *d[2], *b[2], *h[2];

    INLINE void read(const Message<T> &p, long e) {
        for (int side = 0; side < sides; ++side) {
            y[side] = p.harmonics[side] + e * p.rows(), d[side] = p.direction[side] + e * 3;
            b[side] = p.basis[side] + e * p.radial, h[side] = p.hidden[side] + p.sender[e] * p.channels;
            if (p.vectors) raise<1>(p, y[side], p.raising, raised[side]);
        }
    }
    template <int l> static INLINE void raise(const Message<T> &p, const T *y, const T *table, T *z) {
        if (l > p.l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int k = 0; k < width; ++k) z[k] = 0;
        for (int m = 0; m < 2 * l - 1; ++m)
            for (int k = 0; k < width; ++k) z[k] += table[m * width + k] * y[m];
        if constexpr (l < MAX_L) raise<l + 1>(p, y + 2 * l - 1, table + (2 * l - 1) * width, z + width);
    }
    template <int l> static INLINE void lower(const Message<T> &p, const T *gz, const T *table, T *gy) {
        if (l > p.l_max) return;
        constexpr int width = 3 * (2 * l + 1);
        for (int m = 0; m < 2 * l - 1; ++m) {
            T sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int k = 0; k < width; ++k) sum += table[m * width + k] * gz[k];
            gy[m] += sum;
        }
        if constexpr (l < MAX_L) lower<l + 1>(p, gz + width, table + (2 * l - 1) * width, gy + 2 * l - 1);
    }
};

// one tile of channels of one edge
template <typename T, bool BACK, bool SECOND> struct Channels {
    using V = Lanes<T>;
    using N = Number<V, SECOND>;
    using Which = std::integral_constant<bool, SECOND>;
    N R[GROUP * ((3 * MAX_L + 2 + GROUP - 1) / GROUP)], h[4] = {}, along = {}, g_along;
    V g_h[4];

    INLINE void read(const Message<T> &p, const Edge<T, SECOND> &edge, const V *weights, int tile) {
        const int c = tile * Tile<T>::width, count = p.count(tile);
        for (int a = 0; a < (p.vectors ? 4 : 1); ++a) {
            const long row = a * p.atoms * p.channels + c;
            if constexpr (SECOND) h[a] = {load<T>(edge.h[0] + row, count), load<T>(edge.h[1] + row, count)};
            else h[a] = load<T>(edge.h[0] + row, count);
        }
        if (p.vectors)
            along = pair(edge.d, 0, Which()) * h[1] + pair(edge.d, 1, Which()) * h[2] + pair(edge.d, 2, Which()) * h[3];
        for (int group = 0; group < p.groups(); ++group) {
            N sum[GROUP] = {};
            for (int n = 0; n < p.radial; ++n, weights += GROUP)
                for (int k = 0; k < GROUP; ++k) sum[k] += pair(edge.b, n, Which()) * weights[k];
            for (int k = 0; k < GROUP; ++k) R[group * GROUP + k] = sum[k];
        }
        if (BACK) g_along = N{}, g_h[0] = g_h[1] = g_h[2] = g_h[3] = V{};
    }

    // the message, and the gradients of R, harmonics (before the table) and, but for the part along, hidden
    template <int l>
    INLINE void degrees(const Message<T> &p, const Edge<T, SECOND> &edge, const V *grad, V *sum, V *g_y, N *g_R) {
        if (l > p.l_max) return;
        constexpr int width = 2 * l + 1, first = l * l, z = 3 * (l * l - 1);
        const int k = p.number(l);
        const bool pairs = l > 0 && p.vectors;
        N P = R[k] * h[0], t[3];
        if (p.vectors) P += R[k + 1] * along;
        for (int a = 0; a < 3; ++a) t[a] = pairs ? R[k + 2] * h[1 + a] : N{};
        if (!BACK || SECOND)
            for (int m = 0; m < width; ++m) {
                V term = result(pair(edge.y, first + m, Which()) * P);
                if (pairs)
                    for (int a = 0; a < 3; ++a) term += result(pair(edge.z, z + a * width + m, Which()) * t[a]);
                sum[first + m] += term;
            }
        if constexpr (BACK) {
            N g_P = {}, g_t[3] = {};
            for (int m = 0; m < width; ++m) {
                const V g = grad[first + m];
                g_P += pair(edge.y, first + m, Which()) * g;
                if (pairs)
                    for (int a = 0; a < 3; ++a) g_t[a] += pair(edge.z, z + a * width + m, Which()) * g;
            }
            if (g_y) {
                V *g_z = g_y + p.rows();
                for (int m = 0; m < width; ++m) {
                    const V g = grad[first + m];
                    g_y[first + m] += result(P) * g;
                    if (pairs)
                        for (int a = 0; a < 3; ++a) g_z[z + a * width + m] += result(t[a]) * g;
                }
            }
            g_R[k] = g_P * h[0], g_h[0] += result(R[k] * g_P);
            if (p.vectors) g_R[k + 1] = g_P * along, g_along += R[k + 1] * g_P;
            if (pairs) {
                g_R[k + 2] = g_t[0] * h[1] + g_t[1] * h[2] + g_t[2] * h[3];
                for (int a = 0; a < 3; ++a) g_h[1 + a] += result(R[k + 2] * g_t[a]);
            }
        }
        if constexpr (l < MAX_L) degrees<l + 1>(p, edge, grad, sum, g_y, g_R);
    }

    // gradients of direction, basis and hidden from those of R and of the part along the bond
    INLINE void finish(const Message<T> &p, const Edge<T, SECOND> &edge, const V *weights, const N *g_R, V *g_d,
                       T *g_hidden, long sender, int tile) {
        if (g_d) {
            V *g_b = g_d + 3;
            if (p.vectors)
                for (int a = 0; a < 3; ++a) g_d[a] += result(g_along * h[1 + a]);
            for (int group = 0; group < p.groups(); ++group, g_R += GROUP)
                for (int n = 0; n < p.radial; ++n, weights += GROUP)
                    g_b[n] += (result(g_R[0]) * weights[0] + result(g_R[1]) * weights[1]) +
                              (result(g_R[2]) * weights[2] + result(g_R[3]) * weights[3]);
        }
        if (!g_hidden) return;
        const int count = p.count(tile);
        for (int a = 0; a < (p.vectors ? 4 : 1); ++a) {
            T *to = g_hidden + (a * p.atoms + sender) * p.channels + tile * Tile<T>::width;
            if (a) g_h[a] += result(pair(edge.d, a - 1, Which()) * g_along);
            store<T>(to, load<T>(to, count) + g_h[a], count);
        }
    }
};

// gradients of the weights from those of R on a few edges
template <typename T, bool SECOND>
INLINE void add_weights(const Message<T> &p, const Number<Lanes<T>, SECOND> *g_R, long begin, long end, Lanes<T> *to) {
    const int padded = p.groups() * GROUP, step = p.tiles() * padded;
    for (int tile = 0; tile < p.tiles(); ++tile)
        for (int group = 0; group < p.groups(); ++group, g_R += GROUP)
            for (int n = 0; n < p.radial; ++n, to += GROUP) {
                Lanes<T> sum[GROUP] = {to[0], to[1], to[2], to[3]};
                for (long e = begin; e < end; ++e) {
                    const T *const basis[2] = {p.basis[0] + e * p.radial, p.basis[1] + e * p.radial};
                    const Number<T, SECOND> b = pair(basis, n, std::integral_constant<bool, SECOND>());
                    for (int k = 0; k < GROUP; ++k) sum[k] += result(b * g_R[(e - begin) * step + k]);
                }
                for (int k = 0; k < GROUP; ++k) to[k] = sum[k];
            }
}

// atoms first ... last - 1
template <typename T, bool BACK, bool SECOND>
INLINE void stream(const Message<T> &p, const Lanes<T> *weights, Lanes<T> *g_weights, T *g_hidden, long first, long last) {
    using V = Lanes<T>;
    using N = Number<V, SECOND>;
    const int rows = p.rows(), tiles = p.tiles(), padded = p.groups() * GROUP, reduced = p.reduced();
    const int shared = rows + p.raised(), width = Tile<T>::width;
    Buffer<V> grad_of(rows * tiles), sum_of(rows * tiles), g_shared(reduced);
    Buffer<N> g_R_of(CHUNK * tiles * padded);
    Buffer<T> flat_of(reduced);
    V *const grad = grad_of.data(), *const sum = sum_of.data();
    N *const g_R = g_R_of.data();
    T *const flat = flat_of.data();
    const bool geometry = p.g_harmonics;
    Edge<T, SECOND> edge;
    Channels<T, BACK, SECOND> channels;
    long e = std::lower_bound(p.receiver, p.receiver + p.edges, first) - p.receiver;
    for (long atom = first; atom < last; ++atom) {
        const auto at = [&](int tile, int row) { return (row * p.atoms + atom) * p.channels + tile * width; };
        if (BACK)
            for (int tile = 0; tile < tiles; ++tile)
                for (int row = 0; row < rows; ++row)
                    grad[tile * rows + row] = load<T>(p.grad + at(tile, row), p.count(tile));
        for (int k = 0; k < rows * tiles; ++k) sum[k] = V{};
        while (e < p.edges && p.receiver[e] == atom) {
            const long begin = e;
            for (; e < p.edges && e < begin + CHUNK && p.receiver[e] == atom; ++e) {
                edge.read(p, e);
                V *g_y = geometry ? g_shared.data() : nullptr, *g_d = geometry ? g_y + shared : nullptr;
                for (int k = 0; geometry && k < reduced; ++k) g_y[k] = V{};
                for (int tile = 0; tile < tiles; ++tile) {
                    const V *mine = weights + tile * p.tile_of_weights();
                    N *g_mine = g_R + ((e - begin) * tiles + tile) * padded;
                    channels.read(p, edge, mine, tile);
                    channels.template degrees<0>(p, edge, grad + tile * rows, sum + tile * rows, g_y, g_mine);
                    if (BACK) channels.finish(p, edge, mine, g_mine, g_d, g_hidden, p.sender[e], tile);
                }
                if (geometry) {
                    for (int k = 0; k < reduced; k += width) store<T>(flat + k, across(g_y + k), width);
                    if (p.vectors) edge.template lower<1>(p, flat + rows, p.raising, flat);
                    std::copy_n(flat, rows, p.g_harmonics + e * rows);
                    std::copy_n(flat + shared, 3, p.g_direction + e * 3);
                    std::copy_n(flat + shared + 3, p.radial, p.g_basis + e * p.radial);
                }
            }
            if (BACK && g_weights) add_weights<T, SECOND>(p, g_R, begin, e, g_weights);
        }
        if (p.sum)
            for (int tile = 0; tile < tiles; ++tile)
                for (int row = 0; row < rows; ++row)
                    store<T>(p.sum + at(tile, row), sum[tile * rows + row], p.count(tile));
    }
}

#define STREAM(NAME, T)                                                                                               \
    FOR_EVERY_PROCESSOR static void NAME(const Message<T> &p, const Lanes<T> *weights, Lanes<T> *g_weights,           \
                                         T *g_hidden, long first, long last) {                                        \
        if (!p.grad) stream<T, false, false>(p, weights, g_weights, g_hidden, first, last);                           \
        else if (!p.hidden[1]) stream<T, true, false>(p, weights, g_weights, g_hidden, first, last);                  \
        else stream<T, true, true>(p, weights, g_weights, g_hidden, first, last);                                     \
    }
STREAM(stream_float, float)
STREAM(stream_double, double)

// Threads share the atoms. What several of them add to is summed afterwards in their order: the result
// depends on their number, but not on chance.
template <typename T, typename Stream>
void run(const Message<T> &p, T *const *weights, T *const *g_weights, T *g_hidden, int threads, Stream stream) {
    using V = Lanes<T>;
    const long size = p.tiles() * p.tile_of_weights(), share = (p.atoms + threads - 1) / threads;
    const long hidden = (p.vectors ? 4 : 1) * p.atoms * p.channels;
    Buffer<V> packed(size), sums_of_weights(*g_weights ? threads * size : 0);
    Buffer<T> sums_of_hidden(g_hidden ? (threads - 1) * hidden : 0);
    for_weights<T>(p, weights, [&](T *from, long at, int count) { packed.data()[at] = load<T>(from, count); });
    if (g_hidden) std::fill_n(g_hidden, hidden, T(0));
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int part = 0; part < threads; ++part) {
        const long first = part * share, last = std::min(first + share, p.atoms);
        V *own_weights = *g_weights ? sums_of_weights.data() + part * size : nullptr;
        T *own_hidden = g_hidden && part ? sums_of_hidden.data() + (part - 1) * hidden : g_hidden;
        if (first < last) stream(p, packed.data(), own_weights, own_hidden, first, last);
    }
    for (int part = 1; part < threads; ++part) {
        const V *own_weights = sums_of_weights.data() + part * size;
        const T *own_hidden = sums_of_hidden.data() + (part - 1) * hidden;
        for (long k = 0; g_hidden && k < hidden; ++k) g_hidden[k] += own_hidden[k];
        for (long k = 0; *g_weights && k < size; ++k) sums_of_weights.data()[k] += own_weights[k];
    }
    if (*g_weights)
        for_weights<T>(p, g_weights, [&](T *to, long at, int count) { store<T>(to, sums_of_weights.data()[at], count); });
}

}  // namespace

// Which of the three is asked for follows from the pointers: `grad` null, `h_` null, or none.
#define EXPORT(NAME, STREAM, T)                                                                                       \
    extern "C" void NAME(                                                                                             \
        const T *raising, const long *receiver, const long *sender, const T *harmonics, const T *direction,           \
        const T *basis, const T *hidden, T *scalar, T *parallel, T *transverse, const T *grad, const T *h_harmonics,  \
        const T *h_direction, const T *h_basis, const T *h_hidden, T *g_harmonics, T *g_direction, T *g_basis,        \
        T *g_hidden, T *g_scalar, T *g_parallel, T *g_transverse, T *sum, const int *sizes, long atoms, long edges) { \
        const Message<T> p{sizes[0], sizes[1], sizes[2], sizes[3], atoms, edges, raising, receiver, sender,           \
                           {harmonics, h_harmonics}, {direction, h_direction}, {basis, h_basis}, {hidden, h_hidden},  \
                           grad, g_harmonics, g_direction, g_basis, sum};                                             \
        T *const weights[3] = {scalar, parallel, transverse};                                                         \
        T *const g_weights[3] = {g_scalar, g_parallel, g_transverse};                                                 \
        run<T>(p, weights, g_weights, g_hidden, sizes[4], STREAM);                                                    \
    }
EXPORT(bond_message_float, stream_float, float)
EXPORT(bond_message_double, stream_double, double)
