"""Every layer commutes with every group, has one weight per intertwiner, and reaches every map there is."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.groups import (
    GROUP_NAMES,
    Group,
    Irreps,
    ProductRepresentation,
    get_group,
    hom,
    random_rotation,
)
from intertwine.nn import (
    EquivariantAttention,
    EquivariantMLP,
    EquivariantNorm,
    EquivariantTransformer,
    Gate,
    NormNonlinearity,
    OrbitNonlinearity,
    SchurLinear,
    TensorProduct,
)
from intertwine.nn.rows import act

SEEDS = st.integers(0, 2**32 - 1)
EVERY_GROUP = pytest.mark.parametrize("name", GROUP_NAMES)
CHANNELS = 4


def turned(name: str, seed: int) -> Group:
    """The group in a drawn orientation."""
    return get_group(name, random_rotation(np.random.default_rng(seed)))


def all_irreps(group: Group) -> Irreps:
    """Each irrep once, of a compact group up to degree 2."""
    return group.irreps(2)


def drawn_irreps(group: Group, rng: np.random.Generator) -> Irreps:
    """Up to two copies of each irrep, in any order, some irreps missing."""
    terms = [(int(rng.integers(3)), irrep) for _, irrep in all_irreps(group)]
    return Irreps([terms[k] for k in rng.permutation(len(terms))], group)


LAYERS: dict[str, Callable[[Irreps], nn.Module]] = {
    "SchurLinear": lambda irreps: SchurLinear(irreps, irreps, CHANNELS, CHANNELS),
    "TensorProduct": lambda irreps: Square(irreps),
    "Gate": lambda irreps: Gate(irreps, CHANNELS),
    "NormNonlinearity": lambda irreps: NormNonlinearity(irreps, CHANNELS),
    "EquivariantNorm": lambda irreps: EquivariantNorm(irreps, CHANNELS),
    "OrbitNonlinearity": lambda irreps: OrbitNonlinearity(irreps, irreps, CHANNELS),
    "EquivariantAttention": lambda irreps: EquivariantAttention(irreps, CHANNELS, heads=2),
    "EquivariantMLP": lambda irreps: EquivariantMLP(
        irreps.group, irreps, irreps, CHANNELS, CHANNELS, channels=3, steps=1
    ),
    "EquivariantTransformer": lambda irreps: EquivariantTransformer(
        irreps.group, irreps, irreps, CHANNELS, CHANNELS, channels=4, heads=2, layers=1
    ),
}


class Square(nn.Module):
    """A feature times itself."""

    def __init__(self, irreps: Irreps) -> None:
        super().__init__()
        self.product = TensorProduct(irreps, irreps, irreps, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        return self.product(x, x)


def with_drawn_weights(layer: nn.Module, seed: int) -> nn.Module:
    """Every parameter drawn anew: symmetry must not hang on how a layer begins."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in layer.double().parameters():
        drawn = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
        parameter.data = drawn / max(parameter.shape[-2:-1] or (1,)) ** 0.5
    return layer.requires_grad_(False)


@EVERY_GROUP
@given(seed=SEEDS)
@settings(max_examples=2, deadline=None)
def test_every_layer_commutes_with_drawn_elements(name: str, seed: int) -> None:
    group = turned(name, seed)
    irreps, rng = all_irreps(group), np.random.default_rng(seed)
    elements = torch.from_numpy(group.sample(rng, 2))
    x = torch.from_numpy(rng.normal(size=(2, 3, irreps.dim, CHANNELS)))
    for kind, build in LAYERS.items():
        layer = with_drawn_weights(build(irreps), seed)
        y = layer(x)
        assert y.abs().max() > 1e-3, kind
        for g in elements:
            error = (layer(act(irreps, g, x)) - act(irreps, g, y)).abs().max()
            assert error <= 1e-10 * max(1.0, float(y.abs().max())), (kind, group, float(error))


