"""What the names of a protein's atoms say of them, hydrogens or none."""

from typing import NamedTuple


class Role(NamedTuple):
    """Part of an atom in binding: hydrogens it has to give, whether it accepts, its share of charge, e."""

    hydrogens: int = 0
    acceptor: bool = False
    charge: float = 0.0


_ACCEPTS = Role(acceptor=True)
_BOTH = Role(1, acceptor=True)
_NH, _NH2 = Role(1), Role(2)
_ACID = Role(acceptor=True, charge=-0.5)
_PEPTIDE = {"N": _NH, "O": _ACCEPTS}

_SIDE_CHAINS: dict[str, dict[str, Role]] = {
    **{name: {} for name in ("ALA", "GLY", "ILE", "LEU", "VAL", "PHE", "MET", "PRO", "CYS", "CYX", "CYM")},
    "ARG": {"NE": Role(1, charge=1 / 3), "NH1": Role(2, charge=1 / 3), "NH2": Role(2, charge=1 / 3)},
    "ASN": {"OD1": _ACCEPTS, "ND2": _NH2},
    "ASP": {"OD1": _ACID, "OD2": _ACID},
    "ASH": {"OD1": _ACCEPTS, "OD2": _BOTH},
    "GLN": {"OE1": _ACCEPTS, "NE2": _NH2},
    "GLU": {"OE1": _ACID, "OE2": _ACID},
    "GLH": {"OE1": _ACCEPTS, "OE2": _BOTH},
    "HIS": {"ND1": _BOTH, "NE2": _BOTH},
    "HID": {"ND1": _NH, "NE2": _ACCEPTS},
    "HIE": {"ND1": _ACCEPTS, "NE2": _NH},
    "HIP": {"ND1": Role(1, charge=0.5), "NE2": Role(1, charge=0.5)},
    "LYS": {"NZ": Role(3, charge=1.0)},
    "LYN": {"NZ": Role(2, acceptor=True)},
    "SER": {"OG": _BOTH},
    "THR": {"OG1": _BOTH},
    "TRP": {"NE1": _NH},
    "TYR": {"OH": _BOTH},
}
_SAME = {"HSD": "HID", "HSE": "HIE", "HSP": "HIP", "MSE": "MET", "ASPP": "ASH", "GLUP": "GLH", "LSN": "LYN"}
_RINGS = {
    "PHE": "CG CD1 CD2 CE1 CE2 CZ",
    "TYR": "CG CD1 CD2 CE1 CE2 CZ",
    "TRP": "CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2",
    **dict.fromkeys(("HIS", "HID", "HIE", "HIP"), "CG ND1 CD2 CE1 NE2"),
}
_IMIDAZOLES = {(True, False): "HID", (False, True): "HIE", (True, True): "HIP"}
_ACIDS = {"ASP": ("ASH", "OD1", "OD2"), "GLU": ("GLH", "OE1", "OE2")}

WATERS = frozenset({"HOH", "WAT", "DOD", "H2O", "TIP", "TIP3", "SOL"})


def canonical(residue: str, hydrogens: dict[str, int]) -> str | None:
    """The name in our table for a residue whose heavy atoms carry these hydrogens; None if it is not in it.

    What hydrogens say of a protonation goes before the name.

    Args:
        residue: name in the file.
        hydrogens: of each heavy atom of the residue by its name, as far as the file has them.

    >>> canonical("HIS", {"ND1": 1}), canonical("HIS", {}), canonical("HSE", {}), canonical("HEM", {})
    ('HID', 'HIS', 'HIE', None)
    >>> canonical("ASP", {"OD1": 1})
    'ASH'
    """
    name = _SAME.get(residue, residue)
    if name == "HIS":
        seen = (hydrogens.get("ND1", 0) > 0, hydrogens.get("NE2", 0) > 0)
        return _IMIDAZOLES.get(seen, name)
    if name in _ACIDS:
        protonated, *oxygens = _ACIDS[name]
        return protonated if any(hydrogens.get(oxygen) for oxygen in oxygens) else name
    if name == "LYS" and hydrogens.get("NZ") == 2:
        return "LYN"
    return name if name in _SIDE_CHAINS else None


def role(residue: str, atom: str, carboxylate: bool) -> Role:
    """Part of an atom of a residue of our table; carbon and sulphur play none.

    Args:
        residue: canonical name.
        atom: name of the atom, as in the Protein Data Bank.
        carboxylate: whether the residue ends the chain with two oxygens.

    >>> role("PRO", "N", False), role("SER", "OG", False)
    (Role(hydrogens=0, acceptor=False, charge=0.0), Role(hydrogens=1, acceptor=True, charge=0.0))
    """
    if carboxylate and atom in ("O", "OXT"):
        return _ACID
    if residue == "PRO" and atom == "N":
        return Role()
    return _PEPTIDE.get(atom) or _SIDE_CHAINS[residue].get(atom, Role())


def in_ring(residue: str, atom: str) -> bool:
    """Whether an atom of a residue of our table belongs to an aromatic ring.

    >>> in_ring("TRP", "NE1"), in_ring("TRP", "CB")
    (True, False)
    """
    return atom in _RINGS.get(residue, "").split()
