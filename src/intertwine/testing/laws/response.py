"""Laws of response: dipole, polarisability and Born charges are derivatives of one energy."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.testing.interface import outputs_of
from intertwine.testing.law import Law, Measure, Omission, Reading, worst
from intertwine.testing.laws.comparison import largest
from intertwine.testing.laws.differences import DISPLACEMENT, agreement, derivatives, displaced, relative
from intertwine.testing.probes import Probe
from intertwine.testing.trial import Trial

FAMILY = "Response to a field"

STEP = 2e-3
"""h of a field, V/Å; five times as much is tried where rounding of the energy hides the slope."""

COORDINATES = 6
"""At most so many coordinates of one probe are displaced."""

TINY = 1e-300
"""Where the size is not known and the value vanishes, any difference is a large one."""

ENOUGH = 1e-7
"""A figure with which no other step is tried."""

Axes = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]
"""Brings the index of the field to the front."""


def in_field(structure: Structure, axis: int) -> Callable[[float], Structure]:
    """t ↦ the structure in a field larger by t V/Å along one axis.

    >>> in_field(Structure([1], [[0, 0, 0]]), axis=2)(0.5).electric_field.tolist()
    [0.0, 0.0, 0.5]
    """

    def change(t: float) -> Structure:
        return structure.replace(electric_field=structure.electric_field + t * np.eye(3)[axis])

    return change


def samples(trial: Trial) -> list[Probe]:
    """The molecule in a field and out of it, the bulk, and the first of the user's structures."""
    molecule, _, _, bulk, _, *given = trial.situations
    still = molecule.structure.replace(electric_field=np.zeros(3))
    return [molecule, Probe(f"{molecule.name} in no field", still), bulk, *given[:1]]


def _by_field(line: str, of: str, gives: str, axes: Axes) -> Measure:
    """An output against the differences of another along the three axes of the field."""

    def measure(trial: Trial) -> Iterator[Reading]:
        figures = []
        for name, structure in samples(trial):
            (exact,) = trial.predict([structure], (gives,))
            changes = [in_field(structure, axis) for axis in range(3)]
            figures.append((_slope(trial, of, changes, STEP, axes(exact[gives]), gives), name))
        yield worst(line, figures)

    return measure


def born_charges(trial: Trial) -> Iterator[Reading]:
    """Z*_ab = ∂µ_a/∂x_b against differences of dipoles, for coordinates drawn at random."""
    rng, figures = trial.rng("response.born_charges"), []
    for name, structure in samples(trial):
        (exact,) = trial.predict([structure], ("born_charges",))
        picked = rng.permutation(3 * len(structure))[:COORDINATES]
        expected = exact["born_charges"].swapaxes(1, 2).reshape(-1, 3)[picked]
        changes = [displaced(structure, int(coordinate)) for coordinate in picked]
        figure = _slope(trial, "dipole", changes, DISPLACEMENT, expected, "born_charges")
        figures.append((figure, name))
    yield worst("response.born_charges", figures)


def _slope(
    trial: Trial,
    of: str,
    changes: Sequence[Callable[[float], Structure]],
    step: float,
    expected: Float[np.ndarray, "changes ..."],
    gives: str,
) -> float:
    """How far differences of an output are from what another one says, relative to its size on all probes."""
    floor = trial.scales.get(gives) or TINY

    def evaluate(structures: Sequence[Structure]) -> Float[np.ndarray, "structures ..."]:
        return np.stack([answer[of] for answer in trial.predict(structures, (of,))])

    return agreement(lambda h: relative(derivatives(evaluate, changes, h), expected, floor), step, ENOUGH)


def acoustic(trial: Trial) -> Iterator[Reading]:
    """Σ_i Z*_i = Q·1: moving everything moves the dipole of the total charge, and nothing else."""
    probes = samples(trial)
    found = trial.predict([probe.structure for probe in probes], ("born_charges",))
    yield worst(
        "response.sum",
        [
            (largest(answer["born_charges"].sum(0) - probe.structure.charge * np.eye(3)), probe.name)
            for probe, answer in zip(probes, found, strict=True)
        ],
    )


def _law(name: str, gives: str, claim: str, measure: Measure) -> Law:
    """A law of models that give an output."""
    line = f"response.{name}"

    def where_given(trial: Trial) -> Iterable[Reading | Omission]:
        if gives in outputs_of(trial.model):
            return measure(trial)
        return [Omission(line, f"this model does not give the {gives}")]

    return Law(line, FAMILY, {line: claim}, where_given, needs="field")


RESPONSE = (
    _law(
        "dipole",
        "dipole",
        "The dipole is the slope of the energy in a field, −∂E/∂𝓔 (against differences of energies).",
        _by_field("response.dipole", "energy", "dipole", np.negative),
    ),
    _law(
        "polarisability",
        "polarisability",
        "The polarisability is the slope of the dipole in a field.",
        _by_field("response.polarisability", "dipole", "polarisability", np.transpose),
    ),
    _law(
        "hyperpolarisability",
        "hyperpolarisability",
        "The hyperpolarisability is the slope of the polarisability in a field.",
        _by_field("response.hyperpolarisability", "polarisability", "hyperpolarisability", np.transpose),
    ),
    _law(
        "born_charges",
        "born_charges",
        "Born charges are the slope of the dipole when an atom moves.",
        born_charges,
    ),
    _law(
        "forces",
        "born_charges",
        "A field pulls at every atom by its Born charge, ∂F/∂𝓔 = Z*.",
        _by_field("response.forces", "forces", "born_charges", lambda charges: charges.swapaxes(0, 1)),
    ),
    _law("sum", "born_charges", "Born charges add up to the charge of the system.", acoustic),
)
