"""A wire is alone in space: near images and multipoles of far ones are all of them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float64

from intertwine.data import Structure
from intertwine.electrostatics import (
    COULOMB,
    LongRangeSpec,
    Sources,
    electrostatic_energies,
    interaction_matrices,
)
from intertwine.graph import build_graph

PERIOD = 6.0
ALONG = np.array([0.0, PERIOD, 0.0])
SPEC = LongRangeSpec()


def wire(positions: Float64[np.ndarray, "atoms 3"], times: int = 1) -> Structure:
    positions = np.concatenate([positions + n * ALONG for n in range(times)])
    cell = np.diag([0.0, times * PERIOD, 0.0])
    return Structure([11] * len(positions), positions, cell=cell, pbc=np.array([False, True, False]))


def drawn(seed: int, atoms: int = 6, neutral: bool = True) -> tuple[np.ndarray, Sources]:
    rng = np.random.default_rng(seed)
    charges = rng.normal(size=atoms)
    charges -= neutral * charges.mean()
    dipoles = torch.from_numpy(rng.normal(size=(atoms, 3)))
    return rng.uniform(0, 7, (atoms, 3)), Sources(torch.from_numpy(charges), dipoles)


def energy_of(structure: Structure, sources: Sources) -> float:
    return electrostatic_energies(build_graph(structure, 3.0), sources, SPEC).sum().item()


def repeated(sources: Sources, times: int) -> Sources:
    assert sources.dipoles is not None
    return Sources(sources.charges.repeat(times), sources.dipoles.repeat(times, 1))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_limit_of_long_pieces(seed: int) -> None:
    """The middle of a finite chain of cells; what is missing at its ends falls as their distance squared."""
    positions, sources = drawn(seed)
    atoms, exact, found = len(positions), energy_of(wire(positions), sources), []
    for cells in (41, 83):
        places = np.concatenate([positions + n * ALONG for n in range(cells)])
        piece = build_graph(Structure([11] * len(places), places), 3.0)
        energies = electrostatic_energies(piece, repeated(sources, cells), SPEC)
        middle = slice(cells // 2 * atoms, (cells // 2 + 1) * atoms)
        found.append(energies[middle].sum().item())
    extrapolated = found[1] + (found[1] - found[0]) / (83**2 / 41**2 - 1)
    assert extrapolated == pytest.approx(exact, abs=1e-5 * abs(exact))


@settings(max_examples=20)
@given(seed=st.integers(0, 999), times=st.integers(1, 4), neutral=st.booleans())
def test_neither_repeating_nor_wrapping_changes_the_energy_of_a_cell(
    seed: int, times: int, neutral: bool
) -> None:
    positions, sources = drawn(seed, neutral=neutral)
    energy = energy_of(wire(positions), sources)
    moved = positions + PERIOD * np.random.default_rng(seed).integers(-3, 4, (6, 1)) * ALONG / PERIOD
    assert energy_of(wire(moved), sources) == pytest.approx(energy, abs=1e-9)
    if neutral:
        assert energy_of(wire(positions, times), repeated(sources, times)) / times == pytest.approx(
            energy, abs=1e-8
        )


def test_a_chain_of_ions_has_the_madelung_constant_two_ln_two() -> None:
    chain = wire(np.array([[0.0, 0.0, 0.0], [0.0, PERIOD / 2, 0.0]]))
    sharp = LongRangeSpec(smearing=0.2)
    charges = Sources(torch.tensor([1.0, -1.0], dtype=torch.float64))
    energy = electrostatic_energies(build_graph(chain, 2.0), charges, sharp).sum().item()
    assert -energy * PERIOD / 2 / COULOMB == pytest.approx(2 * np.log(2), abs=1e-9)


def test_the_matrix_tells_the_same_energy() -> None:
    positions, sources = drawn(7)
    graph, q = build_graph(wire(positions), 3.0), sources.charges
    own = COULOMB / np.sqrt(np.pi) / SPEC.smearing * (q**2).sum()
    by_matrix = 0.5 * (q @ interaction_matrices(graph, SPEC)[0] @ q - own)
    energy = electrostatic_energies(graph, Sources(q), SPEC).sum()
    torch.testing.assert_close(by_matrix, energy, rtol=0, atol=1e-9)
