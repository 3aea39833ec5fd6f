"""One encoder for many labels, or one model for each: pairs of water molecules.

    INTERTWINE_DATA=… python -m benchmarks.tensors multitask --minutes 4

Energy, dipole, polarisability and hyperpolarisability of 1000 pairs (github.com/dilkins/TENSOAP), 700 to
learn from, 100 to choose by, 200 to report on, drawn by the seed; one preset, one recipe. A joint model has
the time that is given. The separate ones have half of it each, twice as much together. Beside it stand the
joint model with the shares of the labels learned, and one in whose training frames every label is missing
from two frames of three.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from benchmarks.fitting import Fitted, cell, fit, options_of
from benchmarks.record import Stopwatch, data_folder, keep, show
from benchmarks.tensors.water import KEYS, TENSORS, TRAINING, UNITS

from intertwine.data import Structure, read, split

TASKS = ("energy", *TENSORS)
MODEL = {"preset": "small", "l_max": 3}


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "multitask", 4.0, "one encoder for many labels, or a model for each")
    options.set_defaults(do=run)


def parts(seed: int) -> dict[str, list[Structure]]:
    """Frames of the dimer by role, with all four labels."""
    path = data_folder("tensoap_water") / "dimer.xyz"
    frames = read(path, keys=KEYS, units=UNITS, require=TASKS)
    return dict(split(frames, {"train": 700, "valid": 100, "test": None}, seed))


def model_of(tasks: Sequence[str]) -> dict[str, Any]:
    """One with these tasks."""
    return {**MODEL, "energy": "energy" in tasks, "heads": {task: {} for task in tasks if task != "energy"}}


def partly(frames: Sequence[Structure]) -> list[Structure]:
    """The frames with every label on a third of them, dealt so that no two frames in a row have the same."""
    dealt = []
    for number, frame in enumerate(frames):
        kept = [task for place, task in enumerate(TASKS) if (number + place) % 3 == 0]
        dealt.append(frame.replace(labels={task: frame.labels[task] for task in kept}))
    return dealt


def run(options: argparse.Namespace) -> int:
    frames = parts(options.seed)
    free = {"require": ()}
    with Stopwatch() as watch:
        joint = fit(options, "tensors-multitask-joint", frames, model_of(TASKS), TRAINING, free)
        learned = {**TRAINING, "balance": "uncertainty"}
        balanced = fit(options, "tensors-multitask-balanced", frames, model_of(TASKS), learned, free)
        thirds = {**frames, "train": partly(frames["train"])}
        third = fit(options, "tensors-multitask-third", thirds, model_of(TASKS), TRAINING, free)
        half = argparse.Namespace(**vars(options) | {"minutes": options.minutes / 2})
        separate = {
            t: fit(half, f"tensors-multitask-{t}", frames, model_of([t]), TRAINING, free) for t in TASKS
        }
    whole = {
        "joint": joint,
        "joint, shares learned": balanced,
        "joint, each label on a third of the frames": third,
    }
    record = {name: fitted.record() for name, fitted in whole.items()}
    record["separate"] = {task: fitted.record() for task, fitted in separate.items()}
    path = keep("tensors-multitask", options.seed, watch, {"test": record}, options.results)
    rows = [_row("separate", separate)] + [_row(n, dict.fromkeys(TASKS, f)) for n, f in whole.items()]
    columns = ["energy (meV/atom)", "µ (e·Å)", "α (e²Å²/eV)", "β (e³Å³/eV²)", "minutes"]
    show("Water dimers, 200 test frames: RMSE", columns, rows, watch, path)
    return 0


def _row(name: str, by_task: dict[str, Fitted]) -> list[str]:
    quantities = ("energy_per_atom", *TENSORS)
    cells = [cell(by_task[task].errors, quantity) for task, quantity in zip(TASKS, quantities, strict=True)]
    minutes = sum({id(fitted): fitted.seconds for fitted in by_task.values()}.values()) / 60
    return [name, *cells, f"{minutes:.1f}"]
