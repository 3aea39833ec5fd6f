"""What has to be positive is, whatever was learned."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from intertwine.data import LABELS, Structure
from intertwine.encoders import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.graph import Graph, build_graph
from intertwine.graph.motion import moved, turned
from intertwine.groups import CartesianTensor
from intertwine.heads import TensorHead, TensorSpec
from intertwine.testing import molecule, strategies
from intertwine.train.isotropic import fitted

CUTOFF = 4.0
SPECIES = (1, 6, 8)
MANDEL = torch.tensor(CartesianTensor("ij=ji").embedding)
torch.manual_seed(0)
ENCODER = BodyOrderedEncoder(
    BodyOrderedSpec(species=SPECIES, cutoff=CUTOFF, channels=8, message_channels=4, l_max=4, output_l=4)
).double()


def head(name: str, scale: float = 3.0) -> TensorHead:
    spec = TensorSpec.of(LABELS[name], positive=True).model_copy(update={"scale": scale})
    return TensorHead(spec, SPECIES, 8, 2, 4).double().requires_grad_(False)


HEADS = {name: head(name) for name in ("dielectric", "polarisability", "elastic")}


def read(name: str, graph: Graph) -> Tensor:
    with torch.no_grad():
        return HEADS[name](ENCODER(graph), ENCODER.species(graph.numbers), graph)


def as_matrices(value: Tensor) -> Tensor:
    return value if value.ndim == 3 else torch.einsum("aij,sijkl,bkl->sab", MANDEL, value, MANDEL)


@pytest.mark.parametrize("name", HEADS)
@given(graph=strategies.graphs(CUTOFF, max_atoms=5), matrix=strategies.orthogonal_matrices())
@settings(max_examples=15)
def test_positive_heads_are_positive_definite_and_turn(name, graph, matrix):
    value, rotation = read(name, graph), torch.from_numpy(matrix)
    sizes = torch.linalg.eigvalsh(as_matrices(value))
    assert (sizes > -1e-13 * sizes.max()).all()
    expected = turned(value, rotation, LABELS[name].rank)
    gap = (read(name, moved(graph, rotation)) - expected).abs().max()
    assert gap <= 1e-9 * expected.abs().max()
    assert np.array_equal(LABELS[name].symmetrised(value.numpy()), value.numpy())


def test_the_same_head_unbound_is_not_positive():
    """So that the test above tests something."""
    rng = np.random.default_rng(0)
    plain = TensorHead(TensorSpec.of(LABELS["dielectric"]), SPECIES, 8, 2, 4).double()
    graphs = [build_graph(molecule(SPECIES, 5, CUTOFF, rng), CUTOFF) for _ in range(10)]
    least = [
        torch.linalg.eigvalsh(plain(ENCODER(graph), ENCODER.species(graph.numbers), graph)).min()
        for graph in graphs
    ]
    assert min(least) < 0


def test_positive_polarisabilities_of_far_apart_molecules_add_up():
    rng = np.random.default_rng(0)
    first, second = (molecule(SPECIES, atoms, CUTOFF, rng) for atoms in (5, 4))
    far = second.replace(positions=second.positions + 100.0)
    both = Structure(
        np.concatenate([first.numbers, far.numbers]), np.concatenate([first.positions, far.positions])
    )
    a, b, union = (read("polarisability", build_graph(s, CUTOFF)) for s in (first, second, both))
    torch.testing.assert_close(union, a + b, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("name", ["polarisability", "dielectric"])
def test_a_silent_positive_head_starts_from_the_isotropic_fit(name):
    """Three molecules of one species and no anisotropy: the fit is exact, and so is what the head says."""
    extensive = LABELS[name].extensive
    values = {n: (n if extensive else 1) * 1.5 * np.eye(3) for n in (2, 3, 5)}
    rng = np.random.default_rng(0)
    frames = [molecule((6,), n, CUTOFF, rng).replace(labels={name: value}) for n, value in values.items()]
    silent = TensorHead(fitted(LABELS[name], frames, positive=True), SPECIES, 8, 2, 4).double()
    silent.silence()
    for frame in frames:
        graph = build_graph(frame, CUTOFF)
        value = silent(ENCODER(graph), ENCODER.species(graph.numbers), graph)
        np.testing.assert_allclose(value[0].detach(), frame.labels[name], rtol=1e-9, atol=1e-9)
