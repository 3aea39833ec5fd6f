// Energy and its derivatives, a block of atoms at a time: forward through the layers, backward through them again.
//
// In a block rows come first, [row][atom][channel], so that every degree is one product of a tall matrix. What a
// layer gathered is kept; what it made of that is made again on the way back, which is cheaper than to read it
// from memory. The last layer goes forward and back in one visit.

#pragma once

#include "potential.h"

namespace {

constexpr int BLOCK_ATOMS = 8;
constexpr double CLOSEST = 0.01;  // of the cutoff: bonds shorter than this are left to the reference

template <typename T> struct Shared {  // by all threads
    long *first;
    int *count, *near;
    T *vectors;                                               // of bonds within the cutoff
    T *gathered[MAX_LAYERS], *hidden[MAX_LAYERS], *g_hidden[MAX_LAYERS];  // a block after another
    T *sent[MAX_LAYERS], *g_sent[MAX_LAYERS];                 // [atom][row][channel]; the gradient for every thread
    double *forces, *virial;                                  // for every thread

    void lay(const Model<T> &p, Arena &arena) {
        const Sizes &s = p.size;
        first = arena.take<long>(s.atoms + 1), count = arena.take<int>(s.atoms), near = arena.take<int>(s.edges);
        vectors = arena.take<T>(3 * s.edges);
        for (int t = 0; t + 1 < s.layers; ++t) {
            const Layer<T> &layer = p.layer[t];
            hidden[t] = arena.take<T>(s.atoms * layer.rows_out * s.channels);
            sent[t] = arena.take<T>(s.atoms * p.hidden_rows() * s.message);
            if (!s.derivatives) continue;
            gathered[t] = arena.take<T>(s.atoms * layer.rows * layer.width);
            g_hidden[t] = arena.take<T>(s.atoms * layer.rows_out * s.channels);
            g_sent[t] = arena.take<T>(s.threads * s.atoms * p.hidden_rows() * s.message);
        }
        if (!s.derivatives) return;
        forces = arena.take<double>(s.threads * s.atoms * 3), virial = arena.take<double>(s.threads * s.systems * 9);
    }
};

template <typename T> struct Thread {
    using V = Lanes<T>;
    const Model<T> &p;
    const Shared<T> &shared;
    const int number;
    bool failed = false;
    // of one block
    long atom, atoms;
    T *gathered, *mixed, *product, *hidden, *spare, *g_gathered;
    V *sum, *scratch;
    double *forces, *virial;

    Thread(const Model<T> &model, const Shared<T> &common, int thread) : p(model), shared(common), number(thread) {}

    void lay(Arena &arena) {
        const long rows = (p.size.l_max + 1) * (p.size.l_max + 1), n = BLOCK_ATOMS;
        const long width = std::max(p.size.width, p.size.message), C = p.size.channels;
        gathered = arena.take<T>(rows * n * width), g_gathered = arena.take<T>(rows * n * width);
        mixed = arena.take<T>(rows * n * 3 * C);
        const long small = 16 * n * std::max(std::max(C, p.size.head), p.size.message);
        product = arena.take<T>(small), hidden = arena.take<T>(small), spare = arena.take<T>(small);
        sum = arena.take<V>(rows * p.size.message / Bonds<T>::lanes);
        scratch = arena.take<V>(p.message(0).scratch());
    }

    // atoms first ... last - 1 through layer t: forward, or back, or both in one visit
    void visit(int t, bool forth, bool back, long begin, long end) {
        forces = shared.forces + number * p.size.atoms * 3, virial = shared.virial + number * p.size.systems * 9;
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
        if (t == 0) look_around(), gather_density(layer, mine);
        else gather_messages(t, mine);
        mix(layer, mine);
        Sphere<T> grid = layer.grid;
        grid.stride = atoms * 3 * C, grid.stride_out = atoms * C;
        for (long i = 0; i < atoms; ++i)
            for (long c = 0; c < C; c += Bonds<T>::lanes)
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
        if (p.invariants) std::memcpy(p.invariants + (t * p.size.atoms + atom) * C, h, atoms * C * sizeof(T));
        if (last) finish(h);
        else send(t, h);
    }

    KERNEL void tile_forward(const Sphere<T> &grid, const T *x, const T *orders, T *y) {
        sphere_forward<T>(grid, x, orders, y, p.size.channels, Bonds<T>::lanes);
    }
    KERNEL void tile_backward(const Sphere<T> &grid, T *x, const T *orders, const T *g_y) {
        sphere_backward<T, false>(grid, x, orders, g_y, x, nullptr, p.size.channels, Bonds<T>::lanes);
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
    void send(int t, const T *h) {
        const long M = p.size.message, rows = p.hidden_rows();
        by_degree(h, p.size.channels, p.layer[t + 1].narrow, p.size.channels, spare, M, rows, false);
        for (long i = 0; i < atoms; ++i)
            for (long r = 0; r < rows; ++r)
                std::memcpy(shared.sent[t] + ((atom + i) * rows + r) * M, spare + (r * atoms + i) * M, M * sizeof(T));
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

    // ---- what surrounds an atom

    void look_around() {
        const double reach = p.cutoff * p.cutoff, nearest = CLOSEST * CLOSEST * reach;
        for (long i = atom; i < atom + atoms; ++i) {
            const double *cell = p.cell + 9 * p.batch[i], *x = p.positions + 3 * i;
            long n = shared.first[i];
            for (long e = shared.first[i]; e < shared.first[i + 1]; ++e) {
                const double *y = p.positions + 3 * p.sender[e], *s = p.shift + 3 * e;
                double r[3];
                for (int a = 0; a < 3; ++a) r[a] = y[a] - x[a] + (s[0] * cell[a] + s[1] * cell[3 + a] + s[2] * cell[6 + a]);
                const double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
                if (!(square < reach)) {
                    failed |= square != square;
                    continue;
                }
                failed |= square < nearest;
                for (int a = 0; a < 3; ++a) shared.vectors[3 * n + a] = r[a];
                shared.near[n++] = p.sender[e];
            }
            shared.count[i] = n - shared.first[i];
            pair_terms(i);
        }
    }

    // isolated atom, cohesion and repulsion of nuclei, in double precision
    void pair_terms(long i) {
        const long z = p.species[i], first = shared.first[i];
        const T *vectors = shared.vectors + 3 * first;
        double neighbours = 0;
        for (int e = 0; e < shared.count[i]; ++e) neighbours += envelope(length(vectors + 3 * e) / p.cutoff).value;
        const double fading = std::exp(-p.rate * neighbours), slope = p.cohesion[z] * p.rate * fading / p.cutoff;
        p.energies[i] = p.reference[z] - p.cohesion[z] * std::expm1(-p.rate * neighbours);
        if (!p.size.zbl && (slope == 0 || !p.size.derivatives)) return;
        for (int e = 0; e < shared.count[i]; ++e) {
            const T *r = vectors + 3 * e;
            const double d = length(r);
            double pull = slope * envelope(d / p.cutoff).slope;
            if (p.size.zbl) {
                const Dual<double> v = repulsion(d, z, p.species[shared.near[first + e]]);
                p.energies[i] += v.value, pull += v.slope;
            }
            const T g[3] = {T(pull * r[0] / d), T(pull * r[1] / d), T(pull * r[2] / d)};
            if (p.size.derivatives) pull_on(i, shared.near[first + e], r, g);
        }
    }
    static double length(const T *r) { return std::sqrt(double(r[0]) * r[0] + double(r[1]) * r[1] + double(r[2]) * r[2]); }
    static Dual<double> envelope(double x) {
        if (x >= 1) return {0, 0};
        const double gap = 1 - x, cube = gap * gap * gap;
        return {cube * (1 + x * (3 + x * (6 + x * (10 + x * (15 + x * 21))))), -168 * x * x * x * x * x * gap * gap};
    }
    Dual<double> repulsion(double d, long z_i, long z_j) const {
        constexpr double amplitude[4] = {0.18175, 0.50986, 0.28022, 0.02817}, rate[4] = {3.19980, 0.94229, 0.40290, 0.20162};
        constexpr double screen = 0.46850;  // Å
        const double reach = p.radius[z_i] + p.radius[z_j];
        if (d >= reach) return {0, 0};
        const double a = (std::pow(p.charge[z_i], 0.23) + std::pow(p.charge[z_j], 0.23)) / screen;
        Dual<double> screening{0, 0}, fade = envelope(d / reach);
        for (int k = 0; k < 4; ++k) {
            const double part = amplitude[k] * std::exp(-rate[k] * a * d);
            screening.value += part, screening.slope -= rate[k] * a * part;
        }
        fade.slope /= reach;
        const double size = 0.5 * p.coulomb * p.charge[z_i] * p.charge[z_j];
        return Dual<double>{size / d, -size / (d * d)} * screening * fade;
    }

    // the gradient g of a bond of atom i to j, at once to forces and virial
    void pull_on(long i, long j, const T *r, const T *g) {
        double *f = forces + 3 * i, *back = forces + 3 * j, *w = virial + 9 * p.batch[i];
        for (int a = 0; a < 3; ++a) {
            f[a] += g[a], back[a] -= g[a];
            for (int b = 0; b < 3; ++b) w[3 * a + b] -= double(r[a]) * g[b];
        }
    }

    // every pack of bonds of atom i
    template <typename Do> void for_bonds(long i, Do &&act) {
        Bonds<T> bonds;
        const long first = shared.first[i];
        for (int e = 0; e < shared.count[i]; e += Bonds<T>::lanes) {
            const T *vectors = shared.vectors + 3 * (first + e);
            bonds.read(vectors, std::min(shared.count[i] - e, Bonds<T>::lanes), p.cutoff, p.size.l_max, p.size.functions);
            act(bonds, shared.near + first + e, vectors);
        }
    }
    void pull(const Bonds<T> &bonds, long i, const int *senders, const T *vectors, const V *g_d, const V *g_y, const V *g_b) {
        T g[3 * Bonds<T>::lanes];
        bonds.write(g_d, g_y, g_b, p.size.l_max, p.size.functions, g);
        for (int e = 0; e < bonds.count; ++e) pull_on(i, senders[e], vectors + 3 * e, g + 3 * e);
    }
    void species_of(const int *senders, int count, int *to) const {
        for (int e = 0; e < count; ++e) to[e] = p.species[senders[e]];
    }

    void gather_density(const Layer<T> &layer, T *to) {
        int species[Bonds<T>::lanes];
        const long width = layer.width;
        std::memset(to, 0, layer.rows * atoms * width * sizeof(T));
        for (long i = 0; i < atoms; ++i)
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *) {
                species_of(senders, bonds.count, species);
                p.density.add(bonds, species, to + i * width, atoms * width);
            });
    }
    void gather_messages(int t, T *to) {
        Message<T> message = p.message(t);
        message.use(scratch);
        const long width = p.size.message;
        const int rows = message.rows(), tiles = message.tiles;
        for (long i = 0; i < atoms; ++i) {
            for (int k = 0; k < rows * tiles; ++k) sum[k] = V{};
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *) {
                message.begin(bonds, shared.sent[t - 1], senders, atom + i);
                message.add(bonds, sum);
            });
            for (int r = 0; r < rows; ++r) std::memcpy(to + (r * atoms + i) * width, sum + r * tiles, width * sizeof(T));
        }
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
            for (long c = 0; c < C; c += Bonds<T>::lanes) {
                T *x = mixed + i * 3 * C + c;
                tile_backward(grid, x, layer.orders + p.species[atom + i] * 3 * C + c, product + i * C + c);
            }
        by_degree(mixed, 3 * C, layer.mix_back, 3 * C, g_gathered, width, layer.rows, false);
        by_degree(hidden, C, layer.skip_back, C, g_gathered, width, layer.rows_out, true);
        if (t == 0) back_to_density(width);
        else back_to_messages(t);
    }

    // the gradient of what layer t gave, from the residual, from those that listened and from its own readout
    void collect(int t) {
        const Layer<T> &layer = p.layer[t];
        const long C = p.size.channels, M = p.size.message, rows = p.hidden_rows(), all = p.size.atoms * rows * M;
        std::memcpy(hidden, shared.g_hidden[t] + atom * layer.rows_out * C, layer.rows_out * atoms * C * sizeof(T));
        for (long i = 0; i < atoms; ++i)
            for (long r = 0; r < rows; ++r) {
                const T *from = shared.g_sent[t] + ((atom + i) * rows + r) * M;
                T *to = spare + (r * atoms + i) * M;
                std::memcpy(to, from, M * sizeof(T));
                for (long thread = 1; thread < p.size.threads; ++thread)
                    for (long c = 0; c < M; ++c) to[c] += from[thread * all + c];
            }
        by_degree(spare, M, p.layer[t + 1].narrow_back, M, hidden, C, rows, true);
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
    void back_to_density(long width) {
        V g_y[MAX_ROWS], g_b[MAX_RADIAL];
        int species[Bonds<T>::lanes];
        for (long i = 0; i < atoms; ++i)
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *vectors) {
                species_of(senders, bonds.count, species);
                p.density.back(bonds, species, g_gathered + i * width, atoms * width, g_y, g_b);
                pull(bonds, atom + i, senders, vectors, nullptr, g_y, g_b);
            });
    }
    void back_to_messages(int t) {
        Message<T> message = p.message(t);
        message.use(scratch);
        V g_d[3], g_y[MAX_ROWS], g_b[MAX_RADIAL];
        const long width = p.size.message;
        const int rows = message.rows(), tiles = message.tiles;
        T *g_sent = shared.g_sent[t - 1] + number * p.size.atoms * p.hidden_rows() * width;
        for (long i = 0; i < atoms; ++i) {
            for (int r = 0; r < rows; ++r) std::memcpy(sum + r * tiles, g_gathered + (r * atoms + i) * width, width * sizeof(T));
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *vectors) {
                message.begin(bonds, shared.sent[t - 1], senders, atom + i);
                message.back(bonds, sum, g_d, g_y, g_b, g_sent, senders);
                pull(bonds, atom + i, senders, vectors, g_d, g_y, g_b);
            });
        }
    }
};

}  // namespace
