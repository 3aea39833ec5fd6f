"""Pure functions against closed forms, brute force and their own derivatives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from intertwine.groups import spherical_harmonics as exact_harmonics
from intertwine.ops.contract import Neighbourhoods, _by_scatter, _by_table, neighbour_outer_sum
from intertwine.ops.harmonics import spherical_harmonics
from intertwine.ops.norm import norm, normalise
from intertwine.ops.radial import bessel_basis, envelope
from intertwine.ops.sphere import sphere_grid


def test_norm_has_finite_derivatives_of_both_orders_at_zero() -> None:
    x = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(norm(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert torch.equal(first, torch.zeros_like(first))
    assert torch.equal(second, torch.zeros_like(second))


def test_norm_and_direction_differentiate_twice() -> None:
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(normalise, x)
    assert gradgradcheck(normalise, x)


@pytest.mark.parametrize("l_max", range(7))
def test_harmonics_agree_with_the_exact_ones(l_max: int) -> None:
    v = torch.nn.functional.normalize(torch.randn(40, 3, dtype=torch.float64), dim=1)
    exact = np.concatenate([exact_harmonics(l, v.numpy()) for l in range(l_max + 1)], axis=1)
    np.testing.assert_allclose(spherical_harmonics(l_max, v).numpy(), exact, atol=1e-12)


def test_harmonics_differentiate_twice() -> None:
    v = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: spherical_harmonics(4, x), v)
    assert gradgradcheck(lambda x: spherical_harmonics(4, x), v)


@pytest.mark.parametrize("degree", [1, 5, 7, 10, 13, 16, 21])
def test_sphere_grid_is_exact_to_its_degree(degree: int) -> None:
    """The mean of Y_l vanishes for 0 < l ≤ degree: the defining property, from the harmonics."""
    grid = sphere_grid(degree)
    for l in range(1, degree + 1):
        np.testing.assert_allclose(grid.weights @ exact_harmonics(l, grid.points), 0.0, atol=1e-12)


def test_sphere_grid_beyond_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="degree <= 131"):
        sphere_grid(132)


def test_envelope_leaves_with_two_derivatives() -> None:
    x = torch.tensor([1.0 - 1e-9], dtype=torch.float64, requires_grad=True)
    value = envelope(x)
    (first,) = torch.autograd.grad(value, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert max(value.abs().item(), first.abs().item(), second.abs().item()) < 1e-5
    assert envelope(torch.tensor(0.0)) == 1.0


def test_bessel_basis_agrees_with_its_formula() -> None:
    r = torch.linspace(0.3, 4.9, 30, dtype=torch.float64)
    n = torch.arange(1, 9, dtype=torch.float64)
    x = r[:, None] / 5.0
    expected = 2**0.5 * torch.sin(n * torch.pi * x) / (torch.pi * x) * envelope(x)
    torch.testing.assert_close(bessel_basis(r, 5.0, 8), expected)


def test_bessel_basis_is_finite_at_zero_and_zero_beyond_the_cutoff() -> None:
    basis = bessel_basis(torch.tensor([0.0, 5.0, 7.0]), 5.0, 4)
    assert torch.isfinite(basis).all()
    assert basis[1:].abs().max() == 0.0


def neighbourhoods(degrees: list[int]) -> Neighbourhoods:
    receiver = torch.repeat_interleave(torch.arange(len(degrees)), torch.tensor(degrees))
    rank = torch.cat([torch.arange(d) for d in degrees])
    most = max(1, *degrees)
    return Neighbourhoods(receiver, receiver * most + rank, len(degrees), most)


@given(st.lists(st.integers(0, 6), min_size=2, max_size=8))
@settings(max_examples=25, deadline=None)
def test_both_roads_of_the_neighbour_sum_agree(degrees: list[int]) -> None:
    of = neighbourhoods(degrees)
    left = torch.randn(sum(degrees), 2, 4, dtype=torch.float64)
    right = torch.randn(sum(degrees), 2, 3, dtype=torch.float64)
    brute = torch.zeros(len(degrees), 4, 3, dtype=torch.float64)
    for e, i in enumerate(of.receiver.tolist()):
        brute[i] += torch.outer(left[e, 0], right[e, 0]) + torch.outer(left[e, 1], right[e, 1])
    torch.testing.assert_close(_by_table(left, right, of), brute)
    torch.testing.assert_close(_by_scatter(left, right, of), brute)


def test_neighbour_sum_scatters_when_one_atom_has_all_the_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    for road in ("_by_table", "_by_scatter"):
        monkeypatch.setattr(
            f"intertwine.ops.contract.{road}",
            lambda left, right, of, road=road: taken.append(road) or left.new_zeros(of.atoms, 1, 1),
        )
    for degrees in ([300] + [0] * 99, [3] * 100):
        of = neighbourhoods(degrees)
        neighbour_outer_sum(torch.ones(sum(degrees), 1, 1), torch.ones(sum(degrees), 1, 1), of)
    assert taken == ["_by_scatter", "_by_table"]


def test_neighbour_sum_differentiates_twice() -> None:
    of = neighbourhoods([2, 0, 3])
    left = torch.randn(5, 2, 2, dtype=torch.float64, requires_grad=True)
    right = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    for road in (_by_table, _by_scatter):
        assert gradcheck(lambda a, b, road=road: road(a, b, of), (left, right))
        assert gradgradcheck(lambda a, b, road=road: road(a, b, of), (left, right))


def test_analysis_undoes_synthesis() -> None:
    grid = sphere_grid(6)
    np.testing.assert_allclose(grid.analysis(3) @ grid.synthesis(3), np.eye(16), atol=1e-12)
