"""Poses as PoseBusters judges them: bonds, rings, strain, clashes (Buttenschoen et al., Chem. Sci. 2024)."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.receptor import Receptor
from intertwine.errors import InputError, require


def busted(
    ligand: Ligand, positions: Float64[np.ndarray, "poses all 3"], pocket: Receptor
) -> list[dict[str, bool]]:
    """Of each pose, which of PoseBusters' tests of a docked ligand it passes.

    Args:
        ligand: whose poses.
        positions: of all its atoms, Å.
        pocket: heavy atoms of the receptor about it.

    Raises:
        InputError: RDKit cannot read the pocket.
        MissingExtraError: PoseBusters is not installed.
    """
    return busted_molecules([ligand.at(places).molecule for places in positions], pocket)


def busted_molecules(molecules: Sequence[Any], pocket: Receptor) -> list[dict[str, bool]]:
    """The same of RDKit's molecules, each with its hydrogens and one conformer."""
    busters = require("posebusters", extra="checks").PoseBusters(config="dock")
    with require("rdkit.rdBase", extra="docking").BlockLogs(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = busters.bust(list(molecules), mol_cond=_protein(pocket))
    return [{str(name): bool(value) for name, value in row.items()} for row in table.to_dict("records")]


def _protein(pocket: Receptor) -> Any:
    chem = require("rdkit.Chem", extra="docking")
    protein = chem.MolFromPDBBlock(pocket.pdb(), sanitize=False, proximityBonding=False)
    if protein is None:
        raise InputError(f"RDKit cannot read the pocket of {pocket.source}", fix="dock with --no-check")
    return protein
