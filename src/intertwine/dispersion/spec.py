"""Which dispersion energy belongs to which density functional."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DispersionSpec(BaseModel):
    """A published dispersion energy, beside what the network sees within its cutoff.

    >>> DispersionSpec(method="d4", functional="pbe").with_three_bodies
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    method: Literal["d3bj", "d4"] = "d3bj"
    """D3 with rational damping (Becke and Johnson), or D4."""
    functional: str = Field(min_length=1)
    """Density functional whose parameters are used, by the name that the package has for it: pbe, b3lyp, …"""
    three_body: bool | None = None
    """Whether Axilrod, Teller and Muto's term is in it; None: as published, in D4 and not in D3."""

    @property
    def with_three_bodies(self) -> bool:
        """Whether the energy has a term for triples of atoms."""
        return self.method == "d4" if self.three_body is None else self.three_body
