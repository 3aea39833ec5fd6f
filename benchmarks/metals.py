"""Four metals by ASE's EMT: every question that `intertwine` asks a crystal, in a minute or two.

    python -m benchmarks.metals

EMT costs nothing and is known to others, so this is a check of the machinery and no statement on metals. The
constants beside ours are those of `tests/apps/test_elastic_constants.py`.
"""

from ase.calculators.emt import EMT
from benchmarks.record import machine
from rich import box
from rich.console import Console
from rich.table import Table

from intertwine.apps.matter.crystal import element_crystal
from intertwine.apps.matter.elastic import elastic
from intertwine.apps.matter.expansion import expansion
from intertwine.apps.matter.phonons import phonons
from intertwine.apps.matter.state import equation_of_state
from intertwine.apps.matter.surface import JOULE_PER_SQUARE_METRE, surface
from intertwine.apps.matter.vacancy import vacancies

COLUMNS = (
    "metal",
    "a, Å",
    "B, GPa",
    "c11 c12 c44, GPa",
    "θ_D, K",
    "X, THz",
    "vacancy, eV",
    "(111), J/m²",
    "α(300 K), 10⁻⁶/K",
)


def row(symbol: str) -> tuple[str, ...]:
    """One metal; α is linear, a third of that of the volume."""
    start, calculator = element_crystal(symbol), EMT()
    state, constants = equation_of_state(calculator, start), elastic(calculator, start)
    (hole,), face = vacancies(calculator, start), surface(calculator, start, (1, 1, 1))
    modes = phonons(calculator, start).special["X"]
    warm = expansion(calculator, start)
    at_300 = warm.expansion[warm.temperatures.tolist().index(300.0)] / 3
    return (
        symbol,
        f"{state.record()['lattice_A'][0]:.4f}",
        f"{state.curve.bulk_modulus:.1f}",
        " ".join(f"{value:.1f}" for value in constants.constants.values()),
        f"{constants.debye:.0f}",
        f"{modes[0]:.2f} {modes[-1]:.2f}",
        f"{hole.energy:.3f}",
        f"{face.energy * JOULE_PER_SQUARE_METRE:.3f}",
        f"{1e6 * at_300:.1f}",
    )


def main() -> None:
    table = Table(*COLUMNS, box=box.MARKDOWN)
    for symbol in ("Al", "Ni", "Cu", "Au"):
        table.add_row(*row(symbol))
    console = Console(width=140)
    console.print(table)
    console.print(machine()["processor"], highlight=False)


if __name__ == "__main__":
    main()
