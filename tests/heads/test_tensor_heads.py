"""Any tensor turns with matter, keeps its indices to the bit, and vanishes where crystals say so."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from known_crystals import class_of, crystal_of
from torch import Tensor, nn

from intertwine.data import Structure
from intertwine.data.crystal_symmetry import crystal_point_group
from intertwine.encoders import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.graph import Graph, build_graph, collate
from intertwine.graph.motion import moved, turned
from intertwine.groups import allowed
from intertwine.heads import TensorHead, TensorSpec
from intertwine.testing import molecule, strategies

FORMULAS = (
    *("", "i", "ij", "ij=ji", "ij=-ji", "ijk", "ijk=ikj", "ijk=jik=ikj", "ijk=-jik=-ikj"),
    *("ijkl", "ijkl=jikl=klij"),
)
KINDS = [(formula, axial) for formula in FORMULAS for axial in (False, True)]
CUTOFF = 4.5


class Heads(nn.Module):
    """An encoder, and on it a head of every kind, atom by atom."""

    def __init__(self, *species: int, per: str = "atom", **changes) -> None:
        super().__init__()
        torch.manual_seed(0)
        sizes = {"channels": 12, "message_channels": 4, "l_max": 4, "output_l": 4}
        self.encoder = BodyOrderedEncoder(BodyOrderedSpec(species=species, cutoff=CUTOFF, **sizes))
        self.heads = nn.ModuleList(
            TensorHead(
                TensorSpec(unit="1", indices=formula, axial=axial, per=per, **changes), species, 12, 2, 4
            )
            for formula, axial in KINDS
        )

    @torch.no_grad()
    def forward(self, graph: Graph) -> dict[tuple[str, bool], Tensor]:
        features, species = self.encoder(graph), self.encoder.species(graph.numbers)
        return dict(zip(KINDS, [head(features, species, graph) for head in self.heads], strict=True))


@cache
def heads(*species: int, per: str = "atom", extensive: bool = False) -> Heads:
    return Heads(*species, per=per, extensive=extensive).double()


def size(value: Tensor) -> float:
    return float(value.abs().max())


@given(strategies.graphs(CUTOFF, max_atoms=5), strategies.orthogonal_matrices())
@settings(max_examples=12)
def test_heads_of_every_kind_turn_and_are_mirrored_with_their_atoms(graph, matrix):
    rotation = torch.from_numpy(matrix)
    before, after = heads(1, 6, 8)(graph), heads(1, 6, 8)(moved(graph, rotation))
    for formula, axial in KINDS:
        expected = turned(before[formula, axial], rotation, len(formula.split("=")[0]))
        expected = expected * torch.linalg.det(rotation).sign() if axial else expected
        gap = size(after[formula, axial] - expected)
        assert gap <= 1e-9 * max(1.0, size(expected)), (formula, axial)


@given(strategies.graphs(CUTOFF, max_atoms=5))
@settings(max_examples=5)
def test_symmetric_indices_are_symmetric_to_the_bit(graph):
    for model in (heads(1, 6, 8), copy.deepcopy(heads(1, 6, 8)).float()):
        for (formula, _), value in model(graph).items():
            first, *others = formula.split("=")
            for other in others:
                sign = -1.0 if other.startswith("-") else 1.0
                same = torch.einsum(f"...{other.lstrip('-')}->...{first}", value)
                assert torch.equal(value, sign * same), formula


def test_every_component_that_a_formula_leaves_is_within_reach():
    rng = np.random.default_rng(0)
    graph = build_graph(molecule((1, 6, 8), 120, CUTOFF, rng), CUTOFF)
    for (formula, axial), values in heads(1, 6, 8)(graph).items():
        dimension = TensorSpec(unit="1", indices=formula, axial=axial).irreps.dim
        assert torch.linalg.matrix_rank(values.reshape(len(values), -1), rtol=1e-9) == dimension, (
            formula,
            axial,
        )


SPACE_GROUPS = (2, 3, 6, 16, 25, 75, 81, 111, 143, 150, 156, 168, 174, 187, 195)


@pytest.mark.parametrize("number", SPACE_GROUPS, ids=class_of)
def test_components_that_a_crystal_forbids_vanish_and_no_others(number):
    structure, _ = crystal_of(number)
    group = crystal_point_group(structure)
    assert group.name == class_of(number)
    atoms = heads(11, 12, 13)(build_graph(structure, CUTOFF))
    for (formula, axial), values in atoms.items():
        if not formula:
            continue
        whole = values.sum(0).numpy().ravel()
        left = allowed(formula, group, axial).tensors.reshape(-1, whole.size).T
        inside = left @ np.linalg.lstsq(left, whole, rcond=None)[0]
        assert np.abs(whole - inside).max() <= 1e-10 * size(values), (formula, axial)
        assert left.size == 0 or np.abs(inside).max() > 1e-6 * size(values), (formula, axial)


def test_classes_of_crystals_are_many():
    assert len({class_of(number) for number in SPACE_GROUPS}) == len(SPACE_GROUPS) >= 10


@pytest.mark.parametrize("extensive", [True, False])
def test_a_system_has_the_sum_or_the_mean_of_its_atoms(extensive):
    rng = np.random.default_rng(1)
    graph = collate([build_graph(molecule((1, 6, 8), atoms, CUTOFF, rng), CUTOFF) for atoms in (3, 5)])
    atoms, systems = heads(1, 6, 8)(graph), heads(1, 6, 8, per="system", extensive=extensive)(graph)
    for kind, value in systems.items():
        parts = [part.sum(0) if extensive else part.mean(0) for part in atoms[kind].split([3, 5])]
        torch.testing.assert_close(value, torch.stack(parts), rtol=1e-12, atol=1e-12)


@given(strategies.graphs(CUTOFF, max_atoms=5))
@settings(max_examples=5)
def test_single_precision_gives_five_digits(graph):
    single = copy.deepcopy(heads(1, 6, 8)).float()(graph)
    for kind, value in heads(1, 6, 8)(graph).items():
        assert single[kind].dtype == torch.float64
        assert size(single[kind] - value) <= 1e-4 * max(1.0, size(value)), kind


def test_an_atom_alone_has_what_it_brings_along_and_nothing_else():
    spec = TensorSpec(unit="1", indices="ij=ji", extensive=True, reference={1: (3**0.5,), 8: (2 * 3**0.5,)})
    encoder = heads(1, 8).encoder
    graph = build_graph(Structure([8], [[1, 2, 3]]), CUTOFF)
    head = TensorHead(spec, (1, 8), 12, 2, 4).double()
    value = head(encoder(graph), encoder.species(graph.numbers), graph)
    torch.testing.assert_close(value[0], 2 * torch.eye(3).double())
