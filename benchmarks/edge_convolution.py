"""What does a convolution along edges cost beside the Clebsch-Gordan products that it replaces?

    python -m benchmarks.edge_convolution

Features of natural parity, degrees 0…l, 32 channels, 2000 edges, float32, forward, on one thread: the CPU
time of the fastest run, frames and harmonics included.

*EdgeConvolution*: every path with a matrix of channels; also with orders m ≤ 2 only, and the frames alone,
which the layers of a network may share.
*e3nn*: FullyConnectedTensorProduct with harmonics up to degree 2l, the same space of maps (`tests/nn`).
*TensorProduct*: ours with the same harmonics, one weight per path and channel, then a SchurLinear: fewer
maps. At l > 3 it is timed on 200 edges and multiplied by ten.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time
from collections.abc import Callable

import torch
from benchmarks.record import machine
from e3nn import o3
from torch import Tensor

from intertwine.groups import Irreps
from intertwine.nn import EdgeConvolution, SchurLinear, TensorProduct
from intertwine.ops.edge_frames import edge_frames
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.norm import normalise

EDGES, CHANNELS, SECONDS = 2000, 32, 2.0


def fastest(run: Callable[[], object]) -> float:
    """CPU seconds of the fastest run, after one that does not count."""
    run()
    best, begun = float("inf"), time.perf_counter()
    while best == float("inf") or time.perf_counter() - begun < SECONDS:
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def by_products(irreps: Irreps, degree: int, x: Tensor, edges: Tensor) -> Callable[[], Tensor]:
    """TensorProduct with all harmonics that couple, and a SchurLinear for the channels."""
    harmonics = Irreps.spherical_harmonics(2 * degree)
    product = TensorProduct(irreps, harmonics, irreps, CHANNELS)
    mix = SchurLinear(irreps, irreps, CHANNELS, CHANNELS)

    def run() -> Tensor:
        values = spherical_harmonics(2 * degree, normalise(edges)[0])
        return mix(product(x, values.unsqueeze(2).expand(-1, -1, CHANNELS)))

    return run


def by_e3nn(irreps: Irreps, degree: int, x: Tensor, edges: Tensor) -> Callable[[], Tensor]:
    """e3nn's product with all harmonics that couple; it has features as (edges, irrep, channel, row)."""
    source = o3.Irreps([(CHANNELS, str(irrep)) for _, irrep in irreps])
    harmonics = o3.Irreps.spherical_harmonics(2 * degree)
    product = o3.FullyConnectedTensorProduct(source, harmonics, source)
    flat = torch.cat([x[:, rows].mT.flatten(1) for rows in irreps.slices()], dim=1)

    def run() -> Tensor:
        values = o3.spherical_harmonics(harmonics, edges, normalize=True, normalization="component")
        return product(flat, values)

    return run


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    torch.zeros(7_000_000)  # freed at once: the allocator keeps its pages from now on, as in any training
    here = machine()
    print(f"{here['processor']}, torch {here['torch']}, one thread; milliseconds of CPU time, {EDGES} edges")
    columns = ("frames", "conv.", "m ≤ 2", "e3nn", "product", "e3nn/conv.", "product/conv.")
    print(" l" + "".join(f"{column:>14}" for column in columns))
    for degree in range(1, 7):
        irreps = Irreps.spherical_harmonics(degree)
        x, edges = torch.randn(EDGES, irreps.dim, CHANNELS), torch.randn(EDGES, 3)
        whole = EdgeConvolution(irreps, irreps, CHANNELS, CHANNELS)
        low = EdgeConvolution(irreps, irreps, CHANNELS, CHANNELS, m_max=2)
        share = 1 if degree <= 3 else 10
        few = slice(EDGES // share)
        times = [
            fastest(lambda degree=degree, edges=edges: edge_frames(degree, edges)),
            fastest(lambda whole=whole, x=x, edges=edges: whole(x, edges)),
            fastest(lambda low=low, x=x, edges=edges: low(x, edges)),
            fastest(by_e3nn(irreps, degree, x, edges)),
            fastest(by_products(irreps, degree, x[few], edges[few])) * share,
        ]
        frames, convolution, orders, e3nn, product = (1e3 * seconds for seconds in times)
        figures = (frames, convolution, orders, e3nn, product, e3nn / convolution, product / convolution)
        print(f"{degree:2}" + "".join(f"{figure:14.1f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
