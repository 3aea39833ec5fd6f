"""Which neighbour library? vesin against matscipy, through one contract, on one thread.

    python benchmarks/neighbours.py

Each candidate returns (i, j, S) as int64 arrays sorted by i, so that a library pays for whatever
conversion and sorting its own output needs. Printed: CPU time of one list (best of several runs) and
whether the pairs are those of brute force (for the large systems: for forty centres).
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import time
from collections.abc import Callable

import matscipy.neighbours
import numpy as np
import vesin
from ase.build import bulk, molecule

from intertwine.graph.brute_force import brute_force_neighbours
from intertwine.graph.neighbours import Pairs, spanned

CUTOFF = 5.0
Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def by_vesin(positions: np.ndarray, cell: np.ndarray, pbc: np.ndarray, cutoff: float) -> Pairs:
    finder = vesin.NeighborList(cutoff=cutoff, full_list=True, sorted=True, n_threads=1)
    i, j, shift = finder.compute(positions, spanned(cell, pbc), pbc, quantities="ijS", copy=False)
    return i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64)


_KEPT = vesin.NeighborList(cutoff=CUTOFF, full_list=True, sorted=True, n_threads=1)


def by_vesin_kept(positions: np.ndarray, cell: np.ndarray, pbc: np.ndarray, cutoff: float) -> Pairs:
    """As `by_vesin`, with one finder kept from call to call (its buffers too)."""
    i, j, shift = _KEPT.compute(positions, spanned(cell, pbc), pbc, quantities="ijS", copy=False)
    return i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64)


def by_matscipy(positions: np.ndarray, cell: np.ndarray, pbc: np.ndarray, cutoff: float) -> Pairs:
    i, j, shift = matscipy.neighbours.neighbour_list(
        "ijS", positions=positions, cell=spanned(cell, pbc), pbc=pbc, cutoff=cutoff
    )
    return i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64)


CANDIDATES: dict[str, Callable[..., Pairs]] = {
    "vesin": by_vesin,
    "vesin, kept": by_vesin_kept,
    "matscipy": by_matscipy,
}


def cases() -> dict[str, Case]:
    """Positions, cell and periodicity of the systems compared."""
    rng = np.random.default_rng(0)
    ethanol = molecule("CH3CH2OH")
    systems = {
        "9-atom molecule": ethanol,
        "one Cu atom": bulk("Cu", "fcc", a=3.61),
        "108 Cu": bulk("Cu", "fcc", a=3.61, cubic=True).repeat(3),
        "864 Cu": bulk("Cu", "fcc", a=3.61, cubic=True).repeat(6),
        "10976 Cu": bulk("Cu", "fcc", a=3.61, cubic=True).repeat(14),
    }
    for atoms in systems.values():
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    tables = {name: (a.positions, a.cell.array, a.pbc) for name, a in systems.items()}
    tables["tiny cell (1.2 Å)"] = (np.zeros((1, 3)), 1.2 * np.eye(3), np.ones(3, bool))
    return tables


def seconds(find: Callable[..., Pairs], case: Case) -> float:
    """CPU time of one list: the best of at least five runs, at least half a second in all."""
    best, spent, runs = float("inf"), 0.0, 0
    while runs < 5 or spent < 0.5:
        start = time.process_time()
        find(*case, CUTOFF)
        taken = time.process_time() - start
        best, spent, runs = min(best, taken), spent + taken, runs + 1
    return best


def rows(pairs: Pairs, centres: list[int]) -> np.ndarray:
    """The pairs of some centres as sorted rows, one way of writing a set."""
    i, j, shift = pairs
    assert (np.diff(i) >= 0).all(), "i is not sorted"
    table = np.column_stack([i, j, shift])[np.isin(i, centres)]
    return table[np.lexsort(table.T)]


def main() -> None:
    print(f"{'':20}{'pairs':>9}" + "".join(f"{name:>16}" for name in CANDIDATES) + "   same as brute force")
    for name, case in cases().items():
        centres = list(range(len(case[0])))[: 40 if len(case[0]) > 200 else None]
        truth = rows(brute_force_neighbours(*case, CUTOFF, centres), centres)
        found = [find(*case, CUTOFF) for find in CANDIDATES.values()]
        same = all(np.array_equal(rows(pairs, centres), truth) for pairs in found)
        same &= len({len(pairs[0]) for pairs in found}) == 1
        times = "".join(f"{1e3 * seconds(find, case):13.3f} ms" for find in CANDIDATES.values())
        print(f"{name:20}{len(found[0][0]):9d}{times}   {same}")


if __name__ == "__main__":
    main()
