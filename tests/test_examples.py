"""Every example runs from start to end, in an empty folder, with settings of seconds."""

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

PREPARING = {"label_with_any_calculator.py": "12", "train_from_python.py": "2"}
"""Those that the others need, in order, with their setting."""

USING = {
    "batch_of_structures.py": ("", "Cu13:"),
    "certify_your_own_potential.py": ("", "not kept: cutoff.value"),
    "cost_of_direct_forces.py": ("1", "energy from nothing"),
    "evaluate_a_model.py": ("", "forces: RMSE"),
    "molecular_dynamics.py": ("10", "energy drift"),
    "read_custom_keys.py": ("", "energy -31."),
    "relax_with_ase.py": ("", "largest force"),
}
"""The others: their setting, and something that they must say."""


def run(name: str, setting: str, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", [name, *setting.split()])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which a user has followed the first examples."""
    place = tmp_path_factory.mktemp("examples")
    for name, setting in PREPARING.items():
        run(name, setting, place)
    return place


def test_the_first_examples_leave_data_and_a_certified_model(folder: Path) -> None:
    left = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert left >= {"copper/train.extxyz", "copper/test.extxyz", "copper/run/certificate.html"}


@pytest.mark.parametrize("name", USING)
def test_the_example_runs(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setting, words = USING[name]
    run(name, setting, folder)
    assert words in capsys.readouterr().out


def test_every_example_is_run_and_short_and_says_what_it_shows() -> None:
    files = {path.name: path.read_text() for path in EXAMPLES.glob("*.py")}
    assert set(files) == set(PREPARING) | set(USING)
    for name, text in files.items():
        assert text.startswith('"""'), name
        assert f"python examples/{name}" in text, name
        assert len(text.splitlines()) < 40, name
