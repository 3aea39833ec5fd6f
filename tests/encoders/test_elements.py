"""Tables that elements share: smooth in the periodic table while they learn, plain tables afterwards."""

import numpy as np
import pytest
import torch
from ase.build import bulk
from torch import nn

from intertwine.data import LABELS, Structure
from intertwine.encoders import BodyOrderedSpec, SharedElements
from intertwine.encoders.elements import ROOM, periodic_places
from intertwine.graph import build_graph
from intertwine.heads import TensorSpec
from intertwine.observables import Model, ModelSpec

SPECIES = (3, 9, 11, 17, 19, 26, 27, 35, 37, 53, 57, 58)


def model(seed: int = 0) -> Model:
    torch.manual_seed(seed)
    encoder = BodyOrderedSpec(species=SPECIES, channels=6, message_channels=3, l_max=2, output_l=2, radial=3)
    head = TensorSpec.of(LABELS["dielectric"])
    return Model(ModelSpec(encoder=encoder, energy=False, heads={"dielectric": head})).double()


def salt(name: str):
    return build_graph(Structure.from_ase(bulk(name, "rocksalt", a=5.6)), 5.0)


def spread(module: nn.Module, one: int, other: int) -> float:
    """How far the rows of two elements are apart, over all tables."""
    tables = [table.detach() for table in module.tables().values()]
    rows = SPECIES.index(one), SPECIES.index(other)
    return float(sum(torch.linalg.vector_norm(table[rows[0]] - table[rows[1]]) for table in tables))


def test_every_table_per_element_is_shared_and_nothing_else():
    whole = model()
    shared = SharedElements(whole, SPECIES)
    with_rows = {f"encoder.{n}" for n, p in whole.encoder.named_parameters() if p.shape[0] == len(SPECIES)}
    assert set(shared.names) == with_rows
    assert {name for name, p in whole.named_parameters() if not p.requires_grad} == with_rows


def test_elements_of_one_group_start_alike():
    starts = [SharedElements(model(seed), SPECIES) for seed in range(5)]
    near, far = [spread(s, 17, 35) for s in starts], [spread(s, 17, 19) for s in starts]
    assert all(a < b for a, b in zip(near, far, strict=True))
    assert np.mean(near) < 0.7 * np.mean(far)


def test_the_start_has_the_spread_of_the_tables_that_it_replaces():
    for seed in range(3):
        whole = model(seed)
        before = {name: p.detach().clone() for name, p in whole.named_parameters()}
        for name, table in SharedElements(whole, SPECIES).tables().items():
            assert float(table.detach().std()) == pytest.approx(float(before[name].std()), rel=0.6)


def test_merged_is_the_same_model_without_a_trace():
    shared = SharedElements(model(), SPECIES)
    plain = shared.merged()
    assert set(plain.state_dict()) == set(model().state_dict())
    assert all(p.requires_grad for p in plain.parameters())
    for name in ("NaCl", "KBr"):
        found = shared(salt(name), outputs=("dielectric",))["dielectric"]
        assert torch.allclose(found, plain(salt(name), outputs=("dielectric",))["dielectric"], atol=1e-12)


def test_what_is_learned_of_one_element_moves_its_neighbours_too():
    shared = SharedElements(model(), SPECIES)
    before = {name: table.detach() for name, table in shared.tables().items()}
    learner = torch.optim.SGD([p for p in shared.parameters() if p.requires_grad], lr=0.1)
    shared(salt("NaCl"), outputs=("dielectric",))["dielectric"].square().sum().backward()
    learner.step()
    row = SPECIES.index(35)  # bromine was not in it
    assert any(not torch.equal(table[row], before[name][row]) for name, table in shared.tables().items())


def test_valence_electrons_are_counted_as_in_the_table():
    """Iron s² d⁶, chlorine s² p⁵, neodymium s² f⁴, each in units of a full subshell."""
    places = periodic_places()
    assert places.shape == (118, 6)
    assert np.allclose(places.mean(axis=0), 0, atol=1e-12)
    for z, column, electrons in ((26, 3, 6), (17, 2, 5), (60, 4, 4)):
        shells = "spdf"[column - 1]
        levels = np.unique(places[:, column].round(9))
        assert len(levels) == ROOM[shells] + 1
        assert places[z - 1, column] == pytest.approx(levels[electrons], abs=1e-8)
