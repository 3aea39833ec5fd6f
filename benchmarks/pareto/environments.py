"""A Python environment for every peer, made once."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pareto.entrants import Entrant

from intertwine.errors import InputError


def interpreter(entrant: Entrant, folder: Path) -> Path:
    """The Python that runs an entrant; its environment is made below `folder` unless it is there.

    Packages come from where the user's own pip takes them.

    Raises:
        InputError: the environment cannot be made.
    """
    if not entrant.requirements:
        return Path(sys.executable)
    place = folder.absolute() / entrant.package
    python, stamp = place / "bin" / "python", place / "requirements.txt"
    wanted = "\n".join(entrant.requirements) + "\n"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(place, ignore_errors=True)
        print(f"making an environment with {', '.join(entrant.requirements)} in {place}", flush=True)
        _run([sys.executable, "-m", "venv", str(place)])
        _run([str(python), "-m", "pip", "install", "--quiet", *entrant.requirements])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise InputError(
            "an environment cannot be made",
            got=(reasons or done.stderr.splitlines() or ["no message"])[-1],
            fix=f"try yourself: {' '.join(command)}",
        )
