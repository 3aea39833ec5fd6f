"""Models of every task turn with the event, keep Schur's lemma when trained, and come back from files."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_jets import SMALL, flow, lot, model_of

from intertwine.apps.jets import (
    TASKS,
    Events,
    FitPlan,
    find_task,
    fit_jets,
    load_jets,
    save_jets,
    score,
    spec_for,
)
from intertwine.apps.jets.report import JetReport, equivariance_error
from intertwine.errors import InputError

BEAM = [name for name, task in TASKS.items() if task.frame == "beam"]
FEW = settings(max_examples=8)


def turn(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])  # acts on rows


@given(st.floats(-7, 7))
@FEW
@pytest.mark.parametrize("group", ["SO(2)", "O(2)"])
@pytest.mark.parametrize("name", BEAM)
def test_turning_the_detector_turns_every_answer(name: str, group: str, angle: float) -> None:
    model, events = model_of(name, group), lot()
    order = model.task.order
    expected = model.answer(events) @ (turn(order * angle) if order else np.eye(1))
    assert np.abs(model.answer(events.turned(angle)) - expected).max() <= 1e-12 * model.spec.scale
    assert np.abs(model.task.truth(events.turned(angle)) - model.task.truth(events) @ (
        turn(order * angle) if order else np.eye(1))).max() < 1e-12 * model.spec.scale  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("group", ["SO(2)", "O(2)"])
def test_the_breach_that_a_report_tells_is_rounding(name: str, group: str) -> None:
    assert equivariance_error(model_of(name, group), lot(), 1.3) < 1e-12


@pytest.mark.parametrize("name", ["met", "event-plane-3", "parity-odd"])
def test_mirrors_act_on_answers_as_on_what_is_true(name: str) -> None:
    model, events = model_of(name, "O(2)"), lot()
    mirrored = Events(events.offsets, events.pt, events.eta, -events.phi, events.columns, events.truth)
    sign = -1.0 if name == "parity-odd" else np.array([1.0, -1.0])
    assert np.abs(model.answer(mirrored) - sign * model.answer(events)).max() < 1e-12 * model.spec.scale


def test_jets_turn_about_their_own_axis() -> None:
    from intertwine.apps.jets.clouds import about_axis

    model, events = model_of("decay-plane"), lot()
    across = about_axis(events) @ turn(0.8)
    turned = Events(events.offsets, events.pt, across[:, 0], across[:, 1], events.columns, events.truth)
    expected = model.answer(events) @ turn(2 * 0.8)
    assert np.abs(model.answer(turned) - expected).max() < 1e-12


def test_a_boost_along_the_beam_changes_nothing_where_that_is_asked() -> None:
    events = lot()
    moved = Events(events.offsets, events.pt, events.eta + 0.7, events.phi, events.columns, events.truth)
    still, plain = model_of("met", boost_invariant=True), model_of("met")
    assert np.abs(still.answer(moved) - still.answer(events)).max() < 1e-11
    assert np.abs(plain.answer(moved) - plain.answer(events)).max() > 1e-3


@pytest.mark.parametrize("name", TASKS)
def test_an_empty_event_has_the_answer_zero(name: str) -> None:
    assert np.abs(model_of(name).answer(lot())[1]).max() == 0.0


def test_no_events_have_no_answers() -> None:
    assert model_of("met").answer(lot()[:0]).shape == (0, 2)


def test_an_infrared_safe_tag_is_blind_to_soft_and_collinear_particles() -> None:
    model, events = model_of("tag", infrared_safe=True), lot()[np.array([3])]
    more = lambda pt, eta, phi: Events(  # noqa: E731
        np.array([0, len(pt)]), np.array(pt), np.array(eta), np.array(phi)
    )
    p, e, f = (list(getattr(events, name)) for name in ("pt", "eta", "phi"))
    plain = model.answer(more(p, e, f))
    split = model.answer(more([0.3 * p[0], *p[1:], 0.7 * p[0]], [*e, e[0]], [*f, f[0]]))
    soft = model.answer(more([*p, 1e-9], [*e, 0.3], [*f, 0.1]))
    assert np.abs(split - plain).max() < 1e-12
    assert np.abs(soft - plain).max() < 1e-8


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small model of Ψ2, and events that it has not seen."""
    events = flow(300, multiplicity=60.0)
    spec = spec_for(events, "event-plane", sizes=SMALL, group="O(2)")
    return fit_jets(events, spec, FitPlan(epochs=6, batch=32, seed=1)), flow(300, seed=8, multiplicity=60.0)


