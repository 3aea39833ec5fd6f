"""What does SchurLinear cost beside the dense matrix products that it must contain?

    python -m benchmarks.schur_linear

The bare products take each irrep from an array of its own, already contiguous in the best order, and leave it
in one: `(points · rows, copies · channels) @ (copies · channels, copies · channels)`. SchurLinear reads and
writes whole features, `(points, rows, channels)`, in the order in which a SchurLinear before it leaves them,
as between the layers of the encoder. Both run on one thread in one process, in turns, after the allocator has
once taken back a large array, as in any training: it then keeps its pages. Given is the CPU time of the
fastest run of each and their ratio, forward and with the gradients of weight and input.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time
from collections.abc import Callable

import torch
from benchmarks.record import machine
from torch import Tensor

from intertwine.groups import Irreps
from intertwine.nn import SchurLinear
from intertwine.nn.rows import copies_of

SECONDS = 3.0
CASES = {
    "O(3), l ≤ 1, 32 → 32": (Irreps.spherical_harmonics(1), 32, 32),
    "O(3), l ≤ 2, 64 → 64": (Irreps.spherical_harmonics(2), 64, 64),
    "O(3), l ≤ 3, 32 → 96": (Irreps.spherical_harmonics(3), 32, 96),
    "O(3), l ≤ 3, 128 → 128": (Irreps.spherical_harmonics(3), 128, 128),
    "SO(2), m ≤ 7, 32 → 32": (Irreps("+".join(map(str, range(8))), "SO(2)"), 32, 32),
    "SO(2), m ≤ 7, 64 → 64": (Irreps("+".join(map(str, range(8))), "SO(2)"), 64, 64),
    "O_h, ten irreps, 32 → 32": (Irreps("A1g+A2g+Eg+T1g+T2g+A1u+A2u+Eu+T1u+T2u", "Oh"), 32, 32),
    "O(2), restricted l ≤ 3, 32 → 32": (Irreps("4x0e+3x1+2x2+3", "O(2)"), 32, 32),
}


def bare_products(irreps: Irreps, points: int, channels_in: int, channels_out: int) -> Callable[[bool], None]:
    """The products of Schur's lemma alone, forward or with gradients."""
    operands: list[tuple[Tensor, Tensor, Tensor]] = []
    for irrep, copies in copies_of(irreps).items():
        algebra = len(irrep.algebra)
        inner, outer = (len(copies) * algebra * channels for channels in (channels_in, channels_out))
        rows = points * irrep.dim // algebra
        operands.append((torch.randn(rows, inner), torch.randn(inner, outer), torch.randn(rows, outer)))

    def run(backward: bool) -> None:
        for x, weight, grad in operands:
            torch.mm(x, weight)
            if backward:
                torch.mm(grad, weight.T)
                torch.mm(x.T, grad)

    return run


def layer_run(irreps: Irreps, points: int, channels_in: int, channels_out: int) -> Callable[[bool], None]:
    layer = SchurLinear(irreps, irreps, channels_in, channels_out)
    before = SchurLinear(irreps, irreps, channels_in, channels_in)
    x = before(torch.randn(points, irreps.dim, channels_in)).detach().requires_grad_()
    grad = torch.randn_like(layer(x))

    def run(backward: bool) -> None:
        if not backward:
            with torch.no_grad():
                layer(x)
            return
        torch.autograd.grad(layer(x), (x, layer.weight), grad)

    return run


def in_turns(runs: list[Callable[[bool], None]], backward: bool) -> list[float]:
    """CPU seconds of the fastest run of each."""
    best, begun = [float("inf")] * len(runs), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        for number, run in enumerate(runs):
            start = time.process_time()
            run(backward)
            best[number] = min(best[number], time.process_time() - start)
    return best


def main() -> None:
    torch.set_num_threads(1)
    torch.zeros(7_000_000)  # freed at once
    here = machine()
    print(f"{here['processor']}, torch {here['torch']}, one thread; milliseconds of CPU time")
    print(
        f"{'':34}{'points':>7}{'forward':>10}{'bare':>8}{'ratio':>7}{'+ backward':>12}{'bare':>8}{'ratio':>7}"
    )
    for name, (irreps, channels_in, channels_out) in CASES.items():
        for points in (300, 2000):
            runs = [make(irreps, points, channels_in, channels_out) for make in (layer_run, bare_products)]
            line = f"{name:34}{points:7d}"
            for backward, width in ((False, 10), (True, 12)):
                ours, bare = in_turns(runs, backward)
                line += f"{1e3 * ours:{width}.3f}{1e3 * bare:8.3f}{ours / bare:7.2f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
