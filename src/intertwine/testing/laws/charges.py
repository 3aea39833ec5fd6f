"""Laws of models whose charges reach beyond the cutoff."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.electrostatics import COULOMB
from intertwine.testing.interface import has_dispersion
from intertwine.testing.law import Law, Omission, Reading, worst
from intertwine.testing.probes import molecule
from intertwine.testing.trial import Trial

FAMILY = "Charges"


def total(trial: Trial) -> Iterator[Reading]:
    """Σ q = Q on every probe, charged ones among them."""
    structures = [structure.replace(charge=Q) for _, structure in trial.small for Q in (0.0, -1.0)]
    names = [f"{name}, Q = {Q}" for name, _ in trial.small for Q in (0, -1)]
    found = trial.predict(structures, ("charges",))
    gaps = [
        abs(float(answer["charges"].sum()) - structure.charge)
        for answer, structure in zip(found, structures, strict=True)
    ]
    yield worst("charges.sum", list(zip(gaps, names, strict=True)))


def coulomb(trial: Trial) -> Iterator[Reading | Omission]:
    """The net force between two molecules far apart against k Σ q_i q_j r/r³ of their charges there."""
    if getattr(getattr(getattr(trial.model, "spec", None), "longrange", None), "dipoles", False):
        yield Omission("charges.coulomb", "atoms of this model have dipoles, too, which it does not give")
        return
    if has_dispersion(trial.model):
        yield Omission("charges.coulomb", "molecules of this model also feel each other by dispersion")
        return
    rng, figures = trial.rng("charges.coulomb"), []
    for gap in (3.0, 6.0):
        first, second = (molecule(trial.exact.species, atoms, trial.exact.cutoff, rng) for atoms in (5, 4))
        step = first.positions[:, 0].max() - second.positions[:, 0].min() + gap * trial.exact.cutoff
        places = np.concatenate([first.positions, second.positions + step * np.eye(3)[0]])
        both = Structure(np.concatenate([first.numbers, second.numbers]), places, charge=1)
        (found,) = trial.predict([both], ("forces", "charges"))
        push = found.forces[len(first) :].sum(0)
        expected = _push(found["charges"], places, len(first))
        scale = max(float(np.abs(expected).max()), 1e-3 * COULOMB / step**2)
        figures.append((float(np.abs(push - expected).max()) / scale, f"{step:.0f} Å apart"))
    yield worst("charges.coulomb", figures)


def _push(
    q: Float[np.ndarray, " atoms"], places: Float[np.ndarray, "atoms 3"], first: int
) -> Float[np.ndarray, "3"]:
    """Force of the first atoms' charges on the others', eV/Å."""
    r = places[first:, None] - places[None, :first]
    strength = q[first:, None] * q[None, :first] / np.linalg.norm(r, axis=2) ** 3
    return COULOMB * (strength[:, :, None] * r).sum((0, 1))


CHARGES = (
    Law(
        "charges.sum",
        FAMILY,
        {"charges.sum": "The charges of the atoms add up to the charge of the system."},
        total,
        needs="charges",
    ),
    Law(
        "charges.coulomb",
        FAMILY,
        {"charges.coulomb": "Far apart, molecules push each other exactly as their charges do (Coulomb)."},
        coulomb,
        needs="charges",
    ),
)
