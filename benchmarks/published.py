"""Published errors that ours are printed beside, with their sources. Read in the papers, never rerun here."""

from typing import NamedTuple


class Published(NamedTuple):
    """One row of a published table; a value that two sources disagree on is written as a range."""

    model: str
    figures: tuple[str, ...]
    source: str


ACAC = (
    Published("BOTNet (2.76 M parameters)", ("0.89", "6.3", "6.2", "29.8"), "Batatia 2022, arXiv 2205.06643"),
    Published("NequIP (3.19 M)", ("0.81", "5.9", "6.0", "27.8"), "Batatia 2022, arXiv 2205.06643"),
    Published(
        "MACE (2.80 M; 2-6 h on an A100)", ("0.9", "5.1", "4.6", "22.4"), "Batatia 2022, arXiv 2206.07697"
    ),
)
"""RMSE: energy (meV per molecule), forces (meV/Å) at 300 K, then at 600 K; trained on 450 frames at 300 K."""

MLEARN = {
    "Li": (
        Published("GAP", ("0.49-0.63", "0.01"), "Zuo 2020, doi 10.1021/acs.jpca.9b08723, and a later refit"),
        Published("MTP", ("0.49-0.80", "0.01"), "likewise"),
    ),
    "Mo": (
        Published(
            "GAP", ("2.24-3.55", "0.09-0.16"), "Zuo 2020, doi 10.1021/acs.jpca.9b08723, and a later refit"
        ),
        Published("MTP", ("2.83-3.89", "0.09-0.15"), "likewise"),
    ),
    "Si": (
        Published(
            "GAP", ("2.91-4.18", "0.07-0.12"), "Zuo 2020, doi 10.1021/acs.jpca.9b08723, and a later refit"
        ),
        Published("MTP", ("2.21-3.02", "0.06-0.09"), "likewise"),
    ),
    "Ge": (
        Published(
            "GAP", ("2.06-4.47", "0.05-0.08"), "Zuo 2020, doi 10.1021/acs.jpca.9b08723, and a later refit"
        ),
        Published("MTP", ("1.79-3.68", "0.05-0.07"), "likewise"),
    ),
}
"""MAE by element: energy (meV/atom), forces (eV/Å). Two sources disagree on the same models: hence ranges.

A linear ACE is known to do better than both; its figures are not printed because they could not be checked.
"""

RMD17 = {
    ("aspirin", 1000): (Published("MACE", ("2.2", "6.6"), "Batatia 2022, arXiv 2206.07697"),),
    ("ethanol", 1000): (Published("MACE", ("0.4", "2.1"), "Batatia 2022, arXiv 2206.07697"),),
    ("aspirin", 50): (Published("MACE", ("17.0", "43.9"), "Batatia 2022, arXiv 2206.07697"),),
    ("ethanol", 50): (Published("MACE", ("6.7", "32.6"), "Batatia 2022, arXiv 2206.07697"),),
}
"""MAE by molecule and training frames: energy (meV per molecule), forces (meV/Å)."""
