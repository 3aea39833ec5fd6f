"""Structures to files: every digit, or nothing at all."""

import ase.io
import numpy as np
import pytest
from drawn_structures import structures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intertwine.data import Structure, data_hash, read, write
from intertwine.errors import InputError

on_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@on_a_folder
@given(st.lists(structures(), min_size=1, max_size=3))
def test_what_is_written_is_read_again_bit_for_bit(tmp_path, drawn):
    write(tmp_path / "a.extxyz", drawn)
    again = read(tmp_path / "a.extxyz", require=())
    assert data_hash(again) == data_hash(drawn)
    assert [list(s.labels) for s in again] == [list(s.labels) for s in drawn]
    for structure, other in zip(drawn, again, strict=True):
        assert dict(structure.info) == {key: other.info[key] for key in structure.info}


@on_a_folder
@given(structures())
def test_ase_reads_what_we_write(tmp_path, structure):
    write(tmp_path / "a.xyz", [structure])
    atoms = ase.io.read(tmp_path / "a.xyz")
    np.testing.assert_array_equal(atoms.positions, structure.positions)
    np.testing.assert_array_equal(atoms.cell[:], structure.cell)
    np.testing.assert_array_equal(atoms.pbc, structure.pbc)
    known = structure.to_ase()
    for name, value in known.calc.results.items() if known.calc else ():
        np.testing.assert_array_equal(atoms.calc.results[name].reshape(np.shape(value)), value)


def test_info_that_the_format_cannot_say_is_left_out(tmp_path):
    info = {
        "object": object(),
        "nested": [object()],
        "two lines": "a\nb",
        "kept": [1, 2],
        "pbc": "x",
        "on": True,
    }
    write(tmp_path / "a.xyz", [Structure([1], [[0, 0, 0]], info=info)])
    (again,) = read(tmp_path / "a.xyz", require=())
    assert set(again.info) == {"two lines", "kept", "on", "source"}
    assert again.info["two lines"] == "a b"
    assert list(again.info["kept"]) == [1, 2]


def test_nothing_half_written_stays_and_the_old_file_survives(tmp_path):
    target = tmp_path / "a.xyz"
    write(target, [Structure([1], [[0, 0, 0]])])
    before = target.read_text()

    def broken():
        yield Structure([2], [[0, 0, 0]])
        raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError, match="power"):
        write(target, broken())
    with pytest.raises(InputError, match="no structures to write"):
        write(target, [])
    assert target.read_text() == before
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/a.xyz", "its folder does not exist; do: make the folder first"),
        ("folder.xyz", "got: a folder; accepted: the name of a file"),
        ("a.traj", "accepted: a name that ends in .extxyz or .xyz"),
        ("file/a.xyz", "its folder does not exist"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path, name, message):
    (tmp_path / "folder.xyz").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        write(tmp_path / name, [Structure([1], [[0, 0, 0]])])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unwritable_folder_is_said_in_one_line(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("intertwine.data.atomic.tempfile.mkstemp", denied)
    with pytest.raises(InputError, match="got: Permission denied; do: choose a folder that you may write to"):
        write(tmp_path / "a.xyz", [Structure([1], [[0, 0, 0]])])
