// Energy, forces and virial of a body-ordered potential in one call (evaluation.h), threads sharing the blocks of atoms.
//
// Threads never write to the same place: forces, virials and gradients of what was sent are kept apart and summed in
// the order of the threads, so that a result depends on their number but not on chance.

#include <cstdlib>

#include "evaluation.h"

namespace {

thread_local Arena COMMON, OWN;  // of the thread that was called, and of each that works

// where the edges of every atom begin; false unless they are in order and lead from atoms to atoms
template <typename T> bool find_edges(const Model<T> &p, long *first) {
    const auto inside = [](long index, long size) { return 0 <= index && index < size; };
    long e = 0;
    for (long i = 0; i < p.size.atoms; ++i) {
        if (!inside(p.batch[i], p.size.systems)) return false;
        first[i] = e;
        for (; e < p.size.edges && p.receiver[e] == i; ++e)
            if (!inside(p.sender[e], p.size.atoms)) return false;
    }
    first[p.size.atoms] = e;
    return e == p.size.edges;
}

template <typename T> long run(const Model<T> &p) {
    const Sizes &s = p.size;
    Shared<T> shared{};
    COMMON.measure(), shared.lay(p, COMMON);
    if (!COMMON.provide()) return 2;
    shared.lay(p, COMMON);
    if (!find_edges(p, shared.first)) return 1;
    const long blocks = (s.atoms + BLOCK_ATOMS - 1) / BLOCK_ATOMS, share = (blocks + s.threads - 1) / s.threads * BLOCK_ATOMS;
    long status = 0;
    const auto phase = [&](int t, bool forth, bool back) {
#pragma omp parallel for num_threads(s.threads) schedule(static) reduction(max : status) if (s.threads > 1)
        for (long number = 0; number < s.threads; ++number) {
            Thread<T> thread(p, shared, number);
            OWN.measure(), thread.lay(OWN);
            if (!OWN.provide()) {
                status = 2;
                continue;
            }
            thread.lay(OWN);
            if (t == 0 && forth && s.derivatives) {  // each thread clears what it will add to
                std::fill_n(shared.forces + number * s.atoms * 3, s.atoms * 3, 0.0);
                std::fill_n(shared.virial + number * s.systems * 9, s.systems * 9, 0.0);
                const long sent = s.atoms * p.sent();
                for (int k = 0; k + 1 < s.layers; ++k) std::fill_n(shared.g_sent[k] + number * sent, sent, T(0));
            }
            const long first = std::min(number * share, s.atoms), last = std::min(first + share, s.atoms);
            thread.visit(t, forth, back, first, last);
            status = std::max<long>(status, thread.around.failed);
        }
    };
    const int last = s.layers - 1;
    for (int t = 0; t <= last && !status; ++t) phase(t, true, t == last && s.derivatives);
    for (int t = last - 1; t >= 0 && s.derivatives && !status; --t) phase(t, false, true);
    std::fill_n(p.energy, s.systems, 0.0);
    for (long i = 0; i < s.atoms && !status; ++i) p.energy[p.batch[i]] += p.energies[i];
    if (!s.derivatives || status) return status;
    for (long number = 0; number < s.threads; ++number) {
        for (long k = 0; k < s.atoms * 3; ++k) p.forces[k] = (number ? p.forces[k] : 0) + shared.forces[number * s.atoms * 3 + k];
        const double *const virial = shared.virial + number * s.systems * 9;
        for (long system = 0; system < s.systems; ++system)
            for (int a = 0; a < 3; ++a)
                for (int b = 0; b < 3; ++b) {
                    const long k = 9 * system + 3 * a + b, mirrored = 9 * system + 3 * b + a;
                    p.virial[k] = (number ? p.virial[k] : 0) + 0.5 * (virial[k] + virial[mirrored]);
                }
    }
    return 0;
}

// tables in the order in which they were packed
class Reader {
    const void *const *next;

public:
    explicit Reader(const void *const *tables) : next(tables) {}
    template <typename X> void operator()(const X *&to) { to = static_cast<const X *>(*next++); }
};

template <typename T>
long evaluate(const long *sizes, const double *numbers, const void *const *tables, const void *const *graph, void *const *results) {
    Model<T> p{};
    std::memcpy(&p.size, sizes, sizeof p.size);
    p.cutoff = numbers[0], p.scale = numbers[1], p.rate = numbers[2];
    p.density.l_max = p.size.l_max, p.density.functions = p.size.functions, p.density.columns = p.size.columns;
    p.density.scale = numbers[3], p.coulomb = numbers[4];
    Reader read(tables);
    read(p.density.mixtures), read(p.raising), read(p.head), read(p.head_back), read(p.head_out);
    read(p.reference), read(p.cohesion), read(p.nucleus);
    for (int t = 0; t < p.size.layers; ++t) {
        Layer<T> &layer = p.layer[t];
        const int *grid;
        read(grid);
        layer.grid = {grid[0], grid[1], grid[2], grid[3], grid[4], nullptr, nullptr, nullptr, nullptr, 0, 0};
        read(layer.grid.order), read(layer.grid.order_out), read(layer.grid.synthesis), read(layer.grid.analysis);
        layer.rows = layer.grid.rows, layer.rows_out = layer.grid.rows_out;
        layer.width = t ? p.size.message : p.size.width, layer.depth = t ? p.size.message : p.size.depth;
        read(layer.mix), read(layer.mix_back), read(layer.out), read(layer.out_back), read(layer.skip), read(layer.skip_back);
        read(layer.residual), read(layer.residual_back), read(layer.narrow), read(layer.narrow_back);
        read(layer.orders), read(layer.residual_scale), read(layer.radial), read(layer.readout);
    }
    Reader ask(graph);
    ask(p.species), ask(p.positions), ask(p.cell), ask(p.batch), ask(p.receiver), ask(p.sender), ask(p.shift);
    p.energy = static_cast<double *>(results[0]), p.energies = static_cast<double *>(results[1]);
    p.forces = static_cast<double *>(results[2]), p.virial = static_cast<double *>(results[3]);
    return run<T>(p);
}

}  // namespace
