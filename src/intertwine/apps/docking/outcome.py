"""`Outcome`: what became of one ligand, as plain values that a file keeps and another process can send."""

import json
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from intertwine.apps.docking.checks import busted
from intertwine.apps.docking.clusters import symmetric_rmsd
from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.ligand_chemistry import same_atoms
from intertwine.apps.docking.pocket import Box, pocket_of
from intertwine.apps.docking.receptor import Receptor
from intertwine.errors import InputError, IntertwineError, require

DIGITS = 4
"""Decimals kept, of kcal/mol and Å."""


@dataclass(frozen=True)
class Outcome:
    """The poses of a ligand, best first, or what went wrong.

    Args:
        index: number of its record in the file, counted from 1.
        name: of the record.
        error: one line; empty where poses were found.
        smiles: of the ligand.
        notes: what was added to its record.
        energies: of each pose, kcal/mol, the sum of the next three.
        prior: physical, of the ligand with the receptor.
        inner: of the ligand with itself.
        learned: what was learned.
        gradient_norms: of each pose, what is left of the slope of its energy.
        from_best: symmetric RMSD of each pose to the first, heavy atoms, Å.
        from_reference: that to the reference where it is the same molecule, else empty.
        contributions: of each pose, energy of each heavy atom, kcal/mol.
        by_residue: of each residue, its energy with the ligand at each pose, kcal/mol.
        checks: of each pose, what PoseBusters found; empty where it was not asked.
        positions: of each pose, all atoms, Å.
        seconds: spent on it.

    >>> lost = Outcome(3, "aspirin", "in several pieces")
    >>> Outcome.from_json(lost.to_json()) == lost
    True
    """

    index: int
    name: str
    error: str = ""
    smiles: str = ""
    notes: list[str] = field(default_factory=list)
    energies: list[float] = field(default_factory=list)
    prior: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    from_best: list[float] = field(default_factory=list)
    from_reference: list[float] = field(default_factory=list)
    contributions: list[list[float]] = field(default_factory=list)
    by_residue: dict[str, list[float]] = field(default_factory=dict)
    checks: list[dict[str, bool]] = field(default_factory=list)
    positions: list[list[list[float]]] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> str:
        """As the text of a JSON file."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        """What `to_json` wrote."""
        return cls(**json.loads(text))

    def rows(self) -> list[dict[str, object]]:
        """One line of a table for each pose, or one that says what went wrong."""
        head: dict[str, object] = {"ligand": self.index, "name": self.name}
        if self.error:
            return [head | {"error": self.error}]
        return [head | self._row(k) for k in range(len(self.energies))]

    def _row(self, k: int) -> dict[str, object]:
        checks = self.checks[k] if self.checks else {}
        failed = [name for name, passed in checks.items() if not passed]
        return {
            "pose": k + 1,
            "energy": self.energies[k],
            "prior": self.prior[k],
            "inner": self.inner[k],
            "learned": self.learned[k],
            "gradient_norm": self.gradient_norms[k],
            "rmsd_to_best": self.from_best[k],
            "rmsd_to_reference": self.from_reference[k] if self.from_reference else "",
            "checks_passed": f"{len(checks) - len(failed)}/{len(checks)}" if checks else "",
            "checks_failed": "; ".join(failed),
        }


@dataclass(frozen=True)
class Setting:
    """All that the dockings of a library share.

    Args:
        receptor: whole.
        box: where to search.
        model: the energy.
        plan: of the search.
        dock: `dock_ligand`, or what stands for it.
        flexible: whether torsions turn.
        reference: a ligand in the pocket, to be compared with.
        checked: whether PoseBusters looks at the poses.
    """

    receptor: Receptor
    box: Box
    model: Any
    plan: Any
    dock: Callable[..., Any]
    flexible: bool = True
    reference: Ligand | None = None
    checked: bool = False


def outcome_of(setting: Setting, index: int, name: str, reading: Ligand | InputError) -> Outcome:
    """Dock a ligand; whatever goes wrong with it is told in its outcome."""
    if isinstance(reading, InputError):
        return Outcome(index, name, str(reading))
    try:
        return _docked(setting, index, name, reading)
    except IntertwineError as error:
        return Outcome(index, name, str(error))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"unexpected {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        return Outcome(index, name, " ".join(said.split()))


def _docked(setting: Setting, index: int, name: str, ligand: Ligand) -> Outcome:
    found = setting.dock(setting.receptor, ligand, setting.box, setting.model, setting.plan, setting.flexible)
    positions = np.asarray(found.positions, dtype=np.float64)
    heavy, reference = positions[:, ligand.heavy], reference_places(ligand, setting.reference)
    chem = require("rdkit.Chem", extra="docking")
    return Outcome(
        index=index,
        name=name,
        smiles=chem.MolToSmiles(chem.RemoveHs(ligand.molecule)),
        notes=list(ligand.notes),
        energies=_rounded(found.energies),
        prior=_rounded(found.prior),
        inner=_rounded(found.inner),
        learned=_rounded(found.learned),
        gradient_norms=_rounded(found.gradient_norms),
        from_best=_rounded(_rmsd(heavy, heavy[0], ligand)),
        from_reference=[] if reference is None else _rounded(_rmsd(heavy, reference, ligand)),
        contributions=_rounded(found.contributions),
        by_residue={residue: _rounded(parts) for residue, parts in found.by_residue.items()},
        checks=busted(ligand, positions, pocket_of(setting.receptor, setting.box)) if setting.checked else [],
        positions=_rounded(positions),
        seconds=round(float(found.seconds), 2),
    )


def reference_places(ligand: Ligand, reference: Ligand | None) -> Float64[np.ndarray, "atoms 3"] | None:
    """Where a reference has the heavy atoms of a ligand, in its order, Å; None if it is another molecule."""
    if reference is None:
        return None
    match = same_atoms(ligand.molecule, ligand.heavy, reference.molecule, reference.heavy)
    return None if match is None else reference.atoms.positions[match]


def _rmsd(
    poses: Float64[np.ndarray, "poses atoms 3"], place: Float64[np.ndarray, "atoms 3"], ligand: Ligand
) -> Float64[np.ndarray, " poses"]:
    tensors = (torch.from_numpy(poses), torch.from_numpy(place)[None], torch.from_numpy(ligand.symmetries))
    return symmetric_rmsd(*tensors)[:, 0].numpy()


def _rounded(values: Any) -> Any:
    return (np.round(np.asarray(values, dtype=np.float64), DIGITS) + 0.0).tolist()  # no −0
