"""The benchmark of jets on stand-ins: every part runs and keeps its figures; rivals are what they claim."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from small_jets import SMALL, lot

from intertwine.apps.jets import TASKS, Events, find_task, joined
from intertwine.apps.jets.network import PRESETS

sys.path.insert(0, str(Path(__file__).parents[2]))
command = importlib.import_module("benchmarks.jets.__main__")
flow, met, pictures, plane, speed, tag = (
    importlib.import_module(f"benchmarks.jets.{name}")
    for name in ("flow", "met", "pictures", "plane", "speed", "tag")
)
rivals = importlib.import_module("benchmarks.jets.rivals")


@pytest.fixture
def small(monkeypatch):
    """Tiny tests and models, and random numbers in place of Pythia's events."""
    monkeypatch.setattr(flow, "TEST", flow.FlowPlan(12, 10.0, seed=10_000))
    many = joined([lot(12, seed) for seed in range(4)])
    tags = {name: np.abs(np.cos(np.arange(48.0))) + 1 for name in tag.SUBSTRUCTURE}
    many = Events(many.offsets, many.pt, many.eta, many.phi, many.columns, {**many.truth, **tags})
    for part in (met, pictures, plane, tag):
        monkeypatch.setattr(part, "TEST", 12)
        monkeypatch.setattr(part, "sample", lambda process, folder: many)
    monkeypatch.setattr(rivals, "DEEP_SET", ((8,), (8,)))
    monkeypatch.setitem(PRESETS.copy(), "small", SMALL)


@pytest.mark.parametrize(
    ("part", "models"), [("flow", 5), ("met", 5), ("plane", 4), ("tag", 4)], ids=lambda value: str(value)
)
def test_every_part_runs_and_is_kept(small, part, models, tmp_path, capsys) -> None:
    words = ["--sizes", "8", "--seeds", "1", "--epochs", "1", "--results", str(tmp_path)]
    words += ["--orders", "2"] if part == "flow" else []
    assert command.main([part, *words]) == 0
    (file,) = tmp_path.glob("*.json")
    (found,) = (value for key, value in json.loads(file.read_text()).items() if key.startswith(part))
    assert len(found) == models
    assert all(
        row["seconds"] > 0 or key == "all" for by_size in found.values() for key, row in by_size.items()
    )
    assert "Intertwine" in capsys.readouterr().out


def test_the_figures_of_the_page_are_drawn(small, tmp_path) -> None:
    assert command.main(["pictures", "--epochs", "1", "--results", str(tmp_path)]) == 0
    assert {file.name for file in tmp_path.glob("*.png")} == {"jets-events.png", "jets-weights.png"}


def test_local_frames_turn_with_the_event() -> None:
    pytest.importorskip("lloca.framesnet")
    frames = importlib.import_module("benchmarks.jets.local_frames")
    events, task = joined([lot(12, seed) for seed in range(2)]), find_task("event-plane-2")
    events = events[np.flatnonzero(events.counts > 1)]
    answer = frames.fit_local_frames(events, task, 0, 1)
    found, turned = (answer(each) @ [1, 1j] for each in (events, events.turned(0.4)))
    assert np.abs(turned - found * np.exp(0.8j)).max() < 1e-3 * np.abs(found).max()


def test_speed_is_told(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr(speed, "PARTICLES", (5,))
    monkeypatch.setattr(speed, "PRESETS", {"small": PRESETS["small"]})
    monkeypatch.setattr(speed, "ROUNDS", 1)
    assert command.main(["speed", "--results", str(tmp_path)]) == 0
    assert "small, answers" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["met", "event-plane-2"])
def test_linear_weights_are_the_best_linear_ones(name: str) -> None:
    """They reproduce a truth that is linear, and turn with the event."""
    events, task = joined([lot(12, seed) for seed in range(30)]), find_task(name)
    weight = 1.0 + (events.pt > 3.0)
    sign = -1.0 if name == "met" else 1.0
    size = events.pt if name == "met" else 0 * events.pt + 0.01
    truth = np.zeros((len(events), 2))
    np.add.at(truth, events.event, sign * (weight * size)[:, None] * rivals.harmonics(events, task))
    psi = np.repeat(np.arctan2(truth[:, 1], truth[:, 0])[:, None], 3, axis=1) / 2
    events = Events(events.offsets, events.pt, events.eta, events.phi, {}, {"neutrino": truth, "psi": psi})
    answer = rivals.linear_weights(events, task)
    found, order = answer(events), task.order
    gap = np.abs(np.angle((found @ [1, 1j]) * (truth @ [1, -1j])))[np.linalg.norm(truth, axis=1) > 0]
    assert np.median(gap) < 0.05
    c, s = np.cos(order * 0.4), np.sin(order * 0.4)
    assert np.allclose(answer(events.turned(0.4)), found @ np.array([[c, s], [-s, c]]), atol=1e-9)


def test_turned_and_mirrored_events_keep_their_truth() -> None:
    import torch

    angle, mirror = torch.tensor([0.3]), torch.tensor([-1.0])
    one = torch.tensor([[np.cos(0.9), np.sin(0.9)]])
    two = torch.tensor([[np.cos(1.8), np.sin(1.8)]])
    turned = rivals._turned(one, angle, mirror, 1)[0]
    doubled = rivals._turned(two, angle, mirror, 2)[0]
    assert abs(2 * torch.atan2(turned[1], turned[0]) - torch.atan2(doubled[1], doubled[0])).item() < 1e-6


def test_there_is_a_part_for_each_order_of_m() -> None:
    assert {task.order for task in TASKS.values()} == {0, 1, 2, 3}
