"""All tensors of one structure, and what follows from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64

from intertwine.apps.elasticity import compliance, kelvin_moduli, moduli
from intertwine.apps.properties.extremes import Extremes, extremes
from intertwine.apps.properties.symmetry import ExactCrystal, SymmetryVerdict, symmetry_verdict
from intertwine.data import LABELS, Structure
from intertwine.errors import InputError
from intertwine.groups.voigt import voigt_matrix

Predict = Callable[[Sequence[Structure]], Sequence[Mapping[str, np.ndarray]]]
"""Structures to their tensors by name; an `engines.Predictor` with its outputs chosen."""

ORDINARY = ("energy", "forces", "stress")
"""Labels that other commands tell."""


@dataclass(frozen=True, eq=False)
class PropertySheet:
    """What a model says of the tensors of one structure.

    Attributes:
        name: how the reader knows the structure.
        structure: as given.
        values: by label: `(3, …, 3)`, or that for every atom or bond, in the axes of the structure.
        crystal: its exactly symmetric neighbour, where it repeats along three axes.
        verdicts: of that crystal: what its point group forbids, by label per system.
    """

    name: str
    structure: Structure
    values: Mapping[str, Float64[np.ndarray, "..."]]
    crystal: ExactCrystal | None = None
    verdicts: Mapping[str, SymmetryVerdict] = field(default_factory=dict)

    @property
    def stiffness(self) -> Float64[np.ndarray, "3 3 3 3"] | None:
        """C, GPa, where the model predicts it and it is stable; moduli of any other mean nothing."""
        found = self.values.get("elastic")
        return found if found is not None and kelvin_moduli(found)[0] > 0 else None

    def elastic_figures(self) -> dict[str, float]:
        """Moduli of a polycrystal, GPa, ratios, and the least of Kelvin's moduli, GPa."""
        least = {"least_kelvin_modulus": float(kelvin_moduli(self.values["elastic"])[0])}
        if self.stiffness is None:
            return least
        found = moduli(self.stiffness)
        names = ("bulk", "shear", "young", "poisson", "anisotropy")
        bounds = ("bulk_voigt", "bulk_reuss", "shear_voigt", "shear_reuss")
        return {name: float(getattr(found, name)) for name in (*names, *bounds)} | least

    def elastic_extremes(self) -> dict[str, Extremes]:
        """Least and largest of what depends on direction; empty where the stiffness is unstable."""
        return {} if self.stiffness is None else extremes(compliance(self.stiffness))

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        record: dict[str, Any] = {"name": self.name, "formula": self.structure.formula}
        record |= {name: array.tolist() for name, array in self.structure.pairs.items()}
        record["tensors"] = {name: _plain(name, value) for name, value in self.values.items()}
        if "elastic" in self.values:
            record["elastic_figures"] = self.elastic_figures()
            record["elastic_extremes"] = {
                name: found.to_json() for name, found in self.elastic_extremes().items()
            }
        if self.crystal is not None:
            record["symmetry"] = self._symmetry()
        return record

    def _symmetry(self) -> dict[str, Any]:
        assert self.crystal is not None
        group = self.crystal.group
        forbidden = {
            name: {
                "constants": verdict.pattern.constants,
                "zero": list(verdict.zeros),
                "largest": verdict.largest,
                "relative": verdict.relative,
            }
            for name, verdict in self.verdicts.items()
        }
        return {
            "point_group": group.name,
            "hermann_mauguin": group.hermann_mauguin,
            "orientation": group.orientation.tolist(),
            "moved": self.crystal.moved,
            "forbidden": forbidden,
        }


def tensor_labels(outputs: Sequence[str]) -> tuple[str, ...]:
    """Those outputs of a model that are tensors of matter.

    Raises:
        InputError: there is none.

    >>> tensor_labels(["energy", "forces", "elastic", "dipole"])
    ('elastic', 'dipole')
    """
    found = tuple(name for name in outputs if name in LABELS and name not in ORDINARY)
    if not found:
        raise InputError(
            "the model predicts no tensor",
            got=", ".join(outputs),
            fix="train one with heads for it (docs/properties.md)",
        )
    return found


def property_sheets(
    predict: Predict, structures: Sequence[Structure], names: Sequence[str], tolerance: float = 1e-3
) -> list[PropertySheet]:
    """The tensors of each structure, and of each crystal what its point group forbids.

    What is forbidden is looked for in the crystal made exactly symmetric, so that it is the model's own. Its
    measure is the largest component there or in the disordered copy.

    Args:
        predict: the model.
        structures: whatever it knows the elements of.
        names: of the structures.
        tolerance: of symmetry, Å.

    Raises:
        InputError: spglib finds no symmetry in a crystal.
        MissingExtraError: there is a crystal, and spglib is not installed.
    """
    crystals = [
        ExactCrystal.of(structure, tolerance) if structure.pbc.all() else None for structure in structures
    ]
    known = [crystal for crystal in crystals if crystal is not None]
    copies = [one for crystal in known for one in (crystal.structure, crystal.disordered)]
    answers = list(predict([*structures, *copies]))
    given, rest = answers[: len(structures)], iter(answers[len(structures) :])
    verdicts = [{} if crystal is None else _verdicts(next(rest), next(rest), crystal) for crystal in crystals]
    rows = zip(names, structures, given, crystals, verdicts, strict=True)
    return [PropertySheet(*row) for row in rows]


def _verdicts(
    exact: Mapping[str, np.ndarray], disordered: Mapping[str, np.ndarray], crystal: ExactCrystal
) -> dict[str, SymmetryVerdict]:
    """Of tensors per system whose value a crystal has: not of a dipole, which its lattice leaves open."""
    judged = [name for name in exact if LABELS[name].per == "system" and LABELS[name].rank > 0]
    return {
        name: symmetry_verdict(
            exact[name], LABELS[name], crystal.group, float(np.abs(disordered[name]).max())
        )
        for name in judged
        if not LABELS[name].cyclic
    }


def _plain(name: str, value: np.ndarray) -> dict[str, Any]:
    label = LABELS[name]
    record: dict[str, Any] = {"unit": label.unit, "indices": label.indices, "per": label.per}
    if label.per == "system" and label.indices in ("ijk=ikj", "ijkl=jikl=klij"):
        record["voigt"] = voigt_matrix(value, label.rank).tolist()
    return record | {"value": np.asarray(value).tolist()}
