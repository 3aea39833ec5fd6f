"""What a system is put under, its charge and an electric field, handed to the calculator that computes it."""

import numpy as np
from ase.calculators.calculator import Calculator

from intertwine.data import Structure
from intertwine.engines.finite_field import FieldVector, check_open
from intertwine.errors import InputError


def put_under(calculator: Calculator, structure: Structure) -> None:
    """Set the parameters `charge` (e) and `electric_field` (V/Å) of a calculator to those of a structure.

    A calculator whose parameters already say so is left alone, and so is one that reads them from
    `atoms.info`, as Intertwine's does.

    Raises:
        InputError: the structure is charged or in a field, and the calculator has no such parameter; or it is
            in a field and periodic.

    >>> from intertwine.engines.oracles import oracle
    >>> calculator = oracle("tblite:GFN2-xTB")
    >>> put_under(calculator, Structure([11], [[0, 0, 0]], charge=1))
    >>> calculator.parameters["charge"]
    1.0
    >>> put_under(oracle("emt"), Structure([29], [[0, 0, 0]], charge=1))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: the calculator EMT takes no charge; got: 1.0
    """
    if getattr(calculator, "reads_info", False):
        return
    wanted = {"charge": structure.charge, "electric_field": FieldVector(structure.electric_field.tolist())}
    if structure.electric_field.any():
        check_open([structure])
    for name, value in wanted.items():
        known = name in calculator.default_parameters
        if not known and np.any(value):
            who = type(calculator).__name__
            raise InputError(f"the calculator {who} takes no {name.replace('_', ' ')}", got=value)
        if known and not np.array_equal(calculator.parameters.get(name) or np.zeros_like(value), value):
            calculator.set(**{name: value if np.any(value) else None})
