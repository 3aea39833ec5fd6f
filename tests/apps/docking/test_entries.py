"""Complexes to learn from are read from a table, and families are never divided."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rdkit")
pytest.importorskip("gemmi")

from pockets import write_table

from intertwine.apps.docking.cases import Complex
from intertwine.apps.docking.entries import divided, read_entries
from intertwine.errors import InputError


def test_a_table_becomes_complexes_and_a_broken_one_is_told(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    (tmp_path / "two.sdf").write_text("broken\n")
    told: dict[str, str] = {}
    entries = read_entries(table, margin=5.0, told=told.__setitem__)
    assert [entry.name for entry in entries] == ["one", "three"]
    assert "cannot read" in told["two"]
    assert [entry.group for entry in entries] == [0, 1]
    for entry in entries:
        np.testing.assert_allclose(entry.box.size, np.ptp(entry.ligand.atoms.positions, axis=0) + 10.0)
        assert not np.allclose(entry.conformer.positions, entry.ligand.positions)


@given(st.lists(st.integers(0, 6), min_size=2, max_size=20), st.integers(0, 99))
def test_families_are_never_divided(groups: list[int], seed: int) -> None:
    entries = [Complex(str(k), None, None, None, None, group) for k, group in enumerate(groups)]  # type: ignore
    if len(set(groups)) < 2:
        with pytest.raises(InputError, match="cannot be held out"):
            divided(entries, 0.5, seed)
        return
    learned, held = divided(entries, 0.5, seed)
    assert len(learned) + len(held) == len(entries)
    assert held
    assert not {entry.group for entry in learned} & {entry.group for entry in held}


def test_what_is_wrong_with_a_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("name,receptor\na,b\n")
    with pytest.raises(InputError, match="lacks ligand, family"):
        read_entries(tmp_path / "short.csv")
    with pytest.raises(InputError, match="no table at"):
        read_entries(tmp_path / "absent.csv")
    table = write_table(tmp_path)
    (tmp_path / "receptor.pdb").write_text("nothing\n")
    with pytest.raises(InputError, match="no complex of"):
        read_entries(table)
