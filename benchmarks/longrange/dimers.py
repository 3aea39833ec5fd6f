"""Charged molecules pulled apart to 30 Å: a model that ends at its cutoff, one with charges, and GFN2-xTB.

    python -m benchmarks.longrange dimers --minutes 8

Both learn energies and forces of the same pairs of ammonium, formate and water, at most 9 Å apart, and of
the three alone; the same encoder and time. What charges there are is not told. On test are pairs in new
directions from 3 to 30 Å. Ammonium beside formate is never seen: there the law alone can tell, −e²/4πε₀R
from afar.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from benchmarks.fitting import fit, options_of
from benchmarks.longrange.pairs import PAIRS, PARTS, drawn, labelled
from benchmarks.record import Stopwatch, keep, show
from jaxtyping import Float

from intertwine.apps.style import save, styled_figure
from intertwine.data import Structure
from intertwine.electrostatics import COULOMB
from intertwine.graph import build_graph, collate
from intertwine.observables import Model

MODELS: dict[str, dict[str, Any]] = {
    "within the cutoff": {"preset": "small", "cutoff": 5.0},
    "with charges": {"preset": "small", "cutoff": 5.0, "longrange": {}},
}
TRAINING: dict[str, Any] = {"batch_size": 8, "learning_rate": 0.01, "ema": 0.995}
TEST = np.concatenate([np.arange(3.5, 12.0, 0.5), np.arange(12.0, 31.0, 2.0)])
"""Å between centres."""
BANDS = ((0.0, 6.0), (6.0, 10.0), (10.0, 31.0))
UNSEEN = ("ammonium", "formate")
DRAWN = (("ammonium", "ammonium"), ("ammonium", "water"), UNSEEN)
LINE = np.arange(3.5, 30.5, 0.5)
"""Å."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "dimers", 8.0, "charged molecules pulled apart")
    options.add_argument("--frames", type=int, default=120, help="of each kind of pair to learn from")
    options.set_defaults(do=run)


