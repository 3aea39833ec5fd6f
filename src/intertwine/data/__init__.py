"""Matter as files: structures, their labels, readers, splits and statistics. NumPy only."""

from intertwine.data.labels import LABELS, Label, LabelKeys, LabelUnits
from intertwine.data.structure import Structure

__all__ = ["LABELS", "Label", "LabelKeys", "LabelUnits", "Structure"]
