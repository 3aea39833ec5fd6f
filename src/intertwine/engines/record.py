"""What a run leaves behind: a trajectory and a log, cut back to the last restart when it goes on."""

import csv
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.extxyz import write_extxyz

from intertwine.data.labels import CONDITIONS
from intertwine.engines.snapshot import COLUMNS, Snapshot
from intertwine.errors import InputError
from intertwine.typing import PathLike

LOG: Final = "log.csv"
TRAJECTORY: Final = "trajectory.extxyz"


class Record:
    """The open files of one run, `log.csv` and `trajectory.extxyz`, in its folder.

    The log has one row per snapshot (units in the header). The trajectory has positions (Å), momenta (ASE
    units), forces (eV/Å) and energy (eV) per frame, with `step` and `time_fs`; any version of ASE reads it.

    Args:
        folder: where; made when absent.
        sizes: bytes of the two files to keep, as `sizes()` gave them, to go on with a run; None starts anew.

    Raises:
        InputError: files are there already, or cannot be written, or are shorter than `sizes`.
    """

    def __init__(self, folder: PathLike, sizes: dict[str, int] | None = None) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._log = self._open(LOG, sizes)
            self._trajectory = self._open(TRAJECTORY, sizes)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"cannot write to '{folder}'", got=reason, fix="choose a new folder") from error
        self._rows = csv.writer(self._log, lineterminator="\n")
        if sizes is None:
            self._rows.writerow(COLUMNS.values())

    def _open(self, name: str, sizes: dict[str, int] | None) -> TextIOWrapper:
        path = self.folder / name
        if sizes is None:
            return path.open("x", encoding="utf-8", newline="")
        if not path.is_file() or path.stat().st_size < sizes[name]:
            raise InputError(
                f"'{path}' is shorter than at the last restart", fix="start the run in a new folder"
            )
        file = path.open("r+", encoding="utf-8", newline="")
        file.truncate(sizes[name])
        file.seek(sizes[name])
        return file

    def write(self, atoms: Atoms, snapshot: Snapshot) -> None:
        """Add one row and one frame."""
        self._rows.writerow(snapshot.row())
        geometry = {name: getattr(atoms, name) for name in ("numbers", "positions", "cell", "pbc")}
        frame = Atoms(**geometry, momenta=atoms.get_momenta())
        frame.info = {name: atoms.info[name] for name in CONDITIONS if name in atoms.info}
        frame.info |= {"step": snapshot.step, "time_fs": snapshot.time}
        frame.calc = SinglePointCalculator(frame, energy=snapshot.potential, forces=atoms.get_forces())
        write_extxyz(self._trajectory, [frame])

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, all of them on the disk now."""
        for file in (self._log, self._trajectory):
            file.flush()
        return {name: (self.folder / name).stat().st_size for name in (LOG, TRAJECTORY)}

    def __enter__(self) -> "Record":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.close()
        self._trajectory.close()
