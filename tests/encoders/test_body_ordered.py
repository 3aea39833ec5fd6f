"""The encoder is equivariant, local, smooth, silent on lonely atoms, and sees angles and torsions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import Structure
from intertwine.encoders import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import build_graph
from intertwine.groups import clebsch_gordan, random_rotation, spherical_harmonics

SPEC = BodyOrderedSpec(species=(1, 6, 8), cutoff=4.0, channels=6, layers=3, l_max=3, hidden_l=1, output_l=1)


def encoder(seed: int = 0, **changes: object) -> BodyOrderedEncoder:
    torch.manual_seed(seed)
    return BodyOrderedEncoder(SPEC.model_copy(update=changes)).double()


def cluster(seed: int, atoms: int = 9) -> Structure:
    rng = np.random.default_rng(seed)
    return Structure(rng.choice([1, 6, 8], atoms), rng.uniform(0.0, 4.0, (atoms, 3)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
@pytest.mark.parametrize("hidden_l", [0, 1])
def test_features_turn_with_the_structure(hidden_l: int, seed: int) -> None:
    net, structure = encoder(hidden_l=hidden_l), cluster(seed)
    g = random_rotation(np.random.default_rng(seed)) * (-1.0) ** (seed % 2)
    turned = structure.replace(positions=structure.positions @ g.T)
    before, after = net(build_graph(structure, 4.0)), net(build_graph(turned, 4.0))
    for irreps, x, y in zip(before.irreps, before.layers, after.layers, strict=True):
        expected = torch.einsum("ij,njc->nic", torch.from_numpy(np.array(irreps.matrix(g))), x)
        torch.testing.assert_close(y, expected, atol=1e-10, rtol=1e-9)


def test_a_lonely_atom_has_exactly_zero_features() -> None:
    features = encoder()(build_graph(Structure([6], [[0.0, 0.0, 0.0]]), 4.0))
    assert all(layer.abs().max() == 0.0 for layer in features.layers)


def test_edges_beyond_the_cutoff_change_nothing() -> None:
    """A longer neighbour list, as a skin leaves it, gives the same features."""
    net, structure = encoder(), cluster(1)
    short, long = net(build_graph(structure, 4.0)), net(build_graph(structure, 6.0))
    torch.testing.assert_close(short.layers[-1], long.layers[-1], atol=1e-12, rtol=1e-12)


def first_layer_invariants(positions: np.ndarray) -> torch.Tensor:
    net = encoder(layers=1, output_l=0)
    structure = Structure([6] + [1] * (len(positions) - 1), positions)
    return net(build_graph(structure, 4.0)).invariants()[0]


def test_one_layer_sees_angles() -> None:
    """Two neighbours at fixed distances: distances to the centre alone cannot tell these apart."""

    def bent(angle: float) -> np.ndarray:
        return np.array([[0, 0, 0], [1.1, 0, 0], [1.1 * np.cos(angle), 1.1 * np.sin(angle), 0]])

    assert (first_layer_invariants(bent(1.2)) - first_layer_invariants(bent(2.4))).abs().max() > 1e-3


def test_one_layer_sees_torsions() -> None:
    """Three neighbours: a fourth-order invariant changes where all second-order ones stay.

    With a₃ = 0 the invariants are sums over pairs of neighbours (angles at the centre); the triple product of
    distances between three of them enters only with a₃.
    """
    net = encoder(seed=1, layers=1, output_l=0)
    rng = np.random.default_rng(4)
    structure = Structure([6, 1, 1, 1], np.concatenate([np.zeros((1, 3)), rng.uniform(-1.5, 1.5, (3, 3))]))

    def mixed_difference() -> float:
        """Third mixed difference over the presence of each neighbour: zero for any sum over pairs."""
        total = 0.0
        for present in np.ndindex(2, 2, 2):
            keep = [0] + [k + 1 for k in range(3) if present[k]]
            part = Structure(structure.numbers[keep], structure.positions[keep])
            sign = (-1) ** (3 - sum(present))
            total += sign * net(build_graph(part, 4.0)).invariants()[0].sum().item()
        return abs(total)

    assert mixed_difference() > 1e-3
    with torch.no_grad():
        net.layers[0].orders[:, 2] = 0.0
    assert mixed_difference() < 1e-10


def test_messages_see_beyond_one_cutoff() -> None:
    chain = np.array([[0.0, 0, 0], [3.0, 0, 0], [6.0, 0.5, 0]])
    moved = chain.copy()
    moved[2] += [0.0, 0.7, 0.0]
    spec = {"layers": 2, "output_l": 0}
    first, second = (encoder(**spec)(build_graph(Structure([6, 6, 6], x), 4.0)) for x in (chain, moved))
    assert (first.layers[0][0] - second.layers[0][0]).abs().max() < 1e-12
    assert (first.layers[1][0] - second.layers[1][0]).abs().max() > 1e-5


def test_more_species_than_columns_still_tells_them_apart() -> None:
    spec = SPEC.model_copy(update={"species": (1, 6, 7, 8, 9, 16)})
    torch.manual_seed(0)
    net = BodyOrderedEncoder(spec)
    pair = [net(build_graph(Structure([6, z], [[0, 0, 0], [0, 0, 1.2]]), 4.0)).layers[0][0] for z in (9, 16)]
    assert (pair[0] - pair[1]).abs().max() > 1e-3


def test_an_unknown_element_is_named() -> None:
    with pytest.raises(InputError, match="never seen the element Au; accepted: H, C, O; do: train"):
        encoder()(build_graph(Structure([79], [[0, 0, 0]]), 4.0))


def test_features_finer_than_the_density_are_refused() -> None:
    with pytest.raises(ValueError, match="output_l = 3 needs l_max"):
        BodyOrderedSpec(species=(1,), l_max=2, output_l=3)


@pytest.mark.parametrize("l", [1, 2, 3])
def test_two_radial_functions_carry_every_path_of_a_vector(l: int) -> None:
    """[Y_{l+1} ⊗ v]_l, which no message forms, is α Y_l (r̂·v) + β [Y_{l−1} ⊗ v]_l with fixed α and β."""
    rng = np.random.default_rng(l)
    direction = rng.normal(size=(20, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    vector = rng.normal(size=(20, 3))

    def coupled(degree: int) -> np.ndarray:
        return np.einsum(
            "na,nb,abc->nc", spherical_harmonics(degree, direction), vector, clebsch_gordan(degree, 1, l)
        ).ravel()

    parallel = (spherical_harmonics(l, direction) * (direction * vector).sum(1, keepdims=True)).ravel()
    formed = np.stack([parallel, coupled(l - 1)], axis=1)
    _, residual, rank, _ = np.linalg.lstsq(formed, coupled(l + 1))
    assert rank == 2
    assert residual.item() < 1e-24
