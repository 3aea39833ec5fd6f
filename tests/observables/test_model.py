"""Energies and their derivatives: exact, conserved, and written to disk without loss."""

import json

import numpy as np
import pytest
import torch
from ase.build import bulk, fcc111, molecule
from ase.units import Bohr, Hartree

from intertwine.data import Structure
from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.observables import Model, ModelSpec, hessian, load_model, save_model
from intertwine.observables.reference import ZBL

REFERENCE = {1: -13.5, 6: -1030.0, 8: -2040.0}
STEP = 1e-4


def potential(
    species: tuple[int, ...] = (1, 6, 8), dtype: torch.dtype = torch.float64, **changes: object
) -> Model:
    torch.manual_seed(7)
    encoder = BodyOrderedSpec(species=species, cutoff=4.0, channels=6, neighbours=8.0, output_l=1)
    spec = ModelSpec(
        encoder=encoder,
        reference_energies={z: REFERENCE.get(z, -5.0) for z in species},
        cohesion=dict.fromkeys(species, -4.0),
        scale=0.7,
        **changes,
    )
    return Model(spec).to(dtype)


def rattled(atoms, seed: int = 0, amplitude: float = 0.1):
    atoms = atoms.copy()
    atoms.positions += np.random.default_rng(seed).normal(0.0, amplitude, atoms.positions.shape)
    return Structure.from_ase(atoms)


def triclinic():
    atoms = bulk("Cu", cubic=True)
    atoms.set_cell(
        atoms.cell @ np.array([[1.0, 0.1, 0.0], [0.0, 1.05, -0.2], [0.05, 0.0, 0.95]]), scale_atoms=True
    )
    return atoms


SYSTEMS = {
    "molecule": lambda: rattled(molecule("CH3CH2OH")),
    "slab": lambda: rattled(fcc111("Cu", (2, 2, 2), vacuum=6.0)),
    "triclinic bulk": lambda: rattled(triclinic()),
    "one-atom cell": lambda: rattled(bulk("Cu"), amplitude=0.0),
}


def fourth_order(function, step: float):
    """Five-point central difference."""
    return (8 * (function(step) - function(-step)) - (function(2 * step) - function(-2 * step))) / (12 * step)


@pytest.mark.parametrize("zbl", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
def test_forces_are_the_derivative_of_the_energy(name: str, zbl: bool) -> None:
    structure = SYSTEMS[name]()
    model = potential((1, 6, 8) if name == "molecule" else (29,), zbl=zbl)
    forces = model(build_graph(structure, 4.0), ("forces",))["forces"].numpy()
    rng = np.random.default_rng(1)
    for _ in range(4):
        direction = rng.normal(size=structure.positions.shape)

        def energy(t: float, direction: np.ndarray = direction) -> float:
            moved = structure.replace(positions=structure.positions + t * direction)
            return model(build_graph(moved, 4.0), ("energy",))["energy"].item()

        numerical = -fourth_order(energy, STEP)
        scale = max(np.abs(forces).max() * np.abs(direction).max(), 1e-3)
        assert abs(numerical - (forces * direction).sum()) / scale < 1e-6


@pytest.mark.parametrize("name", ["slab", "triclinic bulk", "one-atom cell"])
def test_stress_is_the_derivative_by_strain(name: str) -> None:
    structure, model = SYSTEMS[name](), potential((29,))
    stress = model(build_graph(structure, 4.0), ("stress",))["stress"][0].numpy()
    np.testing.assert_allclose(stress, stress.T, atol=1e-15)
    for i, j in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]:

        def energy(t: float, i: int = i, j: int = j) -> float:
            strain = np.eye(3)
            strain[i, j] += t / 2
            strain[j, i] += t / 2
            turned = structure.replace(positions=structure.positions @ strain, cell=structure.cell @ strain)
            return model(build_graph(turned, 4.0), ("energy",))["energy"].item()

        numerical = fourth_order(energy, STEP) / structure.volume
        assert abs(numerical - stress[i, j]) / np.abs(stress).max() < 1e-6


def test_hessian_is_the_derivative_of_the_forces() -> None:
    structure, model = SYSTEMS["molecule"](), potential()
    matrix = hessian(model, build_graph(structure, 4.0)).numpy()
    np.testing.assert_allclose(matrix, matrix.T)
    direction = np.random.default_rng(2).normal(size=structure.positions.shape)

    def forces(t: float) -> np.ndarray:
        moved = structure.replace(positions=structure.positions + t * direction)
        return model(build_graph(moved, 4.0), ("forces",))["forces"].numpy().ravel()

    np.testing.assert_allclose(
        matrix @ direction.ravel(), -fourth_order(forces, STEP), atol=1e-7 * np.abs(matrix).max(), rtol=1e-6
    )


def test_an_isolated_atom_has_its_reference_energy_and_no_force() -> None:
    for zbl in (False, True):
        out = potential(zbl=zbl)(build_graph(Structure([8], [[1.0, 2.0, 3.0]]), 4.0), ("energy", "forces"))
        assert out["energy"].item() == REFERENCE[8]
        assert out["forces"].abs().max() == 0.0


def test_training_starts_from_the_reference_alone() -> None:
    graph = build_graph(SYSTEMS["molecule"](), 4.0)
    model = potential()
    reference = sum(REFERENCE[int(z)] - 4.0 for z in graph.numbers)
    assert abs(model(graph, ("energy",))["energy"].item() - reference) > 0.1
    assert model.start_from_reference()(graph, ("energy",))["energy"].item() == pytest.approx(
        reference, abs=0.01
    )


