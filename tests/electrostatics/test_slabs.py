"""A slab is alone in space: the sum over images far apart, corrected, is the sum in two dimensions."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float64
from scipy.special import erf, erfc

from intertwine.data import Structure
from intertwine.electrostatics import COULOMB, LongRangeSpec, Sources, electrostatic_energies
from intertwine.electrostatics.slab import Slab
from intertwine.graph import build_graph

WIDTH = 1.3
PLANE = torch.tensor([True, True, False])
CELL = torch.tensor([[7.0, 0.5, 0.3], [1.0, 6.0, -0.4], [0.0, 0.0, 0.0]], dtype=torch.float64)


def drawn(seed: int, atoms: int = 9) -> tuple[Float64[np.ndarray, "atoms 3"], Float64[np.ndarray, " atoms"]]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 6, (atoms, 3)), rng.normal(size=atoms)


def sum_in_two_dimensions(
    positions: Float64[np.ndarray, "atoms 3"], charges: Float64[np.ndarray, " atoms"]
) -> float:
    """Parry's sum (Surf. Sci. 49, 433 (1975)) for smeared charges: no third period, no correction."""
    a, b = CELL.numpy()[:2]
    normal = np.cross(a, b)
    area = np.linalg.norm(normal)
    normal = normal / area
    basis = 2 * np.pi * np.linalg.inv(np.array([a, b, normal])).T[:2]
    apart = positions[:, None] - positions[None]
    z, s = apart @ normal, WIDTH
    total = (
        -2
        * np.pi
        / area
        * (z * erf(z / np.sqrt(2) / s) + np.sqrt(2 / np.pi) * s * np.exp(-0.5 * (z / s) ** 2))
    )
    for m, n in np.ndindex(17, 17):
        k = (m - 8) * basis[0] + (n - 8) * basis[1]
        size = np.linalg.norm(k)
        if 0 < size < 9 / s:
            sides = sum(
                np.exp(sign * size * z) * erfc(size * s / np.sqrt(2) + sign * z / np.sqrt(2) / s)
                for sign in (1, -1)
            )
            total = total + np.pi / area / size * np.cos(apart @ k) * sides
    own = math.sqrt(2 / math.pi) / s * (charges**2).sum()
    return 0.5 * COULOMB * (charges @ total @ charges - own)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("neutral", [True, False])
def test_it_is_the_sum_in_two_dimensions_charged_or_not(seed: int, neutral: bool) -> None:
    positions, charges = drawn(seed)
    charges = charges - charges.mean() * neutral
    slab = Slab(torch.from_numpy(positions), CELL, PLANE, WIDTH, 1e-10)
    energy = slab.energies(Sources(torch.from_numpy(charges))).sum().item()
    assert energy == pytest.approx(sum_in_two_dimensions(positions, charges), rel=1e-8)


@given(seed=st.integers(0, 99), lift=st.floats(-30, 30), turn=st.booleans())
def test_height_and_handedness_do_not_matter(seed: int, lift: float, turn: bool) -> None:
    positions, charges = (torch.from_numpy(part) for part in drawn(seed, atoms=4))
    dipoles = torch.from_numpy(np.random.default_rng(seed).normal(size=(4, 3)))
    sources = Sources(charges - charges.mean(), dipoles)
    plain = Slab(positions, CELL, PLANE, WIDTH, 1e-9).energies(sources)
    cell = CELL[[1, 0, 2]] if turn else CELL
    moved = Slab(positions + torch.tensor([0.0, 0.0, lift]), cell, PLANE, WIDTH, 1e-9).energies(sources)
    torch.testing.assert_close(moved.sum(), plain.sum(), rtol=1e-8, atol=1e-8)


def test_two_charged_planes_are_a_capacitor() -> None:
    """Far from each other their force is 2π σ² A, whatever the distance."""
    cell, pbc = np.diag([5.0, 5.0, 0.0]), np.array([True, True, False])
    forces = []
    for distance in (15.0, 40.0):
        graph = build_graph(Structure([11, 17], [[0, 0, 0], [1, 2, distance]], cell=cell, pbc=pbc), 3.0)
        graph = graph.replace(positions=graph.positions.requires_grad_(True))
        sources = Sources(torch.tensor([1.0, -1.0], dtype=torch.float64))
        energy = electrostatic_energies(graph, sources, LongRangeSpec()).sum()
        forces.append(-torch.autograd.grad(energy, graph.positions)[0][1])
    expected = torch.tensor([0.0, 0.0, -2 * math.pi * COULOMB / 25.0], dtype=torch.float64)
    for force in forces:
        torch.testing.assert_close(force, expected, rtol=1e-6, atol=1e-6)
