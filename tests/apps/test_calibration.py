"""An uncertainty is learned from the frames that were fitted and judged by those that were not."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from copper_clusters import clusters, crystal, random_model
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from intertwine.apps.calibration import Design, calibrate, design, fitted_and_unseen, uncertainty_of
from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.reliability import Reliability, reliabilities, reliability_plot
from intertwine.data import Structure, split
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.observables import Model
from intertwine.observables.uncertainty import force_rows

MODEL = random_model()
SEEDS = st.integers(0, 2**32 - 1)


def taught(frames: list[Structure], seed: int = 0) -> tuple[Model, dict[str, list[Structure]]]:
    """A model that says that it was trained on a part of these frames, and the parts."""
    parts = split(frames, {"valid": 6, "train": None}, seed)
    model = random_model()
    model.metadata = {"provenance": {"data": {"valid": {"split": parts.record()}}}}
    return model, dict(parts)


def test_energies_say_what_their_rows_say_and_unlabelled_frames_nothing() -> None:
    frames = [*clusters(4), crystal(1), clusters(1, seed=9)[0].replace(labels={})]
    rows, expected = design(MODEL, frames), torch.zeros(24, 24).double()
    for row, frame in zip(rows.energy[:5], frames, strict=False):
        expected += torch.outer(row, row) / len(frame)
    energy, _ = rows.information()
    torch.testing.assert_close(energy, expected)
    assert rows.energy_error.isfinite().tolist() == [True] * 5 + [False]


def test_drawn_force_components_stand_for_all_of_them() -> None:
    frames = clusters(2, atoms=3)
    energy, few = design(MODEL, frames, components=600).information()
    every = design(MODEL, frames, components=0)
    assert every.information()[1].abs().max() == 0.0
    batch = collate([build_graph(frame, MODEL.cutoff) for frame in frames])
    rows = force_rows(MODEL, batch, torch.arange(9).expand(2, 9)).flatten(0, 1)
    assert (few - rows.T @ rows).norm() < 0.1 * (rows.T @ rows).norm()
    torch.testing.assert_close(energy, every.information()[0])


def test_batches_do_not_change_a_design(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [*clusters(5), crystal(1)]
    together = design(MODEL, frames)
    monkeypatch.setattr("intertwine.apps.calibration.ATOMS_AT_ONCE", 1)
    alone = design(MODEL, frames)
    for name in ("atoms", "energy", "forces", "energy_error", "forces_error"):
        torch.testing.assert_close(getattr(alone, name), getattr(together, name))


def test_errors_of_a_design_are_labels_minus_predictions() -> None:
    frames = clusters(3)
    rows = design(MODEL, frames)
    true = evaluate_report(MODEL, frames)
    np.testing.assert_allclose(rows.energy_error, true.reference["energy"] - true.predicted["energy"])
    errors = np.abs(true.reference["forces"] - true.predicted["forces"])
    assert all(np.isclose(errors, abs(float(e)), rtol=1e-9).any() for e in rows.forces_error.flatten())


def test_calibration_fits_the_unseen_errors_and_nothing_else_is_likelier() -> None:
    trained, unseen = (design(MODEL, clusters(number, seed)) for number, seed in ((30, 0), (10, 1)))
    posterior = calibrate(MODEL, trained, unseen)
    sides = {"energy": (unseen.energy, unseen.energy_error), "forces": (unseen.forces, unseen.forces_error)}

    def surprise(of: str, scale: float) -> float:
        rows, errors = sides[of]
        sigma = scale * posterior.deviation(rows, of)
        return float((0.5 * (errors / sigma).square() + sigma.log()).sum())

    for of in sides:
        assert surprise(of, 1.0) <= min(surprise(of, scale) for scale in (0.5, 0.9, 1.1, 2.0))
    assert all(
        row.ratio == pytest.approx(1.0)
        for row in reliabilities(posterior, unseen).values()
        if row.unit == "meV/Å"
    )


def test_labels_drawn_from_the_posterior_give_back_its_width() -> None:
    """Weights w' from N(w, α²P⁻¹) make the labels; one draw knows α to 1/√(2·24) or so."""
    trained, unseen = (
        design(MODEL, clusters(number, seed), components=0) for number, seed in ((40, 0), (30, 1))
    )
    law = calibrate(MODEL, trained, unseen)
    found = []
    for deviation in law.draw(40, "energy", torch.Generator().manual_seed(0)):
        labelled = Design(
            unseen.atoms, unseen.energy, unseen.forces, unseen.energy @ deviation, unseen.forces_error
        )
        (row,) = reliabilities(law, labelled).values()
        found.append(row.ratio**2)
    assert np.mean(found) == pytest.approx(1.0, abs=4 * np.std(found) / math.sqrt(len(found)))


