"""A compiled package gives what its model gives, says what it is, and is kept only if both are so."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch
from ase.build import bulk, molecule
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from intertwine.apps.export import Export, deviations, require_equal, trial_graphs, verified_export
from intertwine.cli.main import main
from intertwine.data import Structure, write
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import IntertwineCalculator, Predictor, export, exported, load_exported
from intertwine.engines.exported import inputs_of, read_metadata
from intertwine.errors import InputError, IntertwineError
from intertwine.graph import build_graph, collate
from intertwine.observables import OUTPUTS, Model, ModelSpec, save_model
from intertwine.testing import EXPORT, certify, strategies

WATER = Structure([8, 1, 1], [[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


def one_layer(seed: int = 0) -> Model:
    """The smallest model that sees its neighbours: compiling it takes the better part of a minute."""
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=4.0, channels=4, layers=1, l_max=1, hidden_l=0, radial=4)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Model(ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -2041.0}, scale=0.3))
    return model.double().eval()


@contextmanager
def jaxtyping_off() -> Iterator[None]:
    """While tracing, sizes are symbols, which checks of types take for no integers."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def traced(model: Model) -> torch.export.ExportedProgram:
    with jaxtyping_off():
        return export.traced(model)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    """A model with its certificate beside it."""
    folder = tmp_path_factory.mktemp("run")
    model = one_layer()
    certify(model, budget=1.0).to_json(folder / "certificate.json")
    return save_model(model, folder / "model.safetensors", {"data": "/home/somebody/train.xyz"})


@pytest.fixture(scope="module")
def package(model_file) -> Export:
    """The one compilation of this file."""
    try:
        export._require_compiler()
    except InputError:
        pytest.skip("no C++ compiler")
    with jaxtyping_off(), torch._inductor.config.patch({"aot_inductor.compile_wrapper_opt_level": "O0"}):
        return verified_export(model_file, model_file.with_suffix(".pt2"))


@pytest.fixture(scope="module")
def potential(package):
    return load_exported(package.path)


def assert_equal(given: dict, expected: dict, where: str = "") -> None:
    for name in OUTPUTS:
        assert given[name].shape == expected[name].shape
        assert given[name].dtype == torch.float64
        assert torch.allclose(given[name], expected[name], rtol=1e-12, atol=1e-10), (name, where)


def test_the_program_is_the_model_before_it_is_compiled():
    """Two layers, vectors between them, nuclear repulsion: all that a potential can have."""
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=3.0, channels=2, message_channels=2, l_max=1, radial=2)
    spec = ModelSpec(
        encoder=encoder, reference_energies={1: -13.6, 8: -2041.0}, cohesion={1: -2.0, 8: -3.0}, zbl=True
    )
    model = Model(spec).double()
    program = traced(model).module()
    for name, graph in trial_graphs(model.species, model.cutoff).items():
        assert_equal(dict(zip(OUTPUTS, program(*inputs_of(graph)), strict=True)), model(graph, OUTPUTS), name)
    stranger = build_graph(WATER.replace(numbers=[8, 1, 6]), model.cutoff)
    energy, _, forces, *_ = program(*inputs_of(stranger))
    assert energy.isnan().all()
    assert forces.isnan().any()


def test_every_output_was_compared_with_the_model(package):
    assert [line.output for line in package.deviations] == [
        "energy",
        "energies",
        "forces",
        "stress",
        "virial",
    ]
    assert all(line.passed for line in package.deviations)
    assert package.graphs == len(trial_graphs((1, 8), 4.0)) > 10


@settings(max_examples=25)
@given(
    systems=st.lists(strategies.structures(species=(1, 8), cutoff=4.0), min_size=1, max_size=4),
    skin=st.sampled_from([0.0, 1.0]),
)
def test_the_package_gives_what_the_model_gives(potential, systems, skin):
    batch = collate([build_graph(system, 4.0, skin) for system in systems])
    assert_equal(potential(batch, OUTPUTS), one_layer()(batch, OUTPUTS))


def test_atoms_without_edges_have_their_reference_energies(potential):
    alone = build_graph(Structure([8], [[0, 0, 0]]), 4.0)
    assert alone.n_edges == 0
    out = potential(alone, OUTPUTS)
    assert out["energy"].tolist() == [-2041.0]
    assert out["forces"].tolist() == [[0.0, 0.0, 0.0]]
    assert out["stress"].abs().max() == 0.0


def test_a_graph_in_any_memory_layout_is_understood(potential):
    graph = build_graph(WATER, 4.0)
    strided = graph.replace(positions=graph.positions.T.contiguous().T, shift=graph.shift.T.contiguous().T)
    assert not strided.positions.is_contiguous()
    assert torch.equal(potential(strided)["forces"], potential(graph)["forces"])


def test_metadata_are_read_without_running_anything(package, model_file, monkeypatch):
    monkeypatch.setattr(torch._inductor, "aoti_load_package", None)
    metadata = read_metadata(package.path)
    assert metadata["spec"] == json.loads(one_layer().spec.model_dump_json())
    assert (metadata["dtype"], metadata["device"]) == ("float64", "cpu")
    assert metadata["inputs"] == [*exported.INPUTS, "ranks"]
    assert metadata["outputs"] == list(OUTPUTS)
    assert metadata["units"]["stress"].startswith("eV/Å³")
    assert metadata["versions"]["torch"] == torch.__version__
    assert metadata["model"]["metadata"] == {"data": "train.xyz"}
    verdict = json.loads((model_file.parent / "certificate.json").read_text())
    assert metadata["model"]["certificate"] == {key: verdict[key] for key in ("passed", "summary")}


