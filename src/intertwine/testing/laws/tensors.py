"""Laws of tensors: whatever a model predicts turns, adds up and vanishes as symmetry says."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from intertwine.data import LABELS, Label, Structure
from intertwine.errors import InputError
from intertwine.groups import get_group
from intertwine.testing.interface import in_precision, reaches_far
from intertwine.testing.law import Law, Measure, Omission, Reading, worst
from intertwine.testing.laws.comparison import Expected, largest
from intertwine.testing.laws.locality import FAR
from intertwine.testing.laws.periodic import repeated, rewritten, unwrapped
from intertwine.testing.laws.symmetry import permuted, reflected, rotated, translated, turned
from intertwine.testing.prediction import Prediction
from intertwine.testing.probes import crystal, molecule
from intertwine.testing.trial import Trial

FAMILY = "Tensors"

CLASSES = ("Ci", "C2", "C2v", "S4", "D3", "C3v", "C6", "D3h", "D2d", "T", "Td", "O")
"""Crystals of these point groups are made; between them they forbid components of every kind of tensor."""

Action = Callable[[Structure, Prediction, np.random.Generator], Expected]
Figures = list[tuple[float, str]]


def departures(trial: Trial, case: Expected, found: Prediction, place: str) -> Figures:
    """How far each tensor is from what it must be."""
    figures = []
    for name, value in case.prediction.values.items():
        parts = case.parts if LABELS[name].extensive else 1
        figures.append((relative(trial, name, found[name] / parts, value), f"{name}, {place}"))
    return figures


def relative(
    trial: Trial, name: str, found: np.ndarray | np.floating, expected: np.ndarray | np.floating
) -> float:
    """The largest gap over the largest component, here or in any situation; 0 where there is no gap."""
    gap = largest(np.asarray(found - expected))
    size = max(trial.scales[name], largest(np.asarray(found)), 1e-300)
    return gap / size if gap else 0.0


def compared(line: str, trial: Trial, cases: Sequence[Expected], places: Sequence[str]) -> Reading:
    """The worst departure of any tensor in all cases."""
    found = trial.predict([case.structure for case in cases], list(cases[0].prediction.values))
    figures = [departures(trial, *of_one) for of_one in zip(cases, found, places, strict=True)]
    return worst(line, [item for part in figures for item in part])


def _moved(line: str, action: Action, periodic: bool = False) -> Measure:
    """What an action does to every situation, or to every periodic one."""

    def measure(trial: Trial) -> Iterator[Reading]:
        rng = trial.rng(line)
        cases = [
            (action(structure, answer, rng), name)
            for (name, structure), answer in zip(trial.situations, trial.answers, strict=True)
            if structure.pbc.any() or not periodic
        ]
        yield compared(line, trial, *zip(*cases, strict=True))

    return measure


def redescribed(structure: Structure, before: Prediction, rng: np.random.Generator) -> Expected:
    """Other lattice vectors, and every atom in another cell."""
    return rewritten(unwrapped(structure, before, rng).structure, before, rng)


def extensivity(trial: Trial) -> Iterator[Reading | Omission]:
    """T(A + B) = T(A) + T(B) of what is extensive; of what belongs to an atom or a bond, the same values."""
    line = "tensors.extensivity"
    names = [name for name in trial.turning if LABELS[name].extensive or LABELS[name].per != "system"]
    if not names:
        yield Omission(line, "no tensor of this model is extensive or belongs to an atom or a bond")
        return
    if reaches_far(trial.model):
        yield Omission(line, FAR)
        return
    rng, cutoff = trial.rng(line), trial.exact.cutoff
    field = trial.situations[0].structure.electric_field
    first, second = (trial.bonded(molecule(trial.exact.species, atoms, cutoff, rng)) for atoms in (5, 4))
    step = first.positions[:, 0].max() - second.positions[:, 0].min() + 1.02 * cutoff
    positions = np.concatenate([first.positions, second.positions + step * np.eye(3)[0]])
    bonds = np.concatenate([first.bonds, second.bonds + len(first)])
    both = Structure(np.concatenate([first.numbers, second.numbers]), positions, bonds=bonds)
    a, b, union = trial.predict([s.replace(electric_field=field) for s in (first, second, both)], names)

    def summed(label: Label, value: np.ndarray) -> np.ndarray:
        other = b[label.name]
        return value + other if label.per == "system" else np.concatenate([value, other])

    yield worst(line, departures(trial, Expected(both, a.changed(summed)), union, "two molecules"))


def indices(trial: Trial) -> Iterator[Reading | Omission]:
    """T_ij = T_ji, or whatever the index formula of a label says."""
    names = [name for name in trial.tensors if "=" in LABELS[name].indices]
    if not names:
        yield Omission("tensors.indices", "no tensor of this model has a symmetry of its indices")
        return
    yield worst(
        "tensors.indices",
        [
            (
                relative(trial, name, answer[name], LABELS[name].symmetrised(answer[name])),
                f"{name}, {probe.name}",
            )
            for probe, answer in zip(trial.situations, trial.answers, strict=True)
            for name in names
        ],
    )


def forbidden(trial: Trial) -> Iterator[Reading]:
    """T − P T with P the mean over the group: of the crystal, of the atom at its origin, of bonds from there.

    Those go to one orbit and change places under the group, so that their mean has its symmetry.
    """
    rng, figures = trial.rng("tensors.crystal"), []
    crystals = [crystal(trial.exact.species, group, trial.exact.cutoff, rng) for group in CLASSES]
    stars = [one.replace(bonds=[[0, k] for k in range(1, len(one))]) for one in crystals]
    for group, found in zip(CLASSES, trial.predict(stars, trial.tensors), strict=True):
        for name in trial.tensors:
            label = LABELS[name]
            value = found[name]
            if label.per != "system":
                value = np.asarray(value[0] if label.per == "atom" else value.mean(0))
            allowed = np.mean([turned(value, g, label) for g in get_group(group).elements], axis=0)
            figures.append((relative(trial, name, value, allowed), f"{name}, crystal of class {group}"))
    yield worst("tensors.crystal", figures)


def batch(trial: Trial) -> Iterator[Reading]:
    """Every situation alone, against a batch of all."""
    cases = [
        Expected(probe.structure, trial.predict([probe.structure], trial.turning)[0])
        for probe in trial.situations
    ]
    order = [int(k) for k in trial.rng("tensors.batch").permutation(len(cases))]
    names = [trial.situations[k].name for k in order]
    yield compared("tensors.batch", trial, [cases[k] for k in order], names)


def precision(trial: Trial) -> Iterator[Reading | Omission]:
    """float32 against float64, with the same weights."""
    try:
        single = in_precision(trial.model, torch.float32)
    except InputError as error:
        yield Omission("tensors.precision", str(error))
        return
    structures = [probe.structure for probe in trial.situations]
    figures = [
        departures(trial, Expected(probe.structure, answer), found, probe.name)
        for probe, answer, found in zip(
            trial.situations, trial.answers, trial.predict(structures, trial.turning, single), strict=True
        )
    ]
    yield worst("tensors.precision", [item for part in figures for item in part])


def substance(trial: Trial) -> Iterator[Reading]:
    """How many tensors are zero in every situation; no symmetry makes them so."""
    silent = [name for name in trial.tensors if trial.scales[name] == 0]
    sizes = ", ".join(f"{name} {trial.scales[name]:.3g} {LABELS[name].unit}" for name in trial.tensors)
    yield Reading("tensors.substance", float(len(silent)), note=f"largest components: {sizes}")


def _law(name: str, claim: str, measure: Measure) -> Law:
    line = f"tensors.{name}"
    return Law(line, FAMILY, {line: claim}, measure, needs="tensors")


TENSORS = (
    _law("rotation", "Tensors turn with the system.", _moved("tensors.rotation", rotated)),
    _law(
        "reflection",
        "Tensors are mirrored with the system; axial ones take the sign of the mirror.",
        _moved("tensors.reflection", reflected),
    ),
    _law(
        "translation",
        "Moving the whole system leaves its tensors unchanged, but for the dipole of a charge.",
        _moved("tensors.translation", translated),
    ),
    _law(
        "permutation",
        "The order in which atoms are listed changes no tensor; those of an atom follow it.",
        _moved("tensors.permutation", permuted),
    ),
    _law("indices", "Tensors are as symmetric in their indices as they are declared to be.", indices),
    _law("crystal", "Components that the symmetry of a crystal forbids vanish.", forbidden),
    _law(
        "lattice",
        "Neither the choice of lattice vectors nor that of cells for the atoms changes a tensor.",
        _moved("tensors.lattice", redescribed, periodic=True),
    ),
    _law(
        "supercell",
        "A supercell has the tensors of its cell, the extensive ones as many times as it has cells.",
        _moved("tensors.supercell", repeated, periodic=True),
    ),
    _law("extensivity", "Extensive tensors of two molecules far apart add up.", extensivity),
    _law("batch", "A system has the same tensors alone and in any batch.", batch),
    _law("precision", "float32 gives the tensors of float64.", precision),
    _law("substance", "The tensors are there: the laws are not kept by silence.", substance),
)
