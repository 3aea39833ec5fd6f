// Sums over the particles of events (cloud.h) for those who load the library.

#include "newer.h"

#include "cloud.h"

namespace {

template <typename T> void run(const Round<T> &p) {
    const long events = p.size.events, threads = p.size.threads, share = (events + threads - 1) / threads;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (long part = 0; part < threads; ++part) {
        Hearing<T> hear(p);
        for (long event = part * share; event < std::min(events, (part + 1) * share); ++event) hear(event);
    }
}

template <typename T> Round<T> round_of(const long *sizes, const double *numbers, const void *const *tables, void *const *results) {
    Round<T> p{};
    std::memcpy(&p.size, sizes, sizeof p.size);
    p.particles = numbers[0], p.largest = numbers[1];
    const auto read = [&](auto *&to) { to = static_cast<std::remove_reference_t<decltype(to)>>(*tables++); };
    read(p.direction), read(p.scalars), read(p.weight), read(p.offsets);
    read(p.own), read(p.own_bias), read(p.out), read(p.out_bias), read(p.heard), read(p.heard_odd);
    read(p.square), read(p.odd_out), read(p.odd_gate), read(p.odd_gate_bias);
    p.even = static_cast<T *>(results[0]), p.odd = static_cast<T *>(results[1]);
    return p;
}

}  // namespace

ANY_PROCESSOR

// 0: done; 1: left to the reference, the processor is too old
#define EXPORT(NAME, T)                                                                                             \
    extern "C" long NAME(const long *sizes, const double *numbers, const void *const *tables, void *const *results) { \
        if (!(CAPABLE)) return 1;                                                                                    \
        run<T>(round_of<T>(sizes, numbers, tables, results));                                                        \
        return 0;                                                                                                    \
    }
EXPORT(cloud_sums_float, float)
EXPORT(cloud_sums_double, double)
