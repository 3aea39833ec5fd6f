"""Run the command line inside this process and look at what it says."""

from typing import NamedTuple

import pytest

from intertwine.cli.main import main


class Said(NamedTuple):
    """What a command left: exit status, standard output and standard error."""

    status: int
    output: str
    errors: str


@pytest.fixture
def say(capsys):
    """Call `intertwine` with these words."""

    def call(*words) -> Said:
        capsys.readouterr()
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return call


def complaint(said: Said) -> str:
    """The one line that a refused command leaves on standard error; fails on anything more."""
    lines = [line for line in said.errors.splitlines() if line.strip()]
    assert said.status == 2, said
    assert len(lines) == 1, said.errors
    assert lines[0].startswith("intertwine: error: ")
    assert "Traceback" not in said.output + said.errors
    return lines[0].removeprefix("intertwine: error: ")
