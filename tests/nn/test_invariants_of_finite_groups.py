"""Invariant polynomials are all there, and orbit networks are averages."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, CartesianTensor, get_group, molien
from intertwine.nn import InvariantPolynomials, OrbitNetwork


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(POINT_GROUPS)), st.sampled_from(("ij=ji", "i")), st.integers(0, 2**32 - 1))
def test_no_element_changes_them(name: str, formula: str, seed: int):
    tensor = CartesianTensor(formula, name)
    torch.manual_seed(seed)
    x = torch.randn(4, tensor.dim, dtype=torch.float64)
    for function in (InvariantPolynomials(tensor, 3).double(), OrbitNetwork(tensor, 5, 3).double()):
        value = function(x).detach()
        for g in tensor.group.elements:
            turned = function(x @ torch.from_numpy(tensor.matrix(g)).T).detach()
            assert (turned - value).abs().max() < 1e-12 * (1 + value.abs().max())


@pytest.mark.parametrize("name", ["m-3m", "23", "6/mmm", "1"])
def test_there_are_as_many_as_molien_says(name: str):
    tensor = CartesianTensor("ij=ji", name)
    degrees = InvariantPolynomials(tensor, 4).degrees
    assert [degrees.count(n) for n in (2, 3, 4)] == molien(tensor, 4)[2:]


def test_an_orbit_network_has_no_value_and_no_slope_at_zero():
    network = OrbitNetwork(CartesianTensor("ij=ji", "2"), 6, 4).double()
    x = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    value = network(x)
    (slope,) = torch.autograd.grad(value, x)
    assert value.abs() < 1e-15
    assert slope.abs().max() < 1e-15


def test_elements_that_act_alike_count_once():
    assert OrbitNetwork(CartesianTensor("ij=ji", "Oh"), 2, 2).points == 24
    assert OrbitNetwork(get_group("Oh").vector, 2, 2).points == 48


def test_a_compact_group_is_refused():
    with pytest.raises(InputError, match="finite group"):
        OrbitNetwork(CartesianTensor("ij=ji"), 2, 2)


def test_random_signals_are_not_all_alike():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 6)))
    values = OrbitNetwork(CartesianTensor("ij=ji", "4"), 6, 4).double()(x)
    assert values.std() > 1e-3
