"""Peers get the files, boxes and starts that we get, and are judged by the distance that we are judged by."""

import gzip
import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")
pytest.importorskip("gemmi")


from intertwine.apps.docking import ligand_from, write_poses
from intertwine.apps.docking.ligand import embedded

sys.path.insert(0, str(Path(__file__).parents[3]))
entries = importlib.import_module("benchmarks.docking.complexes")
pdbqt = importlib.import_module("benchmarks.docking.pdbqt")
peers = importlib.import_module("benchmarks.docking.peers")
board = importlib.import_module("benchmarks.docking.board")
command = importlib.import_module("benchmarks.docking.__main__")

ATOM = "ATOM      1  CA  GLY A   1       0.000   0.000   9.000  1.00  0.00     0.000 C \n"
SMILES = {"1aaa": "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)[O-]", "1bbb": "NC(=[NH2+])c1ccccc1", "1ccc": "OCC"}


def crystal(name: str):
    return ligand_from(embedded(SMILES[name]), name)


@pytest.fixture
def core_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three ligands in the folders of the core set, the last of them broken."""
    root = tmp_path / "pdbbind_core2013"
    for name in SMILES:
        here = root / "complexes" / name
        here.mkdir(parents=True)
        write_poses(here / "ligand.sdf", crystal(name), crystal(name).positions[None])
        (here / "receptor.pdbqt.gz").write_bytes(gzip.compress(b"END\n"))
    broken = root / "complexes" / "1ccc" / "ligand.sdf"
    broken.write_text(broken.read_text().replace(" O ", " Xx"))
    lines = ["id,protein_cluster", *(f"{name},{k}" for k, name in enumerate(SMILES))]
    (root / "index.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("INTERTWINE_DATA", str(tmp_path))
    return tmp_path


@settings(max_examples=20)
@given(st.sampled_from(["1aaa", "1bbb"]), st.integers(0, 2**31 - 1))
def test_the_distance_is_that_of_spyrmsd(name: str, seed: int) -> None:
    rmsd = pytest.importorskip("spyrmsd.rmsd")
    ligand = crystal(name)
    rng = np.random.default_rng(seed)
    one = entries.Complex(name, "0", Path(), ligand)
    twisted = ligand.atoms.positions[rng.choice(ligand.symmetries)] + rng.normal(size=3)
    bonds = np.zeros((len(ligand), len(ligand)), dtype=int)
    bonds[tuple(ligand.bonds.T)] = bonds[tuple(ligand.bonds.T[::-1])] = 1
    numbers = ligand.atoms.numbers
    theirs = rmsd.symmrmsd(ligand.atoms.positions, twisted, numbers, numbers, bonds, bonds)
    assert one.rmsds(twisted[None])[0] == pytest.approx(theirs)


@pytest.mark.parametrize("mode", entries.MODES)
def test_a_start_knows_neither_place_nor_turn_of_the_crystal(mode: str) -> None:
    one = entries.Complex("1aaa", "0", Path(), crystal("1aaa"))
    start = one.start(mode, seed=2)
    assert one.rmsds(start.atoms.positions[None])[0] > 1.0
    distances = [np.linalg.norm(x[:, None] - x, axis=-1) for x in (start.positions, one.crystal.positions)]
    assert np.allclose(*distances) == (mode == "rigid")


def test_a_pose_comes_back_from_pdbqt_atom_by_atom() -> None:
    pytest.importorskip("meeko")
    ligand = crystal("1aaa")
    for rigid in (True, False):
        text = pdbqt.write_pdbqt(ligand, rigid)
        assert ("BRANCH" in text) != rigid
        poses = pdbqt.read_poses(f"MODEL 1\n{text}ENDMDL\nMODEL 2\n{text}ENDMDL\n", ligand)
        assert poses.shape == (2, len(ligand), 3)
        np.testing.assert_allclose(poses[1], ligand.atoms.positions, atol=1e-3)


def test_what_is_docked_is_not_docked_again(core_set: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    asked: list[tuple[str, int]] = []

    def found(receptor: Path, ligand: str, box: object, options: SimpleNamespace) -> tuple:
        asked.append((receptor.stem, options.seed))
        if receptor.stem == "1bbb":
            raise RuntimeError("no\nway")
        return ligand, {"energies": [-7.0]}

    places = {name: crystal(name).atoms.positions[None] for name in SMILES}
    monkeypatch.setitem(peers.PROGRAMS, "vina", found)
    monkeypatch.setattr(peers, "write_pdbqt", lambda ligand, rigid: ligand.name)
    monkeypatch.setattr(peers, "read_poses", lambda text, ligand: places[text])
    lines = core_set / "peers.jsonl"
    words = ["peers", "--output", str(lines), "--programs", "vina", "--modes", "rigid"]
    assert command.main(words) == 0
    records = {record["id"]: record for record in map(json.loads, lines.read_text().splitlines())}
    assert records["1aaa"]["rmsds"] == [0.0]
    assert records["1bbb"]["error"] == "no way"
    assert set(records) == {"1aaa", "1bbb"}
    lines.write_text(lines.read_text() + '{"id": "1ccc", "prog')
    assert command.main(words) == 0
    assert len(asked) == 2
    assert command.main(["board", str(lines)]) == 0
    assert "50.0 %" in capsys.readouterr().out


def test_a_crystal_pose_has_no_flaws_of_its_own_and_a_crushed_one_has(core_set: Path) -> None:
    pytest.importorskip("posebusters")
    (core_set / "pdbbind_core2013/complexes/1aaa/receptor.pdbqt.gz").write_bytes(gzip.compress(ATOM.encode()))
    lines, checked = core_set / "peers.jsonl", core_set / "checked.jsonl"
    places = crystal("1aaa").atoms.positions
    head = {"id": "1aaa", "program": "vina", "exhaustiveness": 4, "seed": 1, "cluster": "0", "rmsds": [0.0]}
    records = [
        head | {"mode": mode, "poses": [(size * places).tolist()]}
        for mode, size in (("rigid", 1), ("flexible", 0.6))
    ]
    lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    words = ["validity", str(lines), "--output", str(checked)]
    assert command.main(words) == 0
    whole, crushed = map(json.loads, checked.read_text().splitlines())
    assert "bond_lengths" not in whole["flaws"]
    assert "bond_lengths" in crushed["flaws"]
    assert command.main(words) == 0
    assert len(checked.read_text().splitlines()) == 2


def test_an_interval_holds_the_rate_and_widens_with_the_clusters() -> None:
    hits = np.tile([1.0, 0.0], 30)
    each = board.interval(hits, [str(k) for k in range(60)])
    few = board.interval(hits, [str(k % 2) for k in range(60)])
    assert each[0] < hits.mean() < each[1]
    assert few == (0.0, 1.0)


def test_core_set_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.delenv("INTERTWINE_DATA", raising=False)
    assert command.main(["peers", "--output", "/dev/null"]) == 2
    assert "INTERTWINE_DATA" in capsys.readouterr().err
