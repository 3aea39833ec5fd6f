"""Crystals of known symmetry, which the tests of the data floor keep."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
