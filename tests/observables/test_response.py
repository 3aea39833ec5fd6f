"""Responses to an electric field are derivatives of one energy, for both functionals, in a field and out."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch

from intertwine.data import LABELS, Structure
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.heads import TensorSpec
from intertwine.observables import OUTPUTS, Model, ModelSpec
from intertwine.observables.compiled import compiled
from intertwine.observables.derivatives import differentiate
from intertwine.observables.spec import EXPANSION, RESPONSES
from intertwine.ops.native import usable
from intertwine.testing import molecule, periodic_system

CUTOFF = 4.0
SPECIES = (1, 8)
KINDS = ("expansion", "density")
FIELD = np.array([0.05, -0.03, 0.08])


def spec(field: str, heads: tuple[str, ...] = EXPANSION, **changes) -> ModelSpec:
    tensors = heads if field == "expansion" else ()
    encoder = BodyOrderedSpec(
        species=SPECIES,
        cutoff=CUTOFF,
        channels=8,
        message_channels=4,
        output_l=3,
        field=field == "density",
        charge=True,
    )
    return ModelSpec(
        encoder=encoder,
        reference_energies={1: -13.6, 8: -432.0},
        heads={name: TensorSpec.of(LABELS[name]) for name in tensors} | changes.pop("also", {}),
        field=field,
        **changes,
    )


@cache
def model(field: str) -> Model:
    torch.manual_seed(2)
    return Model(spec(field)).double().requires_grad_(False)


def systems() -> dict[str, Structure]:
    rng = np.random.default_rng(3)
    return {
        "molecule": molecule(SPECIES, 5, CUTOFF, rng).replace(electric_field=FIELD),
        "ion": molecule(SPECIES, 4, CUTOFF, rng).replace(charge=-2.0, electric_field=-FIELD),
        "molecule in no field": molecule(SPECIES, 4, CUTOFF, rng),
        "crystal": periodic_system(SPECIES, 3, (True, True, True), CUTOFF, rng).replace(electric_field=FIELD),
    }


SYSTEMS = systems()


def value(field: str, structure: Structure, name: str) -> np.ndarray:
    found = model(field)(build_graph(structure, CUTOFF), (name,))[name]
    return (found if LABELS[name].per == "atom" else found[0]).numpy()


def slope(function: Callable[[float], np.ndarray], step: float) -> np.ndarray:
    """Five-point central difference."""
    return (8 * (function(step) - function(-step)) - (function(2 * step) - function(-2 * step))) / (12 * step)


def in_field(structure: Structure, change: np.ndarray) -> Structure:
    return structure.replace(electric_field=structure.electric_field + change)


BY_FIELD = [
    ("energy", "dipole", lambda value, n: -value @ n),
    ("dipole", "polarisability", lambda value, n: value @ n),
    ("polarisability", "hyperpolarisability", lambda value, n: value @ n),
    ("forces", "born_charges", lambda value, n: np.einsum("iab,a->ib", value, n)),
]


@pytest.mark.parametrize("field", KINDS)
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(("of", "response", "along"), BY_FIELD, ids=[row[1] for row in BY_FIELD])
def test_each_response_is_the_slope_of_the_one_before(field, name, of, response, along):
    structure, n = SYSTEMS[name], np.array([0.6, -0.48, 0.64])
    found = slope(lambda t: value(field, in_field(structure, t * n), of), 1e-2)
    expected = along(value(field, structure, response), n)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("field", KINDS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_forces_stress_and_born_charges_are_slopes_in_place(field, name):
    structure = SYSTEMS[name]
    step = np.random.default_rng(0).normal(size=structure.positions.shape)

    def at(t: float, output: str) -> np.ndarray:
        return value(field, structure.replace(positions=structure.positions + t * step), output)

    work = -(value(field, structure, "forces") * step).sum()
    assert slope(lambda t: at(t, "energy"), 5e-4) == pytest.approx(work, rel=1e-5)
    moved = np.einsum("iab,ib->a", value(field, structure, "born_charges"), step)
    found = slope(lambda t: at(t, "dipole"), 5e-4)
    np.testing.assert_allclose(found, moved, atol=1e-5 * np.abs(moved).max())


@pytest.mark.parametrize("field", KINDS)
def test_stress_in_a_field_is_the_slope_under_strain_at_the_same_field(field):
    structure = SYSTEMS["crystal"]
    shear = np.array([[0.3, 0.2, -0.1], [0.2, -0.4, 0.5], [-0.1, 0.5, 0.2]])

    def at(t: float) -> np.ndarray:
        matrix = np.eye(3) + t * shear
        return value(
            field,
            structure.replace(positions=structure.positions @ matrix, cell=structure.cell @ matrix),
            "energy",
        )

    work = (value(field, structure, "stress") * shear).sum() * structure.volume
    assert slope(at, 2e-4) == pytest.approx(work, rel=1e-5)


@pytest.mark.parametrize("field", KINDS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_born_charges_add_up_to_the_charge_and_tensors_are_symmetric(field, name):
    structure = SYSTEMS[name]
    total = value(field, structure, "born_charges").sum(0)
    np.testing.assert_allclose(total, structure.charge * np.eye(3), atol=1e-10)
    alpha, beta = value(field, structure, "polarisability"), value(field, structure, "hyperpolarisability")
    np.testing.assert_allclose(alpha, alpha.T, atol=1e-13 * np.abs(alpha).max())
    for other in ((1, 0, 2), (0, 2, 1)):
        np.testing.assert_allclose(beta, beta.transpose(other), atol=1e-12 * np.abs(beta).max())


@pytest.mark.parametrize("field", KINDS)
def test_a_field_changes_forces_by_born_charges_but_for_its_square(field):
    structure = SYSTEMS["ion"].replace(electric_field=np.zeros(3))
    still, charges = value(field, structure, "forces"), value(field, structure, "born_charges")

    def rest(size: float) -> np.ndarray:
        forces = value(field, structure.replace(electric_field=size * FIELD), "forces")
        return forces - still - np.einsum("iab,a->ib", charges, size * FIELD)

    whole, half = np.abs(rest(0.2)).max(), np.abs(rest(0.1)).max()
    assert whole > 1e-7
    assert whole / half == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("field", KINDS)
def test_an_ion_moved_in_a_field_gains_what_its_charge_says(field):
    ion, t = SYSTEMS["ion"], np.array([1.0, 2.0, -3.0])
    moved = ion.replace(positions=ion.positions + t)
    gain = value(field, moved, "energy") - value(field, ion, "energy")
    assert gain == pytest.approx(-ion.charge * t @ ion.electric_field, abs=1e-10)
    shift = value(field, moved, "dipole") - value(field, ion, "dipole")
    np.testing.assert_allclose(shift, ion.charge * t, atol=1e-10)


@pytest.mark.parametrize("field", KINDS)
def test_a_batch_is_its_systems(field):
    outputs = ("energy", "forces", *RESPONSES)
    graphs = [build_graph(structure, CUTOFF) for structure in SYSTEMS.values()]
    whole, parts = model(field)(collate(graphs), outputs), [model(field)(graph, outputs) for graph in graphs]
    for name in outputs:
        torch.testing.assert_close(
            whole[name], torch.cat([part[name] for part in parts]), rtol=1e-11, atol=1e-11
        )


@pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")
@pytest.mark.parametrize("field", KINDS)
def test_in_no_field_the_compiled_road_is_taken_and_equals_torch(field, monkeypatch):
    charges = {"charges": TensorSpec.of(LABELS["charges"])}
    torch.manual_seed(4)
    both = Model(spec(field, also=charges)).double().requires_grad_(False)
    graph = build_graph(SYSTEMS["molecule in no field"], CUTOFF)
    potential = compiled(both)
    assert potential is not None
    calls = []
    run = type(potential).__call__
    monkeypatch.setattr(type(potential), "__call__", lambda *given: calls.append(1) or run(*given))
    found, expected = both(graph, (*OUTPUTS, "charges")), differentiate(both.atom_energies, graph, OUTPUTS)
    assert calls == [1]
    zero = graph.replace(electric_field=torch.zeros(1, 3).double())
    in_torch = both(zero, (*OUTPUTS, "charges"))
    assert calls == [1]
    for name in (*OUTPUTS, "charges"):
        torch.testing.assert_close(found[name], in_torch[name], rtol=1e-11, atol=1e-11)
        torch.testing.assert_close(found[name], expected.get(name, found[name]), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("field", KINDS)
@pytest.mark.parametrize("name", ["polarisability", "born_charges"])
def test_a_loss_on_a_response_can_be_learned_from(field, name):
    """The derivative by a weight of a second derivative, against differences."""
    torch.manual_seed(5)
    learner, graph = Model(spec(field)).double(), build_graph(SYSTEMS["molecule"], CUTOFF)
    weight = learner.encoder.layers[0].mix.weight

    def loss() -> torch.Tensor:
        return learner(graph, (name,), create_graph=True)[name].square().sum()

    (gradient,) = torch.autograd.grad(loss(), weight)
    direction = torch.randn_like(weight)
    start = weight.detach().clone()

    def at(t: float) -> np.ndarray:
        weight.data = start + t * direction
        return np.array(loss().item())

    assert slope(at, 1e-4) == pytest.approx((gradient * direction).sum().item(), rel=1e-5)


def test_a_dipole_without_a_functional_belongs_to_the_same_charge():
    torch.manual_seed(6)
    head = {"dipole": TensorSpec.of(LABELS["dipole"])}
    plain = Model(spec("none", also=head)).double().requires_grad_(False)
    ion, t = SYSTEMS["ion"], np.array([1.0, 2.0, -3.0])
    here, there = (
        plain(build_graph(structure, CUTOFF), ("dipole",))["dipole"][0].numpy()
        for structure in (ion, ion.replace(positions=ion.positions + t))
    )
    np.testing.assert_allclose(there - here, ion.charge * t, atol=1e-12)


def test_what_a_functional_does_not_hold_is_no_output():
    only = Model(spec("expansion", ("dipole",)))
    assert set(RESPONSES) & set(only.outputs) == {"dipole", "born_charges"}
    with pytest.raises(InputError, match="unknown output 'polarisability'"):
        only(build_graph(SYSTEMS["molecule"], CUTOFF), ("polarisability",))
