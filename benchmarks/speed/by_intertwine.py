"""Intertwine: a preset with weights drawn from the seed."""

import hashlib
from pathlib import Path
from typing import Any

from benchmarks.speed.fresh import fresh_model

import intertwine
from intertwine.engines import IntertwineCalculator

DISTRIBUTIONS = ("torch", "numpy")


def source() -> str:
    """Digest of the package as it lies there, compiled kernels included."""
    root, digest = Path(intertwine.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".cpp", ".h", ".so"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


SOURCE = {"intertwine": intertwine.__version__, "source": source()}


def calculator(job: dict[str, Any]) -> tuple[IntertwineCalculator, int]:
    model = fresh_model(job["settings"]["preset"], tuple(job["species"]), job["seed"])
    return IntertwineCalculator(model), sum(p.numel() for p in model.parameters())
