"""A receptor's atoms are typed alike however the file writes them, and a pocket is a part of it."""

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

pytest.importorskip("gemmi")

from intertwine.apps.docking import Receptor, box_around, box_of_residues, pocket_of, read_receptor
from intertwine.apps.docking.chemistry import METAL_RADIUS
from intertwine.apps.docking.kinds import METAL, kinds_of_atoms
from intertwine.apps.docking.prior import traits_of
from intertwine.errors import InputError

SERINE = """\
ATOM      1  N   SER A   1       1.458   0.000   0.000  1.00 10.00           N
ATOM      2  CA  SER A   1       0.000   0.000   0.000  1.00 10.00           C
ATOM      3  C   SER A   1      -0.551   1.420   0.000  1.00 10.00           C
ATOM      4  O   SER A   1       0.198   2.396   0.000  1.00 10.00           O
ATOM      5  CB ASER A   1      -0.530  -0.775   1.207  0.40 10.00           C
ATOM      6  CB BSER A   1      -0.530  -0.775  -1.207  0.60 10.00           C
ATOM      7  OG  SER A   1      -0.060  -2.110   1.200  1.00 10.00           O
HETATM    8 ZN    ZN A 101       6.000   0.000   0.000  1.00 10.00          ZN
HETATM    9  O   HOH A 201       9.000   0.000   0.000  1.00 10.00           O
END
"""
FIELDS = ("numbers", "donor", "acceptor", "hydrophobic", "aromatic", "charge", "hydrogens")


def receptor(tmp_path: Path, text: str = SERINE, name: str = "receptor.pdb") -> Receptor:
    (tmp_path / name).write_text(text)
    return read_receptor(tmp_path / name)


def test_names_tell_what_missing_hydrogens_would(tmp_path: Path) -> None:
    read = receptor(tmp_path)
    atoms = dict(zip(read.atoms.names, range(len(read)), strict=True))
    assert read.residues[0] == "A:SER1"
    assert read.waters == 1
    assert read.atoms.donor[[atoms["N"], atoms["OG"], atoms["ZN"]]].all()
    assert read.atoms.acceptor[[atoms["O"], atoms["OG"]]].all()
    assert read.atoms.charge[atoms["ZN"]] == 2
    assert read.atoms.positions[atoms["CB"], 2] == -1.207, "the more occupied location"


def test_a_compressed_file_reads_as_the_plain_one(tmp_path: Path) -> None:
    plain = receptor(tmp_path)
    (tmp_path / "receptor.pdb.gz").write_bytes(gzip.compress(SERINE.encode()))
    np.testing.assert_array_equal(
        read_receptor(tmp_path / "receptor.pdb.gz").atoms.positions, plain.atoms.positions
    )


def test_mmcif_reads_as_pdb(tmp_path: Path) -> None:
    plain = receptor(tmp_path)
    gemmi = pytest.importorskip("gemmi")
    structure = gemmi.read_structure(str(tmp_path / "receptor.pdb"))
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(tmp_path / "receptor.cif"))
    again = read_receptor(tmp_path / "receptor.cif")
    assert again.residues == plain.residues
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(again.atoms, field), getattr(plain.atoms, field))


HISTIDINE = """\
ATOM      1  N   HIS A   1       1.458   0.000   0.000  1.00 10.00           N
ATOM      2  CG  HIS A   1      10.000   0.000   0.000  1.00 10.00           C
ATOM      3  ND1 HIS A   1      11.100   0.800   0.000  1.00 10.00           N
ATOM      4  NE2 HIS A   1      11.700  -1.300   0.000  1.00 10.00           N
"""
HYDROGEN = "ATOM      5  H{name} HIS A   1      {x:6.3f}  {y:6.3f}   0.000  1.00 10.00           H\n"


@pytest.mark.parametrize(
    ("symbol", "charge"), [("ZN", 2.0), ("TI", 2.0), ("NA", 1.0), ("SE", 0.0), ("XE", 0.0)]
)
def test_what_is_a_metal_is_one_everywhere(tmp_path: Path, symbol: str, charge: float) -> None:
    """Selenium and xenon, which crystals hold, are none: they have a radius of their own and give nothing."""
    line = (
        f"HETATM    1 {symbol}    {symbol} A 101       6.000   0.000   0.000  1.00 10.00          {symbol}\n"
    )
    atoms = receptor(tmp_path, line).atoms
    radius = float(traits_of(atoms)[0, 0])
    assert (atoms.charge[0], bool(atoms.donor[0])) == (charge, charge > 0)
    assert (kinds_of_atoms(atoms)[0] == METAL) == (radius == METAL_RADIUS) == (charge > 0)