def test_frames_that_training_held_out_are_recognised_in_any_wrapping() -> None:
    frames = clusters(20)
    model, parts = taught(frames)
    found = fitted_and_unseen(model, frames)
    assert found is not None
    assert [len(part) for part in found] == [14, 6]
    for part, name in zip(found, ("train", "valid"), strict=True):
        assert all(a is b for a, b in zip(part, parts[name], strict=True))
    alone = Structure([29], [[0, 0, 0]], labels={"energy": 3.0}, info={"config_type": "isolated_atom"})
    assert fitted_and_unseen(model, [alone, *frames]) is not None
    for strangers in (frames[:-1], frames[::-1], clusters(20, seed=1)):
        assert fitted_and_unseen(model, strangers) is None
    assert uncertainty_of(model, frames).scales.keys() == {"energy", "forces"}


def test_what_cannot_be_calibrated_is_said_in_one_line() -> None:
    frames = clusters(8)
    bare = [frame.replace(labels={}) for frame in frames]
    with pytest.raises(InputError, match="does not say which of these training frames it was not fitted to"):
        uncertainty_of(MODEL, frames)
    with pytest.raises(InputError, match="the training frames say nothing about the model"):
        uncertainty_of(MODEL, bare, frames)
    with pytest.raises(InputError, match="nothing to calibrate the uncertainty with"):
        uncertainty_of(MODEL, frames, bare)
    with pytest.raises(InputError, match="no frames to read the uncertainty from"):
        uncertainty_of(MODEL, [], frames)
    with pytest.raises(InputError, match="Au"):
        uncertainty_of(MODEL, frames, [Structure([79], [[0, 0, 0]])])


def test_a_model_with_direct_forces_is_unsure_of_energies_only() -> None:
    model = random_model("direct")
    posterior = uncertainty_of(model, clusters(20), clusters(6, seed=1))
    report = evaluate_report(model, clusters(6, seed=2), uncertainty=posterior)
    assert set(report.reliability) == {"energy_per_atom"}


def test_a_report_tells_predicted_errors_and_draws_them(tmp_path: Path) -> None:
    posterior = uncertainty_of(MODEL, clusters(30), clusters(8, seed=1))
    report = evaluate_report(MODEL, clusters(12, seed=2), tmp_path, name="test", uncertainty=posterior)
    assert report.to_json()["uncertainty"]["forces"]["n"] == 12 * 8
    assert "uncertainty" not in evaluate_report(MODEL, clusters(2)).to_json()
    assert len(report.tables()) == 2
    drawn = {"test_uncertainty.svg", "test_uncertainty.png"}
    assert {file.name for file in tmp_path.iterdir()} == {"test.json", "test.svg", "test.png"} | drawn
    with pytest.raises(InputError, match="belongs to another model"):
        evaluate_report(random_model(seed=1), clusters(2), uncertainty=posterior)


def honest(seed: int, number: int = 4000, sureness: float = 1.0) -> Reliability:
    """Errors of the size predicted, or larger by `sureness`."""
    rng = np.random.default_rng(seed)
    sigma = np.exp(rng.normal(size=number))
    return Reliability("meV", sigma, sureness * sigma * rng.normal(size=number))


@given(SEEDS)
def test_honest_predictions_have_ideal_figures_and_others_have_not(seed: int) -> None:
    good, proud = honest(seed), honest(seed, sureness=2.0)
    assert good.ratio == pytest.approx(1.0, abs=0.07)
    assert good.within == pytest.approx(0.683, abs=0.04)
    assert good.miscalibration < 0.03 < proud.miscalibration
    assert proud.ratio == pytest.approx(2 * good.ratio)
    assert good.surprise < good.flat_surprise
    assert good.surprise < proud.surprise


@given(SEEDS, st.floats(1e-3, 1e3))
def test_a_unit_changes_no_figure_but_shifts_the_likelihoods_alike(seed: int, factor: float) -> None:
    here = honest(seed, 50)
    there = Reliability("other", here.predicted * factor, here.errors * factor)
    assert there.ratio == pytest.approx(here.ratio)
    assert there.rank_correlation == pytest.approx(here.rank_correlation)
    assert there.surprise - here.surprise == pytest.approx(math.log(factor), abs=1e-9)
    assert there.surprise - there.flat_surprise == pytest.approx(here.surprise - here.flat_surprise, abs=1e-9)


@given(SEEDS, st.integers(3, 60))
def test_the_rank_correlation_is_the_one_of_scipy(seed: int, number: int) -> None:
    row = honest(seed, number)
    assert row.rank_correlation == pytest.approx(spearmanr(row.predicted, np.abs(row.errors)).statistic)


@given(SEEDS, st.integers(1, 300))
def test_bins_hold_every_value_once(seed: int, number: int) -> None:
    row = honest(seed, number)
    bins = row.bins()
    assert (np.diff(bins[:, 0]) >= 0).all()
    assert len(bins) == max(1, min(12, number // 8))
    if number % len(bins) == 0:
        np.testing.assert_allclose(np.square(bins[:, 1]).mean(), row.rmse**2)


def test_one_value_without_error_can_be_drawn_and_told() -> None:
    lonely = Reliability("meV", np.array([1.0]), np.array([0.0]))
    assert lonely.to_json()["spearman"] is None
    assert len(reliability_plot({"forces": lonely}).axes) == 1