@EVERY_GROUP
@given(seed=SEEDS)
@settings(max_examples=3, deadline=None)
def test_a_linear_layer_is_the_whole_space_of_intertwiners(name: str, seed: int) -> None:
    """One weight matrix per element of hom, and any drawn intertwiner is fitted exactly."""
    rng = np.random.default_rng(seed)
    before, after = (drawn_irreps(get_group(name), rng) for _ in range(2))
    maps = hom(before, after)
    layer = SchurLinear(before, after, 2, 3).double()
    assert layer.weight.shape == (len(maps), 2, 3)
    wanted = torch.from_numpy(np.einsum("aij,acd->icjd", maps, rng.normal(size=(len(maps), 3, 2))))
    torch.testing.assert_close(layer.fit(wanted).matrix(), wanted, atol=1e-12, rtol=0)


@EVERY_GROUP
@given(seed=SEEDS)
@settings(max_examples=2, deadline=None)
def test_a_product_is_the_whole_space_of_bilinear_intertwiners(name: str, seed: int) -> None:
    """Its weights are as many as hom(left ⊗ right, out) has dimensions, and none is redundant."""
    rng = np.random.default_rng(seed)
    group = get_group(name)
    candidates = [irrep for _, irrep in all_irreps(group)]
    left, right, out = (
        Irreps([candidates[k] for k in rng.integers(len(candidates), size=2)], group) for _ in range(3)
    )
    layer = TensorProduct(left, right, out, 1).double()
    maps = hom(ProductRepresentation(left, right), out)
    assert layer.weight.shape == (len(maps), 1)
    if not len(maps):
        return
    pairs = torch.eye(left.dim * right.dim, dtype=torch.float64).reshape(-1, left.dim, right.dim)
    u, s, vh = torch.linalg.svd(pairs)  # each unit pair is an outer product of two unit vectors
    x, y = u[:, :, :1] * s[:, :1, None], vh[:, :1].mT
    reached = []
    for path in range(len(maps)):
        layer.weight.data = torch.eye(len(maps), dtype=torch.float64)[:, path : path + 1]
        reached.append(layer(x, y).detach().squeeze(-1).T.flatten())
    basis = torch.stack(reached)
    assert torch.linalg.matrix_rank(basis) == len(maps)
    wanted = torch.from_numpy(rng.normal(size=len(maps)) @ maps.reshape(len(maps), -1))
    weights = torch.linalg.lstsq(basis.T, wanted[:, None]).solution
    torch.testing.assert_close((basis.T @ weights)[:, 0], wanted, atol=1e-11, rtol=0)


@EVERY_GROUP
def test_a_linear_function_on_the_orbit_changes_nothing(name: str) -> None:
    """Synthesis then analysis is the identity: no information is lost on the way to the points."""
    irreps = all_irreps(get_group(name))
    layer = OrbitNonlinearity(irreps, irreps, 1, nn.Identity(), degree=1).double()
    x = torch.randn(5, irreps.dim, 1, dtype=torch.float64)
    torch.testing.assert_close(layer(x), x, atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["O(3)", "SO(2)", "O(2)"])
def test_a_quadrature_of_too_low_a_degree_breaks_the_symmetry(name: str) -> None:
    group = get_group(name)
    irreps, rng = all_irreps(group), np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(20, irreps.dim, 1)))
    g = torch.from_numpy(group.sample(rng, 1)[0])
    errors = []
    for degree in (1, 3):
        layer = OrbitNonlinearity(irreps, irreps, 1, lambda s: s + s**3, degree=degree).double()
        errors.append(float((layer(act(irreps, g, x)) - act(irreps, g, layer(x))).abs().max()))
    assert errors[1] < 1e-12 < 1e-3 < errors[0]


def test_a_smooth_function_on_the_sphere_comes_as_close_as_its_grid_is_fine() -> None:
    group = get_group("O(3)")
    irreps, rng = Irreps.spherical_harmonics(2), np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(20, irreps.dim, 1)))
    g = torch.from_numpy(group.sample(rng, 1)[0])
    errors = []
    for degree in (2, 6, 18):
        layer = OrbitNonlinearity(irreps, irreps, 1, torch.nn.functional.silu, degree=degree).double()
        errors.append(float((layer(act(irreps, g, x)) - act(irreps, g, layer(x))).abs().max()))
    assert errors[2] < 1e-6 < errors[1] < errors[0]


