"""Every layer commutes with every element of O(3), and can represent what it should."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.groups import Irreps, random_rotation
from intertwine.nn import Gate, Restriction, SchurLinear, SphereProduct, TensorProduct
from intertwine.ops import sphere_product
from intertwine.ops.sphere import sphere_grid

SEEDS = st.integers(0, 2**32 - 1)
TIGHT = settings(max_examples=15, deadline=None)


def element(seed: int) -> np.ndarray:
    """A Haar-random element of O(3); odd seeds are improper."""
    rotation = random_rotation(np.random.default_rng(seed))
    return rotation * (-1.0) ** (seed % 2)


def act(irreps: Irreps, g: np.ndarray, x: torch.Tensor) -> torch.Tensor:
    """D(g) on the rows of features (…, lm, channel)."""
    return torch.einsum("ij,...jc->...ic", torch.from_numpy(np.array(irreps.matrix(g))), x)


def features(irreps: Irreps, channels: int, seed: int) -> torch.Tensor:
    return torch.randn(
        5, irreps.dim, channels, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )


@given(SEEDS)
@TIGHT
@pytest.mark.parametrize(
    ("source", "target"),
    [("0e+1o+2e", "0e+1o+2e"), ("0e+1o+1e", "1e+0e"), ("1o", "0e+1o"), ("0e+1o+2e", "2e+0e")],
)
def test_schur_linear_commutes_with_the_group(source: str, target: str, seed: int) -> None:
    layer = SchurLinear(Irreps(source), Irreps(target), 4, 3).double()
    x, g = features(Irreps(source), 4, seed), element(seed)
    torch.testing.assert_close(
        layer(act(Irreps(source), g, x)), act(Irreps(target), g, layer(x)), atol=1e-12, rtol=1e-12
    )


def test_schur_linear_has_one_weight_per_intertwiner() -> None:
    layer = SchurLinear(Irreps("0e+1o+1e"), Irreps("0e+1o"), 4, 5)
    assert sum(w.numel() for w in layer.parameters()) == 2 * 4 * 5


def test_schur_linear_never_mixes_parities() -> None:
    layer = SchurLinear(Irreps("1e"), Irreps("1o"), 4, 4)
    assert layer(torch.randn(2, 3, 4)).abs().max() == 0.0


@given(SEEDS)
@TIGHT
def test_tensor_product_commutes_with_the_group(seed: int) -> None:
    left, right, out = Irreps("0e+1o+2e"), Irreps("0e+1o"), Irreps("0e+1o+1e+2e+3o")
    layer = TensorProduct(left, right, out, 3).double()
    x, y, g = features(left, 3, seed), features(right, 3, seed + 1), element(seed)
    torch.testing.assert_close(
        layer(act(left, g, x), act(right, g, y)), act(out, g, layer(x, y)), atol=1e-11, rtol=1e-11
    )


def test_tensor_product_of_vectors_holds_dot_and_cross() -> None:
    vector = Irreps("1o")
    layer = TensorProduct(vector, vector, Irreps("0e+1e"), 1).double()
    torch.nn.init.ones_(layer.weight)
    a, b = torch.randn(2, 3, dtype=torch.float64)
    out = layer(a.view(1, 3, 1), b.view(1, 3, 1)).flatten()
    torch.testing.assert_close(out[0].abs() * 3**0.5, (a @ b).abs())
    cross = torch.linalg.cross(a, b)
    torch.testing.assert_close(out[1:] / out[1:].norm(), cross / cross.norm() * torch.sign(out[1:] @ cross))


@given(SEEDS)
@TIGHT
@pytest.mark.parametrize(("l_in", "l_out"), [(1, 0), (2, 2), (3, 1), (3, 3), (4, 2)])
def test_sphere_product_commutes_with_the_group(l_in: int, l_out: int, seed: int) -> None:
    layer = SphereProduct(l_in, l_out, 4, 4).double()
    x, g = features(Irreps.spherical_harmonics(l_in), 4, seed), element(seed)
    orders = torch.randn(5, 3, 4, dtype=torch.float64)
    torch.testing.assert_close(
        layer(act(Irreps.spherical_harmonics(l_in), g, x), orders),
        act(Irreps.spherical_harmonics(l_out), g, layer(x, orders)),
        atol=1e-10,
        rtol=1e-10,
    )


def test_a_coarser_grid_would_break_the_symmetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exactness of the grid is what makes the product equivariant: one degree less and it is not."""
    coarse = sphere_grid(7)
    tables = coarse.synthesis(3) / 4, coarse.analysis(1)
    monkeypatch.setattr(sphere_product, "product_matrices", lambda l_in, l_out: tables)
    irreps, g = Irreps.spherical_harmonics(3), element(3)
    x, orders = features(irreps, 12, 0), torch.ones(5, 3, 4, dtype=torch.float64)
    before = sphere_product.plain_sphere_product(x, orders, 3, 1)
    after = sphere_product.plain_sphere_product(act(irreps, g, x), orders, 3, 1)
    assert (after - act(Irreps.spherical_harmonics(1), g, before)).abs().max() > 1e-4


def test_second_order_of_the_sphere_product_is_a_clebsch_gordan_sum() -> None:
    """The scalar part of u·v is Σ_lm u_lm v_lm: the grid and the algebra are two roads to one number."""
    layer = SphereProduct(3, 0, 2, 2).double()
    x = features(Irreps.spherical_harmonics(3), 2, 1)
    orders = torch.zeros(5, 3, 2, dtype=torch.float64)
    orders[:, 1] = 1.0
    u, v, _ = layer.mix(x).chunk(3, dim=-1)
    torch.testing.assert_close(layer(x, orders)[:, 0], (u * v).sum(1) / 16, atol=1e-12, rtol=1e-12)


@given(SEEDS)
@TIGHT
def test_gate_commutes_with_the_group(seed: int) -> None:
    irreps = Irreps("0e+1o+2e")
    layer = Gate(irreps, 4).double()
    x, g = features(irreps, 4, seed), element(seed)
    torch.testing.assert_close(layer(act(irreps, g, x)), act(irreps, g, layer(x)), atol=1e-12, rtol=1e-12)


def test_a_gate_without_invariants_says_so() -> None:
    with pytest.raises(ValueError, match="needs invariants to open it"):
        Gate(Irreps("1o"), 4)


def test_constants_survive_a_trip_through_single_precision() -> None:
    layer = Restriction(Irreps("3o"), "Td")
    exact = layer.double().basis.value.clone()
    assert torch.equal(layer.float().double().basis.value, exact)
