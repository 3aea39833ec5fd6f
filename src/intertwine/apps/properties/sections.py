"""Sections of the page: one tensor of one structure, what follows from it and what symmetry forbids."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from ase.data import chemical_symbols

from intertwine.apps.accuracy import figure_text
from intertwine.apps.elasticity import compliance
from intertwine.apps.page import Listing, Part, Picture, Section
from intertwine.apps.properties.sheet import PropertySheet
from intertwine.apps.properties.surfaces import longitudinal_surface, young_cuts, young_surface
from intertwine.apps.properties.symmetry import SymmetryVerdict
from intertwine.apps.properties.tables import (
    atoms_listing,
    bonds_listing,
    pattern_listing,
    tensor_listing,
    title,
    unit_text,
    with_unit,
)
from intertwine.apps.style import svg
from intertwine.data import LABELS
from intertwine.testing.page import number as power_text

FIGURES: Final = {
    "bulk": ("bulk modulus K (Hill)", "GPa"),
    "bulk_voigt": ("K, Voigt", "GPa"),
    "bulk_reuss": ("K, Reuss", "GPa"),
    "shear": ("shear modulus G (Hill)", "GPa"),
    "shear_voigt": ("G, Voigt", "GPa"),
    "shear_reuss": ("G, Reuss", "GPa"),
    "young": ("Young's modulus E", "GPa"),
    "poisson": ("Poisson ratio ν", ""),
    "anisotropy": ("universal anisotropy", ""),
    "least_kelvin_modulus": ("least Kelvin modulus", "GPa"),
}
EXTREMES: Final = {
    "young": ("Young's modulus", "GPa", 1.0),
    "shear": ("shear modulus", "GPa", 1.0),
    "poisson": ("Poisson ratio", "", 1.0),
    "compressibility": ("linear compressibility", "1/TPa", 1e3),
}


def tensor_section(sheet: PropertySheet, name: str, prefix: str = "") -> Section:
    """One tensor: components in the axes of the structure, consequences, and the pattern of its group."""
    label, value = LABELS[name], sheet.values[name]
    text: tuple[str, ...] = ()
    parts: list[Part] = []
    if label.per == "atom":
        species = [chemical_symbols[z] for z in sheet.structure.numbers]
        parts.append(atoms_listing(name, value, species))
    elif label.per == "bond":
        parts.append(bonds_listing(name, value, sheet.structure))
    elif label.rank > 0:
        caption = with_unit("In the axes of the file", name)
        parts.append(tensor_listing(name, value, caption, wide=name not in sheet.verdicts))
    if name in sheet.verdicts:
        sentences, listings = _symmetry(sheet, name, sheet.verdicts[name])
        text = (sentences,)
        parts += listings
    parts += CONSEQUENCES.get(name, _nothing)(sheet)
    return Section(f"{prefix}{title(name)}", text, tuple(parts))


def _symmetry(sheet: PropertySheet, name: str, verdict: SymmetryVerdict) -> tuple[str, tuple[Listing, ...]]:
    assert sheet.crystal is not None
    group, pattern = sheet.crystal.group, verdict.pattern
    zeros = ", ".join(verdict.zeros) or "none"
    largest = " ".join(filter(None, (power_text(verdict.largest), unit_text(name))))
    components = LABELS[name].tensor.dim
    text = (
        f"Point group {group.hermann_mauguin} ({group.name}): {pattern.constants} of {components} components "
        f"are free; must vanish in its standard axes: {zeros}. The largest forbidden component is {largest}, "
        f"{power_text(verdict.relative)} of what this tensor reaches without symmetry, in the crystal made "
        f"exact by moving no atom further than {power_text(sheet.crystal.moved)} Å."
    )
    listings = [pattern_listing(pattern, f"What {group.hermann_mauguin} allows, standard axes")]
    if not np.allclose(group.orientation, np.eye(3)):
        caption = with_unit(f"In the standard axes of {group.hermann_mauguin}", name)
        listings.append(tensor_listing(name, verdict.tensor, caption, wide=False))
    return text, tuple(listings)


def _elastic(sheet: PropertySheet) -> Iterator[Part]:
    figures = sheet.elastic_figures()
    rows = tuple((*FIGURES[key], figure_text(figures[key])) for key in FIGURES if key in figures)
    yield Listing(("", "unit", ">value"), rows, "Of a polycrystal, and stability", wide=False)
    if sheet.stiffness is None:
        return
    found = sheet.elastic_extremes()
    lines = []
    for key, (words, unit, scale) in EXTREMES.items():
        one = found[key]
        ends = ((one.least, one.least_along), (one.largest, one.largest_along))
        cells = [cell for value, along in ends for cell in (figure_text(scale * value), _direction(along))]
        lines.append((words, unit, *cells))
    columns = ("", "unit", ">least", "along", ">largest", "along")
    yield Listing(columns, tuple(lines), "Over all directions, in the axes of the file")
    inverse = compliance(sheet.stiffness)
    cuts = "Young's modulus in the planes xy, xz and yz: the distance of the curve from the middle."
    yield Picture(svg(young_cuts(inverse)), cuts, cuts)
    surface = "Young's modulus in every direction: the distance of the surface from the middle."
    yield Picture(svg(young_surface(inverse)), surface, surface, wide=False)


def _dielectric(sheet: PropertySheet) -> Iterator[Part]:
    values, axes = np.linalg.eigh(sheet.values["dielectric"])
    rows = tuple((figure_text(v), _direction(tuple(a))) for v, a in zip(values, axes.T, strict=True))
    yield Listing((">principal value", "along"), rows, "Principal axes, in the axes of the file", wide=False)


def _piezoelectric(sheet: PropertySheet) -> Iterator[Part]:
    words = (
        "Longitudinal response e(n): the distance of the surface from the middle; the colour has the sign."
    )
    yield Picture(svg(longitudinal_surface(sheet.values["piezoelectric"])), words, words, wide=False)


def _nothing(sheet: PropertySheet) -> Iterator[Part]:
    yield from ()


CONSEQUENCES: Final[dict[str, Callable[[PropertySheet], Iterator[Part]]]] = {
    "elastic": _elastic,
    "dielectric": _dielectric,
    "piezoelectric": _piezoelectric,
}


def _direction(vector: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{round(part, 2) + 0.0:.2f}".replace("-", "−") for part in vector) + ")"
