"""Averaging any module, projecting any linear map: both roads make it equivariant, and they agree."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from intertwine.errors import InputError
from intertwine.groups import (
    GROUP_NAMES,
    POINT_GROUPS,
    Group,
    Irreps,
    ProductRepresentation,
    Representation,
    get_group,
    hom,
    project_map,
    random_rotation,
)
from intertwine.nn import SchurLinear, project_linear, symmetric_part, symmetrize

COMPACT = ["O(3)", "SO(3)", "O(2)", "SO(2)"]


def turned_group(name: str, seed: int) -> Group:
    return get_group(name, random_rotation(np.random.default_rng(seed)))


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def act(representation: Representation, g: np.ndarray, x: torch.Tensor, axis: int = -2) -> torch.Tensor:
    matrix = torch.from_numpy(np.array(representation.matrix(g)))
    return torch.einsum("ij,...j->...i", matrix, x.movedim(axis, -1)).movedim(-1, axis)


def error(
    module: nn.Module,
    rep_in: Representation,
    rep_out: Representation,
    g: np.ndarray,
    x: torch.Tensor,
    axis: int,
) -> float:
    difference = module(act(rep_in, g, x, axis)) - act(rep_out, g, module(x), axis)
    return difference.abs().max().item()


def plain_network(rows_in: int, rows_out: int, channels: int = 2) -> nn.Module:
    """A network that knows no group: rows and channels in one line."""
    return nn.Sequential(
        nn.Flatten(-2),
        nn.Linear(rows_in * channels, 12),
        nn.SiLU(),
        nn.Linear(12, rows_out * channels),
        nn.Unflatten(-1, (rows_out, channels)),
    ).double()


class Quadratic(nn.Module):
    """A polynomial of total degree two in its inputs, without any symmetry."""

    def __init__(self, rows_in: int, rows_out: int) -> None:
        super().__init__()
        self.left, self.right, self.straight = (nn.Linear(rows_in, rows_out).double() for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.left(x) * self.right(x) + self.straight(x)


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_projection_equals_averaging_on_random_maps(name: str) -> None:
    group = turned_group(name, 1)
    pair = ProductRepresentation(group.vector, group.vector)
    for rep_in, rep_out in [(pair, pair), (group.vector, pair), (group.irreps(2), group.irreps(1))]:
        plain = nn.Linear(rep_in.dim, rep_out.dim).double()
        x = draw(4, rep_in.dim)
        averaged = symmetrize(plain, group, rep_in, rep_out, degree=1, axis=-1)(x)
        projected = project_linear(plain, group, rep_in, rep_out)
        assert (averaged - projected(x)).abs().max() < 1e-12
        numpy_road = project_map(plain.weight.detach().numpy(), rep_in, rep_out)
        assert (
            np.abs(symmetric_part(plain.weight, rep_in, rep_out).detach().numpy() - numpy_road).max() < 1e-12
        )
        assert projected.dimension == len(hom(rep_in, rep_out))


@pytest.mark.parametrize("name", POINT_GROUPS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=3, deadline=None)
def test_the_average_of_a_plain_network_commutes_with_every_element(name: str, seed: int) -> None:
    group = turned_group(name, 1)
    rep_in, rep_out = group.vector, group.irreps()
    torch.manual_seed(seed)
    module, x = plain_network(3, rep_out.dim), draw(2, 3, 2, seed=seed)
    average = symmetrize(module, group, rep_in, rep_out)
    (g,) = group.sample(np.random.default_rng(seed), 1)
    assert error(average, rep_in, rep_out, g, x, -2) < 1e-10
    if group.order != 1:
        assert error(module, rep_in, rep_out, group.generators[0], x, -2) > 1e-3  # the plain one does not


REPRESENTATIONS = {
    "O(3)": ("0e+1o+2e", "1o+2e"),
    "SO(3)": ("0+1+2", "1"),
    "O(2)": ("0e+1+2", "0o+1"),
    "SO(2)": ("1+2", "0+1+2"),
}


@pytest.mark.parametrize("name", COMPACT)
def test_a_polynomial_is_averaged_exactly_at_its_own_degree_and_not_below(name: str) -> None:
    group = get_group(name)
    rep_in, rep_out = (Irreps(text, group) for text in REPRESENTATIONS[name])
    torch.manual_seed(0)
    module, x = Quadratic(rep_in.dim, rep_out.dim), draw(3, rep_in.dim)
    elements = group.sample(np.random.default_rng(0), 3)
    exact = symmetrize(module, group, rep_in, rep_out, degree=2, axis=-1)
    assert max(error(exact, rep_in, rep_out, g, x, -1) for g in elements) < 1e-12
    assert exact(x).abs().max() > 1e-3
    finer = symmetrize(module, group, rep_in, rep_out, degree=3, axis=-1)
    torch.testing.assert_close(exact(x), finer(x), atol=1e-12, rtol=0)
    coarse = symmetrize(module, group, rep_in, rep_out, degree=1, axis=-1)
    assert max(error(coarse, rep_in, rep_out, g, x, -1) for g in elements) > 1e-3


def test_sampling_comes_closer_with_the_root_of_the_number_and_repeats_itself() -> None:
    group = get_group("SO(3)")
    torch.manual_seed(0)
    module, x = Quadratic(3, 3), draw(8, 3)
    exact = symmetrize(module, group, "1", "1", degree=2, axis=-1)(x)
    errors = []
    for samples in (20, 20 * 400):
        drawn = [symmetrize(module, group, "1", "1", samples=samples, seed=s, axis=-1)(x) for s in range(4)]
        errors.append((torch.stack(drawn) - exact).square().mean().sqrt().item())
    assert 10 < errors[0] / errors[1] < 40
    first, again = (symmetrize(module, group, "1", "1", samples=5, seed=3, axis=-1)(x) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("name", ["Oh", "C3", "O(3)", "SO(2)"])
def test_an_equivariant_module_is_left_as_it_is(name: str) -> None:
    group = get_group(name)
    irreps = group.irreps(2)
    layer = SchurLinear(irreps, irreps, 2, 3).double()
    x = draw(4, irreps.dim, 2)
    torch.testing.assert_close(
        symmetrize(layer, group, irreps, irreps, degree=1)(x), layer(x), atol=1e-12, rtol=0
    )


@pytest.mark.parametrize("name", ["Td", "C4h"])
def test_averaging_twice_is_averaging_once(name: str) -> None:
    group = turned_group(name, 5)
    once = symmetrize(plain_network(3, 3), group, group.vector, group.vector)
    x = draw(4, 3, 2)
    torch.testing.assert_close(
        symmetrize(once, group, group.vector, group.vector)(x), once(x), atol=1e-12, rtol=0
    )


def test_chunks_give_the_same_sum() -> None:
    group = get_group("Oh")
    module, x = plain_network(3, 3), draw(5, 3, 2)
    whole = symmetrize(module, group, group.vector, group.vector)(x)
    for chunk in (1, 7, 48):
        part = symmetrize(module, group, group.vector, group.vector, chunk=chunk)(x)
        torch.testing.assert_close(part, whole, atol=1e-13, rtol=0)


def test_one_vector_without_any_batch_axis_is_averaged_too() -> None:
    group = get_group("D3")
    average = symmetrize(nn.Linear(3, 3).double(), group, group.vector, group.vector, axis=-1)
    x = draw(3)
    torch.testing.assert_close(average(x), average(x[None])[0], atol=1e-14, rtol=0)


def test_the_inner_parameters_train_and_are_the_whole_checkpoint() -> None:
    group = get_group("D4")
    inner = plain_network(3, 3)
    average = symmetrize(inner, group, group.vector, group.vector)
    assert set(average.state_dict()) == {f"module.{key}" for key in inner.state_dict()}
    x, g = draw(6, 3, 2), group.elements[3]
    optimiser = torch.optim.SGD(average.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        loss = (average(x) - 2 * x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert error(average, group.vector, group.vector, g, x, -2) < 1e-12


def test_training_a_projected_layer_keeps_its_symmetry() -> None:
    group = get_group("C4v")
    layer = project_linear(nn.Linear(3, 3).double(), group, group.vector, group.vector)
    x, g = draw(6, 3), group.elements[3]
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(5):
        optimiser.zero_grad()
        (layer(x) - draw(6, 3, seed=1)).square().mean().backward()
        optimiser.step()
    assert error(layer, group.vector, group.vector, g, x, -1) < 1e-12


def test_symmetric_part_is_a_projection_with_a_derivative() -> None:
    group = get_group("C3")
    pair = ProductRepresentation(group.vector, group.vector)
    weight = draw(2, 9, 3).requires_grad_()
    part = symmetric_part(weight, group.vector, pair)
    torch.testing.assert_close(symmetric_part(part, group.vector, pair), part, atol=1e-13, rtol=0)
    (slope,) = torch.autograd.grad(0.5 * part.square().sum(), weight)
    torch.testing.assert_close(slope, part, atol=1e-13, rtol=0)  # |P W|²/2 has the derivative P W


def test_tables_join_the_precision_of_the_module_and_stay_exact() -> None:
    group = get_group("C3")
    average = symmetrize(nn.Linear(3, 3).double(), group, group.vector, group.vector, axis=-1)
    exact = average.before.value.clone()
    assert exact.dtype == torch.float64
    assert torch.equal(average.float().double().before.value, exact)


REFUSED = [
    (
        lambda: symmetrize(nn.Identity(), "SO(3)", "1", "1"),
        "too many elements.* do: give degree=d .* or samples=n",
    ),
    (
        lambda: symmetrize(nn.Identity(), "SO(3)", "1", "1", degree=1, samples=3),
        "samples take the place of degree",
    ),
    (lambda: symmetrize(nn.Identity(), "SO(3)", "1", "1", samples=0), "samples >= 1"),
    (lambda: symmetrize(nn.Identity(), "SO(3)", "1", "1", degree=-1), "degree >= 0"),
    (
        lambda: symmetrize(nn.Identity(), "Oh", get_group("Td").vector, "T1u"),
        "another group; got: Td; accepted: Oh",
    ),
    (lambda: symmetrize(nn.Identity(), "Oh", "T1u", "T1u", axis=1), "axis = -2 or -1"),
    (lambda: symmetrize(nn.Identity(), "Oh", "T1u", "T1u", chunk=0), "chunk >= 1"),
    (
        lambda: symmetrize(nn.Identity(), "Oh", "T1u", "T1u")(torch.ones(4, 2)),
        "the input does not fit.* 3 rows on axis -2",
    ),
    (
        lambda: symmetrize(nn.Identity(), "Oh", "T1u", "A1g")(torch.ones(3, 2)),
        "the output does not fit.* 1 rows on axis -2",
    ),
    (lambda: project_linear(nn.Linear(3, 4), "Oh", "T1u", "T1u"), r"got: shape \(4, 3\); accepted: \(3, 3\)"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_cannot_be_averaged_is_refused_with_what_to_do(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
