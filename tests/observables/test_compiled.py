"""The compiled evaluation equals torch's operations, runs where it should, and never outlives the weights."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from intertwine.data import Structure
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import Graph, build_graph, collate
from intertwine.observables import Model, ModelSpec, hessian
from intertwine.observables import compiled as module
from intertwine.observables.compiled import compiled
from intertwine.observables.derivatives import differentiate
from intertwine.ops.native import usable
from intertwine.testing.strategies import graphs

pytestmark = pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")

CUTOFF = 4.0
OUTPUTS = ("energy", "energies", "forces", "virial", "stress")


def potential(species: tuple[int, ...] = (1, 6, 8), zbl: bool = False, seed: int = 0, **sizes: int) -> Model:
    torch.manual_seed(seed)
    encoder = BodyOrderedSpec(
        species=species, cutoff=CUTOFF, **{"channels": 8, "message_channels": 4, **sizes}
    )
    spec = ModelSpec(
        encoder=encoder,
        reference_energies={z: -13.0 * z for z in species},
        cohesion={z: -0.5 * z for z in species},
        scale=0.7,
        zbl=zbl,
    )
    return Model(spec).double().requires_grad_(False)


def by_torch(model: Model, graph: Graph) -> dict[str, Tensor]:
    return differentiate(model.atom_energies, graph, OUTPUTS)


def assert_equal(found: dict[str, Tensor], expected: dict[str, Tensor], relative: float) -> None:
    for name in OUTPUTS:
        torch.testing.assert_close(
            found[name], expected[name], rtol=0.0, atol=relative * scale(expected[name])
        )


def scale(x: Tensor) -> float:
    return 1.0 + float(x.abs().max()) if x.numel() else 1.0


sizes = st.fixed_dictionaries(
    {
        "channels": st.sampled_from([1, 8, 20]),
        "message_channels": st.sampled_from([1, 12, 40]),
        "layers": st.integers(1, 3),
        "l_max": st.integers(1, 6),
        "hidden_l": st.integers(0, 1),
        "output_l": st.integers(0, 1),
        "radial": st.sampled_from([1, 5, 8, 17]),
    }
)


@given(graphs(CUTOFF), sizes, st.booleans())
@settings(max_examples=50)
def test_both_roads_are_equal_for_every_size_and_system(graph, sizes, zbl):
    model = potential(zbl=zbl, **sizes)
    assert compiled(model) is not None
    assert_equal(model(graph, OUTPUTS), by_torch(model, graph), 1e-12)


EXACT = potential(channels=32, message_channels=16, zbl=True)
ROUNDED = copy.deepcopy(EXACT).float()


@given(graphs(CUTOFF))
@settings(max_examples=30)
def test_in_float32_both_roads_are_as_near_to_float64(graph):
    exact, model = EXACT, ROUNDED
    assert compiled(model) is not None
    assert_equal(model(graph, OUTPUTS), by_torch(exact, graph), 2e-5)


@given(st.lists(graphs(CUTOFF), min_size=1, max_size=4))
@settings(max_examples=20)
def test_a_batch_is_its_systems(systems):
    model = EXACT
    whole, parts = model(collate(systems), OUTPUTS), [model(graph, OUTPUTS) for graph in systems]
    assert_equal(whole, {name: torch.cat([part[name] for part in parts]) for name in OUTPUTS}, 1e-13)


def test_more_species_than_columns_share_mixtures():
    species = (1, 6, 7, 8, 9, 16)
    model = potential(species=species)
    rng = np.random.default_rng(0)
    graph = build_graph(Structure(species * 3, rng.uniform(0, 7, (18, 3))), CUTOFF)
    assert_equal(model(graph, OUTPUTS), by_torch(model, graph), 1e-12)


def crystal(atoms: int, skin: float = 0.0) -> Graph:
    rng = np.random.default_rng(atoms)
    edge = (12.0 * atoms) ** (1 / 3)
    places = rng.uniform(0, edge, (atoms, 3))
    cell = edge * (np.eye(3) + np.diag([0.2, -0.1], k=1))
    return build_graph(Structure(rng.choice([1, 6, 8], atoms), places, cell, True), CUTOFF, skin)


def test_edges_between_cutoff_and_skin_change_nothing():
    model = potential()
    assert_equal(model(crystal(30, skin=1.0), OUTPUTS), model(crystal(30), OUTPUTS), 1e-13)


def test_threads_change_only_rounding():
    model, graph, threads = potential(), crystal(61), torch.get_num_threads()
    one = model(graph, OUTPUTS)
    try:
        torch.set_num_threads(3)
        three, again = model(graph, OUTPUTS), model(graph, OUTPUTS)
    finally:
        torch.set_num_threads(threads)
    assert_equal(three, one, 1e-13)
    assert all(torch.equal(three[name], again[name]) for name in OUTPUTS)


def test_nothing_is_left_from_a_larger_system():
    model = potential()
    fresh = model(crystal(5), OUTPUTS)
    model(crystal(300), OUTPUTS)
    again = model(crystal(5), OUTPUTS)
    assert all(torch.equal(fresh[name], again[name]) for name in OUTPUTS)


def test_atoms_alone_have_exactly_the_energy_of_reference():
    alone = Structure([1, 8], [[0, 0, 0], [0, 0, 50]])
    out = potential()(build_graph(alone, CUTOFF), OUTPUTS)
    assert out["energies"].tolist() == [-13.0, -104.0]
    assert not out["forces"].any()


def test_differences_of_its_forces_are_the_hessian_of_torch():
    model, graph, step = potential(), crystal(6), 1e-4
    rows = []
    for coordinate in range(18):
        shift = torch.zeros(18, dtype=torch.float64)
        shift[coordinate] = step
        ends = [
            model(graph.replace(positions=graph.positions + sign * shift.reshape(6, 3)))["forces"]
            for sign in (1, -1)
        ]
        rows.append((ends[1] - ends[0]).flatten() / (2 * step))
    exact = hessian(model, graph)
    torch.testing.assert_close(torch.stack(rows), exact, rtol=0.0, atol=1e-5 * scale(exact))


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """How many atoms each compiled call was asked for."""
    seen: list[int] = []
    run = module.CompiledPotential.__call__
    spy = lambda self, graph, *rest: seen.append(graph.n_atoms) or run(self, graph, *rest)  # noqa: E731
    monkeypatch.setattr(module.CompiledPotential, "__call__", spy)
    return seen


def test_it_runs_where_nothing_is_differentiated_further(calls):
    model, graph = potential(), crystal(7)
    model(graph), model(graph, ("energy",))
    assert calls == [7, 7]
    model(graph, create_graph=True)
    model.requires_grad_(True)
    model(graph, ("energy",))
    assert calls == [7, 7]
    assert model(graph, ("energy",))["energy"].requires_grad
    with torch.no_grad():
        model(graph, ("energy",))
    model(graph, ("forces",))
    assert calls == [7, 7, 7, 7]


def test_a_weight_that_changed_is_seen_however_it_was_changed():
    model, graph = potential(), crystal(7)
    before = model(graph, OUTPUTS)
    weight = model.encoder.layers[0].mix.weight
    for change in (lambda: weight.data[0, 0, 0].add_(1.0), lambda: weight.mul_(1.1)):
        change()
        assert_equal(model(graph, OUTPUTS), by_torch(model, graph), 1e-12)
        assert not torch.equal(model(graph, OUTPUTS)["energy"], before["energy"])
    model.float()
    assert model(graph)["forces"].dtype == torch.float64
    model.double()
    model.load_state_dict(potential(seed=5).state_dict())
    assert_equal(model(graph, OUTPUTS), by_torch(model, graph), 1e-12)


def test_a_part_that_it_does_not_know_runs_in_torch(calls):
    model, graph = potential(), crystal(7)
    before = model(graph)["forces"]
    layer = model.encoder.layers[0]
    layer.mix = torch.nn.Sequential(layer.mix)
    assert compiled(model) is None
    torch.testing.assert_close(model(graph)["forces"], before)
    assert calls == [7]


def test_weights_lent_for_one_call_are_used_for_that_call():
    model, graph = potential(), crystal(7)
    before, name = model(graph, OUTPUTS), "encoder.layers.0.mix.weight"
    lent = {name: model.get_parameter(name) * 1.5}
    out = torch.func.functional_call(model, lent, (graph, OUTPUTS))
    model.load_state_dict(lent, strict=False)
    assert_equal(out, by_torch(model, graph), 1e-12)
    assert not torch.equal(out["energy"], before["energy"])


def test_bonds_too_short_for_it_are_left_to_torch():
    model = potential()
    for distance in (0.0, 1e-3):
        graph = build_graph(Structure([1, 6, 8], [[0, 0, 0], [0, 0, distance], [1, 0, 0]]), CUTOFF)
        assert compiled(model)(graph) is None
        assert_equal(model(graph, OUTPUTS), by_torch(model, graph), 0.0)


def test_an_edge_that_leads_nowhere_reads_no_memory():
    model, graph = potential(), crystal(7)
    changes = {"sender": graph.sender + 10**9, "batch": graph.batch - 1, "receiver": graph.receiver.flip(0)}
    for name, array in changes.items():
        strange = graph.replace(**{name: array})
        assert compiled(model)(strange) is None


def test_an_element_it_never_saw_is_refused():
    graph = build_graph(Structure([1, 9], [[0, 0, 0], [0, 0, 1]]), CUTOFF)
    with pytest.raises(InputError, match="never seen the element F"):
        potential()(graph)


def test_it_can_be_switched_off():
    code = (
        "import torch; from intertwine.encoders import BodyOrderedSpec; from intertwine.observables import *;"
        "from intertwine.observables.compiled import compiled;"
        "model = Model(ModelSpec(encoder=BodyOrderedSpec(species=(1,)), reference_energies={1: 0.0}));"
        "raise SystemExit(compiled(model) is not None)"
    )
    for native, expected in (("0", 0), ("1", 1)):
        environment = os.environ | {"INTERTWINE_NATIVE": native}
        assert (
            subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == expected
        )
