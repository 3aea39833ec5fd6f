"""The six commands on crystals: numbers, tables, figures and a page, and one line where it fails."""

import json
import sys

import pytest
from ase.build import bulk
from ase.io import write as ase_write
from command_line import complaint

FEW = {
    "eos": ["--points", "5"],
    "elastic": ["--clamped"],
    "phonons": ["--supercell", "2,2,2", "--mesh", "15", "--temperature", "100"],
    "expansion": ["--supercell", "2,2,2", "--mesh", "15", "--points", "5", "--temperature", "100"],
    "vacancy": ["--supercell", "2,2,2"],
    "surface": ["-m", "111", "-m", "100", "--thickness", "5", "--vacuum", "8"],
}
SAYS = {
    "eos": "bulk modulus",
    "elastic": "Debye temperature",
    "phonons": "no imaginary branch",
    "expansion": "Grüneisen's constant",
    "vacancy": "vacancy of Cu",
    "surface": "(1 1 1)",
}


@pytest.mark.parametrize("command", FEW)
def test_every_command_leaves_numbers_with_their_origin_and_a_page(say, tmp_path, command):
    if command in ("phonons", "expansion"):
        pytest.importorskip("phonopy")
    folder = tmp_path / "out"
    said = say(command, "emt", "Cu", *FEW[command], "-o", folder)
    assert said.status == 0, said.errors
    assert SAYS[command] in said.output
    assert said.output.endswith(f"wrote {folder / command}.html\n")
    record = json.loads((folder / f"{command}.json").read_text())
    assert record["kind"] == command
    assert record["source"]["calculator"] == "emt"
    assert record["software"].startswith("ase ")
    assert record["structure"]["numbers"] == [29]
    assert {"versions", "date", "results"} <= record.keys()
    assert "<h1" in (folder / f"{command}.html").read_text()
    drawings = {path.stem for path in folder.glob("*.svg")}
    assert drawings == {path.stem for path in folder.glob("*.png")}
    assert bool(drawings) == (command not in ("vacancy", "surface"))
    assert "exists already" in complaint(say(command, "emt", "Cu", *FEW[command], "-o", folder))


def test_files_are_crystals_too(say, tmp_path):
    ase_write(tmp_path / "Al.cif", bulk("Al", cubic=True))
    said = say("elastic", "emt", tmp_path / "Al.cif", "-o", tmp_path / "out")
    assert said.status == 0, said.errors
    record = json.loads((tmp_path / "out" / "elastic.json").read_text())
    assert list(record["results"]["constants_GPa"].values()) == pytest.approx([53.3, 32.9, 36.2], abs=0.1)


def test_forces_outlive_an_interruption(say, tmp_path):
    pytest.importorskip("phonopy")
    words = ["phonons", "emt", "Cu", *FEW["phonons"], "-o", tmp_path / "out"]
    assert say(*words).status == 0
    forces = tmp_path / "out" / "forces" / "displacement-001" / "step.json"
    before = forces.stat().st_mtime_ns
    assert say(*words, "--overwrite", "--temperature", "200").status == 0
    assert forces.stat().st_mtime_ns == before
    assert (tmp_path / "out" / "phonopy_params.yaml").is_file()


def test_what_cannot_be_is_one_line(say, tmp_path, model_file, frames, monkeypatch):
    out = ["-o", tmp_path / "out"]
    assert "H2O is no crystal" in complaint(say("elastic", model_file, frames, *out))
    assert "no such file" in complaint(say("eos", "emt", tmp_path / "nowhere.cif", *out))
    line = complaint(say("eos", "emt", "Xx", *out))
    assert line.startswith("'Xx' is neither a file nor an element; accepted: ")
    line = complaint(say("vacancy", "emt", "Fe", *out))
    assert line == "emt failed on Fe: No EMT-potential for Fe"
    assert "no Miller indices; got: 11" in complaint(say("surface", "emt", "Cu", "-m", "11", *out))
    assert "supercell cannot be understood" in complaint(
        say("phonons", "emt", "Cu", "--supercell", "2,2", *out)
    )
    assert "strains cannot be understood" in complaint(say("elastic", "emt", "Cu", "--strains", "a", *out))
    assert "--chemical-potential Cu" in complaint(
        say("vacancy", "emt", "Cu", "--chemical-potential", "Cu", *out)
    )
    assert "a model has no options" in complaint(say("eos", model_file, "Cu", "--option", "a=1", *out))
    assert "never seen the element Cu" in complaint(say("eos", model_file, "Cu", "-o", tmp_path / "model"))
    monkeypatch.setitem(sys.modules, "phonopy", None)
    line = complaint(say("phonons", "emt", "Cu", "-o", tmp_path / "phonons"))
    assert line.endswith("do: pip install 'intertwine[crystal]'")
