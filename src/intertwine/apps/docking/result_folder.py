"""`ResultFolder`: one file of poses and one of figures for each ligand, so that a screen can be resumed."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.ligand_files import write_poses
from intertwine.apps.docking.outcome import Outcome
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.typing import PathLike

COLUMNS: tuple[str, ...] = (
    "ligand", "name", "pose", "energy", "prior", "inner", "learned", "gradient_norm", "rmsd_to_best",
    "rmsd_to_reference", "checks_passed", "checks_failed", "file", "error",
)  # fmt: skip


class ResultFolder:
    """`ligands/NUMBER-NAME.sdf` and `.json` for each ligand, `poses.csv` for all, beside a record of the job.

    Args:
        folder: made if need be.
        job: plain values that decide the results; a folder serves one job only.

    Raises:
        InputError: the folder belongs to another job, or cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results = ResultFolder(folder, {"seed": 0})
    ...     results.keep(Outcome(1, "salt", "in several pieces"), None)
    ...     ResultFolder(folder, {"seed": 0}).has(1), results.has(2)
    (True, False)
    """

    def __init__(self, folder: PathLike, job: Mapping[str, Any]) -> None:
        self.folder, self.ligands = Path(folder), Path(folder) / "ligands"
        record, text = self.folder / "job.json", json.dumps(job, indent=1, sort_keys=True) + "\n"
        try:
            self.ligands.mkdir(parents=True, exist_ok=True)
            if not record.exists():
                with replacing(record) as scratch:
                    scratch.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write to '{folder}'", got=error.strerror) from error
        if record.read_text(encoding="utf-8") != text:
            fix = "choose another folder, add --overwrite, or repeat that job's command to resume it"
            raise InputError(f"'{folder}' holds the poses of another job", fix=fix)
        self._done = {int(path.name.partition("-")[0]): path for path in self.ligands.glob("*.json")}

    def has(self, index: int) -> bool:
        """Whether the ligand of this number is finished."""
        return index in self._done

    def keep(self, outcome: Outcome, ligand: Ligand | None) -> None:
        """Write one ligand's poses, then its figures, which make it finished."""
        stem = f"{outcome.index:06d}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', outcome.name)[:60]}"
        file = self.ligands / f"{stem}.json"
        if ligand is not None and not outcome.error:
            shown = {name: [row[name] for row in outcome.rows()] for name in COLUMNS[2:-2]}
            with replacing(file.with_suffix(".sdf")) as scratch:
                write_poses(scratch, ligand, np.array(outcome.positions), shown)
        with replacing(file) as scratch:
            scratch.write_text(outcome.to_json(), encoding="utf-8")
        self._done[outcome.index] = file

    def outcomes(self) -> Iterator[tuple[Path, Outcome]]:
        """Every finished ligand by its number, with the path of its file."""
        for _, path in sorted(self._done.items()):
            yield path, Outcome.from_json(path.read_text(encoding="utf-8"))

    def write_table(self) -> Path:
        """`poses.csv`: a line for each pose, and one for each ligand that failed."""
        table = self.folder / "poses.csv"
        with replacing(table) as scratch, scratch.open("w", newline="", encoding="utf-8") as file:
            lines = csv.DictWriter(file, COLUMNS)
            lines.writeheader()
            for path, outcome in self.outcomes():
                poses = "" if outcome.error else str(path.with_suffix(".sdf").relative_to(self.folder))
                lines.writerows(row | {"file": poses} for row in outcome.rows())
        return table