def frames(options: argparse.Namespace) -> dict[str, list[Structure]]:
    """What is learned, what is checked and what is tested."""
    options.output.mkdir(parents=True, exist_ok=True)
    found = {}
    for offset, (part, share) in enumerate({"train": 1.0, "valid": 0.2}.items()):
        rng = np.random.default_rng([options.seed, offset])
        count = round(share * options.frames)
        structures = [s for names in PAIRS for s in drawn(names, rng.uniform(2.8, 9.0, count), rng)]
        structures += [s for name in PARTS for s in drawn([name], np.zeros(count // 3), rng)]
        found[part] = labelled(structures, options.output / f"pairs-{part}-seed{options.seed}.extxyz")
    rng = np.random.default_rng([options.seed, 2])
    test = [s for names in PAIRS for _ in range(5) for s in drawn(names, TEST, rng)]
    found["test"] = labelled(test, options.output / f"pairs-test-seed{options.seed}.extxyz")
    return found


def run(options: argparse.Namespace) -> int:
    parts = frames(options)
    with Stopwatch() as watch:
        fitted = {
            name: fit(options, f"dimers-{name.replace(' ', '-')}", parts, model, TRAINING)
            for name, model in MODELS.items()
        }
    record = {name: one.record() | {"bands": bands(one.model, parts["test"])} for name, one in fitted.items()}
    charges = fragments(fitted["with charges"].model)
    path = keep(
        "longrange-dimers", options.seed, watch, {"test": record, "charges": charges}, options.results
    )
    draw({name: one.model for name, one in fitted.items()}, options)
    columns = [
        f"{quantity}, {low:g}–{high:g} Å" for quantity in ("E (meV)", "F (meV/Å)") for low, high in BANDS
    ]
    rows = []
    for name, figures in record.items():
        cells = [
            f"{1000 * figures['bands'][q][k]:.3g}" for q in ("energy", "forces") for k in range(len(BANDS))
        ]
        rows.append([name, *cells])
    show("Pairs on test: RMSE by distance", columns, rows, watch, path)
    print({name: round(charge, 4) for name, charge in charges.items()})
    excess = above(fitted["with charges"].model)
    print(f"energy of that pair above Coulomb's law at {LINE[-1]:g} Å: {excess:.3f} eV")
    return 0


def bands(model: Model, test: list[Structure]) -> dict[str, list[float]]:
    """RMSE of energies, eV, and forces, eV/Å, by distance between centres."""
    batch = collate([build_graph(structure, model.cutoff) for structure in test])
    found = {name: value.numpy() for name, value in model(batch, ("energy", "forces")).items()}
    energy = found["energy"] - np.array([structure.labels["energy"] for structure in test])
    forces = found["forces"] - np.concatenate([structure.labels["forces"] for structure in test])
    apart = np.array([distance(structure) for structure in test])
    system = batch.batch.numpy()
    inside = [(apart > low) & (apart <= high) for low, high in BANDS]
    return {
        "energy": [float(np.sqrt((energy[mask] ** 2).mean())) for mask in inside],
        "forces": [float(np.sqrt((forces[mask[system]] ** 2).mean())) for mask in inside],
    }


def distance(structure: Structure) -> float:
    """Between the centres of the two molecules, Å."""
    first = len(PARTS[structure.info["source"].split()[0]][0])
    return float(np.linalg.norm(structure.positions[:first].mean(0) - structure.positions[first:].mean(0)))


def fragments(model: Model) -> dict[str, float]:
    """Charge that the model gives each molecule of a pair 30 Å apart that it has never seen, e."""
    (pair,) = drawn(UNSEEN, [30.0], np.random.default_rng(0))
    charges = model(build_graph(pair, model.cutoff), ("charges",))["charges"].numpy()
    first = len(PARTS[UNSEEN[0]][0])
    return {UNSEEN[0]: float(charges[:first].sum()), UNSEEN[1]: float(charges[first:].sum())}


def above(model: Model) -> float:
    """How far the interaction of the unseen pair lies above that of its two whole charges, far apart, eV."""
    batch = collate([build_graph(frame, model.cutoff) for frame in lines(UNSEEN)])
    product = np.prod([PARTS[name][1] for name in UNSEEN])
    found = interaction(model(batch, ("energy",))["energy"].numpy())[-1]
    return float(found - COULOMB * product / LINE[-1])


def lines(names: Sequence[str]) -> list[Structure]:
    """A pair at growing distances along one direction, and its two molecules alone."""
    apart = [drawn(names, [R], np.random.default_rng(4), rattle=0.0)[0] for R in LINE]
    return apart + [drawn([name], [0.0], np.random.default_rng(4), rattle=0.0)[0] for name in names]


def interaction(energies: Float[np.ndarray, " frames"]) -> Float[np.ndarray, " distances"]:
    """Of the frames that `lines` gives, eV."""
    return energies[:-2] - energies[-2:].sum()


def draw(models: Mapping[str, Model], options: argparse.Namespace) -> None:
    """Interaction energies against distance: models, oracle, Coulomb's law."""
    figure, axes = styled_figure(10.5, 3.6, columns=len(DRAWN))
    for axis, names in zip(axes, DRAWN, strict=True):
        frames = lines(names)
        product = np.prod([PARTS[name][1] for name in names])
        if names != UNSEEN:
            told = labelled(frames, options.output / f"pairs-{'-'.join(names)}.extxyz")
            energies = np.array([float(frame.labels["energy"]) for frame in told])
            axis.plot(LINE, interaction(energies), "k.", markersize=4, label="GFN2-xTB")
        if product:
            axis.plot(LINE, COULOMB * product / LINE, "k:", label="Coulomb, points")
        for name, model in models.items():
            batch = collate([build_graph(frame, model.cutoff) for frame in frames])
            axis.plot(LINE, interaction(model(batch, ("energy",))["energy"].numpy()), label=name)
        axis.set(title=" and ".join(names), xlabel="distance, Å", ylabel="interaction energy, eV")
    axes[0].legend(frameon=False)
    save(figure, options.results / "longrange-dimers")
