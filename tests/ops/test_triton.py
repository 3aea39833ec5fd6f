"""The Triton kernels in Triton's interpreter and through its compiler: neither needs a GPU."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from intertwine.ops.triton import road

installed = pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed (extra: gpu)")


def output(arguments: list[str], **variables: str) -> str:
    environment = os.environ | variables
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@installed
def test_the_laws_hold_in_the_interpreter() -> None:
    laws = str(Path(__file__).with_name("triton_laws.py"))
    pytest_alone = ["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts="]
    assert "passed" in output(
        [*pytest_alone, laws], INTERTWINE_NATIVE="0", INTERTWINE_TRITON="1", TRITON_INTERPRET="1"
    )


@installed
def test_they_become_machine_code_of_a_gpu_in_full_precision(tmp_path: Path) -> None:
    script = str(Path(__file__).with_name("triton_machine_code.py"))
    lines = output([script], TRITON_CACHE_DIR=str(tmp_path), TRITON_INTERPRET="0").splitlines()
    assert len(lines) == 4
    assert all(line.endswith("True False") for line in lines), lines


@installed
def test_they_run_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def on(value: str) -> bool:
        monkeypatch.setenv("INTERTWINE_TRITON", value)
        road._devices.cache_clear()
        return road.usable(torch.zeros(1))

    monkeypatch.setenv("TRITON_INTERPRET", "1")
    try:
        assert [on("1"), on("0")] == [True, False]
    finally:
        road._devices.cache_clear()
