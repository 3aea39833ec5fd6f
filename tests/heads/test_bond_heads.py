"""Tensors of ordered pairs of atoms: they turn with matter, feel no choice of words, and see any distance."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_tensor_heads import CUTOFF, FORMULAS, KINDS, Heads, heads, size
from torch import Tensor

from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate, permuted, recelled, reimaged, supercell, wrapped
from intertwine.graph.motion import moved, turned
from intertwine.heads import TensorHead, TensorSpec
from intertwine.heads.pairs import CORE, PairFeatures
from intertwine.testing import molecule, strategies
from intertwine.testing.laws.periodic import unimodular
from intertwine.testing.probes import periodic_system, random_bonds

RANK = {formula: len(formula.split("=")[0]) for formula in FORMULAS}


def model() -> Heads:
    return heads(1, 6, 8, per="bond")


def with_bonds(structure: Structure, seed: int = 0) -> Structure:
    bonds, shifts = random_bonds(structure, 5, np.random.default_rng(seed))
    return structure.replace(bonds=bonds, bond_shifts=shifts)


def graph_of(structure: Structure) -> Graph:
    return build_graph(structure, CUTOFF)


def bonded(max_atoms: int = 5) -> st.SearchStrategy[Graph]:
    seeds = st.integers(0, 2**16)
    return st.builds(with_bonds, strategies.structures(max_atoms=max_atoms, cutoff=CUTOFF), seeds).map(
        graph_of
    )


def assert_equal(found: dict, expected: dict, tolerance: float = 1e-9) -> None:
    for kind, value in expected.items():
        assert size(found[kind] - value) <= tolerance * max(1.0, size(value)), kind


def of_other_axes(values: dict, matrix: Tensor) -> dict:
    sign = torch.linalg.det(matrix).sign()
    return {
        (formula, axial): turned(value, matrix, RANK[formula]) * (sign if axial else 1.0)
        for (formula, axial), value in values.items()
    }


@given(bonded(), strategies.orthogonal_matrices(), strategies.translations(), st.randoms())
@settings(max_examples=10)
def test_they_turn_and_are_mirrored_with_their_atoms_in_any_order(graph, matrix, shift, random):
    rotation = torch.from_numpy(matrix)
    order = list(range(graph.n_atoms))
    random.shuffle(order)
    other = permuted(moved(graph, rotation, torch.from_numpy(shift)), torch.tensor(order))
    assert_equal(model()(other), of_other_axes(model()(graph), rotation))


@given(bonded())
@settings(max_examples=3)
def test_symmetric_indices_are_symmetric_to_the_bit(graph):
    for made in (model(), copy.deepcopy(model()).float()):
        for (formula, _), value in made(graph).items():
            first, *others = formula.split("=")
            for other in others:
                sign = -1.0 if other.startswith("-") else 1.0
                same = torch.einsum(f"...{other.lstrip('-')}->...{first}", value)
                assert torch.equal(value, sign * same), formula


def test_every_component_that_a_formula_leaves_is_within_reach():
    rng = np.random.default_rng(0)
    cluster = molecule((1, 6, 8), 30, CUTOFF, rng)
    bonds, _ = random_bonds(cluster, 150, rng)
    for (formula, axial), values in model()(graph_of(cluster.replace(bonds=bonds))).items():
        dimension = TensorSpec(unit="1", indices=formula, axial=axial).irreps.dim
        rank = torch.linalg.matrix_rank(values.reshape(len(values), -1), rtol=1e-9)
        assert rank == dimension, (formula, axial)


@pytest.mark.parametrize("pbc", [(False, False, True), (True, True, False), (True, True, True)])
def test_no_choice_of_cells_and_lattice_vectors_changes_them(pbc):
    rng = np.random.default_rng(3)
    structure = with_bonds(periodic_system((1, 6, 8), 4, pbc, CUTOFF, rng), seed=1)
    before = model()(graph_of(structure))
    cells = rng.integers(-3, 4, (len(structure), 3)) * structure.pbc
    basis = unimodular(structure.pbc, rng)
    for other in (reimaged(structure, cells), wrapped(structure), wrapped(recelled(structure, basis))):
        assert_equal(model()(graph_of(other)), before)
    a, b, c = np.where(pbc, 2, 1).tolist()
    larger = model()(graph_of(supercell(structure, (a, b, c))))
    assert_equal(larger, {kind: torch.cat([value] * (a * b * c)) for kind, value in before.items()})


@given(st.lists(bonded(max_atoms=4), min_size=2, max_size=3), st.integers(0, 2))
@settings(max_examples=5)
def test_a_bond_has_the_same_tensor_alone_and_in_any_batch(graphs, place):
    mute = build_graph(Structure([8, 1], [[0, 0, 0], [0, 0, 1]]), CUTOFF)
    batch = collate([*graphs[:place], mute, *graphs[place:]])
    alone = [model()(graph) for graph in graphs]
    assert_equal(model()(batch), {kind: torch.cat([one[kind] for one in alone]) for kind in KINDS}, 1e-12)


def test_a_bond_and_its_reverse_are_two_values_and_the_list_may_have_any_order():
    structure = molecule((1, 6, 8), 6, CUTOFF, np.random.default_rng(5))
    there = [[0, 1], [2, 4], [5, 3], [2, 2]]
    back = [pair[::-1] for pair in there]
    found = model()(graph_of(structure.replace(bonds=there + back)))
    backwards = model()(graph_of(structure.replace(bonds=(there + back)[::-1])))
    for kind, value in found.items():
        torch.testing.assert_close(backwards[kind].flip(0), value, rtol=1e-10, atol=1e-11)
        first, second = value[:4], value[4:]
        assert ((first - second).reshape(4, -1).abs().amax(1)[:3] > 1e-6 * size(value)).all(), kind
        assert torch.equal(first[3], second[3])


def test_where_inversion_exchanges_two_atoms_it_exchanges_the_directions_of_their_bond():
    """T_ji = (−1)^rank T_ij, and the other sign where the tensor is axial."""
    rng = np.random.default_rng(6)
    half = molecule((1, 6, 8), 4, CUTOFF, rng).positions + np.array([0.6, 0.5, 0.4])
    mirrored = Structure(
        [6, 8, 1, 1] * 2, np.concatenate([half, -half]), bonds=[[0, 4], [4, 0], [1, 6], [5, 2]]
    )
    for (formula, axial), value in model()(graph_of(mirrored)).items():
        sign = (-1.0) ** (RANK[formula] + axial)
        torch.testing.assert_close(value[[1, 3]], sign * value[[0, 2]], rtol=1e-9, atol=1e-10)


def test_they_see_beyond_the_cutoff_and_stay_bounded():
    def pair(*distances: float) -> Graph:
        return collate(
            [graph_of(Structure([6, 8], [[0, 0, 0], [0.0, 0, r]], bonds=[[0, 1]])) for r in distances]
        )

    for (formula, axial), value in model()(pair(6.0, 9.0, 20.0, 1e5, 1e8)).items():
        if axial or "-" in formula:
            continue  # an axis alone has no such part
        near, far = value.reshape(5, -1).split([3, 2])
        assert (near.diff(dim=0).abs().amax(1) > 1e-4).all(), formula
        torch.testing.assert_close(far[0], far[1], rtol=1e-6, atol=1e-6)


def test_features_of_a_pair_are_smooth_where_its_places_meet():
    torch.manual_seed(0)
    pairs = PairFeatures(species=1, channels=4, l_max=4).double()
    line = torch.linspace(-1e-3, 1e-3, 21).double() * CORE
    vectors = line[:, None] * torch.tensor([0.36, 0.48, 0.8]).double()
    rows = pairs._vectors(vectors.requires_grad_(), torch.float64)
    straight = rows[:1] + (rows[-1:] - rows[:1]) * torch.linspace(0, 1, 21).double()[:, None, None]
    assert size(rows.detach()) > 1.0
    assert size((rows - straight).detach()) < 1e-4 * size(rows.detach())
    slope = torch.autograd.grad(rows.square().sum(), vectors, create_graph=True)[0]
    curvature = torch.autograd.grad(slope.sum(), vectors)[0]
    assert torch.isfinite(curvature).all()


def test_two_atoms_alone_have_the_mean_of_what_they_bring_along_until_something_is_learned():
    spec = TensorSpec(unit="1", indices="ij=ji", per="bond", reference={1: (3**0.5,), 8: (3 * 3**0.5,)})
    encoder = heads(1, 8).encoder
    graph = build_graph(Structure([8, 1], [[1, 2, 3], [1, 2, 4]], bonds=[[0, 1], [0, 0]]), CUTOFF)
    head = TensorHead(spec, (1, 8), 12, 2, 4).double()
    head.silence()
    value = head(encoder(graph), encoder.species(graph.numbers), graph)
    torch.testing.assert_close(value, torch.tensor([2.0, 3.0])[:, None, None] * torch.eye(3).double())


@given(bonded())
@settings(max_examples=3)
def test_single_precision_gives_five_digits(graph):
    single = copy.deepcopy(model()).float()(graph)
    assert_equal(single, model()(graph), 1e-4)


def test_a_system_without_bonds_has_none_of_them():
    with pytest.raises(InputError, match=r"per bond .* without bonds; do: give it bonds="):
        model()(build_graph(Structure([8, 1], [[0, 0, 0], [0, 0, 1]]), CUTOFF))


def test_a_tensor_of_a_bond_is_not_kept_positive():
    with pytest.raises(ValueError, match="only tensors per system"):
        TensorSpec(unit="1", indices="ij=ji", per="bond", positive=True)
