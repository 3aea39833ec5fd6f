"""The house keeps its own rules, and each rule has been seen to break."""

import importlib
import inspect
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import intertwine

ROOT = Path(intertwine.__file__).parent
PROJECT = ROOT.parent.parent
SOURCES = sorted(ROOT.rglob("*.py"))


def modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(intertwine.__path__, "intertwine."):
        yield importlib.import_module(info.name)


def public_members() -> list[tuple[str, object]]:
    """Every public function, class and method defined in the package, by dotted name."""
    found: dict[str, object] = {}
    for module in modules():
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(member) or inspect.isclass(member):
                found[f"{module.__name__}.{name}"] = member
            if inspect.isclass(member):
                for inner, value in vars(member).items():
                    if inspect.isfunction(value) and not inner.startswith("_"):
                        found[f"{module.__name__}.{name}.{inner}"] = value
    return sorted(found.items())


# torch, Lightning, ASE and typer document the methods that they ask us to write
INHERITED = {"forward", "extra_repr"}


def is_inherited(name: str, member: object) -> bool:
    owner, _, method = name.rpartition(".")
    if method in INHERITED:
        return True
    module, _, cls = owner.rpartition(".")
    parent = getattr(sys.modules.get(module), cls, None)
    return inspect.isclass(parent) and any(hasattr(base, method) for base in parent.__mro__[1:])


def test_every_public_name_is_documented() -> None:
    silent = [
        name
        for name, member in public_members()
        if not is_inherited(name, member) and not inspect.getdoc(member)
    ]
    assert silent == []


def test_every_module_says_what_it_is() -> None:
    silent = [module.__name__ for module in modules() if not module.__doc__]
    assert silent == []


def test_arrays_in_public_signatures_carry_their_shapes() -> None:
    bare = {torch.Tensor, np.ndarray}
    found = []
    for name, member in public_members():
        if inspect.isclass(member):
            continue
        for parameter in inspect.signature(member).parameters.values():
            if parameter.annotation in bare:
                found.append(f"{name}({parameter.name})")
    assert found == []


def test_no_file_holds_more_than_one_thought() -> None:
    rooms = (ROOT, PROJECT / "tests", PROJECT / "benchmarks", PROJECT / "examples")
    lengths = {path: len(path.read_text().splitlines()) for room in rooms for path in room.rglob("*.py")}
    assert {str(path.relative_to(PROJECT)): n for path, n in lengths.items() if n > 300} == {}


def test_every_room_has_a_noun() -> None:
    vague = {"utils", "util", "tools", "common", "misc", "helpers", "helper"}
    assert [path for path in SOURCES if path.stem in vague or path.parent.name in vague] == []


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("floor", ["groups", "data"])
def test_exact_algebra_and_files_do_not_wake_torch(floor: str) -> None:
    assert run(f"import sys, intertwine.{floor}; print('torch' in sys.modules)").strip() == "False"


def contracts(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the import contracts on a copy of the package under `source`."""
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--config",
        str(PROJECT / "pyproject.toml"),
        "--no-cache",
    ]
    environment = {"PYTHONPATH": str(source), "PATH": "", "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=source, check=False)


def test_the_import_contracts_hold() -> None:
    result = contracts(ROOT.parent)
    assert result.returncode == 0, result.stdout


TRESPASSES = [
    ("groups/irreps.py", "import torch", "groups and data never import torch"),
    ("data/structure.py", "import torch", "groups and data never import torch"),
    ("nn/gate.py", "import intertwine.graph", "Layers know no atoms, atoms know no layers"),
    ("graph/graph.py", "import intertwine.nn", "Layers know no atoms, atoms know no layers"),
    ("ops/norm.py", "import intertwine.data", "ops and nn never import data or graph"),
    ("data/labels.py", "import intertwine.ops", "data and graph never import ops or nn"),
    ("errors.py", "import intertwine.units", "The floors of the house"),
    ("units.py", "import intertwine.groups", "The floors of the house"),
    ("groups/irreps.py", "import intertwine.ops.norm", "The floors of the house"),
    ("ops/norm.py", "import intertwine.nn.gate", "The floors of the house"),
    ("graph/graph.py", "import intertwine.encoders", "The floors of the house"),
    ("encoders/features.py", "import intertwine.heads", "The floors of the house"),
    ("heads/scalar.py", "import intertwine.observables", "The floors of the house"),
    ("observables/model.py", "import intertwine.train", "The floors of the house"),
    ("train/__init__.py", "import intertwine.engines", "The floors of the house"),
    ("engines/__init__.py", "import intertwine.testing", "The floors of the house"),
    ("testing/__init__.py", "import intertwine.apps", "The floors of the house"),
    ("apps/__init__.py", "import intertwine.cli", "The floors of the house"),
]


@pytest.mark.parametrize(("file", "trespass", "contract"), TRESPASSES)
def test_a_trespass_breaks_its_contract(tmp_path: Path, file: str, trespass: str, contract: str) -> None:
    copy = tmp_path / "intertwine"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / file).write_text((copy / file).read_text() + f"\n{trespass}\n")
    result = contracts(tmp_path)
    assert result.returncode == 1, result.stdout
    assert f"{contract} BROKEN" in result.stdout
