"""Help is instant, complete and says units; the version is told."""

import subprocess
import sys

import pytest

from intertwine import __version__
from intertwine.cli.colliding import jets
from intertwine.cli.main import app

COMMANDS = [
    "demo",
    "label",
    "train",
    "select",
    "evaluate",
    "certify",
    "direct-forces",
    "relax",
    "md",
    "spectra",
    "properties",
    "groups",
    "export",
    "eos",
    "elastic",
    "phonons",
    "expansion",
    "vacancy",
    "surface",
    "label-strain",
    "law",
    "jets generate",
    "jets train",
    "jets evaluate",
]


def seconds(*words: str) -> float:
    """Processor time of a fresh interpreter."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


CALL = "import sys; from intertwine.cli.main import main; sys.exit(main())"


def test_help_costs_no_more_than_two_and_a_half_times_what_typer_takes_to_be_loaded():
    """A ratio, since machines differ: 0.36 s against 0.21 s on ours; PyTorch would add a second."""
    turns = [(seconds("-c", CALL, "--help"), seconds("-c", "import typer.rich_utils")) for _ in range(5)]
    ours, least = (min(column) for column in zip(*turns, strict=True))
    assert ours < 2.5 * least


def test_importing_the_package_takes_less_than_a_second_and_a_half():
    assert min(seconds("-c", "import intertwine") for _ in range(3)) < 1.5


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_loads_neither_pytorch_nor_ase(command):
    code = (
        "import sys; from intertwine.cli.main import main; status = main(); "
        "sys.exit(status or any(name in sys.modules for name in ('torch', 'ase', 'numpy')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split(), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Examples" in done.stdout


def names_of(commands) -> set[str]:
    return {info.name or info.callback.__name__ for info in commands.registered_commands}


def test_every_command_is_listed_with_examples(say):
    said = say("--help")
    assert said.status == 0
    assert all(command.split()[0] in said.output for command in COMMANDS)
    assert say().output == said.output
    assert {*names_of(app), *(f"jets {name}" for name in names_of(jets))} == set(COMMANDS)
    assert jets in [group.typer_instance for group in app.registered_groups]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("jets generate", ["GeV", "TeV"]),
        ("md", ["fs", "K", "GPa"]),
        ("relax", ["eV/Å", "GPa"]),
        ("label", ["fs", "Å", "K", "e²Å²/eV"]),
        ("spectra", ["ps", "fs", "K", "cm⁻¹", "nm", "eV/Å"]),
        ("evaluate", ["eV"]),
        ("select", ["eV/atom"]),
        ("direct-forces", ["ps", "fs", "K"]),
        ("properties", ["GPa", "C/m²", "e·Å", "Å"]),
    ],
)
def test_help_says_units(say, command, words):
    text = say(*command.split(), "--help").output
    assert all(word in text for word in words)


def test_the_version(say):
    assert say("--version") == (0, f"intertwine {__version__}\n", "")


def test_a_closed_pipe_is_no_drama():
    code = f"{CALL}"
    done = subprocess.run(
        f"{sys.executable} -c '{code}' --help | head -1", shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
