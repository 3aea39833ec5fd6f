"""The edge convolution: exact under O(3), free of gauge, smooth, and equal to all Clebsch-Gordan paths."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from intertwine.errors import InputError
from intertwine.groups import Irrep, Irreps, coupling, random_orthogonal, spherical_harmonics
from intertwine.nn import EdgeConvolution, SchurLinear
from intertwine.nn.rows import act
from intertwine.ops.edge_frames import edge_frames

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30)
POLES = [sign * np.eye(3)[axis] for axis in range(3) for sign in (1.0, -1.0)]


def directions(seed: int) -> Tensor:
    """Along ±x, ±y, ±z; nearly so; and anywhere, with any length."""
    rng = np.random.default_rng(seed)
    missed = [pole + 10.0 ** -rng.integers(1, 15) * rng.standard_normal(3) for pole in POLES]
    return torch.from_numpy(np.stack([*POLES, *missed, *(rng.standard_normal((4, 3)) * rng.uniform(0.1, 9))]))


@st.composite
def drawn_irreps(draw: st.DrawFn, l_max: int = 6) -> Irreps:
    """Any degrees with any declared parities, some twice, in any order."""
    labels = st.builds(lambda l, p: f"{l}{p}", st.integers(0, l_max), st.sampled_from("eo"))
    return Irreps(draw(st.lists(st.tuples(st.integers(1, 2), labels), min_size=1, max_size=4)))


def drawn_layer(source: Irreps, target: Irreps, seed: int, m_max: int | None = None) -> EdgeConvolution:
    torch.manual_seed(seed)
    return EdgeConvolution(source, target, 3, 2, m_max).double()


def drawn_features(layer: EdgeConvolution, irreps: Irreps, edges: int) -> tuple[Tensor, Tensor]:
    """Features of senders and scales; call after the layer was drawn, for the same seed."""
    features = torch.randn(edges, irreps.dim, 3, dtype=torch.float64)
    return features, torch.randn(edges, layer.scales, 3, dtype=torch.float64)


@given(drawn_irreps(), drawn_irreps(), st.sampled_from([None, 0, 1, 2]), SEEDS)
@FEW
def test_it_commutes_with_every_element_of_o3(
    source: Irreps, target: Irreps, m_max: int | None, seed: int
) -> None:
    layer, edges = drawn_layer(source, target, seed, m_max), directions(seed)
    x, scales = drawn_features(layer, source, len(edges))
    y = layer(x, edges, scales)
    for sign in (1.0, -1.0):
        g = torch.from_numpy(sign * random_orthogonal(np.random.default_rng(seed)))
        turned = layer(act(source, g, x), edges @ g.T, scales)
        torch.testing.assert_close(turned, act(target, g, y), atol=1e-10, rtol=0)


@given(drawn_irreps(), drawn_irreps(), st.sampled_from([None, 1]), SEEDS)
@FEW
def test_a_roll_about_each_edge_changes_nothing(
    source: Irreps, target: Irreps, m_max: int | None, seed: int
) -> None:
    layer, edges = drawn_layer(source, target, seed, m_max), directions(seed)
    x, scales = drawn_features(layer, source, len(edges))
    roll = torch.rand(len(edges), dtype=torch.float64) * 2 * torch.pi
    rolled = layer.in_frames(x, edge_frames(layer.degree, edges, roll), scales)
    torch.testing.assert_close(rolled, layer(x, edges, scales), atol=1e-12, rtol=1e-12)


def kernels(layer: EdgeConvolution, edges: Tensor) -> np.ndarray:
    """Every map of the layer, one row each: all matrix elements at all directions, one weight at a time."""
    source, linear = layer.arrive.irreps.dim, layer.linear
    rows = []
    unit = torch.eye(source, dtype=torch.float64)
    for number in range(len(linear.weight)):
        with torch.no_grad():
            linear.weight.zero_()
            linear.weight[number] = 1.0
            columns = [layer(column.expand(len(edges), source)[..., None], edges) for column in unit]
        rows.append(torch.stack(columns).numpy().ravel())
    return np.array(rows).reshape(len(rows), source * layer.leave.irreps.dim * len(edges))


def paths(source: Irrep, target: Irrep, edges: Tensor) -> np.ndarray:
    """Every Clebsch-Gordan path x ⊗ Y_L(r̂) → out with harmonics of natural parity, likewise."""
    rows = []
    unit = edges.numpy() / np.linalg.norm(edges.numpy(), axis=1, keepdims=True)
    for L in range(source.degree + target.degree + 1):
        for table in coupling(
            source, source.group.irrep(f"{L}y" if source.group.name == "O(3)" else f"{L}"), target
        ):
            rows.append(np.einsum("ijk,ej->iek", table, spherical_harmonics(L, unit)).ravel())
    return np.array(rows).reshape(len(rows), source.dim * target.dim * len(edges))


def rank(rows: np.ndarray) -> int:
    return (
        int((np.linalg.svd(rows, compute_uv=False) > 1e-9 * np.abs(rows).max(initial=1)).sum())
        if len(rows)
        else 0
    )


O3_PAIRS = [
    (f"{l}{p}", f"{k}{q}") for l in (0, 1, 2, 4, 6) for k in (0, 1, 3, 6) for p, q in ("ee", "eo", "oe", "oo")
]


@pytest.mark.parametrize(("source", "target"), O3_PAIRS)
def test_its_maps_are_all_clebsch_gordan_paths_and_no_others(source: str, target: str) -> None:
    a, b = Irrep.parse(source), Irrep.parse(target)
    edges = directions(0)[6:]
    ours, theirs = kernels(EdgeConvolution(Irreps(a), Irreps(b), 1, 1).double(), edges), paths(a, b, edges)
    natural = (-1) ** (a.degree + b.degree) == (1 if source[-1] == target[-1] else -1)
    expected = min(a.degree, b.degree) + natural
    assert len(ours) == len(theirs) == rank(ours) == rank(theirs) == expected
    assert rank(np.concatenate([ours, theirs])) == expected


@pytest.mark.parametrize(("source", "target"), [("0", "2"), ("1", "1"), ("2", "3"), ("4", "2")])
def test_without_parity_the_maps_are_those_of_every_degree(source: str, target: str) -> None:
    a, b = Irrep.parse(source, "SO(3)"), Irrep.parse(target, "SO(3)")
    edges = directions(0)[6:]
    ours, theirs = kernels(EdgeConvolution(Irreps(a), Irreps(b), 1, 1).double(), edges), paths(a, b, edges)
    expected = 2 * min(a.degree, b.degree) + 1
    assert len(ours) == len(theirs) == rank(np.concatenate([ours, theirs])) == expected


def test_the_linear_map_along_the_edge_is_the_one_class() -> None:
    vectors = Irreps("1o")
    assert isinstance(EdgeConvolution(vectors, vectors, 1, 1).linear, SchurLinear)
    assert str(EdgeConvolution(vectors, vectors, 1, 1).linear.irreps_in.group.name) == "O(2)"


def test_leaving_orders_out_leaves_their_weights_out() -> None:
    harmonics = Irreps.spherical_harmonics(6)
    weights = [
        len(EdgeConvolution(harmonics, harmonics, 1, 1, m_max).linear.weight) for m_max in (0, 2, 6, None)
    ]
    assert weights == [49, 49 + 36 + 25, 140, 140]


def test_scales_multiply_each_order_of_each_degree() -> None:
    """Scales that keep m = 0 alone do what m_max = 0 does."""
    source = Irreps("0e + 1o + 2e")
    layer, edges = drawn_layer(source, source, 0), directions(0)
    x, scales = drawn_features(layer, source, len(edges))
    scales[:] = torch.tensor([1.0, 1, 1, 0, 0, 0])[:, None]
    least = drawn_layer(source, source, 0, m_max=0)
    with torch.no_grad():
        least.linear.weight.copy_(layer.linear.weight[:9])
    torch.testing.assert_close(layer(x, edges, scales), least(x, edges))


@pytest.mark.parametrize(("source", "target"), [("0e+1o", "1o"), ("2e+1e", "0e+2o")])
def test_it_differentiates_twice_at_the_poles_and_anywhere(source: str, target: str) -> None:
    layer = drawn_layer(Irreps(source), Irreps(target), 0).requires_grad_(False)
    # on the border of two charts, too, where only the gauge may jump
    border = torch.tensor([[0.0, 1, 1], [0.6, -1, 0.8]], dtype=torch.float64)
    edges = torch.cat([directions(1)[:9], border]).requires_grad_()
    x, scales = (value.requires_grad_() for value in drawn_features(layer, Irreps(source), len(edges)))
    assert gradcheck(layer, (x, edges, scales), fast_mode=True)
    assert gradgradcheck(layer, (x, edges, scales), fast_mode=True)
    assert gradcheck(lambda edges: layer(x, edges, scales), edges)
    assert gradgradcheck(lambda edges: layer(x, edges, scales), edges)


def test_derivatives_turn_with_the_frame_of_space() -> None:
    """The gradient by the direction is a vector field: gauge and charts leave no trace in it."""
    source, target = Irreps("0e+1o+2e+4e"), Irreps("0e")
    layer, edges = drawn_layer(source, target, 0), directions(2).requires_grad_()
    x, _ = drawn_features(layer, source, len(edges))
    g = torch.from_numpy(random_orthogonal(np.random.default_rng(3)))
    turned_edges = (edges @ g.T).detach().requires_grad_()
    (plain,) = torch.autograd.grad(layer(x, edges).sum(), edges)
    (turned,) = torch.autograd.grad(layer(act(source, g, x), turned_edges).sum(), turned_edges)
    torch.testing.assert_close(turned, plain @ g.T, atol=1e-10, rtol=1e-10)


def test_an_edge_of_no_length_joins_scalars_only() -> None:
    source = Irreps("0e + 1o")
    layer = drawn_layer(source, source, 0)
    message = layer(torch.ones(1, 4, 3).double(), torch.zeros(1, 3).double())
    assert message[:, 0].abs().min() > 0
    assert message[:, 1:].abs().max() == 0


def test_no_features_give_no_messages() -> None:
    layer = EdgeConvolution(Irreps(""), Irreps("1o"), 3, 2)
    assert layer(torch.zeros(5, 0, 3), torch.randn(5, 3)).abs().sum() == 0
    assert EdgeConvolution(Irreps("1o"), Irreps(""), 3, 2)(torch.ones(5, 3, 3), torch.randn(5, 3)).shape == (
        5,
        0,
        2,
    )


def test_other_groups_and_orders_are_refused() -> None:
    with pytest.raises(InputError, match=r"accepted: irreps of O\(3\) or SO\(3\)"):
        EdgeConvolution(Irreps("T1u", "Oh"), Irreps("T1u", "Oh"), 1, 1)
    with pytest.raises(InputError, match="m_max >= 0"):
        EdgeConvolution(Irreps("1o"), Irreps("1o"), 1, 1, m_max=-1)
