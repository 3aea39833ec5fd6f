"""What a model is made of, as a part of the configuration."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from intertwine.data.labels import LABELS, Label, declare, known_label
from intertwine.dispersion import DispersionSpec
from intertwine.electrostatics import LongRangeSpec
from intertwine.errors import InputError
from intertwine.train.section import Count, Positive, Section

PRESETS: dict[str, dict[str, int]] = {
    "small": {"channels": 32, "message_channels": 16, "layers": 2, "l_max": 2, "hidden_l": 1, "radial": 6},
    "medium": {"channels": 64, "message_channels": 32, "layers": 2, "l_max": 3, "hidden_l": 1, "radial": 8},
    "large": {"channels": 128, "message_channels": 64, "layers": 2, "l_max": 3, "hidden_l": 1, "radial": 8},
}
"""Sizes that go together; any of them can still be set on its own."""


class HeadConfig(Section):
    """A tensor to predict; nothing has to be said of one that is in the label table."""

    indices: str | None = None
    """Index symmetry of a new label: "" for a number, "i" for a vector, "ij=ji", "ijk=ikj", …"""
    unit: str | None = None
    """Its unit."""
    per: Literal["system", "atom", "bond"] = "system"
    """One value per system, per atom, or per bond: per ordered pair of atoms that a frame names."""
    extensive: bool = False
    """Whether the value of a system is the sum over its atoms."""
    axial: bool = False
    """Whether it takes the sign of det R in a reflection, as a magnetic moment does."""
    positive: bool = False
    """Keep a symmetric matrix (or an elastic tensor) positive definite."""

    def declared(self, name: str) -> Label:
        """The row of the label table, added where it is new.

        Raises:
            InputError: an unknown label without indices and unit, or a known one with others.

        >>> HeadConfig().declared("dipole").unit
        'e·Å'
        """
        if self.indices is None and self.unit is None:
            return LABELS[known_label(name)]
        if self.indices is None or self.unit is None:
            raise InputError(f"the head '{name}' is half described", fix="give both its indices and its unit")
        known, kept = LABELS.get(name), ("indices", "unit", "per", "extensive", "axial")
        if known is not None and all(getattr(known, key) == getattr(self, key) for key in kept):
            return known
        return declare(Label(name, **{key: getattr(self, key) for key in kept}))


class ModelConfig(Section):
    """What the potential is made of; species and energies come from the data."""

    preset: Literal["small", "medium", "large"] = "medium"
    """Sizes for what is not set below."""
    cutoff: Positive = 5.0
    """Å; information travels `layers` times as far."""
    channels: Count = 64
    """Many-body products of every atom."""
    message_channels: Count = 32
    """What an atom sends to its neighbours."""
    layers: Count = 2
    """Rounds of messages."""
    l_max: Annotated[int, Field(ge=1, le=6)] = 3
    """Angular resolution of the surroundings of an atom."""
    hidden_l: Literal[0, 1] = 1
    """Highest degree that is passed on between layers."""
    radial: Count = 8
    """Number of radial functions."""
    zbl: bool = False
    """Add the repulsion of nuclei at short range."""
    forces: Literal["derivative", "direct"] = "derivative"
    """The derivative of the energy; or predicted on their own, which does not conserve energy."""
    energy: bool = True
    """Whether there is an energy; a model of tensors only needs none."""
    heads: dict[str, HeadConfig] = Field(default={})
    """Tensors to predict: names of the label table, or new ones with indices and unit."""
    field: Literal["none", "expansion", "density"] = "none"
    """Electric field in the energy: none; by its dipole and polarisability; or felt by every atom."""
    charge: bool = False
    """Whether the energy depends on the total charge."""
    longrange: LongRangeSpec | None = None
    """Charges of atoms and their Coulomb energy beyond the cutoff: `{}`, or any of its settings."""
    dispersion: DispersionSpec | None = None
    """A published dispersion energy that is added: `{method: d3bj, functional: pbe}`."""

    @field_validator("heads")
    @classmethod
    def _labels_of_heads(cls, heads: dict[str, HeadConfig]) -> dict[str, HeadConfig]:
        for name, head in heads.items():
            if name in ("energy", "forces", "stress"):
                raise ValueError(f"{name} is no head: it comes with the energy")
            head.declared(name)
        return heads

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: Any) -> Any:
        if isinstance(given, dict) and (preset := given.get("preset", "medium")) in PRESETS:
            return PRESETS[preset] | given
        return given
