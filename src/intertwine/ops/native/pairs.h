// Energies of pairs of atoms, with their slopes, in double precision.

#pragma once

#include <cmath>

#include "lanes.h"

namespace {

// f of bonds.h
INLINE Dual<double> envelope(double x) {
    if (x >= 1) return {0, 0};
    const double gap = 1 - x, cube = gap * gap * gap;
    return {cube * (1 + x * (3 + x * (6 + x * (10 + x * (15 + x * 21))))), -168 * x * x * x * x * x * gap * gap};
}

struct Nucleus {
    double charge, radius;
};

// half of the screened repulsion of two nuclei at distance d (Ziegler, Biersack & Littmark), faded out at the sum of
// their covalent radii; `coulomb` is e^2 / (4 pi epsilon_0) in eV Å
INLINE Dual<double> repulsion(double d, const Nucleus &i, const Nucleus &j, double coulomb) {
    constexpr double amplitude[4] = {0.18175, 0.50986, 0.28022, 0.02817}, rate[4] = {3.19980, 0.94229, 0.40290, 0.20162};
    constexpr double screen = 0.46850;  // Å
    const double reach = i.radius + j.radius;
    if (d >= reach) return {0, 0};
    const double a = (std::pow(i.charge, 0.23) + std::pow(j.charge, 0.23)) / screen;
    Dual<double> screening{0, 0}, fade = envelope(d / reach);
    for (int k = 0; k < 4; ++k) {
        const double part = amplitude[k] * std::exp(-rate[k] * a * d);
        screening.value += part, screening.slope -= rate[k] * a * part;
    }
    fade.slope /= reach;
    const double size = 0.5 * coulomb * i.charge * j.charge;
    return Dual<double>{size / d, -size / (d * d)} * screening * fade;
}

}  // namespace
