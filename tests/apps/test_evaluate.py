"""Errors are told with the right unit, over the right number of values, for every group and file."""

import io
import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from copper_clusters import clusters, crystal, random_model
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from intertwine.apps.accuracy import Accuracy, figure_text, quantity
from intertwine.apps.evaluate import EvaluationReport, evaluate_report
from intertwine.data import LabelKeys, LabelUnits, Structure, write
from intertwine.engines import Predictor
from intertwine.errors import InputError
from intertwine.observables import save_model

MODEL = random_model()
VALUES = arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e3, 1e3, allow_subnormal=False))
EV_PER_GPA = 1.0 / 160.21766208


def predicted(frames: list[Structure], noise: float = 0.0, seed: int = 0) -> list[Structure]:
    """The same frames with labels that the model itself gives, plus Gaussian noise of known size."""
    rng = np.random.default_rng(seed)
    outputs = ("energy", "forces", "stress")
    labelled = []
    for frame, out in zip(frames, Predictor(MODEL)(frames, outputs=outputs), strict=True):
        labels = {name: out[name] + noise * rng.normal(size=np.shape(out[name])) for name in outputs}
        labels["stress"] = 0.5 * (labels["stress"] + labels["stress"].T)
        labelled.append(
            frame.replace(labels=labels if frame.pbc.all() else {k: labels[k] for k in outputs[:2]})
        )
    return labelled


def text(report: EvaluationReport) -> str:
    console = Console(width=100, file=io.StringIO())
    with console.capture() as capture:
        console.print(report.table())
    return capture.get()


@given(VALUES, st.floats(-10, 10))
def test_a_constant_error_is_its_own_mean_root_and_maximum(values: np.ndarray, shift: float) -> None:
    accuracy = Accuracy.of("forces", values, values + shift)
    for figure in (accuracy.mae, accuracy.rmse, accuracy.largest):
        assert figure == pytest.approx(1000 * abs(shift), rel=1e-9, abs=1e-9)
    assert accuracy.count == len(values)


@given(VALUES, st.integers(0, 2**32 - 1))
def test_errors_come_in_order(values: np.ndarray, seed: int) -> None:
    accuracy = Accuracy.of("energy", values, values + np.random.default_rng(seed).normal(size=len(values)))
    assert accuracy.mae <= accuracy.rmse * (1 + 1e-12) <= accuracy.largest * (1 + 1e-9)
    assert not accuracy.r2 > 1.0


def test_predicting_the_mean_explains_nothing_and_the_truth_everything() -> None:
    values = np.array([1.0, 2.0, 6.0])
    assert Accuracy.of("energy", values, np.full(3, 3.0)).r2 == pytest.approx(0.0)
    assert Accuracy.of("energy", values, values).r2 == 1.0
    assert np.isnan(Accuracy.of("energy", np.ones(3), values).r2)


def test_a_model_has_no_error_on_its_own_predictions() -> None:
    report = evaluate_report(MODEL, predicted([*clusters(3), crystal(1)]))
    assert set(report.accuracy) == {"energy", "energy_per_atom", "forces", "stress"}
    assert all(accuracy.largest < 1e-9 for accuracy in report.accuracy.values())


def test_errors_agree_with_a_plain_loop_over_frames() -> None:
    frames = predicted([*clusters(3), crystal(1), crystal(2, seed=1)], noise=0.01)
    outputs = Predictor(MODEL)(frames, outputs=("energy", "forces", "stress"))
    deviations: dict[str, list[float]] = {"energy": [], "energy_per_atom": [], "forces": [], "stress": []}
    for frame, out in zip(frames, outputs, strict=True):
        energy = float(out["energy"] - frame.labels["energy"])
        deviations["energy"].append(1e3 * energy)
        deviations["energy_per_atom"].append(1e3 * energy / len(frame))
        deviations["forces"] += list(1e3 * (out["forces"] - frame.labels["forces"]).ravel())
        if "stress" in frame.labels:
            deviations["stress"] += list((out["stress"] - frame.labels["stress"]).ravel() / EV_PER_GPA)
    report = evaluate_report(MODEL, frames)
    for name, values in deviations.items():
        accuracy = report.accuracy[name]
        assert accuracy.count == len(values)
        assert accuracy.mae == pytest.approx(np.abs(values).mean(), rel=1e-6)
        assert accuracy.rmse == pytest.approx(np.sqrt(np.square(values).mean()), rel=1e-6)
        assert accuracy.largest == pytest.approx(np.abs(values).max(), rel=1e-6)
    assert (report.frames, report.atoms) == (5, sum(map(len, frames)))


