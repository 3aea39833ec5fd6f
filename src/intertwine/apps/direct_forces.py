"""What do direct forces cost? Two models of one size, measured on the user's own data.

A network that predicts forces on their own, instead of as the derivative of an energy, is cheaper to train
and often as accurate on held-out frames. What it loses does not show there: its forces have a curl, so energy
is made and lost round closed loops, and free motion heats or freezes. This page measures that.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from intertwine.apps.accuracy import Accuracy, figure_text
from intertwine.apps.conservation import FreeRun, Loops, free_run, jacobian_asymmetry, loop_work
from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.plots import drift_plot, loop_plot, save
from intertwine.data import Structure, replacing
from intertwine.errors import InputError
from intertwine.observables import Model, load_model
from intertwine.typing import PathLike

Progress = Callable[[str, float], None]
"""Told what is being done and which part of it is, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Conduct:
    """What one model does with energy.

    Args:
        parameters: number of learned numbers.
        accuracy: on the frames, by quantity; empty where they have no labels.
        loops: work round closed loops.
        asymmetry: of the force Jacobian, median over frames.
        run: constant-energy dynamics.
    """

    parameters: int
    accuracy: dict[str, Accuracy]
    loops: Loops
    asymmetry: float
    run: FreeRun

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "parameters": self.parameters,
            "errors": {name: errors.to_json() for name, errors in self.accuracy.items()},
            "loop_work_relative": self.loops.relative.tolist(),
            "loop_work_meV": self.loops.gained.tolist(),
            "jacobian_asymmetry": self.asymmetry,
            "free_run": self.run.to_json(),
        }


