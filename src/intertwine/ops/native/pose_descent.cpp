// Minimisation of poses of a body with torsions (poses.h), each by its own BFGS steps over (δt, ω, δφ).

#include <algorithm>
#include <atomic>
#include <vector>

#include "poses.h"

namespace {

// a body that turns about bonds: torsion k turns the atoms moved[starts[k]] ... about axes[2k] -> axes[2k + 1]
template <typename T> struct Mechanism {
    const T *reference, *reaches, *centre, *half;  // atoms about the pivot; Å per freedom; the box
    const T *profiles;                             // [torsion][order][2]: factors of cos kφ and of sin kφ
    const int *axes, *starts, *moved;
    long torsions, waves;

    // what a torsion costs by itself at a turn, added to an energy; its slope
    INLINE T turning(long torsion, T angle, T *energy) const {
        const T *both = profiles + 2 * waves * torsion, c = std::cos(angle), s = std::sin(angle);
        T real = 1, imaginary = 0, slope = 0;
        for (long k = 0; k < waves; ++k, both += 2) {
            *energy += both[0] * real + both[1] * imaginary;
            slope += T(k) * (both[1] * real - both[0] * imaginary);
            const T next = real * c - imaginary * s;
            imaginary = imaginary * c + real * s, real = next;
        }
        return slope;
    }
};

template <typename T> struct Limits {
    long rounds;
    T tolerance, longest, sufficient, shorter, first;
};

template <typename T> struct Point {
    T turn[9], place[3];
    std::vector<T> torsions, gradient;  // the gradient in scaled freedoms
    T energy;
};

template <typename T> INLINE void cross(const T *a, const T *b, T *c) {
    c[0] = a[1] * b[2] - a[2] * b[1], c[1] = a[2] * b[0] - a[0] * b[2], c[2] = a[0] * b[1] - a[1] * b[0];
}

// the turn by `angle` about a unit vector, times another matrix
template <typename T> INLINE void turned(const T *n, T angle, const T *matrix, T *out) {
    const T s = std::sin(angle), c = std::cos(angle), v = 1 - c;
    const T r[9] = {c + v * n[0] * n[0],        v * n[0] * n[1] - s * n[2], v * n[0] * n[2] + s * n[1],
                    v * n[1] * n[0] + s * n[2], c + v * n[1] * n[1],        v * n[1] * n[2] - s * n[0],
                    v * n[2] * n[0] - s * n[1], v * n[2] * n[1] + s * n[0], c + v * n[2] * n[2]};
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
            T sum = 0;
            for (int k = 0; k < 3; ++k) sum += r[3 * i + k] * matrix[3 * k + j];
            out[3 * i + j] = sum;
        }
}

template <typename T> INLINE void unit(const T *from, const T *to, T *n) {
    for (int i = 0; i < 3; ++i) n[i] = to[i] - from[i];
    const T length = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    for (int i = 0; i < 3; ++i) n[i] /= length;
}

