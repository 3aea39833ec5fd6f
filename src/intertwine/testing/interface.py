"""What a potential must offer to be certified; ours and anybody's."""

import copy
import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from intertwine.errors import InputError
from intertwine.graph import Graph


@runtime_checkable
class Potential(Protocol):
    """The interface of every model that the laws can be tried on.

    `model(graph, outputs=...)` returns a mapping with the outputs asked for, in float64:
    `energy` `(systems,)` eV, `forces` `(atoms, 3)` eV/Å, `stress` `(systems, 3, 3)` eV/Å³ (tensile positive),
    whatever the precision of the weights. Besides, where a model has them, the certificate uses:

    - `reference_energies`, or `spec.reference_energies`: energy of the isolated atom by atomic number, eV;
    - `atom_energies(graph)`: differentiable atomic energies, for the exact Hessian;
    - `outputs`: names of all that it computes; on other rows of `LABELS` among them (a dipole, say) the laws
      of tensors are tried, and without "energy" among them the laws of the energy are not;
    - `spec.longrange`: other than None where atoms feel each other beyond the cutoff by the `charges` that
      are among the outputs: then laws of charges are tried, and those of locality are not;
    - `spec.dispersion`: other than None where they do so by dispersion; its `method` "d4" knows no wires and
      slabs, which then are no probes;
    - `spec.field`: other than "none" where the energy depends on `graph.electric_field`;
    - `metadata`: a mapping, quoted in the certificate.

    A `torch.nn.Module` is copied and cast to try its laws in float64; anything else has to have
    `dtype == torch.float64` already.

    >>> from intertwine.testing import MorsePotential
    >>> isinstance(MorsePotential(species=(6,)), Potential)
    True
    """

    @property
    def cutoff(self) -> float:
        """Å; atoms farther apart than this do not see each other directly."""
        ...

    @property
    def species(self) -> Collection[int]:
        """Atomic numbers that the model knows."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the arithmetic."""
        ...

    def __call__(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> Mapping[str, Tensor]:
        """Evaluate the outputs asked for on one system or a batch."""
        ...


def require_potential(model: Any) -> None:
    """Raise unless `model` looks like a `Potential`.

    >>> require_potential("not a model")
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: this cannot be certified: it lacks cutoff, species, dtype; got: str; ...
    """
    lacking = [name for name in ("cutoff", "species", "dtype") if not hasattr(model, name)]
    if lacking or not callable(model):
        raise InputError(
            f"this cannot be certified: it lacks {', '.join(lacking) or 'a call'}",
            got=type(model).__name__,
            accepted="a model with the interface of intertwine.testing.Potential",
        )


def in_precision(model: Potential, dtype: torch.dtype) -> Potential:
    """An independent copy of the model with its weights in `dtype`, ready for inference.

    Raises:
        InputError: the model is no `torch.nn.Module` and has another precision.
    """
    if isinstance(model, nn.Module):
        cast = copy.deepcopy(model).to(dtype).eval().requires_grad_(False)
        if isinstance(cast, Potential):
            return cast
    if model.dtype == dtype:
        return model
    raise InputError(
        f"the laws need this model in {dtype} too",
        got=model.dtype,
        accepted="a torch.nn.Module, or that dtype",
    )


def reference_energies(model: Potential) -> Mapping[int, float] | None:
    """Energy of each isolated atom as the model declares it, eV; None when it declares none."""
    for owner in (model, getattr(model, "spec", None)):
        energies = getattr(owner, "reference_energies", None)
        if isinstance(energies, Mapping):
            return {int(z): float(e) for z, e in energies.items()}
    return None


def outputs_of(model: Potential) -> tuple[str, ...]:
    """Names of all that a model says it computes; energy, forces and stress where it does not say.

    >>> from intertwine.testing import MorsePotential
    >>> outputs_of(MorsePotential())
    ('energy', 'forces', 'stress')
    """
    return tuple(getattr(model, "outputs", ("energy", "forces", "stress")))


def feels_field(model: Potential) -> bool:
    """Whether the energy of a model depends on the electric field of a graph, as its `spec.field` says."""
    return getattr(getattr(model, "spec", None), "field", "none") != "none"


def has_charges(model: Potential) -> bool:
    """Whether atoms of a model feel each other beyond its cutoff through charges, as its `spec` says."""
    return getattr(getattr(model, "spec", None), "longrange", None) is not None


def has_dispersion(model: Potential) -> bool:
    """Whether atoms of a model feel each other beyond its cutoff by dispersion, as its `spec` says."""
    return getattr(getattr(model, "spec", None), "dispersion", None) is not None


def knows_surfaces(model: Potential) -> bool:
    """Whether a model can tell the energy of wires and slabs; D4 cannot."""
    dispersion = getattr(getattr(model, "spec", None), "dispersion", None)
    return getattr(dispersion, "method", None) != "d4"


def reaches_far(model: Potential) -> bool:
    """Whether atoms of a model feel each other beyond its cutoff, by charges or dispersion."""
    return has_charges(model) or has_dispersion(model)


def weights_hash(model: Potential) -> str | None:
    """SHA-256 over the names, dtypes, shapes and bytes of all weights; None for what has none.

    The same weights give the same hash on every machine.

    >>> from intertwine.testing import MorsePotential
    >>> weights_hash(MorsePotential(species=(6,))) == weights_hash(MorsePotential(species=(6,)))
    True
    """
    if not isinstance(model, nn.Module):
        return None
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