def test_hydrogens_decide_the_protonation_of_a_histidine(tmp_path: Path) -> None:
    delta = HYDROGEN.format(name="D1", x=11.200, y=1.800)
    epsilon = HYDROGEN.format(name="E2", x=12.400, y=-2.000)
    roles = {
        "": ([True, True], [True, True], 0.0),
        delta: ([True, False], [False, True], 0.0),
        epsilon: ([False, True], [True, False], 0.0),
        delta + epsilon: ([True, True], [False, False], 1.0),
    }
    for hydrogens, (donor, acceptor, charge) in roles.items():
        atoms = receptor(tmp_path, HISTIDINE + hydrogens).atoms
        assert (atoms.donor[2:].tolist(), atoms.acceptor[2:].tolist()) == (donor, acceptor)
        assert atoms.charge.sum() == charge


def test_a_cofactor_is_understood_by_its_distances(tmp_path: Path) -> None:
    angle = np.arange(6) * np.pi / 3
    ring = 1.39 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    acid = np.array([[2.87, 0, 0], [3.5, 1.08, 0], [3.5, -1.08, 0]])
    names = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "O1", "O2"]
    lines = [
        f"HETATM{k:5d}  {name:<3s} BEZ B   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 10.00           {name[0]}\n"
        for k, (name, (x, y, z)) in enumerate(zip(names, np.concatenate([ring, acid]), strict=True), 1)
    ]
    atoms = receptor(tmp_path, "".join(lines)).atoms
    assert atoms.aromatic.tolist() == [True] * 6 + [False] * 3
    assert atoms.charge.tolist() == [0] * 7 + [-0.5] * 2
    assert atoms.hydrophobic.tolist() == [True] * 6 + [False] * 3
    assert atoms.degree.tolist() == [3, 2, 2, 2, 2, 2, 3, 1, 1]


def test_pdb_and_pdbqt_of_one_protein_agree() -> None:
    folder = Path(os.environ.get("INTERTWINE_DATA", "")) / "pdbbind_core2013" / "complexes"
    if not folder.is_dir():
        pytest.skip("the complexes of PDBbind are not here")
    for name in ("10gs", "1a30", "3g2n", "3vh9"):
        whole, part = (read_receptor(folder / name / file) for file in ("receptor.pdbqt.gz", "pocket10.pdb"))
        distance, match = KDTree(whole.atoms.positions).query(part.atoms.positions)
        assert distance.max() < 1e-6
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(whole.atoms, field)[match], getattr(part.atoms, field))


def test_a_pocket_is_what_is_within_reach_of_the_box(tmp_path: Path) -> None:
    read = receptor(tmp_path)
    box = box_of_residues(read, ["A:SER1"], margin=0.0)
    np.testing.assert_allclose(box.size, np.ptp(read.atoms.positions[:6], axis=0))
    assert len(pocket_of(read, box, reach=1.0)) == 6
    assert pocket_of(read, box, reach=10.0).residues == read.residues


def test_a_hundred_thousand_atoms_read_in_seconds(tmp_path: Path) -> None:
    lines = [line for line in SERINE.splitlines() if line[:4] == "ATOM" and line[16] != "A"]
    places = np.array([[float(line[start : start + 8]) for start in (30, 38, 46)] for line in lines])
    with (tmp_path / "large.pdb").open("w") as file:
        for k in range(100_000 // 6):
            shift = 8.0 * np.array([k % 26, k // 26 % 26, k // 676])
            seat = f"{chr(65 + k // 9999)}{k % 9999 + 1:4d}    "
            for line, place in zip(lines, (places + shift).tolist(), strict=True):
                file.write(
                    line[:16] + " SER " + seat + "{:8.3f}{:8.3f}{:8.3f}".format(*place) + line[54:] + "\n"
                )
    start = time.process_time()
    read = read_receptor(tmp_path / "large.pdb")
    assert len(read) == 6 * (100_000 // 6)
    assert time.process_time() - start < 30


BROKEN = {
    "garbage": ("this is no structure\n", "no atoms"),
    "empty": ("", "no atoms"),
    "element": (
        SERINE.replace("          ZN", "          Qq").replace("ZN    ZN", "QQ    QQ"),
        "no known element",
    ),
    "number": (SERINE.replace("  1.458", "nothing"), "cannot be read"),
    "water": (SERINE.splitlines(keepends=True)[8], "not water"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_receptor_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    text, said = BROKEN[case]
    with pytest.raises(InputError, match=said) as error:
        receptor(tmp_path, text)
    assert "\n" not in str(error.value)


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    read = receptor(tmp_path)
    with pytest.raises(InputError, match=r"no chain 'B'.*accepted: A"):
        read_receptor(tmp_path / "receptor.pdb", chains=["B"])
    with pytest.raises(InputError, match="no chain 'C'"):
        read.of_residues(["C:SER1"])
    with pytest.raises(InputError, match="did you mean A:SER1"):
        read.of_residues(["A:SER2"])
    with pytest.raises(InputError, match=r"its nearest atom is 1.. Å away"):
        pocket_of(read, box_around(np.full((1, 3), 99.0)))
    with pytest.raises(InputError, match=r"no receptor file.*\.pdbqt"):
        receptor(tmp_path, name="receptor.txt")
    with pytest.raises(InputError, match="no receptor at"):
        read_receptor(tmp_path / "absent.pdb")
