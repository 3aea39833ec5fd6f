"""What is said of each result: the figures that matter, drawings, tables; for the page and for files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, singledispatch
from typing import Any

from matplotlib.figure import Figure

from intertwine.apps.accuracy import figure_text
from intertwine.apps.elasticity import compliance
from intertwine.apps.matter.elastic import Elastic
from intertwine.apps.matter.expansion import Expansion
from intertwine.apps.matter.phonons import WAVENUMBER, Phonons
from intertwine.apps.matter.plots import GREEK, bands_plot, expansion_plot, state_plot, thermal_plot
from intertwine.apps.matter.state import EquationOfState
from intertwine.apps.matter.surface import JOULE_PER_SQUARE_METRE, Surface
from intertwine.apps.matter.vacancy import Vacancy
from intertwine.apps.page import Listing, Number, Part
from intertwine.apps.properties.sections import CONSEQUENCES
from intertwine.apps.properties.surfaces import young_cuts, young_surface
from intertwine.apps.properties.tables import pattern_listing, tensor_listing

Columns = Mapping[str, Sequence[float]]
"""Columns of a table by heading, which has the unit."""


@dataclass(frozen=True)
class Telling:
    """What one result has to say.

    Attributes:
        title: what it is.
        lead: how it was made, in a sentence or two.
        numbers: the figures that matter.
        figures: by the name of their files, how to draw each, and the sentence that says what is drawn.
        parts: tables of the page.
        tables: by the name of their files.
    """

    title: str
    lead: str
    numbers: tuple[Number, ...]
    figures: Mapping[str, tuple[Callable[[], Figure], str]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    tables: Mapping[str, Columns] = field(default_factory=dict)


@singledispatch
def tell(found: Any) -> Telling:
    """What a result has to say."""
    raise TypeError(type(found).__name__)


def _lattice(constants: Sequence[float]) -> list[Number]:
    """a, and those of b and c that differ from it."""
    a = constants[0]
    kept = [(name, value) for name, value in zip("abc", constants, strict=True) if abs(value - a) > 1e-4]
    return [Number(name, f"{value:.4f}", "Å") for name, value in [("a", a), *kept]]


@tell.register
def _(found: EquationOfState) -> Telling:
    record = found.record()
    points = {"volume_A3_per_atom": record["points"]["volume_A3_per_atom"]}
    points |= {name: values for name, values in record["points"].items() if values is not None}
    numbers = [
        *_lattice(record["lattice_A"]),
        Number("volume", f"{record['volume_A3_per_atom']:.4f}", "Å³/atom"),
        Number("energy", f"{record['energy_eV_per_atom']:.4f}", "eV/atom"),
        Number("bulk modulus", f"{found.curve.bulk_modulus:.2f}", "GPa"),
        Number("B′", f"{found.curve.bulk_derivative:.2f}"),
        Number("misfit", figure_text(found.misfit), "meV/atom", "largest distance of a point from the curve"),
    ]
    if found.inconsistency is not None:
        note = "largest |p + dE/dV|: stress beside energy"
        numbers.append(Number("inconsistency", figure_text(found.inconsistency), "GPa", note))
    alt = "Energy against volume: points as computed, Birch and Murnaghan's curve; beside it the pressure."
    return Telling(
        "Equation of state",
        f"{len(found.volumes)} volumes, atoms at rest; the curve is Birch and Murnaghan's of third order.",
        tuple(numbers),
        {"energy-volume": (partial(state_plot, found), alt)},
        tables={"energy-volume": points},
    )


@tell.register
def _(found: Elastic) -> Telling:
    figures = {}
    if found.stable:
        inverse = compliance(found.stiffness)
        figures["young-surface"] = (partial(young_surface, inverse), "Young's modulus in every direction.")
        figures["young-cuts"] = (partial(young_cuts, inverse), "Young's modulus in the planes xy, xz and yz.")
    named = [Number(name, f"{value:.2f}", "GPa") for name, value in found.constants.items()]
    least = found.sheet.elastic_figures()["least_kelvin_modulus"]
    numbers = [
        *named,
        Number("residual", figure_text(found.residual), "GPa", f"measured beside what {found.group} allows"),
        Number("least Kelvin modulus", f"{least:.2f}", "GPa", "positive: stable", found.stable),
    ]
    if found.stable:
        moduli = found.sheet.elastic_figures()
        numbers += [
            Number("bulk modulus", f"{moduli['bulk']:.2f}", "GPa", "Hill"),
            Number("shear modulus", f"{moduli['shear']:.2f}", "GPa", "Hill"),
            Number("Debye temperature", f"{found.debye:.0f}", "K"),
        ]
    if found.zener is not None:
        numbers.append(Number("Zener's anisotropy", f"{found.zener:.3f}"))
    ions = "atoms followed the strain" if found.clamped else "atoms came to rest under every strain"
    pattern = found.verdict.pattern
    parts = (
        tensor_listing("elastic", found.measured, "As measured, in the axes of the file, GPa", wide=False),
        pattern_listing(pattern, f"What {found.group.hermann_mauguin} allows, standard axes"),
        *(part for part in CONSEQUENCES["elastic"](found.sheet) if isinstance(part, Listing)),
    )
    strains = ", ".join(f"{size:g}" for size in found.amplitudes)
    return Telling(
        "Elastic constants",
        f"Stress under six strains of ±{strains}; {ions}. Point group {found.group.hermann_mauguin}: "
        f"{pattern.constants} independent constants, given in its standard axes.",
        tuple(numbers),
        figures,
        parts,
    )


@tell.register
def _(found: Phonons) -> Telling:
    note = (
        "no imaginary branch"
        if found.stable
        else "imaginary at ({:.3g} {:.3g} {:.3g})".format(*found.lowest_at)
    )
    top = max(float(line.max()) for line in found.bands.frequencies)
    warm = found.thermal
    numbers = (
        Number("lowest frequency", f"{found.lowest:.3f}", "THz", note, found.stable),
        Number("highest frequency", f"{top:.3f}", "THz", f"{top * WAVENUMBER:.0f} cm⁻¹"),
        Number("zero-point energy", f"{1e3 * warm.free_energy[0]:.2f}", "meV/atom"),
        Number(
            "sum rule",
            figure_text(found.constants.sum_rule),
            "eV/Å²",
            "largest net force constant, before it was made zero",
        ),
    )
    rows = tuple(
        (GREEK.get(name, name), *(f"{value:.3f}" for value in values))
        for name, values in found.special.items()
    )
    heading = ("point", *(">THz" for _ in rows[0][1:]))
    split = "split by Born charges" if found.polar else "not split: no Born charges are known"
    bands = {"distance_1_A": [float(d) for line in found.bands.distances for d in line]}
    for mode in range(found.bands.frequencies[0].shape[1]):
        bands[f"mode_{mode + 1}_THz"] = [float(f) for line in found.bands.frequencies for f in line[:, mode]]
    states = {"frequency_THz": found.grid.tolist(), "states_per_THz": found.density.tolist()}
    return Telling(
        "Phonons",
        f"Harmonic, from {found.constants.displacements} displacements in a supercell of "
        "{} × {} × {} cells (phonopy). ".format(*found.constants.supercell)
        + f"Imaginary frequencies are drawn as negative. Longitudinal and transverse modes are {split}.",
        numbers,
        {
            "bands": (partial(bands_plot, found), "Frequencies along the path, and their density of states."),
            "thermal": (
                partial(thermal_plot, warm),
                "Free energy, entropy and heat capacity against temperature.",
            ),
        },
        (Listing(heading, rows, "At points of high symmetry", wide=False),),
        {"bands": bands, "density-of-states": states, "thermal": warm.record()},
    )


@tell.register
def _(found: Expansion) -> Telling:
    record = found.record()
    index = min(range(len(found.temperatures)), key=lambda k: abs(found.temperatures[k] - 300.0))
    at = f"at {found.temperatures[index]:.0f} K"
    numbers = (
        Number("volume", f"{record['volume_A3_per_atom'][index]:.4f}", "Å³/atom", at),
        Number("expansion", f"{1e6 * found.expansion[index]:.2f}", "10⁻⁶/K", f"of the volume, {at}"),
        Number("bulk modulus", f"{found.bulk_modulus[index]:.2f}", "GPa", at),
        Number("C_P", f"{found.heat_capacity_p[index]:.3f}", "k_B/atom", at),
        Number("Grüneisen's constant", f"{found.gruneisen[index]:.2f}", note=at),
        Number(
            "up to", f"{found.temperatures[-1]:.0f}", "K", "where the volume leaves the range, or the last"
        ),
    )
    drawn = {
        name: values
        for name, values in record.items()
        if isinstance(values, list) and len(values) == len(found.temperatures) and name != "gruneisen"
    }
    return Telling(
        "Thermal expansion",
        f"Quasi-harmonic: phonons at {len(found.volumes)} volumes in a supercell of "
        "{} × {} × {} cells, free energies through Birch and Murnaghan's curve.".format(*found.supercell),
        numbers,
        {
            "expansion": (
                partial(expansion_plot, found),
                "Volume, expansion and bulk modulus against temperature.",
            )
        },
        tables={"expansion": drawn},
    )


@tell.register
def _(found: Vacancy) -> Telling:
    numbers = (
        Number(f"vacancy of {found.symbol}", f"{found.energy:.4f}", "eV", f"atom {found.atom}, at rest"),
        Number("before atoms move", f"{found.energy_in_place:.4f}", "eV"),
        Number("atoms", str(len(found.defect.structure)), note="{} × {} × {} cells".format(*found.supercell)),
    )
    lead = (
        f"µ({found.symbol}) = {found.potential:.4f} eV; the supercell keeps the size of the perfect crystal."
    )
    return Telling(f"Vacancy of {found.symbol}", lead, numbers)


@tell.register
def _(found: Surface) -> Telling:
    as_cut = f"{found.energy_as_cut * JOULE_PER_SQUARE_METRE:.4f}"
    numbers = (
        Number(found.name, f"{found.energy * JOULE_PER_SQUARE_METRE:.4f}", "J/m²", "at rest"),
        Number("the same", f"{1e3 * found.energy:.3f}", "meV/Å²"),
        Number("as cut", as_cut, "J/m²"),
        Number(
            "slab",
            f"{found.thickness:.1f}",
            "Å",
            f"{len(found.slab.structure)} atoms, {found.vacuum:g} Å apart",
        ),
    )
    return Telling(f"Surface {found.name}", "The mean of the two faces of a slab.", numbers)