template <typename T> struct Walker {
    const Scene<T> &s;
    const Mechanism<T> &m;
    const Limits<T> &limits;
    long freedoms;
    std::vector<T> x, outer, slope, inverse, step, change, spread;
    Point<T> now, trial;

    Walker(const Scene<T> &scene, const Mechanism<T> &mechanism, const Limits<T> &l)
        : s(scene), m(mechanism), limits(l), freedoms(6 + mechanism.torsions), x(3 * scene.atoms), outer(scene.atoms),
          slope(3 * scene.atoms), inverse(freedoms * freedoms), step(freedoms), change(freedoms), spread(freedoms) {
        for (Point<T> *point : {&now, &trial}) point->torsions.resize(m.torsions), point->gradient.resize(freedoms);
    }

    INLINE void place(const Point<T> &p) {
        std::copy(m.reference, m.reference + 3 * s.atoms, x.begin());
        const T one[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
        for (long k = 0; k < m.torsions; ++k) {
            T n[3], turn[9], origin[3];
            unit(&x[3 * m.axes[2 * k]], &x[3 * m.axes[2 * k + 1]], n);
            turned(n, p.torsions[k], one, turn);
            for (int i = 0; i < 3; ++i) origin[i] = x[3 * m.axes[2 * k + 1] + i];
            for (int at = m.starts[k]; at < m.starts[k + 1]; ++at) apply(turn, origin, origin, &x[3 * m.moved[at]]);
        }
        const T zero[3] = {0, 0, 0};
        for (long atom = 0; atom < s.atoms; ++atom) apply(p.turn, zero, p.place, &x[3 * atom]);
    }

    // x -> R (x - from) + to
    static INLINE void apply(const T *turn, const T *from, const T *to, T *at) {
        const T d[3] = {at[0] - from[0], at[1] - from[1], at[2] - from[2]};
        for (int i = 0; i < 3; ++i) at[i] = to[i] + turn[3 * i] * d[0] + turn[3 * i + 1] * d[1] + turn[3 * i + 2] * d[2];
    }

    // o³/(o + 0.1) for each coordinate that is o outside the box
    INLINE T wall() {
        T energy = 0;
        for (long atom = 0; atom < s.atoms; ++atom)
            for (int i = 0; i < 3; ++i) {
                const T away = x[3 * atom + i] - m.centre[i], o = std::abs(away) - m.half[i];
                if (o <= 0) continue;
                const T below = o + T(0.1), rise = (2 * o * o * o + T(0.3) * o * o) / (below * below);
                energy += o * o * o / below, slope[3 * atom + i] += away > 0 ? rise : -rise;
            }
        return energy;
    }

    INLINE void evaluate(Point<T> &p) {
        place(p);
        T energy = energies<T>(s, x.data(), outer.data(), slope.data());
        for (long atom = 0; atom < s.atoms; ++atom) energy += outer[atom];
        p.energy = energy + wall();
        T *g = p.gradient.data();
        std::fill(g, g + freedoms, T(0));
        for (long atom = 0; atom < s.atoms; ++atom) lever(p.place, atom, g, g + 3);
        for (long k = 0; k < m.torsions; ++k) {
            T n[3], push[3] = {0, 0, 0}, moment[3] = {0, 0, 0};
            const T *origin = &x[3 * m.axes[2 * k + 1]];
            unit(&x[3 * m.axes[2 * k]], origin, n);
            for (int at = m.starts[k]; at < m.starts[k + 1]; ++at) lever(origin, m.moved[at], push, moment);
            g[6 + k] = n[0] * moment[0] + n[1] * moment[1] + n[2] * moment[2] + m.turning(k, p.torsions[k], &p.energy);
        }
        for (long k = 0; k < freedoms; ++k) g[k] /= m.reaches[k];
    }

    INLINE void lever(const T *origin, long atom, T *push, T *moment) const {
        T arm[3], turn[3];
        for (int i = 0; i < 3; ++i) arm[i] = x[3 * atom + i] - origin[i], push[i] += slope[3 * atom + i];
        cross(arm, &slope[3 * atom], turn);
        for (int i = 0; i < 3; ++i) moment[i] += turn[i];
    }

    INLINE void reset() {
        std::fill(inverse.begin(), inverse.end(), T(0));
        for (long k = 0; k < freedoms; ++k) inverse[k * freedoms + k] = limits.first;
    }

    // the trial point at `length` times the quasi-Newton step; how much the slope promises
    INLINE T advance(T length) {
        T norm = 0, promised = 0;
        for (long i = 0; i < freedoms; ++i) {
            T sum = 0;
            for (long j = 0; j < freedoms; ++j) sum -= inverse[i * freedoms + j] * now.gradient[j];
            step[i] = sum, norm += sum * sum;
        }
        const T scale = length * std::min(T(1), limits.longest / std::max(std::sqrt(norm), T(1e-30)));
        for (long i = 0; i < freedoms; ++i) step[i] *= scale, promised += step[i] * now.gradient[i];
        T turn[3], angle = 0, n[3] = {1, 0, 0};
        for (int i = 0; i < 3; ++i) {
            trial.place[i] = now.place[i] + step[i] / m.reaches[i];
            turn[i] = step[3 + i] / m.reaches[3 + i], angle += turn[i] * turn[i];
        }
        angle = std::sqrt(angle);
        if (angle > 0)
            for (int i = 0; i < 3; ++i) n[i] = turn[i] / angle;
        turned(n, angle, now.turn, trial.turn);
        for (long k = 0; k < m.torsions; ++k) trial.torsions[k] = now.torsions[k] + step[6 + k] / m.reaches[6 + k];
        return promised;
    }

    // BFGS: what the change of the gradient along a step tells of the inverse Hessian
    INLINE void learn() {
        T curvature = 0, both = 0;
        for (long i = 0; i < freedoms; ++i) change[i] = trial.gradient[i] - now.gradient[i], curvature += step[i] * change[i];
        if (!(curvature > T(1e-8))) return;
        for (long i = 0; i < freedoms; ++i) {
            T sum = 0;
            for (long j = 0; j < freedoms; ++j) sum += inverse[i * freedoms + j] * change[j];
            spread[i] = sum, both += sum * change[i];
        }
        const T along = (both + curvature) / (curvature * curvature);
        for (long i = 0; i < freedoms; ++i)
            for (long j = 0; j < freedoms; ++j)
                inverse[i * freedoms + j] += along * step[i] * step[j] - (spread[i] * step[j] + step[i] * spread[j]) / curvature;
    }

    T norm() const {
        T sum = 0;
        for (T g : now.gradient) sum += g * g;
        return std::sqrt(sum);
    }

    // from `now` to the minimum below; returns how many energies it took
    INLINE long descend() {
        evaluate(now);
        reset();
        T length = 1;
        long taken = 1;
        for (; taken < limits.rounds && norm() > limits.tolerance && length > T(1e-3); ++taken) {
            const T promised = advance(length);
            evaluate(trial);
            const bool lower = promised < 0 && trial.energy <= now.energy + limits.sufficient * promised;
            if (lower) learn(), std::swap(now, trial), length = 1;
            else if (promised >= 0) reset(), length *= limits.shorter;
            else length *= limits.shorter;
        }
        return taken;
    }
};

template <typename T>
INLINE long run(const Scene<T> &s, const Mechanism<T> &m, const Limits<T> &limits, T *turns, T *places, T *torsions, T *energy,
                T *norms, long first, long last) {
    Walker<T> walker(s, m, limits);
    Point<T> &now = walker.now;
    long evaluations = 0;
    for (long pose = first; pose < last; ++pose) {
        std::copy(turns + 9 * pose, turns + 9 * pose + 9, now.turn);
        std::copy(places + 3 * pose, places + 3 * pose + 3, now.place);
        std::copy(torsions + m.torsions * pose, torsions + m.torsions * (pose + 1), now.torsions.begin());
        evaluations += walker.descend();
        std::copy(now.turn, now.turn + 9, turns + 9 * pose);
        std::copy(now.place, now.place + 3, places + 3 * pose);
        std::copy(now.torsions.begin(), now.torsions.end(), torsions + m.torsions * pose);
        energy[pose] = now.energy, norms[pose] = walker.norm();
    }
    return evaluations;
}

#define RUN(NAME, T)                                                                                                    \
    FOR_EVERY_PROCESSOR static long NAME(const Scene<T> &s, const Mechanism<T> &m, const Limits<T> &limits, T *turns,   \
                                         T *places, T *torsions, T *energy, T *norms, long first, long last) {          \
        return run<T>(s, m, limits, turns, places, torsions, energy, norms, first, last);                               \
    }
RUN(run_float, float)
RUN(run_double, double)

}  // namespace