class Row(NamedTuple):
    """One line of the comparison."""

    name: str
    unit: str
    conservative: str
    direct: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """A conservative and a direct model side by side.

    Args:
        conservative: forces are the derivative of the energy.
        direct: forces come from a head of their own.
        settings: what was run.
    """

    conservative: Conduct
    direct: Conduct
    settings: dict[str, Any]

    def rows(self) -> list[Row]:
        """The figures as text, one row a measure."""
        both = (self.conservative, self.direct)
        rows = [Row("parameters", "", *(f"{one.parameters:,}" for one in both))]
        if all("forces" in one.accuracy for one in both):
            rows.append(
                Row(
                    "force RMSE, these frames",
                    "meV/Å",
                    *(figure_text(one.accuracy["forces"].rmse) for one in both),
                )
            )
        medians = [np.median(one.loops.relative) for one in both]
        rows += [
            Row("work lost or gained round a loop", "", *(f"{value:.1e}" for value in medians)),
            Row(
                "  energy from nothing",
                "meV",
                *(f"{np.median(one.loops.gained):.2g}" for one in both),
            ),
            Row("asymmetry of ∂F/∂x", "", *(f"{one.asymmetry:.1e}" for one in both)),
            Row(
                "energy drift in free motion",
                "meV/atom/ps",
                *(f"{one.run.rate:+.2g}" for one in both),
            ),
            Row("  largest deviation", "meV/atom", *(figure_text(one.run.worst) for one in both)),
            Row("  temperature at the end", "K", *(f"{one.run.temperature[-1]:.0f}" for one in both)),
            Row("  length of that run", "ps", *(_length(one.run) for one in both)),
            Row("CPU time of a step", "ms", *(figure_text(one.run.cpu_ms) for one in both)),
        ]
        return rows

    def table(self) -> Table:
        """The comparison for the terminal."""
        table = Table(title="What direct forces cost", title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("")
        table.add_column("conservative", justify="right", style="blue")
        table.add_column("direct forces", justify="right", style="red")
        table.add_column("unit")
        for row in self.rows():
            table.add_row(row.name, row.conservative, row.direct, row.unit)
        return table

    def figures(self) -> dict[str, Figure]:
        """`loops`, one dot a closed loop, and `drift`, the total energy in free motion."""
        both = {"conservative": self.conservative, "direct forces": self.direct}
        times = {name: one.run.times for name, one in both.items()}
        return {
            "loops": loop_plot({name: one.loops.relative for name, one in both.items()}),
            "drift": drift_plot(times, {name: one.run.drift for name, one in both.items()}),
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values, curves included."""
        return {
            "settings": self.settings,
            "conservative": self.conservative.to_json(),
            "direct": self.direct.to_json(),
        }

    def write(self, folder: PathLike) -> list[Path]:
        """`direct_forces.json` and the figures, SVG and PNG, into a folder that is made if need be.

        Raises:
            InputError: the folder cannot be written.
        """
        folder = Path(folder)
        files = [
            file
            for name, figure in self.figures().items()
            for file in save(figure, folder / f"direct_forces_{name}")
        ]
        path = folder / "direct_forces.json"
        with replacing(path) as scratch:
            text = json.dumps(_finite(self.to_json()), indent=1, ensure_ascii=False)
            scratch.write_text(text + "\n", encoding="utf-8")
        return [path, *files]


def compare(
    conservative: Model | PathLike,
    direct: Model | PathLike,
    structures: Sequence[Structure],
    *,
    loops: int = 24,
    picoseconds: float = 5.0,
    time_step: float = 0.5,
    temperature: float = 300.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Measure both models on the same frames, the same loops, from the same start.

    Args:
        conservative: model, or path of one, whose forces are the derivative of its energy.
        direct: model, or path of one, that predicts forces on their own.
        structures: frames that neither has seen; their labels give the errors.
        loops: closed loops to walk, each round a random frame.
        picoseconds: length of the run at constant energy.
        time_step: of the run, fs.
        temperature: of the velocities at the start of the run, K.
        seed: of loops, frames and velocities.
        progress: told what is being done.

    Raises:
        InputError: no structure, an element that a model does not know, or the two models exchanged.
    """
    pair = [_loaded(conservative, "derivative"), _loaded(direct, "direct")]
    if not structures:
        raise InputError("no structures to compare the models on", accepted="at least one frame")
    settings = {
        "frames": len(structures),
        "loops": loops,
        "picoseconds": picoseconds,
        "time_step_fs": time_step,
        "temperature_K": temperature,
        "seed": seed,
    }
    motion = {"picoseconds": picoseconds, "time_step": time_step, "temperature": temperature, "seed": seed}
    tell = progress or (lambda what, part: None)
    conducts = [
        _conduct(model, structures, loops, motion, name, tell)
        for model, name in zip(pair, _NAMES, strict=True)
    ]
    return Comparison(*conducts, settings=settings)


_NAMES = ("conservative", "direct")


def _loaded(model: Model | PathLike, forces: str) -> Model:
    loaded = model if isinstance(model, Model) else load_model(model)
    if loaded.spec.forces != forces:
        role = {"derivative": "conservative", "direct": "direct"}[forces]
        raise InputError(
            f"the {role} model has forces of the other kind",
            got=f"forces: {loaded.spec.forces}",
            accepted=f"forces: {forces}",
            fix="exchange the two models, or train one with model.forces=" + forces,
        )
    return loaded


def _conduct(
    model: Model,
    structures: Sequence[Structure],
    loops: int,
    motion: dict[str, Any],
    name: str,
    tell: Progress,
) -> Conduct:
    """Everything that is measured of one model; the same seed gives the same frames and loops for another."""
    rng = np.random.default_rng(motion["seed"])
    chosen = [structures[k] for k in rng.integers(len(structures), size=loops)]
    tell(f"{name}: errors", 0.0)
    labelled = any(structure.labels for structure in structures)
    errors = dict(evaluate_report(model, structures).accuracy) if labelled else {}
    tell(f"{name}: closed loops", 0.0)
    work = loop_work(model, chosen, rng)
    tell(f"{name}: force Jacobian", 0.0)
    asymmetry = float(np.median([jacobian_asymmetry(model, structure, rng) for structure in chosen[:4]]))
    run = free_run(
        model, chosen[0], **motion, progress=lambda part: tell(f"{name}: constant-energy run", part)
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Conduct(parameters, errors, work, asymmetry, run)


def _length(run: FreeRun) -> str:
    return f"{run.times[-1]:.3g}" + (" (exploded)" if run.ended else "")


def _finite(tree: Any) -> Any:
    """The same values with None for every number that JSON cannot hold."""
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
