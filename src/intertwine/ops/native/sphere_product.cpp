// Second derivatives of products of functions on the sphere (sphere.h), and the loops over atoms and channels.

#include "sphere.h"

namespace {

// gradients of <hx, gx(x, orders, gy)>, which is <gy, derivative of y along hx>
template <typename T>
INLINE void second(const Sphere<T> &s, const T *x, const T *orders, const T *gy, const T *hx, T *gx, T *g_orders, T *g_gy,
                   int channels, int count) {
    using V = Lanes<T>;
    Functions<T> f, h;
    Gradient<T> grad;
    V even[1][MAX_PAIRS], odd[1][MAX_PAIRS], out[1][MAX_ROWS];
    V q[1][MAX_ROWS], q_plus[1][BLOCK], q_minus[1][BLOCK], ga = {}, gb = {}, gc = {};
    f.read(s, x, channels, count), h.read(s, hx, channels, count);
    for (int r = 0; r < s.rows_out; ++r) q[0][r] = load<T>(gy + s.order_out[r] * s.stride_out, count);
    const V a = load<T>(orders, count), b = load<T>(orders + channels, count);
    const V c = load<T>(orders + 2 * channels, count);
    for (int g = 0; g < s.pairs; g += BLOCK) {
        f.at(s, g), h.at(s, g);
        values<T, 1>(q, s.analysis, s.rows_out, s.even_out, s.pairs, g, q_plus, q_minus);
        for (int k = 0; k < BLOCK; ++k) {
            V gu[2], gv[2], gw[2], d[2];
            for (int side = 0; side < 2; ++side) {
                const V u = side ? f.minus[0][k] : f.plus[0][k], v = side ? f.minus[1][k] : f.plus[1][k];
                const V w = side ? f.minus[2][k] : f.plus[2][k], p = side ? q_minus[0][k] : q_plus[0][k];
                const V du = side ? h.minus[0][k] : h.plus[0][k], dv = side ? h.minus[1][k] : h.plus[1][k];
                const V dw = side ? h.minus[2][k] : h.plus[2][k];
                const V inner = b + c * w, cdw = c * dw, uv = u * v, duv = du * v + dv * u;
                d[side] = du * a + duv * inner + uv * cdw;
                gu[side] = p * (dv * inner + v * cdw);
                gv[side] = p * (du * inner + u * cdw);
                gw[side] = p * c * duv;
                ga += p * du, gb += p * duv, gc += p * (duv * w + uv * dw);
            }
            even[0][g + k] = d[0] + d[1], odd[0][g + k] = d[0] - d[1];
            grad.put(0, g + k, gu[0], gu[1]), grad.put(1, g + k, gv[0], gv[1]), grad.put(2, g + k, gw[0], gw[1]);
        }
    }
    coefficients<T, 1>(even, odd, s.analysis, s.rows_out, s.even_out, s.pairs, out);
    for (int r = 0; r < s.rows_out; ++r) store<T>(g_gy + s.order_out[r] * s.stride_out, out[0][r], count);
    grad.write(s, gx, channels, count);
    store<T>(g_orders, ga, count), store<T>(g_orders + channels, gb, count);
    store<T>(g_orders + 2 * channels, gc, count);
}

// one tile of one atom: which of the three is asked for, the others' pointers being null
template <typename T>
INLINE void tile(const Sphere<T> &s, const T *x, const T *orders, const T *gy, const T *hx, T *y, T *gx, T *g_orders, T *g_gy,
                 int channels, long atom, int c) {
    const int width = Tile<T>::width, count = channels - c < width ? channels - c : width;
    const long in = atom * 3 * channels + c, out = atom * channels + c, o = in;
    if (hx) second<T>(s, x + in, orders + o, gy + out, hx + in, gx + in, g_orders + o, g_gy + out, channels, count);
    else if (gy) sphere_backward<T>(s, x + in, orders + o, gy + out, gx + in, g_orders + o, channels, count);
    else sphere_forward<T>(s, x + in, orders + o, y + out, channels, count);
}

template <typename T>
INLINE void run(const Sphere<T> &s, const T *x, const T *orders, const T *gy, const T *hx, T *y, T *gx, T *g_orders, T *g_gy,
                long first, long last, int channels) {
    for (long atom = first; atom < last; ++atom)
        for (int c = 0; c < channels; c += Tile<T>::width)
            tile<T>(s, x, orders, gy, hx, y, gx, g_orders, g_gy, channels, atom, c);
}

#define RUN(NAME, T)                                                                                                  \
    FOR_EVERY_PROCESSOR static void NAME(const Sphere<T> &s, const T *x, const T *orders, const T *gy, const T *hx, T *y, \
                                         T *gx, T *g_orders, T *g_gy, long first, long last, int channels) {          \
        run<T>(s, x, orders, gy, hx, y, gx, g_orders, g_gy, first, last, channels);                                   \
    }
RUN(run_float, float)
RUN(run_double, double)

}  // namespace

#define EXPORT(NAME, RUN, T)                                                                                          \
    extern "C" void NAME(const int *sizes, const int *order, const int *order_out, const T *synthesis,               \
                         const T *analysis, const T *x, const T *orders, const T *gy, const T *hx, T *y, T *gx,       \
                         T *g_orders, T *g_gy, long atoms, int channels, int threads) {                               \
        const Sphere<T> s{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], order, order_out, synthesis, analysis,    \
                          3 * channels * atoms, channels * atoms};                                                    \
        const long share = (atoms + threads - 1) / threads;                                                           \
        _Pragma("omp parallel for num_threads(threads) schedule(static) if (threads > 1)")                            \
        for (int part = 0; part < threads; ++part) {                                                                  \
            const long first = part * share, last = first + share < atoms ? first + share : atoms;                    \
            if (first < last) RUN(s, x, orders, gy, hx, y, gx, g_orders, g_gy, first, last, channels);                \
        }                                                                                                             \
    }
EXPORT(sphere_product_float, run_float, float)
EXPORT(sphere_product_double, run_double, double)
