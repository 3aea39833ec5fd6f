// Energy and its derivatives, a block of atoms at a time: forward through the layers, backward through them again.
//
// In a block rows come first, [row][atom][channel], so that every degree is one product of a tall matrix. What a
// layer gathered is kept; what it made of that is made again on the way back, which is cheaper than to read it
// from memory. The last layer goes forward and back in one visit.

#pragma once

#include "surroundings.h"

namespace {

constexpr int BLOCK_ATOMS = 8;

template <typename T> struct Thread {
    static constexpr int lanes = Tile<T>::width;
    const Model<T> &p;
    const Shared<T> &shared;
    Surroundings<T> around;
    long atom = 0, atoms = 0;  // of the block at hand
    T *gathered, *mixed, *product, *hidden, *spare, *g_gathered;

    Thread(const Model<T> &model, const Shared<T> &common, long number)
        : p(model), shared(common), around{model, common, number} {}

    void lay(Arena &arena) {
        const long rows = (p.size.l_max + 1) * (p.size.l_max + 1), n = BLOCK_ATOMS;
        const long width = std::max(p.size.width, p.size.message), C = p.size.channels;
        gathered = arena.take<T>(rows * n * width), g_gathered = arena.take<T>(rows * n * width);
        mixed = arena.take<T>(rows * n * 3 * C);
        const long small = SIDES * n * std::max(std::max(C, p.size.head), p.size.message);
        product = arena.take<T>(small), hidden = arena.take<T>(small), spare = arena.take<T>(small);
        around.sum = arena.take<Lanes<T>>(rows * p.size.message / lanes);
    }

    // atoms begin ... end - 1 through layer t: forward, or back, or both in one visit
    void visit(int t, bool forth, bool back, long begin, long end) {
        for (atom = begin; atom < end; atom += atoms) {
            atoms = std::min<long>(BLOCK_ATOMS, end - atom);
            if (forth) forward(t);
            if (back) backward(t, forth);
        }
    }

    // ---- forward

    void forward(int t) {
        const Layer<T> &layer = p.layer[t];
        const bool last = t + 1 == p.size.layers;
        const long C = p.size.channels;
        T *mine = last || !p.size.derivatives ? gathered : shared.gathered[t] + atom * layer.rows * layer.width;
        if (t == 0) around.look(atom, atoms), around.gather_density(atom, atoms, mine);
        else around.gather_messages(t, atom, atoms, mine);
        mix(layer, mine);
        Sphere<T> grid = layer.grid;
        grid.stride = atoms * 3 * C, grid.stride_out = atoms * C;
        for (long i = 0; i < atoms; ++i)
            for (long c = 0; c < C; c += lanes)
                tile_forward(grid, mixed + i * 3 * C + c, layer.orders + p.species[atom + i] * 3 * C + c, product + i * C + c);
        T *h = last ? hidden : shared.hidden[t] + atom * layer.rows_out * C;
        by_degree(product, C, layer.out, C, h, C, layer.rows_out, false);
        by_degree(mine, layer.width, layer.skip, layer.depth, h, C, layer.rows_out, true);
        if (t > 0) {
            by_degree(shared.hidden[t - 1] + atom * p.layer[t - 1].rows_out * C, C, layer.residual, C, spare, C,
                      std::min(layer.rows_out, p.layer[t - 1].rows_out), false);
            add_scaled(layer, spare, h, std::min(layer.rows_out, p.layer[t - 1].rows_out));
        }
        read_out(layer, h);
        if (last) finish(h);
        else send(t, h);
    }

    KERNEL void tile_forward(const Sphere<T> &grid, const T *x, const T *orders, T *y) {
        sphere_forward<T>(grid, x, orders, y, p.size.channels, lanes);
    }
    KERNEL void tile_backward(const Sphere<T> &grid, T *x, const T *orders, const T *g_y) {
        sphere_backward<T, false>(grid, x, orders, g_y, x, nullptr, p.size.channels, lanes);
    }

    // one product for every degree; rows of a block [rows][atoms][channels]
    void by_degree(const T *from, long stride, const T *panels, long depth, T *to, long columns, int rows, bool add) {
        for (int l = 0; l * l < rows; ++l, panels += depth * columns)
            multiply<T>(from + l * l * atoms * stride, stride, panels, depth, to + l * l * atoms * columns, columns,
                        (2 * l + 1) * atoms, add);
    }
    void mix(const Layer<T> &layer, const T *from) {
        by_degree(from, layer.width, layer.mix, layer.depth, mixed, 3 * p.size.channels, layer.rows, false);
    }
    void add_scaled(const Layer<T> &layer, const T *from, T *to, int rows) {
        const long C = p.size.channels;
        for (int r = 0; r < rows; ++r)
            for (long i = 0; i < atoms; ++i, from += C, to += C) {
                const T *factor = layer.residual_scale + p.species[atom + i] * C;
                for (long c = 0; c < C; ++c) to[c] += factor[c] * from[c];
            }
    }
    void read_out(const Layer<T> &layer, const T *h) {
        const long C = p.size.channels;
        for (long i = 0; i < atoms; ++i) {
            T total = 0;
            for (long c = 0; c < C; ++c) total += layer.readout[c] * h[i * C + c];
            p.energies[atom + i] += p.scale * total;
        }
    }
    // from [row][atom][channel] to [atom][strip][row][channel of the strip]; rows that are not there are zero
    void send(int t, const T *h) {
        const long M = p.size.message;
        const int rows = std::min(p.layer[t].rows_out, SIDES);
        by_degree(h, p.size.channels, p.layer[t + 1].narrow, p.size.channels, spare, M, rows, false);
        std::memset(spare + rows * atoms * M, 0, (SIDES - rows) * atoms * M * sizeof(T));
        for_strips([&](long r, long i, long strip, long width, long place) {
            std::memcpy(shared.sent[t] + (atom + i) * p.sent() + place, spare + (r * atoms + i) * M + strip, width * sizeof(T));
        });
    }
    template <typename Do> void for_strips(Do &&act) const {
        const long width = p.strip_tiles() * lanes;
        for (long i = 0; i < atoms; ++i)
            for (long strip = 0; strip < p.size.message; strip += width)
                for (long r = 0; r < SIDES; ++r) act(r, i, strip, width, (strip * SIDES) + r * width);
    }

    // the small network on the last invariants; leaves the gradient of the energy in `hidden`
    void finish(T *h) {
        const long C = p.size.channels, width = p.size.head;
        multiply<T>(h, C, p.head, C, spare, width, atoms, false);
        for (long i = 0; i < atoms; ++i) {
            T total = 0;
            for (long k = 0; k < width; ++k) {
                T &z = spare[i * width + k];
                const T s = 1 / (1 + std::exp(-z)), value = z * s;
                total += p.head_out[k] * value;
                z = p.head_out[k] * s * (1 + z * (1 - s));
            }
            p.energies[atom + i] += p.scale * total;
        }
        if (!p.size.derivatives) return;
        multiply<T>(spare, width, p.head_back, width, h, C, atoms, false);
        const T *w = p.layer[p.size.layers - 1].readout, scale = p.scale;
        for (long i = 0; i < atoms; ++i, h += C)
            for (long c = 0; c < C; ++c) h[c] = scale * (h[c] + w[c]);
    }

    // ---- back

    void backward(int t, bool fresh) {
        const Layer<T> &layer = p.layer[t];
        const bool last = t + 1 == p.size.layers;
        const long C = p.size.channels, width = layer.width;
        T *mine = last ? gathered : shared.gathered[t] + atom * layer.rows * width;
        if (!last) collect(t);
        if (t > 0) back_to_residual(layer, t);
        by_degree(hidden, C, layer.out_back, C, product, C, layer.rows_out, false);
        if (!fresh) mix(layer, mine);
        Sphere<T> grid = layer.grid;
        grid.stride = atoms * 3 * C, grid.stride_out = atoms * C;
        for (long i = 0; i < atoms; ++i)
            for (long c = 0; c < C; c += lanes) {
                T *x = mixed + i * 3 * C + c;
                tile_backward(grid, x, layer.orders + p.species[atom + i] * 3 * C + c, product + i * C + c);
            }
        by_degree(mixed, 3 * C, layer.mix_back, 3 * C, g_gathered, width, layer.rows, false);
        by_degree(hidden, C, layer.skip_back, C, g_gathered, width, layer.rows_out, true);
        if (t == 0) around.back_to_density(atom, atoms, g_gathered);
        else around.back_to_messages(t, atom, atoms, g_gathered);
    }

    // the gradient of what layer t gave, from the residual, from those that listened and from its own readout
    void collect(int t) {
        const Layer<T> &layer = p.layer[t];
        const long C = p.size.channels, M = p.size.message;
        std::memcpy(hidden, shared.g_hidden[t] + atom * layer.rows_out * C, layer.rows_out * atoms * C * sizeof(T));
        for_strips([&](long r, long i, long strip, long width, long place) {
            const T *from = shared.g_sent[t] + (atom + i) * p.sent() + place;
            T *to = spare + (r * atoms + i) * M + strip;
            for (long c = 0; c < width; ++c) to[c] = from[c];
            for (long thread = 1; thread < p.size.threads; ++thread)
                for (long c = 0; c < width; ++c) to[c] += from[thread * p.size.atoms * p.sent() + c];
        });
        by_degree(spare, M, p.layer[t + 1].narrow_back, M, hidden, C, std::min(layer.rows_out, SIDES), true);
        const T scale = p.scale;
        for (long i = 0; i < atoms; ++i)
            for (long c = 0; c < C; ++c) hidden[i * C + c] += scale * layer.readout[c];
    }
    void back_to_residual(const Layer<T> &layer, int t) {
        const long C = p.size.channels;
        const int before = p.layer[t - 1].rows_out, rows = std::min(layer.rows_out, before);
        T *to = shared.g_hidden[t - 1] + atom * before * C;
        std::memset(spare, 0, rows * atoms * C * sizeof(T));
        add_scaled(layer, hidden, spare, rows);
        by_degree(spare, C, layer.residual_back, C, to, C, rows, false);
        if (rows < before) std::memset(to + rows * atoms * C, 0, (before - rows) * atoms * C * sizeof(T));
    }
};

}  // namespace
