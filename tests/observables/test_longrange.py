"""Charges that a model learns keep every law: conservation, exact derivatives, Coulomb's tail."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import Structure
from intertwine.electrostatics import COULOMB, LongRangeSpec, Sources, electrostatic_energies
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.graph.motion import moved
from intertwine.groups import random_rotation
from intertwine.heads import TensorSpec
from intertwine.observables import Model, ModelSpec, hessian, load_model, save_model
from intertwine.observables.compiled import compiled
from intertwine.testing import molecule

CUTOFF = 3.5
KINDS = [
    LongRangeSpec(),
    LongRangeSpec(dipoles=True),
    LongRangeSpec(charges="equilibration"),
    LongRangeSpec(charges="equilibration", dipoles=True),
]
NAMES = ["local", "local with dipoles", "equilibration", "equilibration with dipoles"]
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=NAMES)
PLACES = np.random.default_rng(0).uniform(0, 6, (8, 3))
BOX = np.diag([7.0, 7.5, 8.0])
SKEWED = BOX + np.random.default_rng(1).uniform(-0.8, 0.8, (3, 3))
SURROUNDINGS = {
    "molecule": (BOX, (0, 0, 0), 0.0),
    "ion": (BOX, (0, 0, 0), 1.0),
    "bulk": (BOX, (1, 1, 1), 0.0),
    "triclinic bulk": (SKEWED, (1, 1, 1), 0.0),
    "slab": (SKEWED, (1, 1, 0), 0.0),
    "charged cell": (SKEWED, (1, 1, 1), -1.0),
    "charged slab": (SKEWED, (1, 0, 1), 2.0),
    "wire": (SKEWED, (0, 1, 0), 0.0),
}


@cache
def model_of(kind: LongRangeSpec, field: str = "none", heads: tuple[str, ...] = ()) -> Model:
    torch.manual_seed(3)
    encoder = BodyOrderedSpec(
        species=(1, 8), cutoff=CUTOFF, channels=8, message_channels=4, output_l=1, field=field == "density"
    )
    known = {"dipole": TensorSpec(unit="e·Å", indices="i", extensive=True, cyclic=True)}
    spec = ModelSpec(
        encoder=encoder,
        reference_energies={1: -13.0, 8: -430.0},
        longrange=kind,
        field=field,
        heads={name: known[name] for name in heads},
    )
    return Model(spec).double().requires_grad_(False)


def surroundings(name: str, positions: np.ndarray = PLACES, strain: np.ndarray | None = None) -> Structure:
    cell, pbc, charge = SURROUNDINGS[name]
    deform = np.eye(3) if strain is None else np.eye(3) + strain
    return Structure(
        [1, 8] * 4, positions @ deform, cell=cell @ deform, pbc=np.array(pbc, bool), charge=charge
    )


def energies(model: Model, structures: list[Structure]) -> list[float]:
    batch = collate([build_graph(structure, CUTOFF) for structure in structures])
    return model(batch, ("energy",))["energy"].tolist()


@EVERY_KIND
@pytest.mark.parametrize("where", SURROUNDINGS)
def test_forces_and_stress_are_derivatives_under_every_boundary_condition(
    kind: LongRangeSpec, where: str
) -> None:
    model, h = model_of(kind), 1e-4
    found = model(build_graph(surroundings(where), CUTOFF), ("forces", "stress"))
    for atom, axis in ((0, 0), (3, 1), (6, 2)):
        step = np.zeros_like(PLACES)
        step[atom, axis] = h
        ahead, back = energies(
            model, [surroundings(where, PLACES + step), surroundings(where, PLACES - step)]
        )
        assert found["forces"][atom, axis].item() == pytest.approx((back - ahead) / (2 * h), abs=2e-6)
    cell, *_ = SURROUNDINGS[where]
    for a, b in ((0, 0), (1, 2)):
        strain = np.zeros((3, 3))
        strain[a, b] = strain[b, a] = h * (1 if a == b else 0.5)
        ahead, back = energies(model, [surroundings(where, strain=sign * strain) for sign in (1, -1)])
        slope = (ahead - back) / (2 * h) / abs(np.linalg.det(cell))
        assert found["stress"][0, a, b].item() == pytest.approx(slope, abs=1e-7)


@EVERY_KIND
@pytest.mark.parametrize("where", SURROUNDINGS)
def test_charges_add_up_to_the_total_charge(kind: LongRangeSpec, where: str) -> None:
    structure = surroundings(where)
    charges = model_of(kind)(build_graph(structure, CUTOFF), ("charges",))["charges"]
    assert abs(charges.sum().item() - structure.charge) < 1e-12


@EVERY_KIND
def test_a_batch_of_all_surroundings_is_each_of_them(kind: LongRangeSpec) -> None:
    model, outputs = model_of(kind), ("energy", "forces", "charges", "dipole")
    graphs = [build_graph(surroundings(name), CUTOFF) for name in SURROUNDINGS]
    together = model(collate(graphs), outputs)
    alone = [model(graph, outputs) for graph in graphs]
    for name in outputs:
        torch.testing.assert_close(
            together[name], torch.cat([one[name] for one in alone]), rtol=0, atol=1e-10
        )


@EVERY_KIND
@settings(max_examples=20)
@given(seed=st.integers(0, 2**31))
def test_everything_turns_with_the_system(kind: LongRangeSpec, seed: int) -> None:
    model, outputs = model_of(kind), ("energy", "forces", "charges", "dipole")
    graph = build_graph(surroundings("molecule"), CUTOFF)
    R = torch.from_numpy(random_rotation(np.random.default_rng(seed)))
    plain, turned = model(graph, outputs), model(moved(graph, rotation=-R), outputs)
    for name in ("energy", "charges"):
        torch.testing.assert_close(turned[name], plain[name], rtol=0, atol=1e-9)
    for name in ("forces", "dipole"):
        torch.testing.assert_close(turned[name], -plain[name] @ R.T, rtol=0, atol=1e-9)


@EVERY_KIND
def test_moving_everything_changes_no_force(kind: LongRangeSpec) -> None:
    model, graph = model_of(kind), build_graph(surroundings("triclinic bulk"), CUTOFF)
    rows = hessian(model, graph)
    assert rows.unflatten(1, (8, 3)).sum(1).abs().max() < 1e-8


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[2]], ids=[NAMES[0], NAMES[2]])
def test_far_apart_the_force_is_exactly_that_of_the_charges(kind: LongRangeSpec) -> None:
    model, rng = model_of(kind), np.random.default_rng(5)
    near, far = (molecule((1, 8), 5, CUTOFF, rng) for _ in range(2))
    places = np.concatenate([near.positions, far.positions + np.array([25.0, 3.0, -4.0])])
    both = Structure(np.concatenate([near.numbers, far.numbers]), places, charge=1)
    found = model(build_graph(both, CUTOFF), ("forces", "charges"))
    q, r = found["charges"].numpy(), places[5:, None] - places[None, :5]
    pushes = COULOMB * q[5:, None, None] * q[None, :5, None] * r / np.linalg.norm(r, axis=2)[:, :, None] ** 3
    np.testing.assert_allclose(found["forces"][5:].sum(0).numpy(), pushes.sum((0, 1)), rtol=1e-9, atol=1e-12)


def test_equilibrated_charges_have_the_lowest_energy() -> None:
    model = model_of(KINDS[2])
    graph = build_graph(surroundings("slab"), CUTOFF)
    features, species = model.encoder(graph), model.encoder.species(graph.numbers)
    part = model.longrange
    q = part(graph, features, species).sources.charges.requires_grad_(True)
    own = part._hardness(features, species) + COULOMB * np.sqrt(2 / np.pi) / KINDS[2].width
    energy = (q * (part._value(features, species) + 0.5 * own * q)).sum()
    energy = energy + electrostatic_energies(graph, Sources(q), KINDS[2]).sum()
    (slope,) = torch.autograd.grad(energy, q)
    assert (slope - slope.mean()).abs().max() < 1e-10  # one electronegativity everywhere (Sanderson)


@pytest.mark.parametrize("field", ["expansion", "density"])
@EVERY_KIND
def test_the_dipole_is_that_of_the_charges_and_the_slope_of_the_energy(
    kind: LongRangeSpec, field: str
) -> None:
    model, h = model_of(kind, field), 1e-3
    structure = surroundings("ion")
    dipole = model(build_graph(structure, CUTOFF), ("dipole",))["dipole"][0]
    for axis in range(3):
        ahead, back = energies(
            model, [structure.replace(electric_field=sign * h * np.eye(3)[axis]) for sign in (1, -1)]
        )
        assert dipole[axis].item() == pytest.approx((back - ahead) / (2 * h), abs=1e-6)
    born = model(build_graph(structure, CUTOFF), ("born_charges",))["born_charges"]
    torch.testing.assert_close(born.sum(0), torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-10)
    if field == "expansion" and not kind.dipoles:
        charges = model(build_graph(structure, CUTOFF), ("charges",))["charges"]
        torch.testing.assert_close(dipole, charges @ build_graph(structure, CUTOFF).positions)


def test_a_head_for_the_dipole_adds_to_the_charges() -> None:
    alone, joint = model_of(KINDS[0]), model_of(KINDS[0], heads=("dipole",))
    graph = build_graph(surroundings("molecule"), CUTOFF)
    found = joint(graph, ("dipole", "charges"))
    head = joint.heads["dipole"](joint.encoder(graph), joint.encoder.species(graph.numbers), graph)
    expected = head + found["charges"] @ graph.positions
    torch.testing.assert_close(found["dipole"], expected)
    assert "dipole" in alone.outputs


def test_the_compiled_call_leaves_charges_to_torch() -> None:
    assert compiled(model_of(KINDS[0])) is None


@EVERY_KIND
def test_a_model_file_brings_its_charges_along(kind: LongRangeSpec, tmp_path) -> None:
    model, graph = model_of(kind), build_graph(surroundings("slab"), CUTOFF)
    save_model(model, tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.spec.longrange == kind
    torch.testing.assert_close(again(graph)["energy"], model(graph)["energy"], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"energy": False, "heads": {"dipole": TensorSpec(unit="e·Å", indices="i")}},
            "act through an energy",
        ),
        ({"heads": {"charges": TensorSpec(unit="e", per="atom")}}, "leave their head out"),
        ({"longrange": LongRangeSpec(dipoles=True)}, "output_l >= 1"),
    ],
)
def test_charges_without_a_meaning_are_refused(changes: dict, words: str) -> None:
    encoder = BodyOrderedSpec(species=(1,), output_l=1 if "heads" in changes else 0)
    given = {"reference_energies": {1: 0.0}, "longrange": LongRangeSpec(), **changes}
    with pytest.raises(ValueError, match=words):
        ModelSpec(encoder=encoder, **given)


def test_a_mesh_takes_no_dipoles() -> None:
    model = model_of(LongRangeSpec(dipoles=True, mesh_from=1))
    with pytest.raises(InputError, match="no dipoles"):
        model(build_graph(surroundings("bulk"), CUTOFF))


def test_the_mesh_and_the_sum_give_the_same_forces() -> None:
    graph = build_graph(surroundings("triclinic bulk"), CUTOFF)
    exact = model_of(LongRangeSpec())(graph, ("energy", "forces", "stress"))
    mesh = model_of(LongRangeSpec(mesh_from=1, mesh_accuracy=1e-4))(graph, ("energy", "forces", "stress"))
    for name, figure in exact.items():
        torch.testing.assert_close(mesh[name], figure, rtol=1e-4, atol=1e-5)
