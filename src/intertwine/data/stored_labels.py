"""Labels out of an `ase.Atoms`: by explicit key, in explicit units, never computed."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress
from jaxtyping import Float

from intertwine.data.labels import LABELS, LabelKeys, LabelUnits, known_label
from intertwine.errors import InputError, nearest


def stored_labels(
    atoms: Atoms, keys: LabelKeys, units: LabelUnits, require: Iterable[str] = ()
) -> dict[str, np.ndarray]:
    """Labels kept with `atoms`, by canonical name and in our units.

    Args:
        atoms: ASE's own object.
        keys: where to look; `atoms.info` or `atoms.arrays` first, then the stored results.
        units: unit of each label as it is stored.
        require: canonical names that must be there.

    Raises:
        InputError: a required label is absent, or one that is there has a wrong shape.

    >>> atoms = Atoms("He", info={"E": 2.0})
    >>> stored_labels(atoms, LabelKeys(energy="E"), LabelUnits(energy="hartree"))["energy"].round(3)
    np.float64(54.423)
    >>> stored_labels(atoms, LabelKeys(energy="e"), LabelUnits(), require=["energy"])
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: no energy under the key 'e'; got: keys E; do: set the energy key to 'E'
    """
    results = stored_results(atoms)
    values = {name: stored(atoms, results, keys[name], label.per) for name, label in LABELS.items()}
    found = {name: value for name, value in values.items() if value is not None}
    for name in require:
        if known_label(name) not in found:
            raise missing(atoms, results, name, keys[name])
    return {
        name: np.asarray(shaped(value, name, keys[name], len(atoms)) * units.factor(name))
        for name, value in found.items()
    }


def stored(atoms: Atoms, results: Mapping[str, Any], key: str, per: str) -> Any | None:
    """Value under `key`, or None."""
    own = (atoms.arrays, atoms.info) if per == "atom" else (atoms.info, atoms.arrays)
    for place in (*own, results):
        if key in place:
            return place[key]
    return None


def stored_results(atoms: Atoms) -> dict[str, Any]:
    """Results that came with `atoms` and still belong to it (none when it was changed since)."""
    calculator: Any = atoms.calc
    results = getattr(calculator, "results", None)
    if not results or calculator.check_state(atoms):
        return {}
    return {name: value for name, value in results.items() if value is not None}


def keys_of(atoms: Atoms, results: Mapping[str, Any]) -> list[str]:
    """Every key under which `atoms` keeps something that could be a label."""
    arrays = [key for key in atoms.arrays if key not in ("numbers", "positions")]
    return [*dict.fromkeys([*atoms.info, *arrays, *results])]


def missing(atoms: Atoms, results: Mapping[str, Any], name: str, key: str) -> InputError:
    """The error that says which label is absent and what is there instead."""
    there, per = keys_of(atoms, results), LABELS[name].per
    fitting = [k for k in there if fits(stored(atoms, results, k, per), name, len(atoms))]
    close = nearest(key, fitting) or nearest(name, fitting) or (fitting[0] if len(fitting) == 1 else None)
    if not there:
        return InputError(f"no {name}", got="a frame without any labels", fix="label it first")
    return InputError(
        f"no {name} under the key '{key}'",
        got=f"keys {', '.join(there)}",
        fix=f"set the {name} key to '{close}'" if close else f"name the key that holds the {name}",
    )


def fits(value: Any, name: str, n_atoms: int) -> bool:
    """Whether a stored value has the size that the label needs."""
    sizes = (9, 6) if name == "stress" else (int(np.prod(LABELS[name].full_shape(n_atoms))),)
    return not isinstance(value, str | bool | None) and np.size(value) in sizes


def shaped(value: Any, name: str, key: str, n_atoms: int) -> Float[np.ndarray, "..."]:
    """The value as float64 in the shape of the label table; a stress may be 3 x 3, 9 numbers or 6 (Voigt)."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} under the key '{key}' is not a number", got=repr(value)[:60]) from None
    shape = LABELS[name].full_shape(n_atoms)
    if name == "stress":
        return full_stress(array, key)
    if array.size != int(np.prod(shape)):
        raise InputError(f"{name} under the key '{key}' has a wrong shape", got=array.shape, accepted=shape)
    return array.reshape(shape)


def full_stress(value: Float[np.ndarray, "..."], key: str) -> Float[np.ndarray, "3 3"]:
    """Stress as 3 x 3."""
    if value.shape == (6,):
        return voigt_6_to_full_3x3_stress(value)
    if value.size != 9:
        accepted = "3 x 3, 9 numbers, or 6 in Voigt order xx yy zz yz xz xy"
        raise InputError(
            f"stress under the key '{key}' has a wrong shape", got=value.shape, accepted=accepted
        )
    return value.reshape(3, 3)
