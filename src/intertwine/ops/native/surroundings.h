// What surrounds the atoms: bonds within the cutoff, what is gathered over them, and the way back to forces.

#pragma once

#include "potential.h"

namespace {

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
            sent[t] = arena.take<T>(s.atoms * p.sent());
            if (!s.derivatives) continue;
            gathered[t] = arena.take<T>(s.atoms * layer.rows * layer.width);
            g_hidden[t] = arena.take<T>(s.atoms * layer.rows_out * s.channels);
            g_sent[t] = arena.take<T>(s.threads * s.atoms * p.sent());
        }
        if (!s.derivatives) return;
        forces = arena.take<double>(s.threads * s.atoms * 3), virial = arena.take<double>(s.threads * s.systems * 9);
    }
};

template <typename T> struct Surroundings {
    using V = Lanes<T>;
    static constexpr int lanes = Tile<T>::width;
    const Model<T> &p;
    const Shared<T> &shared;
    const long thread;
    double *const forces = shared.forces + thread * p.size.atoms * 3;
    double *const virial = shared.virial + thread * p.size.systems * 9;
    bool failed = false;  // a bond was too short, or not finite
    V *sum = nullptr;  // [strip][row][tile] of one atom

    // bonds within the cutoff, and the energies of pairs
    void look(long atom, long atoms) {
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
        for (int e = 0; e < shared.count[i]; ++e) neighbours += envelope(distance(vectors + 3 * e) / p.cutoff).value;
        const double fading = std::exp(-p.rate * neighbours), slope = p.cohesion[z] * p.rate * fading / p.cutoff;
        p.energies[i] = p.reference[z] - p.cohesion[z] * std::expm1(-p.rate * neighbours);
        if (!p.size.zbl && (slope == 0 || !p.size.derivatives)) return;
        for (int e = 0; e < shared.count[i]; ++e) {
            const T *r = vectors + 3 * e;
            const double d = distance(r);
            double pull = slope * envelope(d / p.cutoff).slope;
            if (p.size.zbl) {
                const Dual<double> v = repulsion(d, p.nucleus[z], p.nucleus[p.species[shared.near[first + e]]], p.coulomb);
                p.energies[i] += v.value, pull += v.slope;
            }
            const T g[3] = {T(pull * r[0] / d), T(pull * r[1] / d), T(pull * r[2] / d)};
            if (p.size.derivatives) pull_on(i, shared.near[first + e], r, g);
        }
    }
    static double distance(const T *r) { return std::sqrt(double(r[0]) * r[0] + double(r[1]) * r[1] + double(r[2]) * r[2]); }

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
        for (int e = 0; e < shared.count[i]; e += lanes) {
            const T *vectors = shared.vectors + 3 * (first + e);
            bonds.read(vectors, std::min(shared.count[i] - e, lanes), p.cutoff, p.size.l_max, p.size.functions);
            act(bonds, shared.near + first + e, vectors);
        }
    }
    void pull(const Bonds<T> &bonds, long i, const int *senders, const T *vectors, const V *g_d, const V *g_y, const V *g_b) {
        T g[3 * lanes];
        bonds.write(g_d, g_y, g_b, p.size.l_max, p.size.functions, g);
        for (int e = 0; e < bonds.count; ++e) pull_on(i, senders[e], vectors + 3 * e, g + 3 * e);
    }
    void species_of(const int *senders, int count, int *to) const {
        for (int e = 0; e < count; ++e) to[e] = p.species[senders[e]];
    }

    // [row][atom][channel] for some atoms
    void gather_density(long atom, long atoms, T *to) {
        int species[lanes];
        const long width = p.size.width;
        std::memset(to, 0, p.density.rows() * atoms * width * sizeof(T));
        for (long i = 0; i < atoms; ++i)
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *) {
                species_of(senders, bonds.count, species);
                p.density.add(bonds, species, to + i * width, atoms * width);
            });
    }
    void gather_messages(int t, long atom, long atoms, T *to) {
        p.strip_tiles() == 4 ? gather_strips<4>(t, atom, atoms, to) : gather_strips<2>(t, atom, atoms, to);
    }
    template <int S> void gather_strips(int t, long atom, long atoms, T *to) {
        const long width = p.size.message;
        const int rows = p.layer[t].rows, strips = width / (S * lanes);
        const Raising<T> raising{int(p.size.l_max), p.raising};
        V raised[MAX_RAISED];
        for (long i = 0; i < atoms; ++i) {
            std::memset(sum, 0, rows * width * sizeof(T));
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *) {
                raising.up(bonds.harmonics, raised);
                for (int s = 0; s < strips; ++s) {
                    Message<T, S> message = strip<S>(t, s, bonds, raised);
                    message.begin(shared.sent[t - 1] + s * message.sent, p.sent(), senders, atom + i);
                    message.add(sum + s * rows * S);
                }
            });
            for (int s = 0; s < strips; ++s)
                for (int r = 0; r < rows; ++r)
                    std::memcpy(to + (r * atoms + i) * width + s * S * lanes, sum + (s * rows + r) * S, S * sizeof(V));
        }
    }
    template <int S> Message<T, S> strip(int t, int s, const Bonds<T> &bonds, const V *raised) const {
        const long of_strip = S * p.size.functions * KINDS * lanes, degree = p.size.message / lanes / S * of_strip;
        return {bonds, raised, p.layer[t].radial + s * of_strip, int(p.size.l_max), int(p.size.functions), degree};
    }

    void back_to_density(long atom, long atoms, const T *grad) {
        const long width = p.size.width;
        V g_y[MAX_ROWS], g_b[MAX_RADIAL];
        int species[lanes];
        for (long i = 0; i < atoms; ++i)
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *vectors) {
                species_of(senders, bonds.count, species);
                p.density.back(bonds, species, grad + i * width, atoms * width, g_y, g_b);
                pull(bonds, atom + i, senders, vectors, nullptr, g_y, g_b);
            });
    }
    void back_to_messages(int t, long atom, long atoms, const T *grad) {
        p.strip_tiles() == 4 ? back_to_strips<4>(t, atom, atoms, grad) : back_to_strips<2>(t, atom, atoms, grad);
    }
    template <int S> void back_to_strips(int t, long atom, long atoms, const T *grad) {
        const long width = p.size.message;
        const int rows = p.layer[t].rows, strips = width / (S * lanes);
        const Raising<T> raising{int(p.size.l_max), p.raising};
        V raised[MAX_RAISED], g_d[3], g_y[MAX_ROWS], g_raised[MAX_RAISED], g_b[MAX_RADIAL];
        T *g_sent = shared.g_sent[t - 1] + thread * p.size.atoms * p.sent();
        for (long i = 0; i < atoms; ++i) {
            for (int s = 0; s < strips; ++s)
                for (int r = 0; r < rows; ++r)
                    std::memcpy(sum + (s * rows + r) * S, grad + (r * atoms + i) * width + s * S * lanes, S * sizeof(V));
            for_bonds(atom + i, [&](const Bonds<T> &bonds, const int *senders, const T *vectors) {
                raising.up(bonds.harmonics, raised);
                std::memset(g_d, 0, sizeof g_d), std::memset(g_y, 0, rows * sizeof(V));
                std::memset(g_raised, 0, 3 * (rows - 1) * sizeof(V)), std::memset(g_b, 0, p.size.functions * sizeof(V));
                for (int s = 0; s < strips; ++s) {
                    Message<T, S> message = strip<S>(t, s, bonds, raised);
                    message.begin(shared.sent[t - 1] + s * message.sent, p.sent(), senders, atom + i);
                    message.back(sum + s * rows * S, g_d, g_y, g_raised, g_b, g_sent + s * message.sent, p.sent(), senders);
                }
                raising.down(g_raised, g_y);
                pull(bonds, atom + i, senders, vectors, g_d, g_y, g_b);
            });
        }
    }
};

}  // namespace
