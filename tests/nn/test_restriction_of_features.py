"""Features of a group enter a network of its subgroup, which keeps the smaller symmetry and no more."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import GROUP_NAMES, Irreps, get_group, random_rotation
from intertwine.nn import EquivariantMLP, Restriction, SchurLinear
from intertwine.nn.rows import act


@pytest.mark.parametrize("name", GROUP_NAMES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=2, deadline=None)
def test_restriction_commutes_with_the_subgroup_and_can_be_undone(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = get_group(name, random_rotation(rng))
    irreps = Irreps("2x0e + 1o + 1e + 3o")
    layer = Restriction(irreps, group).double()
    x = torch.from_numpy(rng.normal(size=(4, irreps.dim, 2)))
    g = torch.from_numpy(group.sample(rng, 1)[0])
    torch.testing.assert_close(
        layer(act(irreps, g, x)), act(layer.irreps_out, g, layer(x)), atol=1e-11, rtol=0
    )
    torch.testing.assert_close(layer.inverse(layer(x)), x, atol=1e-12, rtol=0)


def test_a_crystal_network_on_spherical_features_has_the_symmetry_of_the_crystal_only() -> None:
    """Harmonics of all directions, restricted to a cube: its turns change nothing, others do."""
    harmonics, rng = Irreps.spherical_harmonics(4), np.random.default_rng(0)
    door = Restriction(harmonics, "Oh").double()
    torch.manual_seed(0)
    network = EquivariantMLP("Oh", door.irreps_out, "A1g", channels=4, steps=1).double().requires_grad_(False)
    x = torch.from_numpy(rng.normal(size=(6, harmonics.dim, 1)))
    y = network(door(x))
    turns = get_group("Oh").elements[[5, 23, 47]]
    for g in map(torch.from_numpy, turns):
        torch.testing.assert_close(network(door(act(harmonics, g, x))), y, atol=1e-10, rtol=0)
    other = torch.from_numpy(random_rotation(rng))
    assert (network(door(act(harmonics, other, x))) - y).abs().max() > 1e-3


def test_restriction_adds_the_weights_that_the_smaller_symmetry_allows() -> None:
    """Degree 4 meets itself in one way under O(3), in four under O_h, in five under D4h's 2A1+A2+B1+B2+2E."""
    harmonics = Irreps("4e")
    weights = {"O(3)": len(SchurLinear(harmonics, harmonics, 1, 1).weight)}
    for name in ("Oh", "D4h"):
        crystal = Restriction(harmonics, name).irreps_out
        weights[name] = len(SchurLinear(crystal, crystal, 1, 1).weight)
    assert weights == {"O(3)": 1, "Oh": 4, "D4h": 2**2 + 1 + 1 + 1 + 2**2}


def test_a_group_is_no_subgroup_of_a_smaller_one() -> None:
    with pytest.raises(InputError, match="not a subgroup"):
        Restriction(Irreps("A1 + E", "C4v"), "Oh")
