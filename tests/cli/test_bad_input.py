"""Whatever is wrong with the input: one line, exit status 2, nothing half-written."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.io import write as ase_write
from command_line import complaint

from intertwine.observables import save_model

COMMANDS = ["evaluate", "certify", "relax", "md", "spectra", "label", "select"]
"""Commands that read structures."""

TO_FILE = ("relax", "label", "select")
"""Those of them whose output is a file; that of the others is a folder."""


def words_of(command: str, model: Path, data: Path) -> list:
    """A command with all that it cannot do without."""
    if command == "label":
        return ["label", data, "-c", model]
    return [command, model, data, *(["--train", data] if command == "select" else [])]


@pytest.fixture
def ask(say, model_file, tmp_path):
    """Run a command on a data file; what it says, and a check that it left nothing behind."""

    def call(command: str, data: Path, *options, output: Path | None = None) -> str:
        output = output or tmp_path / ("out.extxyz" if command in TO_FILE else "out")
        before = contents(tmp_path)
        line = complaint(say(*words_of(command, model_file, data), "--output", output, *options))
        assert contents(tmp_path) == before, "something was left behind"
        return line

    return call


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_file(ask, tmp_path, command):
    (tmp_path / "empty.extxyz").touch()
    assert "empty.extxyz is empty; accepted: at least one frame" in ask(command, tmp_path / "empty.extxyz")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file(ask, tmp_path, frames, command):
    line = ask(command, tmp_path / "frame.extxyz")
    assert "no such file" in line
    assert "did you mean" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_nan_positions(ask, frames, command):
    lines = frames.read_text().splitlines(keepends=True)
    lines[2] = " ".join(["O", "nan", *lines[2].split()[2:]]) + "\n"
    frames.write_text("".join(lines))
    options = ["--index", "0"] if command in ("relax", "md", "spectra") else []
    assert "frame 0 of" in (line := ask(command, frames, *options))
    assert "positions are not finite at (0, 0); got: nan" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_truncated_file(ask, frames, command):
    frames.write_text("".join(frames.read_text().splitlines(keepends=True)[:-1]))
    assert "is cut short in frame 3; got: 2 of 3 atoms" in ask(command, frames)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_cell_without_volume(ask, tmp_path, command):
    crystal = bulk("Cu", cubic=True)
    crystal.cell[2] = crystal.cell[1]
    ase_write(tmp_path / "flat.extxyz", crystal)
    assert "the cell has no volume along its periodic axes" in ask(command, tmp_path / "flat.extxyz")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_element_that_the_model_never_saw(ask, tmp_path, command):
    atoms = molecule("CH3OH")
    atoms.info["energy"] = -1.0
    atoms.arrays["forces"] = np.zeros((6, 3))
    ase_write(tmp_path / "methanol.xyz", atoms, format="extxyz")
    line = ask(command, tmp_path / "methanol.xyz")
    assert "element" in line
    assert "C" in line
    assert "CH4O" in line


def test_missing_forces(ask, frames, tmp_path):
    text = frames.read_text().replace(":forces:R:3", ":velocity:R:3")
    frames.write_text(text)
    line = ask("evaluate", frames)
    assert "frame 0 of" in line
    assert "no forces under the key 'forces'; got: keys " in line


def test_a_wrong_key(ask, frames):
    line = ask("evaluate", frames, "--energy-key", "REF_energy")
    assert "no energy under the key 'REF_energy'" in line
    assert "do: set the energy key to 'energy'" in line


@pytest.mark.parametrize(
    ("option", "unit", "words"),
    [
        ("--energy-unit", "kcal", "unknown energy unit 'kcal'; accepted: eV, meV, hartree"),
        ("--force-unit", "eV/Angstroms", "unknown force unit 'eV/Angstroms'; accepted: eV/Å"),
        ("--stress-unit", "GPA", "unknown stress unit 'GPA'; accepted: eV/Å^3"),
    ],
)
def test_a_wrong_unit(ask, frames, option, unit, words):
    line = ask("evaluate", frames, option, unit)
    assert words in line
    assert "; do: write '" in line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["below a file", "no permission"])
def test_a_place_that_cannot_be_written(ask, frames, command, place):
    """Below a regular file, and in the kernel's own folder, where not even root may write."""
    folder = frames if place == "below a file" else Path("/proc/intertwine")
    name = "out.extxyz" if command in TO_FILE else "out"
    line = ask(command, frames, output=folder / name)
    assert line.startswith("cannot write '")
    assert "do: choose a place that you may write to" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_results_of_others_are_never_overwritten(say, model_file, frames, tmp_path, command):
    names = {"evaluate": "frames.json", "certify": "certificate.json", "md": "log.csv"}
    names["spectra"] = "spectra.json"
    output = tmp_path / "out"
    precious = output / names[command] if command in names else tmp_path / "out.extxyz"
    precious.parent.mkdir(exist_ok=True)
    precious.write_text("precious")
    words = words_of(command, model_file, frames)
    line = complaint(say(*words, "-o", output if command in names else precious))
    assert "exists already; do: choose another name, or add --overwrite" in line
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_model_that_is_none(say, frames, tmp_path, command):
    impostor = tmp_path / "impostor.safetensors"
    impostor.write_bytes(b"\x80\x04pickle")
    words = words_of(command, impostor, frames)
    for_file = ["-o", tmp_path / ("out.extxyz" if command in TO_FILE else "out")]
    assert "is not a model file" in complaint(say(*words, *for_file))
    impostor.unlink()
    assert "no model at" in complaint(say(*words, *for_file))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?"),
        (["md"], "Missing argument 'MODEL'."),
        (["md", "emt", "x.xyz", "--tempreature", "3"], "No such option: --tempreature"),
        (["md", "emt", "x.xyz", "--steps", "many"], "Invalid value for '--steps':"),
        (["md", "emt"], "no structure to start from; do: name a file, or go on with --resume"),
        (["md", "emt", "x.xyz", "--ensemble", "nvt"], "unknown ensemble 'nvt'; accepted: nve, langevin, npt"),
        (["md", "emt", "--resume", "-o", "/nowhere"], "no restart file '/nowhere/restart.safetensors'"),
        (["train", "nowhere.yaml"], "no configuration 'nowhere.yaml'"),
        (["direct-forces", "nowhere.yaml"], "no configuration 'nowhere.yaml'"),
        (
            ["label", "x.xyz", "-c", "emt", "--option", "charge"],
            "the option 'charge' of the calculator is not",
        ),
        (["label", "x.xyz", "-c", "emt", "--interval", "0"], "the interval cannot be used; got: 0.0"),
        (["certify", "x.safetensors", "--budget", "0"], "Invalid value for '--budget'"),
        (["spectra", "emt", "x.xyz", "--no-harmonic"], "there is no spectrum to compute; do: ask for the"),
        (["spectra", "emt", "x.xyz", "--width", "0"], "the width cannot be used; got: 0.0; accepted: a"),
        (
            ["spectra", "emt", "x.xyz", "--quantum-correction", "kubo"],
            "unknown quantum correction 'kubo'; accepted: harmonic, none, standard, schofield",
        ),
        (
            ["spectra", "emt", "x.xyz", "--picoseconds", "1", "--interval", "0.7"],
            "is not a whole number of time steps; got: 0.7 fs with steps of 0.5 fs",
        ),
        (
            ["label", "x.xyz", "-c", "emt", "--properties", "dipol"],
            "the properties 0 cannot be used; got: dipol",
        ),
    ],
)
def test_words_that_are_not_understood(say, words, said):
    assert said in complaint(say(*words))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--precision", "float16"], "unknown precision 'float16'; accepted: float32, float64"),
        (["--device", "quantum"], "cannot compute on 'quantum'"),
        (["--index", "one"], "index of frames; got: 'one'"),
        (["--index", "7"], "has no frame at index '7'"),
        (["--index", ":"], "4 frames chosen from"),
        (["--fmax", "-1"], "fmax cannot be used; got: -1.0; accepted: a positive number in eV/Å"),
        (["--cell", "full"], "the cell can move only in a crystal"),
    ],
)
def test_options_that_cannot_be(ask, frames, options, said):
    assert said in ask("relax", frames, *options)


