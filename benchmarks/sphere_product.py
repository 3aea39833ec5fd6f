"""What does the compiled product on the sphere cost beside the same in torch, and beside the machine?

    python -m benchmarks.sphere_product

Degrees 3 → 1 (an inner layer), 300 atoms, float32, one thread; CPU microseconds per atom of the fastest run
of each, in turns. *value*: the product. *first*: value and gradients, as an evaluation of forces asks.
*second*: all that a step of training on forces asks: value, gradients, and the gradients of those.

The last column counts the multiplications and additions that the kernel executes for all three, over its
time.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time
from collections.abc import Callable

import torch
from benchmarks.record import machine
from torch import Tensor

from intertwine.ops.sphere import sphere_grid
from intertwine.ops.sphere_product import plain_sphere_product, sphere_product

ATOMS, L_IN, L_OUT, SECONDS = 300, 3, 1, 3.0
Product = Callable[[Tensor, Tensor, int, int], Tensor]


def run(product: Product, channels: int, derivatives: int) -> Callable[[], object]:
    x = torch.randn((L_IN + 1) ** 2, ATOMS, 3 * channels).transpose(0, 1).requires_grad_()
    orders = torch.randn(ATOMS, 3, channels, requires_grad=True)
    gy = torch.randn((L_OUT + 1) ** 2, ATOMS, channels).transpose(0, 1).requires_grad_()
    hx = torch.randn_like(x)

    def call() -> object:
        if derivatives == 0:
            with torch.no_grad():
                return product(x, orders, L_IN, L_OUT)
        y = product(x, orders, L_IN, L_OUT)
        first = torch.autograd.grad(y, (x, orders), gy, create_graph=derivatives > 1)
        return first if derivatives == 1 else torch.autograd.grad(first[0], (x, orders, gy), hx)

    return call


def in_turns(runs: list[Callable[[], object]]) -> list[float]:
    """CPU seconds of the fastest call of each."""
    for call in runs:
        call()
    best, begun = [float("inf")] * len(runs), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        for number, call in enumerate(runs):
            start = time.process_time()
            call()
            best[number] = min(best[number], time.process_time() - start)
    return best


def operations(channels: int) -> float:
    """Of one atom for value, gradients and their gradients: transforms, and products on pairs of points."""
    pairs = -(-len(sphere_grid(3 * L_IN + L_OUT).points) // 2 // 4) * 4
    rows, rows_out = 3 * (L_IN + 1) ** 2, (L_OUT + 1) ** 2
    transforms = (rows + rows_out) + (2 * rows + rows_out) + (3 * rows + 2 * rows_out)
    return 2.0 * channels * pairs * (transforms + 6 + 12 + 24)


def main() -> None:
    torch.set_num_threads(1)
    torch.zeros(40_000_000)  # freed at once: the allocator keeps its pages from here on
    here = machine()
    print(f"{here['processor']}, torch {here['torch']}, one thread; microseconds of CPU time per atom")
    print(
        f"{'channels':>8}"
        + "".join(f"{name:>9}{'torch':>9}{'ratio':>7}" for name in ("value", "first", "second"))
    )
    for channels in (32, 64, 128, 256):
        line, times = f"{channels:8d}", []
        for derivatives in range(3):
            both = (sphere_product, plain_sphere_product)
            ours, plain = in_turns([run(product, channels, derivatives) for product in both])
            line += f"{1e6 * ours / ATOMS:9.1f}{1e6 * plain / ATOMS:9.1f}{plain / ours:7.1f}"
            times.append(ours)
        print(line + f"   {operations(channels) * ATOMS / times[-1] / 1e9:.0f} Gflop/s", flush=True)


if __name__ == "__main__":
    main()
