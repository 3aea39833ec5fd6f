"""How many bytes and operations does one call for energy and forces need, and what would the machine allow?

    python -m benchmarks.floor --preset medium

Counts the multiplications and additions that the compiled evaluation executes, per atom and per edge within
the cutoff, and the bytes that it keeps for each; measures what one thread of this machine can do (a product
of large float32 matrices, a copy of a large array); divides. The floor is the time at which every operation
runs at the speed of the large product. Then it runs the evaluation itself, without neighbour list and ASE, in
float32 on one thread: a molecule of the size of acetylacetone (15 atoms in a ball) and 108 atoms of copper.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk
from benchmarks.record import machine
from rich import box
from rich.console import Console
from rich.table import Table

from intertwine.data import Structure
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.graph import build_graph
from intertwine.observables import Model, ModelSpec
from intertwine.observables.compiled import CompiledPotential, compiled
from intertwine.ops.sphere import sphere_grid
from intertwine.train.config import PRESETS

SECONDS = 4.0


class Cost(NamedTuple):
    """Operations (multiplications plus additions) and bytes kept, of one thing."""

    operations: float
    bytes: float


def grid(l_in: int, l_out: int, channels: int) -> tuple[float, float]:
    """Operations of a product on the sphere, forward and back; opposite points share half the work."""
    pairs = -(-len(sphere_grid(3 * l_in + l_out).points) // 8) * 4
    synthesis = pairs * (l_in + 1) ** 2 * 3 * channels * 2
    analysis = pairs * (l_out + 1) ** 2 * channels * 2
    pointwise = 2 * pairs * channels
    return synthesis + analysis + 6 * pointwise, 2 * synthesis + analysis + 16 * pointwise


def per_atom(spec: BodyOrderedSpec) -> Cost:
    """Everything but the edges; the first layers are mixed twice, once on the way back."""
    rows, C, M = (spec.l_max + 1) ** 2, spec.channels, spec.message_channels
    gathered = min(len(spec.species), 4) * 8 * -(-spec.radial // 8)
    operations, kept = 0.0, 0.0
    for layer in range(spec.layers):
        last, width = layer == spec.layers - 1, M if layer else gathered
        l_out = 0 if last else spec.hidden_l
        rows_out = (l_out + 1) ** 2
        mix, out = 2 * rows * width * 3 * C, 2 * rows_out * (C + width) * C
        residual = 2 * rows_out * C * C if layer else 0
        forward, back = grid(spec.l_max, l_out, C)
        operations += (2 if last else 3) * mix + 2 * out + 2 * residual + forward + back
        if not last:
            operations += 2 * 2 * 4 * C * M
            kept += 4 * (rows * width + 2 * rows_out * C + 2 * 4 * M)
    return Cost(operations + 4 * 16 * C, kept + 80)


def per_edge(spec: BodyOrderedSpec) -> Cost:
    """Radial functions are formed again on the way back; harmonics on every visit."""
    rows, M, degrees = (spec.l_max + 1) ** 2, spec.message_channels, spec.l_max + 1
    radial = 8 * -(-spec.radial // 8)
    density, geometry = 6 * rows * radial, 3 * 8 * (rows + 4 * radial)
    functions, sums = 2 * radial * 3 * degrees * M, 2 * (4 * rows - 3) * M
    messages = 3 * functions + 3 * sums + 2 * (9 + 20) * degrees * M
    return Cost(density + geometry + (spec.layers - 1) * messages, 16 + 48)


def fastest(call: Callable[[], object]) -> float:
    """CPU seconds of the fastest call."""
    call()
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def ceilings() -> tuple[float, float]:
    """Operations and bytes per second of one thread."""
    a, b = torch.randn(768, 768), torch.randn(768, 768)
    source, target = torch.zeros(1 << 26), torch.empty(1 << 26)
    return 2 * 768**3 / fastest(lambda: a @ b), 2 * source.nbytes / fastest(lambda: target.copy_(source))


def molecule() -> Atoms:
    """C5H8O2 in size: fifteen atoms, of which nearly all pairs are within the cutoff."""
    rng = np.random.default_rng(0)
    places: list[np.ndarray] = []
    while len(places) < 15:
        place = rng.uniform(-2.6, 2.6, 3)
        if np.linalg.norm(place) < 2.6 and all(np.linalg.norm(place - other) > 1.0 for other in places):
            places.append(place)
    return Atoms("C5H8O2", positions=places)


def systems() -> dict[str, Atoms]:
    copper = bulk("Cu", cubic=True) * (3, 3, 3)
    copper.rattle(0.05, seed=0)
    return {"15 atoms": molecule(), "108 Cu": copper}


def measured(spec: BodyOrderedSpec, atoms: Atoms) -> tuple[float, float]:
    """Edges per atom, and CPU seconds per atom."""
    torch.manual_seed(0)
    model = Model(ModelSpec(encoder=spec, reference_energies=dict.fromkeys(spec.species, 0.0)))
    graph = build_graph(Structure.from_ase(atoms), spec.cutoff)
    potential = compiled(model.requires_grad_(False))
    assert isinstance(potential, CompiledPotential)
    return graph.n_edges / len(atoms), fastest(lambda: potential(graph)) / len(atoms)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--preset", default="medium", choices=tuple(PRESETS))
    preset = options.parse_args().preset
    torch.set_num_threads(1)
    speed, bandwidth = ceilings()
    console = Console(width=110)
    console.print(f"{machine()}: {speed / 1e9:.0f} GFlop/s, {bandwidth / 1e9:.1f} GB/s on one thread")
    table = Table("system", box=box.SIMPLE_HEAD)
    for name in ("edges/atom", "kFlop/atom", "kFlop/edge", "kB/atom", "floor µs/atom", "measured", "ratio"):
        table.add_column(name, justify="right")
    for name, atoms in systems().items():
        spec = BodyOrderedSpec(
            species=tuple(sorted(set(atoms.numbers.tolist()))), cutoff=5.0, neighbours=20.0, **PRESETS[preset]
        )
        edges, seconds = measured(spec, atoms)
        atom, edge = per_atom(spec), per_edge(spec)
        floor = (atom.operations + edges * edge.operations) / speed
        cells = [edges, atom.operations / 1e3, edge.operations / 1e3, (atom.bytes + edges * edge.bytes) / 1e3]
        table.add_row(
            name,
            *(f"{cell:.0f}" for cell in cells),
            *(f"{1e6 * value:.0f}" for value in (floor, seconds)),
            f"{seconds / floor:.2f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
