// A whole potential in numbers: what the model knows, what it is asked, and where it works.

#pragma once

#include <algorithm>
#include <cstdlib>

#include "density.h"
#include "message.h"
#include "pairs.h"
#include "panels.h"
#include "sphere.h"

namespace {

// One layer; matrices are laid out in panels, one per degree, `_back` transposed
template <typename T> struct Layer {
    int rows, rows_out, width, depth;  // rows gathered; `depth` of the `width` channels carry something
    Sphere<T> grid;
    const T *mix, *mix_back, *out, *out_back, *skip, *skip_back;
    const T *residual, *residual_back, *narrow, *narrow_back;  // null where there is none
    const T *orders, *residual_scale;                          // by species
    const T *radial, *readout;
};

constexpr int MAX_LAYERS = 8;

struct Sizes {
    long layers, l_max, channels, message, functions, columns, width, depth, head, zbl;
    long atoms, systems, edges, threads, derivatives;
};

template <typename T> struct Model {
    Sizes size;
    double cutoff, scale, rate, coulomb;
    Layer<T> layer[MAX_LAYERS];
    Density<T> density;
    const T *raising, *head, *head_back, *head_out;
    const double *reference, *cohesion;  // by species
    const Nucleus *nucleus;
    // the graph
    const long *species, *batch, *receiver, *sender;
    const double *positions, *cell, *shift;
    // results
    double *energy, *energies, *forces, *virial;  // [systems], [atoms], [atoms][3], [systems][3][3]

    int strip_tiles() const { return size.message / Tile<T>::width % 4 ? 2 : 4; }  // that are taken at once
    long sent() const { return SIDES * size.message; }  // numbers that an atom sends
};

// Memory that stays with a thread: measured by taking everything once, provided, and taken again.
class Arena {
    char *bytes = nullptr;
    long room = 0, used = 0;
    static constexpr long KEPT = 64L << 20;  // more than this is given back at the next use

public:
    ~Arena() { std::free(bytes); }
    void measure() { used = 0; }
    bool provide() {
        const long wanted = (used + 4095) / 4096 * 4096;
        used = 0;
        if (wanted <= room && (room <= KEPT || wanted == room)) return true;
        std::free(bytes);
        bytes = static_cast<char *>(std::aligned_alloc(4096, wanted));
        room = bytes ? wanted : 0;
        return bytes;
    }
    template <typename X> X *take(long count) {
        X *first = reinterpret_cast<X *>(bytes + used);
        used += (count * sizeof(X) + 63) / 64 * 64;
        return first;
    }
};

}  // namespace
