"""Who takes part: Intertwine's presets and their peers, each with the versions it is measured in."""

from typing import Any, NamedTuple

TORCH = "torch>=2.11,<2.14"


class Entrant(NamedTuple):
    """One model of the comparison.

    Args:
        title: as the table names it.
        package: it is run by the `by_<package>` file of the benchmark.
        settings: what that file is told.
        requirements: of an environment of its own; none for the one that runs this.
    """

    title: str
    package: str
    settings: dict[str, Any]
    requirements: tuple[str, ...] = ()


MACE = ("mace-torch==0.3.16", TORCH)
NEQUIP = ("nequip==0.19.1", TORCH)

ENTRANTS = {
    **{
        size: Entrant(f"Intertwine {size}", "intertwine", {"preset": size})
        for size in ("small", "medium", "large")
    },
    **{
        f"mace-{width}": Entrant(
            f"MACE {width}x0e + {width}x1o", "mace", {"hidden": f"{width}x0e + {width}x1o"}, MACE
        )
        for width in (64, 128)
    },
    "nequip": Entrant(
        "NequIP 3 layers, l ≤ 2, 32",
        "nequip",
        {"num_layers": 3, "l_max": 2, "num_features": 32, "parity": False},
        NEQUIP,
    ),
}
"""By the name that the command takes."""
