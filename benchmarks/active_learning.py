"""Does choosing beat drawing? Learning curves of `intertwine select` against random frames, labelled live.

    python -m benchmarks.active_learning --seeds 3 --rounds 3 --threads 1

Copper clusters of two kinds, rattled little (nine in ten of the pool) and much (one in ten), as in dynamics
that rarely visits what matters. Every round labels a batch by the oracle, trains a new model from scratch in
as many steps, and measures it on test frames of both kinds from which nobody chooses.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase.build import bulk
from benchmarks.record import RESULTS, Stopwatch, keep, show

from intertwine.apps.calibration import uncertainty_of
from intertwine.apps.evaluate import evaluate_report
from intertwine.apps.label import label, plan_of
from intertwine.apps.select import METHODS, select
from intertwine.data import Structure, write
from intertwine.observables import Model
from intertwine.train import RunConfig, train

KINDS = {"calm": 0.05, "wild": 0.15}
"""Standard deviation of the displacements, Å."""

WILD = 0.1
"""Share of the wild frames in the pool."""

BATCH = 4
"""Frames per training step."""


def cluster(rng: np.random.Generator, kind: str, atoms: int = 13) -> Structure:
    """A piece of fcc copper, rattled, unlabelled."""
    ball = bulk("Cu", cubic=True).repeat(3)
    nearest = np.argsort(np.linalg.norm(ball.positions - ball.positions.mean(0), axis=1), kind="stable")
    positions = ball.positions[nearest[:atoms]]
    moved = positions + KINDS[kind] * rng.standard_normal(positions.shape)
    return Structure(np.full(atoms, 29), moved, info={"config_type": kind})


def labelled(frames: Sequence[Structure], options: argparse.Namespace) -> list[Structure]:
    """The same frames with the labels of the oracle."""
    return label(list(frames), plan_of(calculator=options.calculator), workers=0)


def learn(frames: Sequence[Structure], seed: int, folder: Path, options: argparse.Namespace) -> Model:
    """A model trained from scratch; a fifth of the frames chooses its weights."""
    folder.mkdir(parents=True)
    write(folder / "train.extxyz", frames)
    held_out = max(2, len(frames) // 5)
    config = RunConfig.model_validate(
        {
            "data": {"train": folder / "train.extxyz", "valid": held_out},
            "model": {"preset": "small", "channels": options.channels},
            "training": {
                "epochs": max(1, options.steps // -(-(len(frames) - held_out) // BATCH)),
                "batch_size": BATCH,
                "threads": options.threads,
            },
            "seed": seed,
            "output": folder / "run",
        }
    )
    return train(config, quiet=True).load_model().requires_grad_(False)


def curve(method: str, seed: int, folder: Path, options: argparse.Namespace) -> list[dict[str, float]]:
    """Force RMSE on both kinds of test frames after every round, meV/Å, with the number of labels."""
    rng = np.random.default_rng(seed)
    kinds = np.where(rng.random(options.pool) < WILD, "wild", "calm")
    pool = [cluster(rng, kind) for kind in kinds]
    tests = {kind: labelled([cluster(rng, kind) for _ in range(options.test)], options) for kind in KINDS}
    known = labelled(pool[: options.batch], options)
    atom = plan_of(calculator=options.calculator, isolated=True)
    points, isolated = [], label(pool[:1], atom, workers=0)[:1]
    for number in range(options.rounds + 1):
        model = learn([*isolated, *known], seed, folder / f"{method}-{seed}-{number}", options)
        errors = {kind: evaluate_report(model, test).accuracy["forces"].rmse for kind, test in tests.items()}
        wild = sum(frame.info["config_type"] == "wild" for frame in known)
        points.append({"labels": len(known), "wild_labels": wild, **errors})
        if number < options.rounds:
            posterior = uncertainty_of(model, [*isolated, *known], seed=seed)
            picked = select(
                model, pool, options.batch, posterior, known=known, method=method, seed=seed + number
            )
            known += labelled(picked, options)
    return points


def row(name: str, curves: Sequence[Sequence[dict[str, float]]], kind: str) -> list[str]:
    """Mean and spread over the seeds at every number of labels."""
    figures = np.array([[point[kind] for point in points] for points in curves])
    spread = figures.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(figures.shape[1])
    told = zip(figures.mean(axis=0), spread, strict=True)
    return [name, *(f"{mean:.0f} ± {width:.0f}" for mean, width in told)]


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description="Learning curves of chosen against random frames")
    options.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    options.add_argument("--calculator", default="emt", help="the oracle, as for intertwine label")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--batch", type=int, default=20, help="labels a round, and at the start")
    options.add_argument("--pool", type=int, default=400)
    options.add_argument("--test", type=int, default=50, help="frames of each kind")
    options.add_argument("--steps", type=int, default=400, help="of every training")
    options.add_argument("--channels", type=int, default=16)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    return options.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = options_of(arguments)
    with TemporaryDirectory() as folder, Stopwatch() as watch:
        curves = {
            method: [curve(method, seed, Path(folder), options) for seed in range(options.seeds)]
            for method in options.methods
        }
    settings = {name: value for name, value in vars(options).items() if name != "results"}
    figures = {"unit": "force RMSE, meV/Å", "settings": settings, "curves": curves}
    path = keep("active_learning", 0, watch, figures, options.results)
    heads = [f"{point['labels']} labels" for point in next(iter(curves.values()))[0]]
    rows = [row(f"{kind}: {method}", curves[method], kind) for kind in KINDS for method in curves]
    show("force RMSE on test frames, meV/Å, mean ± spread over seeds", heads, rows, watch, path)


if __name__ == "__main__":
    main()