def test_reference_energies_keep_their_digits_in_single_precision() -> None:
    model = potential(dtype=torch.float32)
    exact = {**REFERENCE, 1: -13.123456789012345}
    model = Model(model.spec.model_copy(update={"reference_energies": exact})).float()
    out = model(build_graph(Structure([1], [[0, 0, 0]]), 4.0), ("energy",))
    assert out["energy"].dtype == torch.float64
    assert out["energy"].item() == exact[1]


def test_a_batch_equals_its_members() -> None:
    model = potential()
    graphs = [
        build_graph(rattled(molecule(name), seed), 4.0) for seed, name in enumerate(["CH4", "H2O", "C2H6"])
    ]
    batched = model(collate(graphs), ("energy", "forces"))
    single = [model(graph, ("energy", "forces")) for graph in graphs]
    for name in ("energy", "forces"):
        torch.testing.assert_close(
            batched[name], torch.cat([out[name] for out in single]), atol=1e-9, rtol=1e-12
        )


def test_zbl_agrees_with_the_universal_potential() -> None:
    """Two bare nuclei close together: the published screening function, evaluated by hand."""
    r = 0.2
    x = r / (0.8854 * Bohr) * (6**0.23 + 8**0.23)
    phi = (
        0.1818 * np.exp(-3.2 * x)
        + 0.5099 * np.exp(-0.9423 * x)
        + 0.2802 * np.exp(-0.4029 * x)
        + 0.02817 * np.exp(-0.2016 * x)
    )
    graph = build_graph(Structure([6, 8], [[0, 0, 0], [0, 0, r]]), 4.0)
    energy = ZBL()(graph.numbers, graph.edge_vectors().norm(dim=1), graph.receiver, graph.sender).sum().item()
    assert energy == pytest.approx(Hartree * Bohr * 48 / r * phi, rel=2e-3)


def test_direct_forces_are_equivariant_but_no_derivative() -> None:
    structure, model = SYSTEMS["molecule"](), potential(forces="direct")
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    turned = structure.replace(positions=structure.positions @ turn.T)
    forces = model(build_graph(structure, 4.0), ("forces",))["forces"].detach()
    forces_turned = model(build_graph(turned, 4.0), ("forces",))["forces"].detach()
    torch.testing.assert_close(forces_turned, forces @ torch.from_numpy(turn).T, atol=1e-10, rtol=1e-9)
    conservative = potential(forces="direct")
    conservative.direct = None
    derived = conservative(build_graph(structure, 4.0), ("forces",))["forces"]
    assert (forces - derived).abs().max() > 1e-2


def test_training_on_forces_reaches_every_weight() -> None:
    model = potential()
    out = model(build_graph(SYSTEMS["molecule"](), 4.0), ("energy", "forces"), create_graph=True)
    (out["forces"].square().sum() + out["energy"].square().sum()).backward()
    dead = [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and (p.grad is None or p.grad.abs().max() == 0)
    ]
    assert [name for name in dead if not name.startswith("encoder.layers.1")] == []


def test_an_unknown_output_is_answered() -> None:
    with pytest.raises(InputError, match=r"unknown output 'force'; accepted: energy, .*; do: write 'forces'"):
        potential()(build_graph(SYSTEMS["molecule"](), 4.0), ("force",))


def test_a_model_comes_back_from_its_file_bit_for_bit(tmp_path) -> None:
    model, graph = potential(zbl=True), build_graph(SYSTEMS["molecule"](), 4.0)
    save_model(model, tmp_path / "model.safetensors", {"note": "å"})
    again = load_model(tmp_path / "model.safetensors")
    assert again.spec == model.spec
    assert again.metadata == {"note": "å"}
    assert again.dtype == torch.float64
    for name, value in model(graph, ("energy", "forces")).items():
        assert torch.equal(value, again(graph, ("energy", "forces"))[name])
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_files_that_are_no_models_are_refused_in_one_line(tmp_path) -> None:
    from safetensors.torch import save_file

    (tmp_path / "garbage").write_bytes(b"\x80\x04garbage")
    save_file({"x": torch.zeros(1)}, tmp_path / "other")
    header = json.dumps({"version": 99, "spec": {}})
    save_file({"x": torch.zeros(1)}, tmp_path / "newer", {"format": "intertwine model", "intertwine": header})
    save_file({"x": torch.zeros(1)}, tmp_path / "damaged", {"format": "intertwine model", "intertwine": "{"})
    empty = json.dumps({"version": 1, "spec": {"encoder": {}}})
    save_file({"x": torch.zeros(1)}, tmp_path / "empty", {"format": "intertwine model", "intertwine": empty})
    texts = {
        "absent": "no model at",
        "garbage": "is not a model file",
        "other": "not a model of Intertwine",
        "newer": "is of version 99; accepted: up to 1; do: upgrade",
        "damaged": "damaged header",
        "empty": "does not describe a model",
    }
    for name, text in texts.items():
        with pytest.raises(InputError, match=text) as caught:
            load_model(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_written_leaves_nothing(tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot write"):
        save_model(potential(), tmp_path / "file" / "model.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_spec_without_a_reference_energy_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reference_energies lack the species \[8\]"):
        ModelSpec(encoder=BodyOrderedSpec(species=(1, 8)), reference_energies={1: 0.0})