def test_kinds_of_frames_are_told_apart_and_add_up() -> None:
    frames = predicted(clusters(5), noise=0.02)
    marked = [
        frame.replace(info={"config_type": "hot" if k < 2 else "cold"}) for k, frame in enumerate(frames)
    ]
    report = evaluate_report(MODEL, marked)
    alone = evaluate_report(MODEL, frames[:2])
    assert report.groups["hot"]["forces"].rmse == pytest.approx(alone.accuracy["forces"].rmse, rel=1e-9)
    squares = sum(group["forces"].count * group["forces"].rmse ** 2 for group in report.groups.values())
    assert squares == pytest.approx(report.accuracy["forces"].count * report.accuracy["forces"].rmse ** 2)
    assert not evaluate_report(MODEL, frames).groups
    assert "hot forces" in " ".join(text(report).split())


def test_keys_and_units_of_a_file_are_honoured_and_the_files_written(tmp_path: Path) -> None:
    frames = predicted(clusters(4), noise=0.02)
    for frame, atoms in zip(frames, written := [frame.to_ase() for frame in frames], strict=True):
        atoms.calc = None
        atoms.info["U"] = float(frame.labels["energy"]) / 0.0433641153087705
        atoms.arrays["grad"] = frame.labels["forces"] / 0.0433641153087705
    ase.io.write(tmp_path / "odd.xyz", written, format="extxyz")
    save_model(MODEL, tmp_path / "model.safetensors")
    report = evaluate_report(
        tmp_path / "model.safetensors",
        tmp_path / "odd.xyz",
        tmp_path / "out",
        keys=LabelKeys(energy="U", forces="grad"),
        units=LabelUnits(energy="kcal/mol", forces="kcal/mol/Å"),
    )
    direct = evaluate_report(MODEL, frames)
    for name in ("energy", "forces"):
        assert report.accuracy[name].rmse == pytest.approx(direct.accuracy[name].rmse, rel=2e-3)
    record = json.loads((tmp_path / "out" / "odd.json").read_text(), parse_constant=pytest.fail)
    assert record["errors"]["forces"]["rmse"] == report.accuracy["forces"].rmse
    assert record["errors"]["forces"]["unit"] == "meV/Å"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"odd.json", "odd.svg", "odd.png"}


def test_what_cannot_be_evaluated_is_said_in_one_line(tmp_path: Path) -> None:
    bare = [frame.replace(labels={}) for frame in clusters(2)]
    with pytest.raises(InputError, match="nothing to compare with"):
        evaluate_report(MODEL, bare)
    stranger = Structure([79], [[0, 0, 0]], labels={"energy": 0.0})
    with pytest.raises(InputError, match="Au"):
        evaluate_report(MODEL, [stranger])
    write(tmp_path / "frames.xyz", clusters(1))
    with pytest.raises(InputError, match="no model at"):
        evaluate_report(tmp_path / "none.safetensors", tmp_path / "frames.xyz")


def test_a_figure_is_written_as_a_reader_would() -> None:
    assert [figure_text(x) for x in (1.0, 0.00123456, 999.9, 54321.0)] == ["1", "0.00123", "1,000", "54,321"]
    assert quantity("stress").error_unit == "GPa"
