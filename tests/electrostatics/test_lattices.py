"""Ionic crystals have the energies of the textbooks, whatever cell describes them."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float64
from torch import Tensor

from intertwine.data import Structure
from intertwine.electrostatics import COULOMB, LongRangeSpec, Sources, electrostatic_energies
from intertwine.electrostatics.mesh import Mesh
from intertwine.electrostatics.periodic import Bulk
from intertwine.graph import build_graph

LATTICES: dict[str, tuple[Atoms, tuple[int, ...], float]] = {
    "NaCl": (bulk("NaCl", "rocksalt", a=2.0), (1, -1), 1.7475645946331822),
    "CsCl": (bulk("CsCl", "cesiumchloride", a=2 / math.sqrt(3)), (1, -1), 1.76267477307099),
    "ZnS": (bulk("ZnS", "zincblende", a=4 / math.sqrt(3)), (1, -1), 1.63805505338879),
    "CaF2": (bulk("CaFF", "fluorite", a=4 / math.sqrt(3)), (2, -1, -1), 5.0387848798),
}
"""With neighbours 1 Å apart; Madelung constants of Sakamoto, J. Chem. Phys. 28, 164 (1958) and later."""

SHARP = LongRangeSpec(smearing=0.08, accuracy=1e-12)
"""So narrow that neighbours at 1 Å are points to each other."""


def energy_of(
    atoms: Atoms, charges: Sequence[float], spec: LongRangeSpec, dipoles: Tensor | None = None
) -> Float64[Tensor, ""]:
    graph = build_graph(Structure.from_ase(atoms), cutoff=1.0)
    sources = Sources(torch.tensor(charges, dtype=torch.float64), dipoles)
    return electrostatic_energies(graph, sources, spec).sum()


@pytest.mark.parametrize("name", LATTICES)
def test_madelung_constants_are_those_of_the_literature(name: str) -> None:
    atoms, charges, constant = LATTICES[name]
    assert -energy_of(atoms, charges, SHARP) / COULOMB == pytest.approx(constant, abs=1e-6)


@given(
    steps=st.lists(st.integers(-2, 2), min_size=9, max_size=9).filter(
        lambda rows: abs(round(np.linalg.det(np.reshape(rows, (3, 3))))) in (1, 2, 3)
    ),
    shift=st.lists(st.integers(-2, 2), min_size=3, max_size=3),
)
def test_neither_the_choice_of_cell_nor_of_images_changes_the_energy(
    steps: list[int], shift: list[int]
) -> None:
    from ase.build import make_supercell

    atoms, charges, _ = LATTICES["CaF2"]
    spec = LongRangeSpec(smearing=0.4)
    cell = np.reshape(steps, (3, 3))
    if np.linalg.det(cell) < 0:
        cell = cell[[1, 0, 2]]
    larger = make_supercell(atoms, cell, wrap=False)
    larger.positions[0] += np.array(shift) @ larger.cell.array
    many = len(larger) // len(atoms)
    signs = [2.0 if symbol == "Ca" else -1.0 for symbol in larger.get_chemical_symbols()]
    assert energy_of(larger, signs, spec).item() / many == pytest.approx(
        energy_of(atoms, charges, spec).item(), abs=1e-8
    )


def random_ions(seed: int, skew: float) -> tuple[Tensor, Tensor, Tensor]:
    """Sixty charges, not neutral, in a skewed cell."""
    rng = np.random.default_rng(seed)
    cell = np.diag([12.0, 13.0, 14.0]) + skew * np.array([[0, 0.3, 0.5], [-0.4, 0, 0.6], [0.2, -0.7, 0]])
    positions = rng.uniform(0, 1, (60, 3)) @ cell
    return tuple(torch.from_numpy(part) for part in (positions, cell, rng.normal(size=60)))


@pytest.mark.parametrize("skew", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("accuracy", [1e-2, 1e-3, 1e-4])
def test_the_mesh_is_as_accurate_as_it_says_in_any_cell(skew: float, accuracy: float) -> None:
    positions, cell, charges = random_ions(0, skew)
    found = []
    for sums in (Bulk(positions, cell, 1.4, 1e-12), Mesh(positions, cell, 1.4, accuracy)):
        x, a = positions.clone().requires_grad_(True), cell.clone().requires_grad_(True)
        again = Bulk(x, a, 1.4, 1e-12) if isinstance(sums, Bulk) else Mesh(x, a, 1.4, accuracy)
        energy = again.energies(Sources(charges)).sum()
        found.append((energy.item(), *torch.autograd.grad(energy, (x, a))))
    (exact, force, pull), (energy, by_mesh, pull_by_mesh) = found
    assert abs(energy / exact - 1) < accuracy
    assert (by_mesh - force).abs().max() < accuracy * force.abs().max()
    assert (pull_by_mesh - pull).abs().max() < 4 * accuracy * pull.abs().max()


def test_torch_pme_finds_the_same_energy() -> None:
    from torchpme import CoulombPotential, PMECalculator

    positions, cell, charges = random_ions(1, 2.0)
    potential = CoulombPotential(smearing=1.4)
    calculator = PMECalculator(potential, mesh_spacing=0.25, interpolation_nodes=7).to(torch.float64)
    nobody = torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, dtype=torch.float64)
    theirs = charges * calculator(charges[:, None], cell, positions, *nobody)[:, 0] * COULOMB
    ours = Bulk(positions, cell, 1.4, 1e-12).energies(Sources(charges))
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_a_dipole_is_two_charges_close_together() -> None:
    positions, cell, charges = random_ions(2, 2.0)
    charges = charges - charges.mean()
    dipoles = torch.from_numpy(np.random.default_rng(3).normal(size=(60, 3)))
    exact = Bulk(positions, cell, 1.4, 1e-12).energies(Sources(charges, dipoles)).sum()
    h = 1e-3
    split = torch.cat(
        [positions] + [positions + s * h * axis for axis in torch.eye(3).double() for s in (1, -1)]
    )
    amounts = [charges] + [s * dipoles[:, axis] / (2 * h) for axis in range(3) for s in (1, -1)]
    sums = Bulk(split, cell, 1.4, 1e-12)
    together = sums.energies(Sources(torch.cat(amounts))).sum()
    # what the six charges of one dipole do to each other, which a point dipole does not
    own = sum(_among_themselves(d, h, 1.4) for d in dipoles)
    assert (together - own).item() == pytest.approx(exact.item(), rel=1e-5)


def _among_themselves(dipole: Tensor, h: float, width: float) -> Tensor:
    from intertwine.electrostatics.open_space import all_pairs, pair_energies

    places = torch.cat([s * h * axis[None] for axis in torch.eye(3).double() for s in (1, -1)])
    amounts = torch.stack([s * dipole[axis] / (2 * h) for axis in range(3) for s in (1, -1)])
    return pair_energies(places, all_pairs([6]), Sources(amounts), width).sum()
