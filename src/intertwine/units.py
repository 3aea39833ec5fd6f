"""Units: eV, Å, fs, e and u everywhere inside; other units only at the door.

Conventions said once: energies are total unless named per atom; stress is tensile-positive in eV/Å³
(ASE's sign); Voigt order is xx, yy, zz, yz, xz, xy; cell vectors are rows.
"""

from typing import Final

from ase import units as _ase

from intertwine.errors import InputError, nearest

FACTORS: Final[dict[str, dict[str, float]]] = {
    "energy": {
        "eV": 1.0,
        "meV": 1e-3,
        "hartree": _ase.Hartree,
        "rydberg": _ase.Rydberg,
        "kcal/mol": _ase.kcal / _ase.mol,
        "kJ/mol": _ase.kJ / _ase.mol,
    },
    "length": {"Å": 1.0, "A": 1.0, "angstrom": 1.0, "bohr": _ase.Bohr, "nm": 10.0},
    "stress": {
        "eV/Å^3": 1.0,
        "eV/A^3": 1.0,
        "GPa": _ase.GPa,
        "kbar": 0.1 * _ase.GPa,
        "bar": 1e-4 * _ase.GPa,
        "hartree/bohr^3": _ase.Hartree / _ase.Bohr**3,
    },
    "time": {"fs": 1.0, "ps": 1000.0},
    "charge": {"e": 1.0, "C": _ase.C},
    "dipole": {"e·Å": 1.0, "eA": 1.0, "debye": _ase.Debye, "e·bohr": _ase.Bohr, "C·m": _ase.C * 1e10},
    "polarisability": {
        "e^2Å^2/eV": 1.0,
        "eA^2/V": 1.0,
        "Å^3": 1.0 / (_ase.Hartree * _ase.Bohr),
        "A^3": 1.0 / (_ase.Hartree * _ase.Bohr),
        "bohr^3": _ase.Bohr**2 / _ase.Hartree,
    },
    "hyperpolarisability": {
        "e^3Å^3/eV^2": 1.0,
        "eA^3/V^2": 1.0,
        "e^3bohr^3/hartree^2": _ase.Bohr**3 / _ase.Hartree**2,
    },
    "electric field": {"V/Å": 1.0, "V/A": 1.0, "V/nm": 0.1, "hartree/e/bohr": _ase.Hartree / _ase.Bohr},
    "elastic": {"GPa": 1.0, "eV/Å^3": 1.0 / _ase.GPa, "kbar": 0.1},
    "piezoelectric": {"C/m^2": 1.0, "e/Å^2": 1e20 / _ase.C},
    "number": {"1": 1.0},
}
FACTORS["force"] = {
    f"{energy}/{length}": factor * 1.0 / size
    for energy, factor in FACTORS["energy"].items()
    for length, size in FACTORS["length"].items()
}


def factor(unit: str, quantity: str) -> float:
    """Number that turns a value in `unit` into Intertwine's own unit for `quantity`.

    Args:
        unit: name of the unit that the value has, such as `"kcal/mol"` or `"hartree/bohr"`.
        quantity: one of `FACTORS`; its own unit is the first: `"energy"` (eV), `"length"` (Å), `"force"`
            (eV/Å), `"stress"` (eV/Å³), `"time"` (fs), `"charge"` (e), `"dipole"` (e·Å), `"polarisability"`
            (e²Å²/eV), `"electric field"` (V/Å), `"elastic"` (GPa), `"piezoelectric"` (C/m²), …

    Raises:
        InputError: the unit is not known for that quantity; the message lists the known ones.

    >>> round(factor("kcal/mol", "energy"), 6)
    0.043364
    """
    table = FACTORS[quantity]
    if unit in table:
        return table[unit]
    close = nearest(unit, table)
    raise InputError(
        f"unknown {quantity} unit '{unit}'",
        accepted=", ".join(table),
        fix=f"write '{close}'" if close else None,
    )