// numbers: rounds, torsions, orders of their profiles; limits: tolerance, longest step, sufficient share, shortening, first curvature
#define EXPORT(NAME, RUN, T)                                                                                            \
    extern "C" long NAME(const T *cubics, const T *lengths, const T *corner, const long *sizes, const long *starts,     \
                         const int *near, const T *sites, const int *site_kinds, const int *atom_kinds,                 \
                         const int *inner, const int *inner_kinds, const long *counts, const T *reference,              \
                         const T *reaches, const T *centre, const T *half, const T *profiles, const int *axes,          \
                         const int *moved_starts, const int *moved, const long *numbers, const T *given, T *turns,      \
                         T *places, T *torsions, T *energy, T *norms) {                                                 \
        const Scene<T> s = scene<T>(cubics, lengths, corner, sizes, starts, near, sites, site_kinds, atom_kinds, inner, \
                                    inner_kinds, counts);                                                               \
        const Mechanism<T> m{reference, reaches, centre,       half,       profiles,                                    \
                             axes,      moved_starts, moved, numbers[1], numbers[2]};                                   \
        const Limits<T> limits{numbers[0], given[0], given[1], given[2], given[3], given[4]};                           \
        const long poses = counts[3], threads = counts[5], share = 16;                                                  \
        std::atomic<long> evaluations{0};                                                                               \
        _Pragma("omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)")                             \
        for (long first = 0; first < poses; first += share)                                                             \
            evaluations += RUN(s, m, limits, turns, places, torsions, energy, norms, first, std::min(first + share, poses)); \
        return evaluations;                                                                                             \
    }
EXPORT(pose_descent_float, run_float, float)
EXPORT(pose_descent_double, run_double, double)
