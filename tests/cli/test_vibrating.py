"""`intertwine spectra`: a folder of tables, curves and a page, and clear words where there is none."""

import json

import pytest
from ase.build import molecule
from ase.io import write as ase_write
from command_line import complaint

from intertwine.apps.spectra.result import FILES

pytest.importorskip("tblite")

MOTION = [
    "--picoseconds",
    "0.06",
    "--trajectories",
    "1",
    "--equilibration",
    "0.01",
    "--interval",
    "2",
    "--width",
    "900",
]


@pytest.fixture
def nitrogen(tmp_path):
    ase_write(tmp_path / "N2.xyz", molecule("N2"), format="extxyz")
    return tmp_path / "N2.xyz"


def test_quantum_chemistry_gives_a_table_and_a_page(say, nitrogen, tmp_path):
    said = say("spectra", "tblite:GFN2-xTB", nitrogen, "-o", tmp_path / "out", *MOTION)
    assert said.status == 0, said.errors
    assert "infrared, km/mol" in said.output
    assert said.output.endswith(f"wrote {tmp_path / 'out' / 'spectra.html'}\n")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, "trajectories"}
    record = json.loads((tmp_path / "out" / "spectra.json").read_text())
    (mode,) = record["harmonic"]["modes"]
    assert 2300 < mode["wavenumber_cm-1"] < 2600
    assert mode["infrared_km_mol"] == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < mode["depolarisation_ratio"] < 0.75
    assert record["software"].startswith("tblite ")


def test_another_width_needs_no_new_trajectories(say, nitrogen, tmp_path):
    words = ["spectra", "tblite:GFN2-xTB", nitrogen, "-o", tmp_path / "out", "--no-harmonic"]
    assert say(*words, *MOTION).status == 0
    log = tmp_path / "out" / "trajectories" / "000" / "constant-energy" / "log.csv"
    before = log.stat().st_mtime_ns
    assert "exists already" in complaint(say(*words, *MOTION))
    assert say(*words, *MOTION, "--width", "1200", "--overwrite").status == 0
    assert log.stat().st_mtime_ns == before
    assert json.loads((tmp_path / "out" / "spectra.json").read_text())["plan"]["width"] == 1200.0
    assert say(*words, *MOTION, "--seed", "1", "--overwrite").status == 0
    assert log.stat().st_mtime_ns != before


def test_a_model_without_dipoles_still_has_wavenumbers(say, model_file, frames, tmp_path):
    said = say("spectra", model_file, frames, "-o", tmp_path / "out", "--fmax", "0.05")
    assert said.status == 0, said.errors
    record = json.loads((tmp_path / "out" / "spectra.json").read_text())
    assert len(record["harmonic"]["modes"]) == 3
    assert set(record["harmonic"]["modes"][0]) == {"wavenumber_cm-1"}


def test_what_cannot_be_is_one_line(say, model_file, frames, tmp_path):
    words = ["spectra", model_file, frames, "-o", tmp_path / "out"]
    line = complaint(say(*words, "--option", "charge=1"))
    assert line == "a model has no options; got: charge=1; do: leave --option out"
    assert "unknown precision 'half'" in complaint(say(*words, "--precision", "half"))
    line = complaint(say(*words, "--no-harmonic", "--picoseconds", "0.1"))
    assert "a trajectory of 0.1 ps is too short for lines of 10 cm⁻¹; accepted: 3.34 ps or more" in line
    assert not (tmp_path / "out").exists()