def test_a_run_that_explodes_is_one_line(say, model_file, frames, tmp_path):
    words = ["md", model_file, frames, "-o", tmp_path / "run", "--temperature-limit", "1", "--time-step", "1"]
    line = say(*words)
    assert line.status == 2
    assert "intertwine: error: the run exploded at step 1 (1 fs): the temperature reached" in line.errors
    assert "Traceback" not in line.errors


def test_a_calculator_that_fails_is_one_line(say, tmp_path):
    ase_write(tmp_path / "silane.xyz", molecule("SiH4"), format="extxyz")
    line = complaint(say("md", "emt", tmp_path / "silane.xyz", "-o", tmp_path / "run"))
    assert line == "the calculator failed on the starting structure: No EMT-potential for Si"


def test_interrupting_is_not_an_error_of_the_input(say, monkeypatch, model_file, frames):
    from intertwine.cli import outputs, running

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "claim_file", pressed)
    said = say("relax", model_file, frames)
    assert (said.status, said.errors) == (130, "intertwine: error: interrupted\n")
    assert outputs.claim_file is not pressed


def test_a_bug_of_ours_says_so_and_shows_itself_on_request(say, monkeypatch, model_file, frames):
    from intertwine.cli import running

    def broken(*_):
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr(running, "claim_file", broken)
    said = say("relax", model_file, frames)
    assert said.status == 70
    assert said.errors == (
        "intertwine: error: unexpected ZeroDivisionError: one; do: repeat with --debug and report it\n"
    )
    with pytest.raises(ZeroDivisionError):
        say("relax", model_file, frames, "--debug")


def test_a_model_of_the_future_is_refused(say, monkeypatch, model_file, frames, tmp_path):
    from intertwine.observables import archive, load_model

    model = load_model(model_file)
    monkeypatch.setattr(archive, "VERSION", archive.VERSION + 1)
    save_model(model, tmp_path / "future.safetensors")
    monkeypatch.undo()
    assert "is of version" in complaint(
        say("relax", tmp_path / "future.safetensors", frames, "-o", tmp_path / "o.xyz")
    )
