"""A training ends with errors, plots and a certificate, and a certificate that fails is told plainly."""

import io
import json
from pathlib import Path

import pytest
from copper_clusters import tiny_config
from rich.console import Console

from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.potential import Outcome, train_and_certify, training_figure
from intertwine.errors import InputError
from intertwine.testing import Certificate, weights_hash

LEFT = {
    "certificate.html",
    "certificate.json",
    "config.yaml",
    "evaluation",
    "learning_curve.png",
    "learning_curve.svg",
    "metrics.csv",
    "model.safetensors",
    "provenance.json",
    "results.json",
    "train.log",
}


def text(outcome: Outcome) -> str:
    console = Console(width=120, file=io.StringIO())
    with console.capture() as capture:
        console.print(outcome.summary())
    return capture.get()


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return train_and_certify(tiny_config(tmp_path_factory.mktemp("copper")), quiet=True, budget=1.0)


def test_the_run_folder_says_everything(outcome: Outcome) -> None:
    assert {file.name for file in outcome.folder.iterdir()} >= LEFT
    plots = {f"{name}.{ending}" for name in ("valid", "test") for ending in ("json", "svg", "png")}
    assert {file.name for file in (outcome.folder / "evaluation").iterdir()} == plots


def test_the_certificate_is_that_of_the_saved_model(outcome: Outcome) -> None:
    written = Certificate.from_json((outcome.folder / "certificate.json").read_text())
    assert written.passed == outcome.passed
    assert written.model["weights_sha256"] == weights_hash(outcome.load_model())
    assert "<html" in (outcome.folder / "certificate.html").read_text()


def test_a_conservative_model_keeps_every_law(outcome: Outcome) -> None:
    assert outcome.passed, outcome.certificate.summary
    assert f"{len(outcome.certificate.lines)} of {len(outcome.certificate.lines)} laws kept" in text(outcome)


def test_errors_are_those_of_the_saved_model_on_the_files(outcome: Outcome) -> None:
    again = evaluate_report(outcome.run.model_path, outcome.folder.parent / "test.extxyz")
    assert outcome.reports["test"].accuracy == again.accuracy
    record = json.loads((outcome.folder / "evaluation" / "test.json").read_text())
    assert record["errors"]["forces"]["rmse"] == again.accuracy["forces"].rmse
    assert outcome.reports["test"].accuracy["forces"].rmse == pytest.approx(
        1e3 * outcome.run.metrics["test"]["forces"]["rmse"], rel=1e-6
    )
    assert "test" in text(outcome)


def test_a_finished_run_is_certified_again_without_training(outcome: Outcome) -> None:
    before = outcome.run.model_path.stat().st_mtime_ns
    config = tiny_config(outcome.folder.parent)
    again = train_and_certify(config, resume=True, quiet=True, budget=1.0)
    assert again.run.model_path.stat().st_mtime_ns == before
    assert again.certificate["rotation.energy"].figure == outcome.certificate["rotation.energy"].figure
    with pytest.raises(InputError, match="is not empty"):
        train_and_certify(config, quiet=True)


def test_a_broken_law_is_named_and_the_files_are_there(tmp_path: Path) -> None:
    outcome = train_and_certify(tiny_config(tmp_path, forces="direct", epochs=1), quiet=True, budget=1.0)
    assert not outcome.passed
    assert "loop.work" in {line.name for line in outcome.certificate.broken}
    assert "loop.work BROKEN" in text(outcome)
    assert {file.name for file in outcome.folder.iterdir()} >= LEFT


def test_a_learning_curve_needs_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished epoch"):
        training_figure(tmp_path)
