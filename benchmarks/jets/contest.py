"""One task, many models, the same events: by number of training events and seed, with intervals."""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.jets.rivals import Answerer
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.jets.events import Events
from intertwine.apps.jets.network import spec_for
from intertwine.apps.jets.scores import gain, score
from intertwine.apps.jets.tasks import Task
from intertwine.apps.jets.training import FitPlan, fit_jets

Trainer = Callable[[Events, int], Answerer]
OURS = "Intertwine"


def options_for(commands: Any, name: str, help: str, sizes: Sequence[int]) -> argparse.ArgumentParser:
    """The options that all parts share."""
    options = commands.add_parser(name, help=help)
    options.add_argument("--sizes", type=int, nargs="+", default=list(sizes), help="training events")
    options.add_argument("--seeds", type=int, default=3, help="of weights and training events")
    options.add_argument("--epochs", type=int, default=30, help="at the largest size")
    options.add_argument("--preset", default="small")
    options.add_argument("--lloca", action="store_true", help="also local frames by the package lloca (slow)")
    options.add_argument("--events", type=Path, default=Path("runs/jets"), help="where events are kept")
    options.add_argument("--results", type=Path, default=RESULTS)
    return options


def epochs_for(options: argparse.Namespace, events: int) -> int:
    """More passes over fewer events: ten times fewer events, about three times more passes."""
    return round(options.epochs * (max(options.sizes) / events) ** 0.5)


def held_out(events: Events, count: int) -> tuple[Events, Callable[[int, int], Events]]:
    """The last events, which none may see, and how others are drawn: by number and seed."""
    pool = len(events) - count

    def draw(size: int, seed: int) -> Events:
        return events[np.random.default_rng(seed).permutation(pool)[:size]]

    return events[-count:], draw


def ours(
    options: argparse.Namespace, task: Task, rate: float, decay: float, scaled: bool = False, **wanted: Any
) -> Trainer:
    """Our model, `--preset`; `scaled`: ten times fewer events, three times more decay of the weights."""

    def train(events: Events, seed: int) -> Answerer:
        spec = spec_for(events, task.name, preset=options.preset, **wanted)
        fewer = max(options.sizes) / len(events) if scaled else 1.0
        plan = FitPlan(
            epochs=epochs_for(options, len(events)), batch=min(64, max(8, len(events) // 16)), rate=rate,
            decay=decay * fewer**0.5, valid=0.1 if len(events) > 500 else 0.25, seed=seed,
        )  # fmt: skip
        return fit_jets(events, spec, plan).model.answer

    return train


def with_local_frames(
    options: argparse.Namespace, task: Task, trainers: dict[str, Trainer]
) -> dict[str, Trainer]:
    """The trainers, with local frames by `lloca` before ours where they are asked for."""
    if not options.lloca:
        return trainers
    from benchmarks.jets.local_frames import fit_local_frames

    def train(events: Events, seed: int) -> Answerer:
        return fit_local_frames(events, task, seed, epochs_for(options, len(events)))

    return {"local frames (lloca)": train, **trainers}


def hold(
    options: argparse.Namespace,
    task: Task,
    draw: Callable[[int, int], Events],
    test: Events,
    trainers: Mapping[str, Trainer],
    fixed: Mapping[str, np.ndarray],
) -> dict[str, dict[str, Any]]:
    """Figures by model and number of events; `fixed` answers need no training.

    Args:
        options: sizes and seeds.
        task: the question.
        draw: training events of a size and a seed.
        test: events that none has seen.
        trainers: models by name; ours is `OURS`.
        fixed: answers of what is not trained.
    """  # fmt: skip
    truth = task.truth(test)
    found: dict[str, dict[str, Any]] = {name: {} for name in (*fixed, *trainers)}
    for name, answer in fixed.items():
        found[name]["all"] = _figures([score(task, answer, truth)], [0.0])
    for size in options.sizes:
        answers: dict[str, list[np.ndarray]] = {}
        for name, train in trainers.items():
            scores, seconds, answers[name] = [], [], []
            for seed in range(options.seeds):
                begun = time.process_time()
                answer = train(draw(size, seed), seed)(test)
                seconds.append(time.process_time() - begun)
                scores.append(score(task, answer, truth))
                answers[name].append(answer)
            found[name][str(size)] = _figures(scores, seconds)
            print(
                task.name, size, name, {k: round(v, 4) for k, v in found[name][str(size)].items()}, flush=True
            )
        for name, theirs in answers.items():
            if name != OURS and OURS in answers:
                found[name][str(size)]["ours_less_this"] = gain(task, answers[OURS][0], theirs[0], truth)
    return found


def _figures(scores: Sequence[Any], seconds: Sequence[float]) -> dict[str, float]:
    values = np.array([each.value for each in scores])
    return {
        "value": float(values.mean()), "spread": float(values.std()), "low": scores[0].low,
        "high": scores[0].high, "seconds": float(np.mean(seconds)),
    }  # fmt: skip


def tell(
    options: argparse.Namespace,
    name: str,
    found: Mapping[str, Mapping[str, Any]],
    watch: Stopwatch,
    unit: str,
) -> None:
    """Keep and show: one row a model, one column a number of events."""
    name += "-lloca" if options.lloca else ""
    path = keep(f"jets-{name}", 0, watch, {name: dict(found)}, options.results)
    columns = [f"{size} events" for size in options.sizes]
    rows = []
    for model, by_size in found.items():
        cells = [by_size.get(str(size), by_size.get("all")) for size in options.sizes]
        rows.append([model, *(f"{c['value']:.4g} ± {c['spread']:.2g}" if c else "–" for c in cells)])
    show(f"{name}: {unit}", columns, rows, watch, path)
