"""What direct forces cost is measured rightly: on fields whose curl is known, and on real models."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from copper_clusters import clusters, crystal, random_model, tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from intertwine.apps.conservation import AMPLITUDE, POINTS, free_run, jacobian_asymmetry, loop_work
from intertwine.apps.direct_forces import compare
from intertwine.apps.twins import compare_twins, train_twins
from intertwine.data import Structure
from intertwine.errors import InputError
from intertwine.graph import Graph
from intertwine.observables import Model
from intertwine.testing.laws.conservation import loop

CONSERVATIVE, DIRECT = random_model(), random_model("direct")


class Whirl(Model):
    """F = −k x + w ẑ × x on every atom: a field whose curl is 2w, everywhere."""

    def __init__(self, k: float, w: float) -> None:
        super().__init__(CONSERVATIVE.spec)
        self.double()
        matrix = -k * np.eye(3) + w * np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])
        self.register_buffer("matrix", torch.from_numpy(matrix).double(), persistent=False)

    def forward(self, graph: Graph, outputs: Any = (), create_graph: bool = False) -> dict[str, Tensor]:
        forces = graph.positions @ self.matrix.T
        energy = -0.5 * (forces * graph.positions).sum(1)
        per_system = energy.new_zeros(graph.n_systems).index_add(0, graph.batch, energy)
        everything = {"energy": per_system, "energies": energy, "forces": forces}
        return {name: everything[name] for name in outputs}


STIFFNESS = st.floats(0.5, 5.0)
SWIRL = st.floats(-5.0, 5.0)


@settings(max_examples=10)
@given(STIFFNESS, SWIRL)
def test_the_asymmetry_of_a_known_jacobian_is_found(k: float, w: float) -> None:
    expected = np.sqrt(2 * w**2 / (3 * k**2 + 2 * w**2))
    found = jacobian_asymmetry(Whirl(k, w), clusters(1)[0], np.random.default_rng(0))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@settings(max_examples=10)
@given(STIFFNESS, SWIRL, st.integers(0, 2**32 - 1))
def test_the_work_round_a_loop_is_the_curl_through_it(k: float, w: float, seed: int) -> None:
    """Stokes: ∮F·dx = 2w Σ (area that the path of each atom encloses, seen along z)."""
    frame = clusters(1)[0]
    path = np.stack([f.positions for f in loop(frame, np.random.default_rng(seed), AMPLITUDE, POINTS)[0]])[
        ..., :2
    ]
    spectrum = np.fft.fft(path, axis=0) / len(path)
    order = np.fft.fftfreq(len(path), 1 / len(path))[:, None]
    area = 2 * np.pi * (order * np.imag(np.conj(spectrum[..., 0]) * spectrum[..., 1])).sum()
    gained = loop_work(Whirl(k, w), [frame], np.random.default_rng(seed)).gained[0]
    assert gained == pytest.approx(1e3 * abs(2 * w * area), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("frame", [clusters(1)[0], crystal(1)], ids=["molecule", "crystal"])
def test_a_derivative_has_no_curl_and_direct_forces_do(frame: Structure) -> None:
    loops = {}
    for model in (CONSERVATIVE, DIRECT):
        rng = np.random.default_rng(1)
        loops[model.spec.forces] = loop_work(model, [frame] * 3, rng).relative
        loops[model.spec.forces + " jacobian"] = jacobian_asymmetry(model, frame, rng)
    assert loops["derivative"].max() < 1e-12
    assert loops["derivative jacobian"] < 1e-6
    assert loops["direct"].min() > 1e-7
    assert loops["direct jacobian"] > 1e-4


def test_of_a_large_system_the_jacobian_of_a_neighbourhood_is_taken() -> None:
    assert jacobian_asymmetry(Whirl(1.0, 1.0), crystal(2), np.random.default_rng(0)) == pytest.approx(
        0.4**0.5
    )


def test_free_motion_keeps_the_energy_of_a_derivative_only() -> None:
    frame = clusters(1)[0]
    runs = [
        free_run(model, frame, picoseconds=0.05, time_step=1.0, temperature=600.0)
        for model in (CONSERVATIVE, DIRECT)
    ]
    assert runs[0].worst < 0.1
    assert runs[1].worst > 10 * runs[0].worst
    assert runs[0].temperature[0] == pytest.approx(runs[1].temperature[0], rel=1e-12)
    assert runs[0].drift[0] == runs[1].drift[0] == 0.0
    assert runs[0].times[-1] == pytest.approx(0.05)


def test_a_run_that_explodes_ends_and_says_so() -> None:
    run = free_run(Whirl(-500.0, 0.0), clusters(1)[0], picoseconds=1.0)
    assert "exploded" in run.ended
    assert run.times[-1] < 1.0
    assert np.isfinite(run.drift).all()


def test_both_models_walk_the_same_loops_and_a_seed_repeats_them(tmp_path: Path) -> None:
    frames, told = clusters(2), []
    options = {"loops": 2, "picoseconds": 0.01, "seed": 5}
    first = compare(
        CONSERVATIVE, DIRECT, frames, progress=lambda what, part: told.append((what, part)), **options
    )
    second = compare(CONSERVATIVE, DIRECT, frames, **options)
    np.testing.assert_array_equal(first.direct.loops.relative, second.direct.loops.relative)
    assert first.direct.run.temperature[0] == first.conservative.run.temperature[0]
    assert first.conservative.accuracy["forces"].count == 3 * 16
    assert told[-1] == ("direct: constant-energy run", 1.0)
    names = {file.name for file in first.write(tmp_path / "out")}
    assert names == {"direct_forces.json"} | {
        f"direct_forces_{n}.{e}" for n in ("loops", "drift") for e in ("svg", "png")
    }
    record = json.loads((tmp_path / "out" / "direct_forces.json").read_text(), parse_constant=pytest.fail)
    assert record["direct"]["loop_work_relative"] == first.direct.loops.relative.tolist()
    assert len({row.name for row in first.rows()}) == len(first.rows()) >= 9


def test_models_in_the_wrong_order_and_missing_frames_are_refused() -> None:
    with pytest.raises(InputError, match="exchange the two models"):
        compare(DIRECT, CONSERVATIVE, clusters(1))
    with pytest.raises(InputError, match="no structures"):
        compare(CONSERVATIVE, DIRECT, [])


def test_twins_are_trained_alike_and_compared_on_frames_that_neither_saw(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, epochs=1)
    comparison = compare_twins(config, quiet=True, loops=2, picoseconds=0.01)
    assert comparison.settings["frames"] == 4
    assert comparison.direct.loops.relative.min() > 1e3 * comparison.conservative.loops.relative.max()
    models = [config.output / kind / "model.safetensors" for kind in ("conservative", "direct")]
    before = [file.stat().st_mtime_ns for file in models]
    assert list(train_twins(config, quiet=True)) == models
    assert [file.stat().st_mtime_ns for file in models] == before
    kinds = {kind: (config.output / kind / "config.yaml").read_text() for kind in ("conservative", "direct")}
    differing = set(kinds["conservative"].splitlines()) ^ set(kinds["direct"].splitlines())
    assert {line.split(":")[0].strip() for line in differing} == {"forces", "output"}
