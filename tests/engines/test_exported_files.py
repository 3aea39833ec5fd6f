"""A file that cannot be what it should is refused before anything in it runs."""

import json
import zipfile
from pathlib import Path

import pytest
import torch

from intertwine.engines import IntertwineCalculator, load_exported
from intertwine.engines.exported import FORMAT, VERSION
from intertwine.errors import InputError

OURS = {
    "format": FORMAT,
    "version": VERSION,
    "versions": {"torch": str(torch.__version__)},
    "processor": torch.backends.cpu.get_cpu_capability(),
}
NEWEST = "AVX1024"
"""No processor has it."""


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch):
    def run(path: str) -> None:
        raise AssertionError(f"code of {path} was loaded")

    monkeypatch.setattr(torch._inductor, "aoti_load_package", run)


def package(path: Path, **metadata: object) -> Path:
    """A zip file as a package is one, with these metadata and no code."""
    with zipfile.ZipFile(path, "w") as archive:
        told = {"AOTI_DEVICE_KEY": "cpu", "intertwine": json.dumps(metadata)} if metadata else {}
        archive.writestr("m/data/aotinductor/model/abc.wrapper_metadata.json", json.dumps(told))
    return path


@pytest.mark.parametrize(
    ("metadata", "line"),
    [
        ({}, "is not a potential exported by Intertwine; .* do: intertwine export MODEL"),
        ({"format": "another"}, "is not a potential exported by Intertwine"),
        (OURS | {"version": VERSION + 1}, f"is of version {VERSION + 1}; .* do: upgrade intertwine"),
        (
            OURS | {"versions": {"torch": "1.0.0"}},
            "with another PyTorch; got: 1.0.0; .* do: export the model",
        ),
        (OURS | {"processor": NEWEST}, f"for another processor; got: {NEWEST}; .* do: export the model"),
    ],
)
def test_metadata_that_do_not_fit_are_one_clear_line(tmp_path, metadata, line):
    for load in (load_exported, IntertwineCalculator):
        with pytest.raises(InputError, match=line):
            load(package(tmp_path / "foreign.pt2", **metadata))


def test_a_zip_file_without_metadata_and_no_zip_file_are_refused(tmp_path):
    (tmp_path / "text.pt2").write_text("no zip file")
    with zipfile.ZipFile(tmp_path / "empty.pt2", "w") as archive:
        archive.writestr("anything", "else")
    for name in ("text.pt2", "empty.pt2"):
        with pytest.raises(InputError, match=f"{name}' is not a potential exported by Intertwine"):
            load_exported(tmp_path / name)
    with pytest.raises(InputError, match=r"no exported potential at '.*absent\.pt2'"):
        load_exported(tmp_path / "absent.pt2")


def test_code_is_reached_only_behind_metadata_of_ours(tmp_path):
    with pytest.raises(AssertionError, match="was loaded"):
        load_exported(package(tmp_path / "ours.pt2", **OURS))
