"""Names of array types used in signatures: shapes are read by people always, by beartype in tests."""

from pathlib import Path

PathLike = str | Path