def test_training_learns(trained) -> None:
    fit, test = trained
    assert fit.curve[fit.best - 1][1] == min(held for _, held in fit.curve)
    report = JetReport(fit.model, test)
    assert report.scores["model"].value > 0.45
    task, truth = find_task("event-plane"), report.truth
    assert score(task, truth[::-1], truth).value < 0.2, "answers to other events are no answers"


def test_every_trained_linear_layer_is_block_diagonal_in_m(trained) -> None:
    layers = trained[0].model.linear_maps()
    assert len(layers) >= 8
    for name, layer in layers.items():
        matrix = layer.matrix().numpy()
        for rows_out, out in zip(layer.irreps_out.slices(), kinds(layer.irreps_out), strict=True):
            for rows_in, source in zip(layer.irreps_in.slices(), kinds(layer.irreps_in), strict=True):
                size = np.abs(matrix[rows_out][:, :, rows_in]).max()
                assert (size > 0) == (out == source), f"{name}: {source} to {out}"


def kinds(irreps) -> list:
    """One irrep for each slice, so that multiplicities of more than one would show."""
    assert all(count == 1 for count, _ in irreps)
    return [irrep for _, irrep in irreps]


def test_a_model_comes_back_from_its_file(trained, tmp_path) -> None:
    fit, test = trained
    again = load_jets(save_jets(fit.model, tmp_path / "m.safetensors", {"note": 1}))
    assert again.spec == fit.model.spec
    assert np.array_equal(again.answer(test), fit.model.answer(test))


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\x10\0\0\0\0\0\0\0{}"])
def test_what_is_no_model_is_refused(content, tmp_path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(InputError, match="no model at"):
        load_jets(path)
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a model"):
        load_jets(path)


def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(tmp_path) -> None:
    events, state = flow(40), tmp_path / "state.safetensors"
    spec, plan = spec_for(events, "event-plane", sizes=SMALL), FitPlan(epochs=4, batch=10)
    whole = fit_jets(events, spec, plan)

    class Interrupted(Exception):
        pass

    def stop(epoch: int, *_: object) -> None:
        if epoch == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit_jets(events, spec, plan, state=state, observe=stop)
    rest = fit_jets(events, spec, plan, state=state, resume=True)
    assert rest.curve == whole.curve
    assert all(
        torch.equal(a, b) for a, b in zip(rest.model.parameters(), whole.model.parameters(), strict=True)
    )
    with pytest.raises(InputError, match="another training"):
        fit_jets(events, spec, FitPlan(epochs=4, batch=20), state=state, resume=True)


@pytest.mark.parametrize("name", ["met", "tag", "parity-odd", "decay-plane"])
def test_a_report_tells_every_kind_of_task(name: str, tmp_path) -> None:
    file, page = JetReport(model_of(name).float(), lot()).write(tmp_path)
    told = json.loads(file.read_text())
    assert told["task"] == name
    assert told["equivariance_error"] < 1e-12
    assert "Schur" in page.read_text()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"task": "mett"}, "no task 'mett'.*did you mean met"),
        ({"task": "met", "preset": "tiny"}, "no preset 'tiny'"),
        ({"task": "met", "group": "SO(3)"}, "no group 'SO\\(3\\)' of a plane"),
    ],
)
def test_what_is_not_known_is_refused(options, line) -> None:
    with pytest.raises(InputError, match=line):
        spec_for(lot(), **options)


def test_events_must_say_what_the_model_was_told() -> None:
    with pytest.raises(InputError, match="do not say the 'charge'"):
        model_of("met").answer(flow(3))
    with pytest.raises(InputError, match="do not say their 'neutrino'"):
        spec_for(flow(3), "met")
