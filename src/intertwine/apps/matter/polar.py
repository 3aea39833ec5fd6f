"""What couples vibrations to electric fields: Born charges and the permittivity of electrons."""

from pathlib import Path
from typing import Any

import numpy as np
from ase import units
from jaxtyping import Float64

from intertwine.apps.matter.crystal import volume
from intertwine.apps.spectra.source import Source
from intertwine.data import Structure
from intertwine.engines.oracles import answering
from intertwine.errors import InputError, require
from intertwine.typing import PathLike

COULOMB = units.Hartree * units.Bohr
"""1/(4πε₀), eV·Å/e²."""

Polar = tuple[Float64[np.ndarray, "atoms 3 3"], Float64[np.ndarray, "3 3"]]
"""Born charges ∂µ_a/∂x_b, e, and the relative permittivity at clamped ions."""


def polar_response(source: Source, structure: Structure) -> Polar | None:
    """Born charges and permittivity as the calculator knows them; None where it does not.

    The permittivity is ε = 1 + α/(ε₀V), with the polarisability α of the cell.

    Raises:
        IntertwineError: the calculator failed.
    """
    calculator = source.calculator(structure)
    known = calculator.implemented_properties
    if not {"born_effective_charges", "polarisability"} <= {*known}:
        return None
    atoms = structure.replace(labels={}).to_ase()
    with answering(f"on the response of {structure.formula} to a field", source.name):
        born = np.asarray(calculator.get_property("born_effective_charges", atoms), np.float64)
        polarisability = np.asarray(calculator.get_property("polarisability", atoms), np.float64)
    return born, np.eye(3) + 4 * np.pi * COULOMB / volume(structure) * polarisability


def read_born(phonopy: Any, path: PathLike) -> Polar:
    """Born charges and permittivity from a file in phonopy's format BORN.

    Raises:
        InputError: no such file, or it does not fit the crystal.
    """
    reader = require("phonopy.file_IO", extra="crystal")
    if not Path(path).is_file():
        raise InputError(f"no file '{path}'", accepted="Born charges in phonopy's format BORN")
    try:
        found = reader.parse_BORN(phonopy.primitive, filename=str(path))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise InputError(f"cannot read Born charges from '{path}'", got=error) from error
    if found is None:
        raise InputError(f"'{path}' does not fit the crystal", accepted="phonopy's format BORN")
    return np.asarray(found["born"]), np.asarray(found["dielectric"])


def couple(phonopy: Any, polar: Polar) -> None:
    """Give phonopy the response to a field, made symmetric: longitudinal modes split from transverse ones.

    (X. Gonze, C. Lee, Phys. Rev. B 55, 10355, 1997, for how the long range is summed.)
    """
    symmetry = require("phonopy.structure.symmetry", extra="crystal")
    born, dielectric = symmetry.symmetrize_borns_and_epsilon(*polar, phonopy.primitive)
    phonopy.nac_params = {"born": born, "factor": COULOMB, "dielectric": dielectric}
