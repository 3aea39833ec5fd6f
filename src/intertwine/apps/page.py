"""What a page of a report says, as plain values: figures of merit, pictures, tables, films, commands."""

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from jaxtyping import Float, Int
from markupsafe import Markup


@dataclass(frozen=True)
class Number:
    """One figure of merit.

    Args:
        label: what it is.
        value: as a reader should see it.
        unit: of the value.
        note: where the bar is, or what it was measured on.
        passed: verdict, or None where there is none.
    """

    label: str
    value: str
    unit: str = ""
    note: str = ""
    passed: bool | None = None


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG text (`style.svg`), the sentence that replaces it for who cannot see it, a caption."""

    kind: ClassVar[str] = "picture"
    svg: str
    alt: str
    caption: str = ""
    wide: bool = True


@dataclass(frozen=True)
class Listing:
    """A table.

    Args:
        columns: headings; those that start with ">" are aligned to the right, as figures want.
        rows: cells; a row of one cell is the heading of a group.
        caption: what it says, above it.
        folded: shown only when asked for.
        wide: as wide as the page; else half, and scrolled where it is long.
    """

    kind: ClassVar[str] = "listing"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    folded: bool = False
    wide: bool = True


@dataclass(frozen=True)
class Commands:
    """Lines to type in a terminal; `#` starts a remark."""

    kind: ClassVar[str] = "commands"
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Film:
    """A molecule in motion, turning; the reader can stop it, turn it and move through time.

    Args:
        title: what moves.
        numbers: atomic numbers, `(atoms,)`.
        frames: positions, Å, `(frames, atoms, 3)`.
        times: of the frames, in `unit`.
        unit: of the times.
    """

    kind: ClassVar[str] = "film"
    title: str
    numbers: Int[np.ndarray, " atoms"]
    frames: Float[np.ndarray, "frames atoms 3"]
    times: Float[np.ndarray, " frames"]
    unit: str = "ps"

    @property
    def json(self) -> Markup:
        """What the script of the page reads, safe inside a script element."""
        seen = sorted({int(z) for z in self.numbers})
        elements = {str(z): _element(z) for z in seen}
        data = {
            "numbers": self.numbers.tolist(),
            "frames": np.round(self.frames.reshape(len(self.frames), -1), 3).tolist(),
            "times": np.round(self.times, 4).tolist(),
            "unit": self.unit,
            "elements": elements,
        }
        return script_text(json.dumps(data, separators=(",", ":")))


@dataclass(frozen=True, eq=False)
class Vibrations:
    """Normal modes that the reader can choose and see move.

    Args:
        title: whose.
        numbers: atomic numbers, `(atoms,)`.
        positions: rest, Å, `(atoms, 3)`.
        motions: displacement of each mode, Å, `(modes, atoms, 3)`.
        names: of each mode, such as its wavenumber.
    """

    kind: ClassVar[str] = "vibrations"
    title: str
    numbers: Int[np.ndarray, " atoms"]
    positions: Float[np.ndarray, "atoms 3"]
    motions: Float[np.ndarray, "modes atoms 3"]
    names: tuple[str, ...]

    @property
    def json(self) -> Markup:
        """What the script of the page reads, safe inside a script element."""
        data = {
            "numbers": self.numbers.tolist(),
            "rest": np.round(self.positions.ravel(), 3).tolist(),
            "motions": np.round(self.motions.reshape(len(self.motions), -1), 3).tolist(),
            "elements": {str(z): _element(z) for z in sorted({int(z) for z in self.numbers})},
        }
        return script_text(json.dumps(data, separators=(",", ":")))


@dataclass(frozen=True, eq=False)
class Scene:
    """A molecule at one of several places among atoms that stand still; the reader chooses and turns it.

    Args:
        title: what is shown.
        numbers: atomic numbers of the molecule, `(atoms,)`.
        bonds: pairs of its atoms, `(bonds, 2)`.
        poses: its places, Å, `(poses, atoms, 3)`.
        names: of each pose.
        around: atomic numbers of what stands still, `(others,)`.
        places: of these, Å, `(others, 3)`.
        links: bonds among these, `(links, 2)`.
        tags: words to write beside places, such as names of residues.
        ghost: another place of the molecule to compare with, Å, `(atoms, 3)`.
    """

    kind: ClassVar[str] = "scene"
    title: str
    numbers: Int[np.ndarray, " atoms"]
    bonds: Int[np.ndarray, "bonds 2"]
    poses: Float[np.ndarray, "poses atoms 3"]
    names: tuple[str, ...]
    around: Int[np.ndarray, " others"]
    places: Float[np.ndarray, "others 3"]
    links: Int[np.ndarray, "links 2"]
    tags: tuple[tuple[str, tuple[float, float, float]], ...] = ()
    ghost: Float[np.ndarray, "atoms 3"] | None = None

    @property
    def json(self) -> Markup:
        """What the script of the page reads, safe inside a script element; the molecule's centre is zero."""
        centre = self.poses[0].mean(axis=0)

        def near(places: np.ndarray) -> list[float]:
            return np.round(places - centre, 2).ravel().tolist()

        data = {
            "numbers": self.numbers.tolist(),
            "bonds": self.bonds.tolist(),
            "poses": [near(pose) for pose in self.poses],
            "around": self.around.tolist(),
            "places": near(self.places),
            "links": self.links.tolist(),
            "tags": [[text, *near(np.array(place))] for text, place in self.tags],
            "ghost": None if self.ghost is None else near(self.ghost),
            "elements": {
                str(z): _element(z) for z in sorted({*self.numbers.tolist(), *self.around.tolist()})
            },
        }
        return script_text(json.dumps(data, separators=(",", ":")))


