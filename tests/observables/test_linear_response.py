"""Elastic, dielectric and piezoelectric tensors of a crystal whose atoms follow, against doing it by hand."""

import numpy as np
import pytest
import torch
from ase.units import GPa

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, strained
from intertwine.observables import differentiate
from intertwine.observables.linear_response import COULOMB, response_of
from intertwine.ops.norm import norm
from intertwine.ops.segment import segment_sum
from intertwine.units import factor

CHARGES = {30: 1.2, 16: -1.2}
CUTOFF = 4.5


def energies(graph: Graph) -> torch.Tensor:
    """A springy zincblende with charges: pair repulsion, an angular term, −µ·𝓔 and its own polarisability."""
    vectors = graph.edge_vectors()
    length = norm(vectors)
    fade = (1 - (length / CUTOFF) ** 2) ** 3
    well = torch.exp(-3.0 * (length - 2.3)) - 2 * torch.exp(-1.5 * (length - 2.3))
    pair = segment_sum(fade * well, graph.receiver, graph.n_atoms)
    around = segment_sum((fade / length)[:, None] * vectors, graph.receiver, graph.n_atoms)
    total = pair + 0.8 * (around**2).sum(1) + 0.3 * around.prod(1)
    field = graph.electric_field
    if field is None:
        return total
    charge = torch.tensor([CHARGES[int(z)] for z in graph.numbers], dtype=torch.float64)
    soft = 0.6 + 0.1 * (around**2).sum(1)
    dipole = charge[:, None] * (graph.positions + 0.4 * around) @ field[0]
    return total - dipole - 0.5 * soft * (field[0] ** 2).sum() - 0.1 * (around @ field[0]) ** 2


@pytest.fixture(scope="module")
def crystal() -> Graph:
    """Zincblende, its lattice constant at the minimum, cubic by symmetry and so without forces."""
    from scipy.optimize import brentq

    def graph(a: float) -> Graph:
        cell = 0.5 * a * (1 - np.eye(3))
        return build_graph(Structure([30, 16], [[0, 0, 0], [a / 4] * 3], cell, [True] * 3), CUTOFF)

    def pressure(a: float) -> float:
        return differentiate(energies, graph(a), ("stress",))["stress"][0, 0, 0].item()

    return graph(brentq(pressure, 4.2, 5.8, xtol=1e-13))


def relaxed(graph: Graph) -> Graph:
    """Atoms moved to where no force acts, by Newton's method; the first stays."""
    for _ in range(20):
        positions = graph.positions.clone().requires_grad_(True)
        energy = energies(graph.replace(positions=positions)).sum()
        (gradient,) = torch.autograd.grad(energy, positions, create_graph=True)
        rows = [torch.autograd.grad(g, positions, retain_graph=True)[0].flatten() for g in gradient.flatten()]
        hessian = torch.stack(rows)[3:, 3:]
        step = torch.linalg.solve(hessian, gradient.detach().flatten()[3:])
        graph = graph.replace(positions=graph.positions - torch.cat([torch.zeros(3), step]).reshape(-1, 3))
        if step.abs().max() < 1e-12:
            break
    return graph


def bent(graph: Graph, i: int, j: int, size: float) -> Graph:
    strain = torch.zeros(1, 3, 3, dtype=torch.float64)
    strain[0, i, j] += size / 2
    strain[0, j, i] += size / 2
    return strained(graph, strain)


def test_the_atoms_follow_a_strain(crystal: Graph) -> None:
    found, h = response_of(energies, crystal, field=True), 1e-4
    assert found.softest > 0
    for i, j in ((0, 0), (0, 1)):
        sides = [relaxed(bent(crystal, i, j, sign * h)) for sign in (1, -1)]
        outputs = [differentiate(energies, side, ("stress", "dipole")) for side in sides]
        stress = [(o["stress"] * s.volume / crystal.volume)[0] for o, s in zip(outputs, sides, strict=True)]
        expected = (stress[0] - stress[1]) / (2 * h) / GPa
        torch.testing.assert_close(found.elastic[:, :, i, j], expected, rtol=1e-4, atol=1e-3)
        assert (found.clamped_elastic - found.elastic)[0, 1, 0, 1] > 1  # so that it matters
        dipole = (outputs[0]["dipole"] - outputs[1]["dipole"])[0] / (2 * h) / crystal.volume
        zero = differentiate(energies, crystal, ("dipole",))["dipole"][0] / crystal.volume
        glued = torch.zeros(3, dtype=torch.float64)
        glued[i] += 0.5 * zero[j].item()
        glued[j] += 0.5 * zero[i].item()
        expected = (dipole - glued) * factor("e/Å^2", "piezoelectric")
        torch.testing.assert_close(found.piezoelectric[:, i, j], expected, rtol=1e-4, atol=1e-5)


def test_the_atoms_follow_a_field(crystal: Graph) -> None:
    found, h = response_of(energies, crystal, field=True), 1e-4
    columns = []
    for axis in range(3):
        dipoles = []
        for sign in (1, -1):
            field = torch.zeros(1, 3, dtype=torch.float64)
            field[0, axis] = sign * h
            side = relaxed(crystal.replace(electric_field=field))
            dipoles.append(differentiate(energies, side, ("dipole",))["dipole"][0])
        columns.append((dipoles[0] - dipoles[1]) / (2 * h) / crystal.volume)
    expected = torch.eye(3) + 4 * np.pi * COULOMB * torch.stack(columns, dim=1)
    torch.testing.assert_close(found.dielectric, expected, rtol=1e-5, atol=1e-6)
    assert (found.dielectric - found.clamped_dielectric).diagonal().min() > 0.1


def test_symmetry_leaves_three_elastic_constants_and_one_of_each_other(crystal: Graph) -> None:
    """-43m: C11, C12, C44; one dielectric constant; e14; and Born charges that sum to zero."""
    found = response_of(energies, crystal, field=True)
    elastic = found.elastic
    assert abs(elastic[0, 0, 0, 1]) < 1e-8 * elastic[0, 0, 0, 0]
    torch.testing.assert_close(elastic, elastic.permute(2, 3, 0, 1), rtol=1e-9, atol=1e-8)
    torch.testing.assert_close(
        found.dielectric, found.dielectric[0, 0] * torch.eye(3, dtype=torch.float64), rtol=1e-9, atol=1e-9
    )
    piezo = found.piezoelectric
    assert abs(piezo[0, 1, 2]) > 1e-3
    torch.testing.assert_close(piezo[0, 1, 2], piezo[1, 2, 0], rtol=1e-8, atol=0)
    assert piezo[:, [0, 1, 2], [0, 1, 2]].abs().max() < 1e-8
    assert found.born_charges.sum(0).abs().max() < 1e-10


def test_without_a_field_there_are_elastic_constants_only(crystal: Graph) -> None:
    bare, whole = (response_of(energies, crystal, field) for field in (False, True))
    torch.testing.assert_close(bare.elastic, whole.elastic)
    assert bare.dielectric is None
    assert bare.piezoelectric is None


def test_a_molecule_is_refused() -> None:
    graph = build_graph(Structure([30, 16], [[0, 0, 0], [0, 0, 2.3]]), CUTOFF)
    with pytest.raises(InputError, match="one crystal"):
        response_of(energies, graph, field=True)
