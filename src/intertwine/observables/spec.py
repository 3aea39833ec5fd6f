"""The description from which a model is built again, exactly: plain data, no code."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from intertwine.dispersion import DispersionSpec
from intertwine.electrostatics import LongRangeSpec
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.heads.tensor import TensorSpec

OUTPUTS = ("energy", "energies", "forces", "stress", "virial")
"""What every model with an energy computes on request."""

EXPANSION = ("dipole", "polarisability", "hyperpolarisability")
"""Derivatives of the energy by the field, first, second and third."""

RESPONSES = (*EXPANSION, "born_charges")
"""All derivatives of the energy that have to do with the field."""


class ModelSpec(BaseModel):
    """What a potential is made of, apart from its weights.

    Attributes:
        encoder: sizes of the encoder, its species and its cutoff (Å).
        reference_energies: energy of the isolated atom by atomic number, eV.
        cohesion: mean energy that each species gains in its surroundings, eV (see `Cohesion`).
        scale: standard deviation of what the network has to learn; the force RMS in eV/Å is a good one.
        zbl: add the Ziegler-Biersack-Littmark repulsion of nuclei at short range.
        forces: "derivative" of the energy (conserves it) or "direct" (does not; for comparison only).
        energy: whether there is one; a model of tensors only needs none.
        heads: tensors read off the features, by name.
        field: how an electric field enters the energy: not at all ("none"), through the dipole and what else
            of its responses has a head ("expansion"), or as one more neighbour of every atom ("density").
            In both cases the responses are derivatives of the energy.
        longrange: charges of atoms and their Coulomb energy beyond the cutoff; None for a local model.
        dispersion: a published dispersion energy that is added; None for none.

    >>> ModelSpec(encoder=BodyOrderedSpec(species=(1, 8)), reference_energies={1: -13.6, 8: -432.0}).forces
    'derivative'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: BodyOrderedSpec
    reference_energies: dict[int, float] = {}
    cohesion: dict[int, float] = {}
    scale: Annotated[float, Field(gt=0)] = 1.0
    zbl: bool = False
    forces: Literal["derivative", "direct"] = "derivative"
    energy: bool = True
    heads: dict[str, TensorSpec] = {}
    field: Literal["none", "expansion", "density"] = "none"
    longrange: LongRangeSpec | None = None
    dispersion: DispersionSpec | None = None

    @model_validator(mode="after")
    def _every_species_has_a_reference(self) -> "ModelSpec":
        missing = set(self.encoder.species) - set(self.reference_energies)
        if missing and self.energy:
            raise ValueError(f"reference_energies lack the species {sorted(missing)}")
        if self.forces == "direct" and self.encoder.output_l < 1:
            raise ValueError("direct forces need encoder.output_l >= 1")
        return self

    @model_validator(mode="after")
    def _heads_that_can_be_read(self) -> "ModelSpec":
        for name, head in self.heads.items():
            if head.irreps.degree > self.encoder.output_l:
                raise ValueError(f"the head {name} needs encoder.output_l >= {head.irreps.degree}")
        if not (self.energy or self.heads):
            raise ValueError("a model without energy needs heads")
        if self.dispersion is not None and not self.energy:
            raise ValueError("dispersion is an energy; set energy to true, or leave dispersion out")
        return self

    @model_validator(mode="after")
    def _one_source_for_every_response(self) -> "ModelSpec":
        if self.field == "none":
            return self
        if not self.energy:
            raise ValueError("responses to a field are derivatives of an energy; set energy to true")
        allowed = EXPANSION if self.field == "expansion" else ()
        twice = [name for name in RESPONSES if name in self.heads and name not in allowed]
        if twice:
            raise ValueError(
                f"with field = {self.field} {', '.join(twice)} follow from the energy; leave their heads out"
            )
        terms = [name in self.heads for name in EXPANSION]
        charges = self.longrange is not None
        if self.field == "expansion" and (not (terms[0] or charges) or terms != sorted(terms, reverse=True)):
            raise ValueError(
                f"field = expansion needs a head for the dipole, and no gap in {', '.join(EXPANSION)}"
            )
        if self.field == "density" and not self.encoder.field:
            raise ValueError("field = density needs encoder.field")
        return self

    @model_validator(mode="after")
    def _charges_that_have_an_energy(self) -> "ModelSpec":
        if self.longrange is None:
            return self
        if not self.energy:
            raise ValueError("charges act through an energy; set energy to true, or leave longrange out")
        if "charges" in self.heads:
            raise ValueError("longrange brings the charges of atoms; leave their head out")
        if self.longrange.dipoles and self.encoder.output_l < 1:
            raise ValueError("longrange.dipoles need encoder.output_l >= 1")
        return self

    @property
    def moments(self) -> tuple[str, ...]:
        """What is read off the charges of atoms."""
        if self.longrange is None:
            return ()
        remainder = ("remainder",) if self.longrange.charges == "local" else ()
        return ("charges", *remainder, *(("dipole",) if self.field == "none" else ()))

    @property
    def _order(self) -> int:
        """Up to which derivative by the field there is something to tell."""
        if self.field == "density":
            return len(EXPANSION)
        by_charges = 0 if self.longrange is None else 1 + (self.longrange.charges == "equilibration")
        return max(by_charges, sum(name in self.heads for name in EXPANSION))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Everything that the model computes on request.

        >>> encoder = BodyOrderedSpec(species=(1,))
        >>> ModelSpec(encoder=encoder, reference_energies={1: -13.6}).outputs
        ('energy', 'energies', 'forces', 'stress', 'virial')
        """
        energies = OUTPUTS if self.energy else ()
        responses = () if self.field == "none" else (*EXPANSION[: self._order], "born_charges")
        return tuple(dict.fromkeys((*energies, *responses, *self.moments, *self.heads)))
