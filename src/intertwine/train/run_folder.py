"""The folder of a run: what is in it, and what makes it safe to write there or to go on from it."""

import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from intertwine import __version__
from intertwine.data import replacing
from intertwine.errors import InputError
from intertwine.train.config import RunConfig
from intertwine.train.config_file import to_yaml

PACKAGES = ("torch", "numpy", "lightning", "ase", "vesin", "pydantic", "safetensors", "scipy")
"""Packages whose versions can change a number."""


class RunFolder:
    """Names of the files of a run.

        config.yaml         the configuration, complete, with absolute paths
        provenance.json     hashes and indices of the data, versions, machine, seed, reference energies
        metrics.csv         a line per epoch
        tensorboard/        the same, if tensorboard is installed
        train.log           what was said
        checkpoints/last.safetensors     state from which the run goes on
        model.safetensors   the best averaged weights so far, a finished model
        base.safetensors    the model that a fine-tuning started from, as it was
        results.json        errors of that model on every set; written last

    >>> RunFolder(Path("run")).model
    PosixPath('run/model.safetensors')
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.provenance = path / "provenance.json"
        self.metrics = path / "metrics.csv"
        self.tensorboard = path / "tensorboard"
        self.log = path / "train.log"
        self.state = path / "checkpoints" / "last.safetensors"
        self.model = path / "model.safetensors"
        self.base = path / "base.safetensors"
        self.results = path / "results.json"

    @property
    def used(self) -> bool:
        """Whether something is there already."""
        return self.path.is_dir() and any(not entry.name.startswith(".") for entry in self.path.iterdir())

    def recorded(self) -> dict[str, Any]:
        """The configuration that is written there; empty if none is."""
        if not self.config.is_file():
            return {}
        return yaml.safe_load(self.config.read_text(encoding="utf-8"))

    def check(self, config: RunConfig, resume: bool) -> None:
        """Raise InputError unless a run may begin, or go on, here; nothing is written.

        Raises:
            InputError: the place is not a folder; or it is not empty and `resume` was not asked for; or it is
                the folder of another configuration.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"output '{self.path}' is not a folder", fix="choose another output")
        if not self.used:
            self._check_writable()
            return
        if not resume:
            fix = "resume it, or choose another output"
            raise InputError(
                f"output folder '{self.path}' is not empty", accepted="a new or an empty folder", fix=fix
            )
        if not self.config.is_file():
            raise InputError(f"'{self.path}' is not the folder of a run", got="no config.yaml in it")
        self._check_same(config)

    def _check_writable(self) -> None:
        there = next(place for place in (self.path, *self.path.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            got = f"'{there}' is not a folder that you may write to"
            raise InputError(f"output '{self.path}' cannot be made", got=got, fix="choose another output")

    def _check_same(self, config: RunConfig) -> None:
        there = _flat(_completed(self.recorded()))
        given = _flat(yaml.safe_load(to_yaml(config)))
        for name in sorted(set(there) | set(given)):
            if name != "output" and there.get(name) != given.get(name):
                raise InputError(
                    f"cannot resume '{self.path}' with another configuration: {name} differs",
                    got=repr(given.get(name)),
                    accepted=repr(there.get(name)),
                    fix="choose another output",
                )

    def begin(self, config: RunConfig, provenance: Mapping[str, Any]) -> None:
        """Make the folder and write down what the run depends on.

        Raises:
            InputError: the place cannot be written, or the folder holds a run on other data.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not self.config.is_file():
                with replacing(self.config) as scratch:
                    scratch.write_text(to_yaml(config), encoding="utf-8")
            if not self.provenance.is_file():
                write_json(self.provenance, provenance)
            self.state.parent.mkdir(exist_ok=True)
            for left in self.state.parent.glob(f".{self.state.name}.*"):  # of a writer that was killed
                left.unlink()
        except OSError as error:
            fix = "choose a writable place"
            raise InputError(f"cannot write '{self.path}'", got=error.strerror, fix=fix) from error
        before = json.loads(self.provenance.read_text(encoding="utf-8"))
        if before["data"] != json.loads(json.dumps(provenance["data"])):
            fix = "restore the files, or choose another output"
            raise InputError(f"cannot resume '{self.path}': the data are not those it began with", fix=fix)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all; a list of numbers takes one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[-\d.,e\s]+\]", lambda numbers: " ".join(numbers[0].split()), text)
    with replacing(path) as scratch:
        scratch.write_text(text + "\n", encoding="utf-8")


def surroundings() -> dict[str, Any]:
    """Versions and machine.

    >>> sorted(surroundings())
    ['machine', 'python', 'system', 'versions']
    """
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "versions": {"intertwine": __version__} | versions,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
    }


def _completed(recorded: dict[str, Any]) -> dict[str, Any]:
    """A configuration of any age with the defaults of what has come to be said since."""
    try:
        return yaml.safe_load(to_yaml(RunConfig.model_validate(recorded)))
    except ValidationError:
        return recorded


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level of dotted names."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        flat.update(_flat(value, f"{name}.") if isinstance(value, dict) else {name: value})
    return flat