Part = Picture | Listing | Commands | Film | Vibrations | Scene


@dataclass(frozen=True)
class Section:
    """A heading, what is to be said, what is to be seen."""

    title: str
    text: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def anchor(self) -> str:
        """Name of the section in links.

        >>> Section("Energy is conserved").anchor
        'energy-is-conserved'
        """
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Page:
    """All that is said.

    Args:
        title: of the page.
        lead: one paragraph under it.
        numbers: the figures that matter most.
        film: shown beside the lead.
        sections: the rest, in order.
        foot: small print: date, versions, seed.
    """

    title: str
    lead: str
    numbers: tuple[Number, ...] = ()
    film: Film | None = None
    sections: tuple[Section, ...] = ()
    foot: tuple[str, ...] = ()


def aligned(frames: Float[np.ndarray, "frames atoms 3"]) -> Float[np.ndarray, "frames atoms 3"]:
    """The frames without drift and tumbling: each centred and turned onto the one before it (Kabsch 1976).

    >>> turned = np.array([[[1.0, 0, 0], [-1, 0, 0], [0, 2, 0]], [[0, 1.0, 5], [0, -1, 5], [-2, 0, 5]]])
    >>> np.ptp(aligned(turned), axis=0).max().round(12).item()
    0.0
    """
    centred = frames - frames.mean(axis=1, keepdims=True)
    for before, frame in pairwise(centred):
        left, _, right = np.linalg.svd(frame.T @ before)
        left[:, -1] *= np.sign(np.linalg.det(left @ right))
        frame[:] = frame @ (left @ right)
    return centred


def _element(number: int) -> dict[str, str | float]:
    colour = "#{:02x}{:02x}{:02x}".format(*(round(255 * c) for c in jmol_colors[number]))
    return {
        "symbol": chemical_symbols[number],
        "colour": {1: "#f2f4f8", 6: "#4a5160"}.get(number, colour),
        "radius": round(float(covalent_radii[number]), 2),
    }


def script_text(text: str) -> Markup:
    """Text that can stand in a script element: nothing in it ends the element."""
    return Markup(text.replace("</", "<\\/"))
