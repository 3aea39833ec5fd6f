"""Answers to an electric field, by the field itself: for any ASE calculator that can be put into one.

The energy of a molecule in a homogeneous field F (V/Å) and its derivatives:

    µ = −∂E/∂F,    α_ab = ∂µ_a/∂F_b,    Z*_i,ab = ∂µ_a/∂x_ib = ∂f_ib/∂F_a

The calculator gives µ (e·Å) and the forces f in the field; the derivatives by F are central differences.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from jaxtyping import Float

from intertwine.data import Structure
from intertwine.engines.oracles import oracle
from intertwine.errors import InputError, nearest

STEP: Final = 0.05
"""Field of the differences, V/Å: 10⁻³ atomic units. The error is of second order in it."""

PROPERTIES: Final[dict[str, str]] = {
    "dipole": "dipole",
    "polarisability": "polarisability",
    "born_charges": "born_effective_charges",
    "charges": "charges",
}
"""What can be asked for, e·Å, e²Å²/eV and, per atom, e and e; and what calculators call it that give it."""

TIGHT: Final[dict[str, dict[str, Any]]] = {"tblite": {"accuracy": 0.01}}
"""Options for derivatives by differences, which magnify what self-consistency leaves undone."""


class FieldVector(list):
    """A field as the plain list of floats that tblite's C interface takes, which its ASE wrapper scales.

    >>> FieldVector([0.0, 1.0, 2.0]) * 0.5 / 2.0
    [0.0, 0.25, 0.5]
    """

    def __mul__(self, factor: Any) -> "FieldVector":
        return FieldVector(float(factor) * value for value in self)

    def __truediv__(self, divisor: float) -> "FieldVector":
        return self * (1.0 / divisor)


def tight_oracle(name: str, **options: Any) -> Calculator:
    """The `oracle` of that name, converged as far as differences need it; given options win.

    >>> tight_oracle("tblite:GFN2-xTB").parameters["accuracy"]
    0.01
    """
    maker = type(oracle(name, **options)).__name__.lower()
    return oracle(name, **{**TIGHT.get(maker, {}), **options})


def checked_properties(names: Collection[str], calculator: Calculator) -> tuple[str, ...]:
    """The names of properties, each once and in order, that this calculator can give.

    Raises:
        InputError: an unknown name, a calculator without dipoles, or one that knows no electric field.

    >>> checked_properties(["dipole"], oracle("emt"))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: the calculator EMT gives no dipole; do: use another, such as tblite:GFN2-xTB
    """
    for name in names:
        if name not in PROPERTIES:
            close = nearest(name, PROPERTIES)
            fix = f"write '{close}'" if close else None
            raise InputError(f"unknown property '{name}'", accepted=", ".join(PROPERTIES), fix=fix)
    who, fix = type(calculator).__name__, "use another, such as tblite:GFN2-xTB"
    rest = {*names} - {*given_by(calculator)}
    if "charges" in rest:
        raise InputError(f"the calculator {who} gives no charges of atoms", fix=fix)
    if rest and "dipole" not in calculator.implemented_properties:
        raise InputError(f"the calculator {who} gives no dipole", fix=fix)
    if rest and not takes_field(calculator):
        raise InputError(f"the calculator {who} takes no electric field", fix=fix)
    return tuple(name for name in PROPERTIES if name in names)


def given_by(calculator: Calculator) -> tuple[str, ...]:
    """Properties that a calculator computes by itself, without differences.

    >>> given_by(oracle("tblite:GFN2-xTB"))
    ('dipole', 'charges')
    """
    return tuple(name for name, known in PROPERTIES.items() if known in calculator.implemented_properties)


def check_open(structures: Iterable[Structure]) -> None:
    """Raise where a structure has no end in some direction, as one in a field must.

    >>> check_open([Structure([1], [[0, 0, 0]])])
    """
    for structure in structures:
        if structure.pbc.any():
            raise InputError(
                "a homogeneous field and a dipole need a system that is open in all directions",
                got=f"{structure.formula}, pbc {' '.join('FT'[int(axis)] for axis in structure.pbc)}",
            )


def takes_field(calculator: Calculator) -> bool:
    """Whether a calculator has the parameter `electric_field`, V/Å.

    >>> takes_field(oracle("tblite:GFN2-xTB")), takes_field(oracle("emt"))
    (True, False)
    """
    return "electric_field" in calculator.default_parameters


def electric_response(
    atoms: Atoms, properties: Collection[str] = ("dipole", "polarisability"), step: float = STEP
) -> dict[str, np.ndarray]:
    """Dipole, polarisability and Born effective charges of a molecule.

        α_ab ≈ [µ_a(F + h e_b) − µ_a(F − h e_b)] / 2h, symmetrised;  Z* likewise from the forces

    Args:
        atoms: with a calculator that gives these properties itself; or open in all directions, with one that
            gives dipoles and takes `electric_field`. Derivatives are taken in the field that it is in.
        properties: of `PROPERTIES`.
        step: h, V/Å.

    Returns:
        By name: dipole `(3,)` e·Å, about the origin where the molecule is charged; polarisability `(3, 3)`
        e²Å²/eV; born_charges `(atoms, 3, 3)` e, Z*[i, a, b] = ∂µ_a/∂x_ib; charges `(atoms,)` e, those that
        the calculator tells. Polarisability and Born charges together cost six calculations.

    Raises:
        InputError: periodic atoms, or what `checked_properties` refuses.

    >>> from ase.build import molecule
    >>> water = molecule("H2O")
    >>> water.calc = tight_oracle("tblite:GFN2-xTB")
    >>> found = electric_response(water, ["polarisability", "born_charges"])
    >>> found["polarisability"].shape, bool(np.allclose(found["born_charges"].sum(axis=0), 0, atol=1e-5))
    ((3, 3), True)
    """
    calculator = atoms.calc
    assert isinstance(calculator, Calculator)
    names = checked_properties(properties, calculator)
    given = [name for name in names if name in given_by(calculator)]
    found = {name: np.array(calculator.get_property(PROPERTIES[name], atoms)) for name in given}
    if rest := {*names} - {*given}:
        check_open([Structure.from_ase(atoms)])
        dipoles, forces = _slopes(atoms, calculator, step)
        slopes = {"polarisability": 0.5 * (dipoles + dipoles.T), "born_charges": forces.transpose(1, 0, 2)}
        found |= {name: slope for name, slope in slopes.items() if name in rest}
    return {name: found[name] for name in names}


def _slopes(
    atoms: Atoms, calculator: Calculator, step: float
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3 atoms 3"]]:
    """∂µ/∂F and ∂f/∂F, the field first."""
    before = (calculator.parameters or {}).get("electric_field")
    origin = np.zeros(3) if before is None else np.asarray(before, dtype=float)
    sides = []
    for shift in (step, -step):
        for axis in np.eye(3):
            with _in_field(calculator, origin + shift * axis):
                sides.append((np.array(atoms.get_dipole_moment()), np.array(atoms.get_forces())))
    dipoles, forces = (np.stack(values) for values in zip(*sides, strict=True))
    return (dipoles[:3] - dipoles[3:]) / (2 * step), (forces[:3] - forces[3:]) / (2 * step)


@contextmanager
def _in_field(calculator: Calculator, field: Float[np.ndarray, "3"]) -> Iterator[None]:
    """The field for a while; results of another field are forgotten, which not every calculator does."""
    before = (calculator.parameters or {}).get("electric_field")
    calculator.set(electric_field=FieldVector(field.tolist()))
    calculator.reset()
    try:
        yield
    finally:
        calculator.set(electric_field=before)
        calculator.reset()
