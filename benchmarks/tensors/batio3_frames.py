"""BaTiO3: 59 frames of 135 atoms with every response to a field, as training, validation and test frames."""

from benchmarks.record import data_folder

from intertwine.data import LabelKeys, Split, read, split

KEYS = LabelKeys(
    energy="total_energy", dipole="polarization", polarisability="polarizability", born_charges="born_charge"
)

LABELS = ("energy", "forces", "stress", "dipole", "polarisability", "born_charges")


def parts(seed: int) -> Split:
    """40 frames to learn from, 4 to choose by, 15 to report on, drawn by the seed."""
    frames = read(data_folder("batio3") / "BaTiO3.xyz", keys=KEYS, require=LABELS)
    return split(frames, {"train": 40, "valid": 4, "test": None}, seed)
