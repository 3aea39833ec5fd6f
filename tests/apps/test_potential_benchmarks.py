"""The accuracy benchmarks run as commands and state what they must, on stand-ins for the public data."""

import importlib
import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import kcal, mol
from copper_clusters import cluster

from intertwine.errors import InputError

PROJECT = Path(__file__).parents[2]
OPTIONS = ["--minutes", "0.01", "--threads", "1", "--preset", "small", "--epochs", "1"]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.setenv("COLUMNS", "120")


def marked(rng: np.random.Generator, verified: bool) -> Atoms:
    """A crystal with its labels under mlearn's keys."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, rng=rng)
    atoms.calc = EMT()
    info = {"REF_energy": atoms.get_potential_energy(), "REF_stress": atoms.get_stress(voigt=False)}
    plain = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True, info=info)
    plain.info["shear_order_verified"] = verified
    plain.info["config_type"] = "bulk" if verified else "surface"
    plain.arrays["REF_forces"] = atoms.get_forces()
    return plain


def only_json(folder: Path) -> dict:
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text(), parse_constant=pytest.fail)


def stand_in_for_acac(data: Path, rng: np.random.Generator, frames: int = 54) -> None:
    """Training frames and an isolated atom."""
    data.mkdir(parents=True)
    ase.io.write(data / "train_300K.xyz", [cluster(5, 0.1, rng) for _ in range(frames)])
    alone = Atoms("Cu", info={"config_type": "isolated_atom", "energy": 3.5})
    ase.io.write(data / "isolated_atoms.xyz", alone)


def stand_in_for_ethanol(data: Path, rng: np.random.Generator) -> list[Atoms]:
    """Files of 30 frames to train and 3 to test, in kcal/mol; returns the latter."""
    data.mkdir(parents=True)
    atoms: list[Atoms] = []
    for part, count in (("train", 30), ("test", 3)):
        atoms = [cluster(5, 0.1, rng) for _ in range(count)]
        np.savez(
            data / f"ethanol_{part}.npz",
            nuclear_charges=atoms[0].numbers,
            coords=[frame.positions for frame in atoms],
            energies=[frame.get_potential_energy() * mol / kcal for frame in atoms],
            forces=[frame.get_forces() * mol / kcal for frame in atoms],
        )
    return atoms


def test_acac_prints_ours_beside_the_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, rng = tmp_path / "data" / "acac", np.random.default_rng(0)
    stand_in_for_acac(data, rng)
    for name in ("test_MD_300K", "test_MD_600K"):
        ase.io.write(data / f"{name}.xyz", [cluster(5, 0.1, rng) for _ in range(2)])
    monkeypatch.setenv("INTERTWINE_DATA", str(data.parent))
    acac = importlib.import_module("benchmarks.acac")
    acac.main([*OPTIONS, "--output", str(tmp_path / "runs"), "--results", str(tmp_path / "results")])
    record = only_json(tmp_path / "results")
    assert record["seed"] == 0
    assert record["training"]["cpu_seconds"] > 0
    assert record["machine"]["cores"] >= 1
    assert "--output" not in record["command"]
    assert {row["model"].split()[0] for row in record["published"]} == {"BOTNet", "NequIP", "MACE"}
    shown = capsys.readouterr().out
    for set_name in ("300 K", "600 K"):
        for quantity in ("energy", "forces"):
            assert f"{record['tests'][set_name]['errors'][quantity]['rmse']:.2f}" in shown
    (run,) = (tmp_path / "runs").iterdir()
    provenance = json.loads((run / "provenance.json").read_text())
    assert provenance["reference_origin"] == "isolated"
    assert provenance["data"]["valid"]["frames"] == 50


def test_mlearn_states_the_stress_and_trusts_only_verified_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, rng = tmp_path / "data" / "mlearn", np.random.default_rng(0)
    data.mkdir(parents=True)
    ase.io.write(data / "Si_train.extxyz", [marked(rng, k != 3) for k in range(12)])
    ase.io.write(data / "Si_test.extxyz", [marked(rng, k != 0) for k in range(3)])
    monkeypatch.setenv("INTERTWINE_DATA", str(data.parent))
    mlearn = importlib.import_module("benchmarks.mlearn")
    mlearn.main([*OPTIONS, "--output", str(tmp_path / "runs"), "--results", str(tmp_path / "results")])
    errors = only_json(tmp_path / "results")["test"]["errors"]
    assert errors["stress"]["n"] == 9 * 2
    assert errors["forces"]["n"] == 3 * 4 * 3
    shown = capsys.readouterr().out
    assert f"{errors['energy_per_atom']['mae']:.2f}" in shown
    assert f"{errors['forces']['mae'] / 1000:.3f}" in shown
    assert f"{errors['stress']['mae']:.3f}" in shown


def test_rmd17_learns_from_the_frames_drawn_and_tests_on_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, rng = tmp_path / "data" / "rmd17", np.random.default_rng(0)
    atoms = stand_in_for_ethanol(data, rng)
    monkeypatch.setenv("INTERTWINE_DATA", str(data.parent))
    rmd17 = importlib.import_module("benchmarks.rmd17")
    rmd17.main(
        [*OPTIONS, "--samples", "20", "--output", str(tmp_path / "runs"), "--results", str(tmp_path / "out")]
    )
    record = only_json(tmp_path / "out")
    assert record["test"]["errors"]["forces"]["n"] == 3 * 5 * 3
    assert f"{record['test']['errors']['forces']['mae']:.2f}" in capsys.readouterr().out
    (run,) = (tmp_path / "runs").glob("*/provenance.json")
    sizes = json.loads(run.read_text())["data"]
    assert (sizes["train"]["frames"], sizes["valid"]["frames"]) == (10, 10)
    np.testing.assert_allclose(rmd17.frames("ethanol", "test")[0].labels["forces"], atoms[0].get_forces())


def test_an_ablation_runs_a_row_once_and_opens_no_test_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, rng = tmp_path / "data" / "acac", np.random.default_rng(0)
    stand_in_for_acac(data, rng)
    monkeypatch.setenv("INTERTWINE_DATA", str(data.parent))
    ablation = importlib.import_module("benchmarks.ablation")
    words = ["run", "--row", "one layer", "--epochs", "1", "--quiet", "--results", str(tmp_path / "results")]
    for _ in range(2):
        ablation.main([*words, "--output", str(tmp_path / "runs")])
    record = only_json(tmp_path / "results")
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert (record["row"], record["config"]["model"]["layers"]) == ("one layer", 1)
    assert f"{1e3 * record['valid']['forces']['rmse']:.1f}" in capsys.readouterr().out


def test_finetuning_states_what_is_learned_and_what_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    stand_in_for_acac(tmp_path / "data" / "acac", rng, frames=20)
    stand_in_for_ethanol(tmp_path / "data" / "rmd17", rng)
    monkeypatch.setenv("INTERTWINE_DATA", str(tmp_path / "data"))
    finetune = importlib.import_module("benchmarks.finetune")
    rows = ["from scratch", "heads", "adapters, replay"]
    words = ["--preset", "small", "--base-epochs", "1", "--epochs", "1", "--samples", "20"]
    words += [word for row in rows for word in ("--row", row)]
    finetune.main([*words, "--results", str(tmp_path / "results")])
    record, shown = only_json(tmp_path / "results"), capsys.readouterr().out
    assert list(record["rows"]) == rows
    assert record["rows"]["from scratch"]["old"] == {}
    for row in rows[1:]:
        found = record["rows"][row]
        before = found["old"]["before"]["forces"]["rmse"]
        assert before == pytest.approx(record["base"]["old"]["forces"], rel=1e-6)
        for errors in (found["new"], found["old"]["after"]):
            assert f"{1e3 * errors['forces']['rmse']:.1f}" in shown


def test_without_the_data_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = importlib.import_module("benchmarks.record")
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    with pytest.raises(InputError, match="INTERTWINE_DATA is not set"):
        record.data_folder("acac")
    monkeypatch.setenv("INTERTWINE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="no folder 'acac'"):
        record.data_folder("acac")


@pytest.mark.parametrize("element", ["Li", "Mo", "Si", "Ge"])
def test_published_rows_have_a_source_and_a_figure_for_each_column(element: str) -> None:
    published = importlib.import_module("benchmarks.published")
    assert all(len(row.figures) == 4 and row.source for row in published.ACAC)
    assert all(len(row.figures) == 2 and row.source for row in published.MLEARN[element])
