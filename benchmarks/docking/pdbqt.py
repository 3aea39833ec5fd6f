"""Ligands as PDBQT by Meeko, and the poses that come back in it."""

import warnings

import numpy as np
from jaxtyping import Float64

from intertwine.apps.docking import Ligand
from intertwine.errors import InputError, require


def write_pdbqt(ligand: Ligand, rigid: bool) -> str:
    """Meeko's text with its map of atoms; rigid: no bond may turn.

    Raises:
        InputError: Meeko refuses the molecule.
    """
    meeko = require("meeko", extra="peers")
    frozen = {"rigidify_bonds_smarts": ["[*]~[*]"], "rigidify_bonds_indices": [(0, 1)]} if rigid else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setups = meeko.MoleculePreparation(**frozen).prepare(ligand.molecule)
        text, done, problem = meeko.PDBQTWriterLegacy.write_string(setups[0], add_index_map=True)
    if not done:
        raise InputError(f"Meeko refuses {ligand.name}: {problem}")
    return text


def read_poses(text: str, ligand: Ligand) -> Float64[np.ndarray, "poses atoms 3"]:
    """Heavy atoms of every model, in the ligand's order, Å.

    Raises:
        InputError: an atom is missing.
    """
    poses = [_places(model, ligand) for model in text.split("MODEL") if "ATOM" in model]
    return np.array(poses, dtype=np.float64).reshape(-1, len(ligand), 3)


def _places(model: str, ligand: Ligand) -> Float64[np.ndarray, "atoms 3"]:
    by_serial: dict[int, list[float]] = {}
    serials: dict[int, int] = {}
    for line in model.splitlines():
        if line.startswith("REMARK INDEX MAP"):
            numbers = [int(word) for word in line.split()[3:]]
            serials |= dict(zip(numbers[::2], numbers[1::2], strict=True))
        elif line.startswith(("ATOM", "HETATM")):
            by_serial[int(line[6:11])] = [float(line[start : start + 8]) for start in (30, 38, 46)]
    try:
        return np.array([by_serial[serials[int(atom) + 1]] for atom in ligand.heavy])
    except KeyError as missing:
        raise InputError(f"a pose of {ligand.name} lacks atom {missing}") from missing