def test_a_cpp_program_finds_the_same_metadata(package):
    told = torch._inductor.aoti_load_package(str(package.path)).get_metadata()
    assert json.loads(told["intertwine"]) == read_metadata(package.path)


def test_nothing_in_the_package_is_pickled(package):
    with zipfile.ZipFile(package.path) as archive:
        endings = {name.rsplit("/", 1)[-1].rpartition(".")[2] for name in archive.namelist()}
    assert endings <= {"so", "cpp", "json", "archive_format", "archive_version", "version", "byteorder"} | {
        "serialization_id"
    }


@pytest.mark.parametrize("output", ["energy", "forces", "stress"])
def test_a_program_that_differs_is_not_kept(package, tmp_path, monkeypatch, output):
    """The package of one model is handed in for another; one of its outputs is looked at."""
    other = save_model(one_layer(seed=1), tmp_path / "other.safetensors")
    monkeypatch.setattr(export, "traced", lambda model: None)
    monkeypatch.setattr(export, "_compile", lambda program, path, _: shutil.copyfile(package.path, path))
    monkeypatch.setattr("intertwine.apps.export.EXPORT", {"float64": {output: EXPORT["float64"][output]}})
    with pytest.raises(IntertwineError, match=rf"not kept: its {output} differs from the model's by .* on '"):
        verified_export(other, tmp_path / "other.pt2")
    assert [path.name for path in tmp_path.iterdir()] == ["other.safetensors"]


def test_a_difference_in_any_output_is_found(potential):
    """One at a time is changed by a little more than its tolerance, or into no number."""
    model, graphs = one_layer(), trial_graphs((1, 8), 4.0)

    class Disturbed:
        metadata = potential.metadata

        def __init__(self, name: str, change: float) -> None:
            self.name, self.change = name, change

        def __call__(self, graph, outputs):
            found = dict(potential(graph, outputs))
            return found | {self.name: found[self.name] + self.change}

    for name, tolerance in EXPORT["float64"].items():
        for change in (1.1 * tolerance.limit, float("nan")):
            with jaxtyping_off():
                found = deviations(model, Disturbed(name, change), graphs)
            broken = [line for line in found if not line.passed]
            assert [line.output for line in broken] == [name]
            with pytest.raises(IntertwineError, match=rf"its {name} differs from the model's by "):
                require_equal(broken)


def test_the_calculator_runs_a_package(package, model_file):
    crystal = bulk("H", "sc", a=1.6).repeat(2)
    crystal.rattle(0.1, seed=1)
    for atoms in (molecule("H2O"), crystal):
        compiled, eager = IntertwineCalculator(package.path), IntertwineCalculator(model_file)
        assert compiled.get_potential_energy(atoms) == pytest.approx(
            eager.get_potential_energy(atoms), abs=1e-10
        )
        assert np.allclose(compiled.get_forces(atoms), eager.get_forces(atoms), rtol=0, atol=1e-10)
        if atoms.pbc.any():
            assert np.abs(compiled.get_stress(atoms)).max() > 1e-4
            assert np.allclose(compiled.get_stress(atoms), eager.get_stress(atoms), rtol=0, atol=1e-10)


def test_what_a_package_cannot_do_is_one_clear_line(package, potential):
    calculator = IntertwineCalculator(package.path)
    with pytest.raises(InputError, match=r"gives no Hessian; .* do: load the \.safetensors file"):
        calculator.get_hessian(molecule("H2O"))
    with pytest.raises(InputError, match=r"never seen the element C, N; got: CH3NO2; accepted: H, O"):
        calculator.get_potential_energy(molecule("CH3NO2"))
    with pytest.raises(InputError, match="never seen the element C; accepted: H, O"):
        potential(build_graph(WATER.replace(numbers=[6, 1, 1]), 4.0))
    with pytest.raises(InputError, match=r"stays as it was compiled; got: cpu, torch\.float32"):
        IntertwineCalculator(package.path, dtype=torch.float32)
    with pytest.raises(InputError, match="unknown output 'dipole'"):
        potential(build_graph(WATER, 4.0), outputs=("dipole",))
    with pytest.raises(InputError, match="gives no derivatives of its results"):
        potential(build_graph(WATER, 4.0), create_graph=True)


def test_the_predictor_and_the_certificate_take_a_package(package, potential, model_file):
    frames = [WATER, WATER.replace(numbers=[8, 1, 8]), Structure([1], [[0, 0, 0]])]
    sides = [Predictor.load(path)(frames, OUTPUTS) for path in (package.path, model_file)]
    for said, expected in zip(*sides, strict=True):
        assert all(np.allclose(said[name], expected[name], rtol=1e-12, atol=1e-10) for name in OUTPUTS)
    certificate = certify(potential, budget=1.0)
    assert certificate.passed, certificate.summary
    assert {"rotation.forces", "derivative.forces", "cutoff.value"} <= {
        line.name for line in certificate.lines
    }


def test_dynamics_and_relaxation_run_a_package_from_the_command_line(package, tmp_path):
    write(tmp_path / "water.extxyz", [WATER])
    relaxed = [
        "relax",
        package.path,
        tmp_path / "water.extxyz",
        "-o",
        tmp_path / "relaxed.extxyz",
        "--fmax",
        100,
    ]
    moved = ["md", package.path, tmp_path / "water.extxyz", "-o", tmp_path / "md", "--steps", 5, "--every", 5]
    for words in (relaxed, moved):
        assert main([str(word) for word in words]) == 0
    assert (tmp_path / "md" / "trajectory.extxyz").is_file()


def test_the_table_says_size_precision_and_deviations(package):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(package.table())
    said = console.export_text()
    assert "model.pt2: " in said
    assert "float64, cpu, " in said
    assert "≤ 1e-09 eV/Å³" in said
