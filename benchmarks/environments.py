"""A Python environment for every peer, made once, and what a process in it sees."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from intertwine.errors import InputError

PROJECT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def interpreter(package: str, requirements: Sequence[str], folder: Path) -> Path:
    """The Python that runs a package; its environment is made below `folder` unless it is there.

    Without requirements it is the Python that runs this. Packages come from where the user's own pip takes
    them.

    Raises:
        InputError: the environment cannot be made.
    """
    if not requirements:
        return Path(sys.executable)
    place = folder.absolute() / package
    python, stamp = place / "bin" / "python", place / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(place, ignore_errors=True)
        print(f"making an environment with {', '.join(requirements)} in {place}", flush=True)
        _run([sys.executable, "-m", "venv", str(place)])
        for wishes in (["--upgrade", "pip"], requirements):
            _run([str(python), "-m", "pip", "install", "--quiet", *wishes])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def surroundings(own: bool, threads: int) -> dict[str, str]:
    """Variables of a process: threads alike for all; an environment of its own sees nothing of this one."""
    inherited = [] if own else os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(PROJECT), *(str(Path(path).absolute()) for path in inherited if path)]
    return {**os.environ, **dict.fromkeys(THREADS, str(threads)), "PYTHONPATH": os.pathsep.join(paths)}


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise InputError(
            "an environment cannot be made",
            got=(reasons or done.stderr.splitlines() or ["no message"])[-1],
            fix=f"try yourself: {' '.join(command)}",
        )
