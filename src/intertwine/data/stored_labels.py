"""Labels out of an `ase.Atoms`: by explicit key, in explicit units, never computed."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from intertwine.data.checks import whole_rows
from intertwine.data.labels import BONDS, CONDITIONS, LABELS, Label, LabelKeys, LabelUnits, known_label
from intertwine.errors import InputError, nearest
from intertwine.groups.index_symmetry import VOIGT


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
    found = _found(atoms, results, LABELS, keys, units)
    for name in require:
        if known_label(name) not in found:
            raise missing(atoms, results, name, keys[name], *_sizes(atoms, keys))
    return found


def stored_conditions(atoms: Atoms, keys: LabelKeys, units: LabelUnits) -> dict[str, np.ndarray]:
    """Total charge (e) and electric field (V/Å) kept with `atoms`, as far as they are.

    >>> stored_conditions(Atoms("He", info={"charge": 1}), LabelKeys(), LabelUnits())
    {'charge': array(1.)}
    """
    return _found(atoms, {}, CONDITIONS, keys, units)


def stored_bonds(atoms: Atoms, keys: LabelKeys) -> dict[str, np.ndarray]:
    """Ordered pairs of atoms kept with `atoms`, and lattice steps between them, as far as they are.

    Raises:
        InputError: they are not whole numbers, two and three for each pair; they may come flat.

    >>> stored_bonds(Atoms("H3", info={"bonds": [0, 1, 1, 2]}), LabelKeys())
    {'bonds': array([[0, 1],
           [1, 2]])}
    """
    numbers = {key: array for key, array in atoms.arrays.items() if array.dtype.kind in "iuf"}
    values = {name: atoms.info.get(keys[name], numbers.get(keys[name])) for name in BONDS}
    return {
        name: whole_rows(
            value,
            BONDS[name],
            f"{name.replace('_', ' ')} under the key '{keys[name]}'",
            fix=f"correct them, or name another key for them: keys: {{{name}: ...}}",
        )
        for name, value in values.items()
        if value is not None
    }


def _found(
    atoms: Atoms,
    results: Mapping[str, Any],
    table: Mapping[str, Label],
    keys: LabelKeys,
    units: LabelUnits,
) -> dict[str, np.ndarray]:
    """Values of the rows of a table, in their shapes and our units."""
    stored_values = {name: stored(atoms, results, keys[name], row.per) for name, row in table.items()}
    per_bond = any(row.per == "bond" for row in table.values())
    sizes = _sizes(atoms, keys) if per_bond else (len(atoms),)
    return {
        name: np.asarray(shaped(value, table[name], keys[name], *sizes) * units.factor(name))
        for name, value in stored_values.items()
        if value is not None
    }


def _sizes(atoms: Atoms, keys: LabelKeys) -> tuple[int, int]:
    """How many atoms and bonds."""
    return len(atoms), len(stored_bonds(atoms, keys).get("bonds", ()))


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


def missing(
    atoms: Atoms, results: Mapping[str, Any], name: str, key: str, n_atoms: int, n_bonds: int = 0
) -> InputError:
    """The error that says which label is absent and what is there instead."""
    there, label = keys_of(atoms, results), LABELS[name]
    fitting = [k for k in there if fits(stored(atoms, results, k, label.per), label, n_atoms, n_bonds)]
    close = nearest(key, fitting) or nearest(name, fitting) or (fitting[0] if len(fitting) == 1 else None)
    if not there:
        return InputError(f"no {name}", got="a frame without any labels", fix="label it first")
    return InputError(
        f"no {name} under the key '{key}'",
        got=f"keys {', '.join(there)}",
        fix=f"set the {name} key to '{close}'" if close else f"name the key that holds the {name}",
    )


def fits(value: Any, label: Label, n_atoms: int, n_bonds: int = 0) -> bool:
    """Whether a stored value has the size that the label needs."""
    shape = label.full_shape(n_atoms, n_bonds)
    sizes = {np.prod(shape, dtype=int), *voigt_sizes(label, shape)}
    return not isinstance(value, str | bool | None) and np.size(value) in sizes


def shaped(value: Any, label: Label, key: str, n_atoms: int, n_bonds: int = 0) -> Float[np.ndarray, "..."]:
    """The value as float64 in the shape of its label.

    It may come flat, or in Voigt's notation where neighbouring indices are symmetric: 6 numbers xx yy zz yz
    xz xy for such a pair (no factors of two: that is for stresses and stiffnesses, not for strains).
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{label.name} under the key '{key}' is not a number", got=repr(value)[:60]
        ) from None
    if label.per == "bond" and not n_bonds:
        raise InputError(
            f"{label.name} under the key '{key}' is a label of bonds, and the frame names none",
            fix="keep its ordered pairs of atoms under the key 'bonds', or name their key",
        )
    shape = label.full_shape(n_atoms, n_bonds)
    if array.size in voigt_sizes(label, shape):
        return from_voigt(array.reshape(*shape[: len(shape) - label.rank], *label.voigt_shape), label)
    if array.size != np.prod(shape, dtype=int):
        accepted = " x ".join(map(str, shape)) or "a number"
        if voigt_sizes(label, shape):
            voigt = " x ".join(map(str, label.voigt_shape))
            accepted += f", flat, or {voigt} in Voigt order xx yy zz yz xz xy"
        raise InputError(
            f"{label.name} under the key '{key}' has a wrong shape", got=array.shape, accepted=accepted
        )
    return array.reshape(shape)


def voigt_sizes(label: Label, shape: tuple[int, ...]) -> set[int]:
    """How many numbers a label of a full shape has in Voigt's notation; none where that is no other."""
    rows = shape[: len(shape) - label.rank]
    size = int(np.prod((*rows, *label.voigt_shape), dtype=int))
    return {size} if 6 in label.voigt_shape else set()


def from_voigt(values: Float[np.ndarray, "..."], label: Label) -> Float[np.ndarray, "..."]:
    """All components of a tensor from Voigt's notation, `(*batch, *voigt_shape)` to `(*batch, 3, …, 3)`.

    >>> from_voigt(np.array([1.0, 2, 3, 4, 5, 6]), LABELS["stress"]).tolist()
    [[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]
    """
    axis = values.ndim - len(label.voigt_shape)
    for length in label.voigt_shape:
        if length == 6:
            values = np.take(values, VOIGT, axis=axis)
        axis += 2 if length == 6 else 1
    return values