def test_generic_vectors_reach_irreps_of_the_other_natural_parity() -> None:
    """On the sphere a polar vector and a quadrupole give no axial quadrupole; on the whole group they do."""
    before, after = Irreps("1o + 2e"), Irreps("2o")
    x = torch.randn(4, before.dim, 1, dtype=torch.float64)
    on_sphere, on_group = (
        OrbitNonlinearity(before, after, 1, degree=2, whole_group=whole).double() for whole in (False, True)
    )
    assert on_sphere(x).abs().max() < 1e-12 < 1e-3 < on_group(x).abs().max()
    g = torch.from_numpy(get_group("O(3)").sample(np.random.default_rng(3), 1)[0])
    torch.testing.assert_close(on_group(act(before, g, x)), act(after, g, on_group(x)), atol=1e-11, rtol=0)


def test_a_cubic_network_sees_the_axes_of_the_crystal_and_an_isotropic_one_does_not() -> None:
    directions = torch.tensor([[1.0, 0.0, 0.0], [3**-0.5] * 3], dtype=torch.float64)[..., None]
    values = {}
    for name, vector, scalar in (("Oh", "T1u", "A1g"), ("O(3)", "1o", "0e")):
        torch.manual_seed(1)
        network = with_drawn_weights(EquivariantMLP(name, vector, scalar), 1)
        along, diagonal = network(directions).flatten()
        values[name] = float((along - diagonal).abs())
    assert values["O(3)"] < 1e-12 < 1e-3 < values["Oh"]


@given(SEEDS)
@settings(max_examples=5, deadline=None)
def test_a_transformer_knows_no_order_of_its_points_and_ignores_those_that_are_not_there(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    network = with_drawn_weights(EquivariantTransformer("SO(2)", "2x0 + 1", "0 + 2"), seed)
    x = torch.randn(2, 6, 4, 1, dtype=torch.float64, generator=generator)
    order = torch.randperm(6, generator=generator)
    torch.testing.assert_close(network(x[:, order]), network(x)[:, order], atol=1e-11, rtol=1e-10)
    mask = torch.arange(6) < torch.tensor([[4], [0]])
    masked = network(x, mask)
    torch.testing.assert_close(masked[:1, :4], network(x[:1, :4]), atol=1e-11, rtol=1e-10)
    assert masked[0, 4:].abs().max() == masked[1].abs().max() == 0.0


def test_single_precision_commutes_to_single_precision() -> None:
    irreps = all_irreps(get_group("Oh"))
    g = torch.from_numpy(get_group("Oh").elements[17])
    x = torch.randn(5, 3, irreps.dim, CHANNELS)
    for kind, build in LAYERS.items():
        torch.manual_seed(0)
        layer = build(irreps).requires_grad_(False)
        error = (layer(act(irreps, g, x)) - act(irreps, g, layer(x))).abs().max()
        assert error < 1e-4, kind


def test_representations_of_two_groups_do_not_meet() -> None:
    with pytest.raises(InputError, match="different groups"):
        SchurLinear(Irreps("A1g", "Oh"), Irreps("0e"), 1, 1)
    with pytest.raises(InputError, match="different groups"):
        TensorProduct(Irreps("0e"), Irreps("A1g", "Oh"), Irreps("0e"), 1)


def test_what_a_layer_cannot_be_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match=r"needs invariants.*do: add it, or use NormNonlinearity"):
        Gate(Irreps("T1u", "Oh"), 2)
    with pytest.raises(InputError, match="cannot share the channels"):
        EquivariantAttention(Irreps("0e"), 6, heads=4)
    with pytest.raises(InputError, match="needs a degree"):
        OrbitNonlinearity(Irreps("0e"), Irreps("0e"), 1, torch.nn.functional.silu)
    with pytest.raises(InputError, match="more than once"):
        OrbitNonlinearity(Irreps("2x0e"), Irreps("0e"), 1)
