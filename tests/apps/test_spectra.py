"""From a source to a folder of results: trajectories that go on, files that say what they are."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bond_model import BondSource, carbon_dioxide, diatomic, water

from intertwine.apps.spectra import sampling as sampling_module
from intertwine.apps.spectra.harmonic import harmonic_spectrum
from intertwine.apps.spectra.modes import calculator_hessian
from intertwine.apps.spectra.page import spectra_page
from intertwine.apps.spectra.peaks import peaks_of
from intertwine.apps.spectra.result import FILES, Spectra, SpectraPlan, make_spectra, write_spectra
from intertwine.apps.spectra.sampling import Sampling, belongs, sample
from intertwine.apps.spectra.source import ModelSource, source_of
from intertwine.data import LABELS, Structure, read
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.engines import IntertwineCalculator
from intertwine.errors import InputError, IntertwineError
from intertwine.groups import random_rotation
from intertwine.heads.tensor import TensorSpec
from intertwine.observables import Model, ModelSpec, save_model

SHORT = Sampling(
    temperature=200.0,
    picoseconds=0.2,
    trajectories=2,
    equilibration=0.02,
    time_step=1.0,
    interval=4.0,
    rotation=False,
)


def system(made=water) -> tuple[Structure, BondSource]:
    structure, calculator = made()
    return structure, BondSource(calculator)


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, Spectra]:
    """Water, both ways, and the folder it was made in."""
    structure, source = system()
    folder = tmp_path_factory.mktemp("spectra")
    return folder, make_spectra(source, structure, SpectraPlan(sampling=SHORT, width=200.0), folder)


def test_a_spring_in_motion_shows_its_harmonic_line(tmp_path):
    """The whole road, integrator included: cold, so that the spring does not stretch by turning."""
    structure, source = system(diatomic)
    cold = Sampling(5.0, 1.0, 1, 0.1, time_step=1.0, interval=3.0, thermostat_time=20.0, rotation=False)
    made = make_spectra(source, structure, SpectraPlan(sampling=cold, width=40.0), tmp_path)
    (expected,) = made.harmonic.modes.wavenumbers
    for name in ("density_of_states", "infrared", "raman"):
        (peak,) = peaks_of(made.dynamic.wavenumbers, made.dynamic.values[name], least=0.2)
        assert peak.wavenumber == pytest.approx(expected, abs=3.0)
    grid, absorbed = made.dynamic.wavenumbers, made.dynamic.values["infrared"]
    assert np.trapezoid(absorbed, grid) == pytest.approx(made.harmonic.infrared[0], rel=0.02)


def test_trajectories_go_on_where_they_stopped(done, tmp_path, monkeypatch):
    structure, source = system()
    whole = sample(source, structure, SHORT, done[0] / "trajectories")
    calls = []

    def stop_soon(steps: int, note: str) -> None:
        calls.append(note)
        if len(calls) == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(source, structure, SHORT, tmp_path, stop_soon)
    assert not (tmp_path / "001").exists()
    again = sample(source, structure, SHORT, tmp_path)
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one.velocities, other.velocities)
        assert one.answers.keys() == other.answers.keys() == {"dipole", "polarisability"}
        for name, values in one.answers.items():
            np.testing.assert_array_equal(values, other.answers[name])

    def never(*_):
        raise AssertionError("asked again for what is there")

    monkeypatch.setattr(sampling_module, "run_dynamics", never)
    monkeypatch.setattr(BondSource, "answers", never)
    assert len(sample(source, structure, SHORT, tmp_path)) == 2


def test_a_trajectory_has_the_length_and_the_stillness_it_should(done):
    folder = done[0] / "trajectories"
    (one, other) = sample(*reversed(system()), SHORT, folder)
    assert one.velocities.shape == (51, 3, 3)
    assert not np.array_equal(one.velocities, other.velocities)
    momenta = one.masses[:, None] * one.velocities
    np.testing.assert_allclose(momenta.sum(axis=1), 0.0, atol=1e-6)
    frames = read(folder / "000" / "constant-energy" / "trajectory.extxyz", require=())
    places = np.stack([frame.positions for frame in frames])
    np.testing.assert_allclose(np.cross(places, momenta).sum(axis=1), 0.0, atol=1e-5)
    assert abs(one.drift) < 1.0


def test_a_folder_serves_one_job(done):
    folder = done[0] / "trajectories"
    structure, source = system()
    assert belongs(folder, source, structure, SHORT)
    assert belongs(folder, source, structure, replace(SHORT, trajectories=9)), "more can be added"
    other, other_source = system(carbon_dioxide)
    assert not belongs(folder, source, other, SHORT)
    with pytest.raises(InputError, match="holds the trajectories of another job; do: choose another folder"):
        sample(other_source, other, SHORT, folder)


def test_files_say_what_was_found_and_how(done):
    folder, made = done
    write_spectra(made, folder)
    record = json.loads((folder / "spectra.json").read_text())
    assert record["units"]["infrared"] == "km/mol per cm⁻¹"
    assert record["plan"]["sampling"]["picoseconds"] == 0.2
    modes = record["harmonic"]["modes"]
    assert [mode["infrared_km_mol"] for mode in modes] == pytest.approx(made.harmonic.infrared)
    assert str(folder) not in json.dumps(record)
    with (folder / "spectra.csv").open() as file:
        rows = list(csv.DictReader(file))
    places = np.array([float(row["wavenumber_cm-1"]) for row in rows])
    assert len(rows[0]) == 11
    for column, total in (
        ("harmonic_infrared (km/mol per cm⁻¹)", made.harmonic.infrared.sum()),
        ("dynamics_density_of_states (modes per cm⁻¹)", 3.0),
    ):
        values = np.array([float(row[column]) for row in rows])
        assert np.trapezoid(values, places) == pytest.approx(total, rel=0.15)
    assert len((folder / "modes.csv").read_text().splitlines()) == 4
    assert len((folder / "peaks.csv").read_text().splitlines()) > 4
    (rest,) = read(folder / "minimum.extxyz", require=())
    np.testing.assert_allclose(rest.positions, made.harmonic.structure.positions)
    assert {path.name for path in folder.iterdir()} == {*FILES, "trajectories"} - {"spectra.html"}


def test_the_page_shows_every_spectrum_and_says_what_is_missing(done, tmp_path):
    page = spectra_page(done[1])
    assert [section.title for section in page.sections] == ["Spectra", "Harmonic modes", "Motion"]
    assert len(page.sections[0].parts) == 5
    assert not any("gives no" in line for line in page.sections[0].text)
    nitrogen = Structure([7, 7], [[0, 0, 0], [0, 0, 1.1]])
    page = spectra_page(make_spectra(source_of("emt"), nitrogen, SpectraPlan(), tmp_path))
    assert len(page.sections[0].parts) == 1
    assert "emt gives no dipole and no polarisability here" in page.sections[0].text[1]


def test_a_trained_model_is_a_source(tmp_path):
    encoder = BodyOrderedSpec(species=(1, 8), channels=4, layers=1, l_max=1, hidden_l=0, radial=4)
    spec = ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -432.0}, zbl=True)
    path = save_model(Model(spec).to(torch.float64).eval(), tmp_path / "model.safetensors")
    source = source_of(str(path))
    assert source.name == "model.safetensors"
    assert set(source.identity) == {"model", "weights_sha256"}
    structure, _ = water()
    by_differences = calculator_hessian(IntertwineCalculator(path), structure, step=3e-4)
    np.testing.assert_allclose(source.hessian(structure), by_differences, atol=1e-3)


def test_a_charge_told_as_an_option_is_that_of_every_answer():
    pytest.importorskip("tblite")
    ion = Structure([8, 1], [[0, 0, 0], [0, 0, 1.0]])
    told, said = source_of("tblite", charge=-1), source_of("tblite")
    found = [told.answers([ion]), said.answers([ion.replace(charge=-1.0)]), said.answers([ion])]
    np.testing.assert_allclose(found[0]["dipole"], found[1]["dipole"], atol=1e-6)
    assert np.abs(found[0]["dipole"] - found[2]["dipole"]).max() > 0.1
    assert told.calculator(ion).parameters["charge"] == -1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 0.0}, "the width cannot be used; got: 0.0; accepted: a positive number"),
        ({"laser": float("nan")}, "the laser cannot be used; got: nan"),
        ({"harmonic": False}, "there is no spectrum to compute; do: ask for the harmonic one"),
        ({"correction": "kubo"}, "unknown quantum correction 'kubo'; accepted: harmonic, none"),
    ],
)
def test_a_plan_that_makes_no_sense_is_one_clear_line(values, words):
    with pytest.raises(InputError, match=words):
        SpectraPlan(**values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"picoseconds": -1.0}, "the picoseconds of the trajectories cannot be used; got: -1.0"),
        ({"trajectories": 0}, "there must be a trajectory; got: 0; accepted: 1 or more"),
        ({"interval": 1.7}, "not a whole number of time steps; got: 1.7 fs with steps of 0.5 fs"),
    ],
)
def test_a_sampling_that_makes_no_sense_is_one_clear_line(values, words):
    with pytest.raises(InputError, match=words):
        Sampling(**values)


def test_a_source_that_fails_leaves_nothing_behind(tmp_path):
    silane = Structure([14, 1], [[0, 0, 0], [0, 0, 1.5]])
    with pytest.raises(IntertwineError, match="failed on the starting structure: No EMT-potential for Si"):
        make_spectra(source_of("emt"), silane, SpectraPlan(sampling=SHORT, width=200.0), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_model_with_dipole_and_polarisability_is_a_full_source():
    encoder = BodyOrderedSpec(species=(1, 8), channels=4, layers=1, l_max=2, hidden_l=0, radial=4, output_l=2)
    heads = {name: TensorSpec.of(LABELS[name]) for name in ("dipole", "polarisability")}
    spec = ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -432.0}, heads=heads)
    source = ModelSource(Model(spec).double().eval())
    structure, _ = water()
    found = harmonic_spectrum(source, structure)
    assert (found.raman > 0).all()
    turn = random_rotation(np.random.default_rng(0))
    turned = harmonic_spectrum(source, structure.replace(positions=structure.positions @ turn.T))
    np.testing.assert_allclose(turned.infrared, found.infrared, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(turned.raman, found.raman, rtol=1e-4)
