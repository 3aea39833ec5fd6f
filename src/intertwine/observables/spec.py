"""The description from which a model is built again, exactly: plain data, no code."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from intertwine.encoders.body_ordered import BodyOrderedSpec


class ModelSpec(BaseModel):
    """What a potential is made of, apart from its weights.

    Attributes:
        encoder: sizes of the encoder, its species and its cutoff (Å).
        reference_energies: energy of the isolated atom by atomic number, eV.
        cohesion: mean energy that each species gains in its surroundings, eV (see `Cohesion`).
        scale: standard deviation of what the network has to learn; the force RMS in eV/Å is a good one.
        zbl: add the Ziegler-Biersack-Littmark repulsion of nuclei at short range.
        forces: "derivative" of the energy (conserves it) or "direct" (does not; for comparison only).

    >>> ModelSpec(encoder=BodyOrderedSpec(species=(1, 8)), reference_energies={1: -13.6, 8: -432.0}).forces
    'derivative'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: BodyOrderedSpec
    reference_energies: dict[int, float]
    cohesion: dict[int, float] = {}
    scale: Annotated[float, Field(gt=0)] = 1.0
    zbl: bool = False
    forces: Literal["derivative", "direct"] = "derivative"

    @model_validator(mode="after")
    def _every_species_has_a_reference(self) -> "ModelSpec":
        missing = set(self.encoder.species) - set(self.reference_energies)
        if missing:
            raise ValueError(f"reference_energies lack the species {sorted(missing)}")
        if self.forces == "direct" and self.encoder.output_l < 1:
            raise ValueError("direct forces need encoder.output_l >= 1")
        return self
