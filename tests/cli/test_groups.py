"""`intertwine groups`: what it prints, what it writes, and what it refuses."""

import json

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write as ase_write
from command_line import complaint

from intertwine.groups import GROUP_NAMES, POINT_GROUPS


def page(say, *words) -> dict:
    said = say("groups", *words, "--json", "-")
    assert said.status == 0, said.errors
    return json.loads(said.output)


def test_without_a_name_all_groups_are_listed(say):
    said = say("groups")
    assert said.status == 0
    assert all(name in said.output for name in GROUP_NAMES)
    assert "…" not in "".join(line for line in said.output.splitlines() if "(" not in line)
    assert [entry["name"] for entry in page(say)] == list(GROUP_NAMES)


@pytest.mark.parametrize("name", ["Oh", "C3", "D6h", "C6h", "D3h", "Td", "C1", "O(3)", "SO(2)"])
def test_a_page_is_complete_in_a_hundred_columns(say, name):
    said = say("groups", name, "--tensor", "ijkl=jikl=klij")
    assert said.status == 0
    assert max(map(len, said.output.splitlines())) <= 100
    for row in page(say, name)["irreps"]:
        for functions in row["functions"].values():
            assert all(text in said.output for text in functions)
    assert "Branching O(3) →" in said.output
    assert "Tensor ijkl=jikl=klij:" in said.output
    assert "…" not in said.output


@pytest.mark.parametrize(("name", "symbol"), [(name, symbol) for name, (symbol, _) in POINT_GROUPS.items()])
def test_both_names_are_understood(say, name, symbol):
    by_symbol = page(say, symbol, "--branching", "1")
    assert by_symbol["name"] == name
    assert by_symbol == page(say, name, "--branching", "1")


def test_patterns_are_printed_with_their_constants(say):
    text = say("groups", "32", "--tensor", "ijk=ikj", "--tensor", "ij").output
    assert "Tensor ijk=ikj: 2 constants" in text
    assert "c11  −c11  ·  c14     ·     ·" in text
    assert "Tensor ij: 2 constants" in text
    assert "Axial tensor i: 0 constants" in say("groups", "D3h", "--tensor", "i", "--axial").output


def test_wide_patterns_are_neither_cut_nor_broken(say):
    lines = say("groups", "T", "--axis", "1,2,3", "--tensor", "ijkl=jikl=klij").output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Tensor"))
    matrix = [line.split() for line in lines[start + 1 : start + 7]]
    assert max(map(len, lines)) > 100
    assert [len(row) for row in matrix] == [6] * 6
    assert matrix[0][:3] == ["c11", "c12", "c13"]
    assert "…" not in "".join(lines)


def test_the_axis_and_the_roll_turn_the_group(say):
    turned = page(say, "3m", "--axis", "1,1,1", "--roll", "15")
    (axis,) = turned["axes"]
    assert np.allclose(axis["vector"], 3**-0.5)
    assert {mirror["direction"] for mirror in turned["mirrors"]} == {"[10-1]", "[1-10]", "[01-1]"}
    (down,) = page(say, "SO(2)", "--axis", "0,0,-1")["turns"]
    assert np.allclose(down["vector"], [0, 0, 1])
    assert np.allclose(page(say, "C3", "--roll", "90")["orientation"], [[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert "own axis z′  (0.5774, 0.5774, 0.5774)" in say("groups", "3m", "--axis", "1,1,1").output


def test_pictures_and_json_are_written_but_not_over_others(say, tmp_path):
    words = ["groups", "Td", "--plot", tmp_path / "Td.svg", "--json", tmp_path / "Td.json"]
    said = say(*words)
    assert said.status == 0
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == ["Td.json", "Td.png", "Td.svg"]
    assert all(f"wrote {path}" in said.output for path in written)
    assert json.loads((tmp_path / "Td.json").read_text()) == page(say, "Td")
    (tmp_path / "Td.svg").unlink()
    assert "Td.png' exists already; do: choose another name, or add --overwrite" in complaint(say(*words))
    assert say(*words, "--overwrite").status == 0


def test_the_groups_of_a_crystal_and_of_a_site_stand_in_its_axes(say, tmp_path):
    silicon = bulk("Si")
    silicon.rotate(90, (1, 0, 0), rotate_cell=True)
    silicon.rotate(30, (0, 0, 1), rotate_cell=True)
    ase_write(tmp_path / "Si.extxyz", silicon)
    crystal = page(say, "--structure", tmp_path / "Si.extxyz")
    site = page(say, "--structure", tmp_path / "Si.extxyz", "--site", "1", "--tensor", "ijk=ikj")
    assert (crystal["name"], site["name"], site["tensors"][0]["constants"]) == ("Oh", "Td", 1)
    angle = np.radians(30)
    axes = np.array([axis["vector"] for axis in crystal["axes"] if axis["symbol"] == "4/m"])
    turned = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    assert np.allclose(np.sort(np.abs(axes @ turned.T).max(axis=1)), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["Q"], "no group is named 'Q'"),
        (["-7m"], "no group is named '-7m'"),
        (["D7"], "do: write 'D"),
        (["C3", "--tensor", "iij"], "the index 'i' stands twice in 'iij'"),
        (["C3", "--tensor", "ij=jk"], "does not permute the indices"),
        (["C3", "--tensor", "abcdefg"], "too large for a pattern"),
        (
            ["C3", "--axis", "1,1"],
            "the axis is no direction; got: 1,1; accepted: three numbers such as 1,1,1",
        ),
        (["C3", "--axis", "0,0,0"], "the axis is no direction"),
        (["C3", "--axis", "x"], "the axis is no direction"),
        (["C3", "--roll", "nan"], "the roll is no angle"),
        (["C3", "--branching", "21"], "the degree is out of range"),
        (["C3", "--site", "0"], "a site is one of a structure"),
        (["O(3)", "--plot", "sphere.svg"], "O(3) has no stereogram"),
        (["--plot", "nothing.svg"], "no group is named"),
        (["C3", "--json", "nowhere/at/all.json"], "cannot write 'nowhere/at/all.json'"),
        (["C3", "--plot", "nowhere/at/all.svg"], "cannot write 'nowhere/at/all.svg'"),
        (["C3", "--structure", "x.cif"], "a structure has its own point group"),
        (["--structure", "nowhere.cif"], "no such file"),
    ],
)
def test_one_line_says_what_is_wrong(say, tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    assert text in complaint(say("groups", *words))
    assert list(tmp_path.iterdir()) == []


def test_a_molecule_or_a_missing_atom_has_no_crystal_group(say, tmp_path):
    ase_write(tmp_path / "Cu.extxyz", bulk("Cu"))
    assert "no such atom" in complaint(say("groups", "--structure", tmp_path / "Cu.extxyz", "--site", "1"))
