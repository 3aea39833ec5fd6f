"""From frames to a calibrated uncertainty: which weights the training frames leave open.

`design` reads off a model what a label of each frame would say about its last weights; `calibrate` gathers
that over the training frames and fits what is left to choose on frames that were never fitted.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from intertwine.data import Structure, data_hash, without_isolated_atoms
from intertwine.engines.predictor import check_species
from intertwine.errors import InputError
from intertwine.graph import build_graph, collate
from intertwine.observables import Model
from intertwine.observables.uncertainty import LastLayerPosterior, energy_rows, force_rows, whitened

Progress = Callable[[int, int], None]
"""Told how many frames are done, of how many."""

COMPONENTS: Final = 8
"""Force components looked at in every frame, drawn at random."""

ATOMS_AT_ONCE: Final = 500
FORCE_WEIGHTS: Final = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
"""λ tried, Å²."""

RIDGES: Final = tuple(10.0**power for power in range(-12, -1))
"""ζ² tried, in units of the mean eigenvalue of what the frames say; more would drown what they say."""


@dataclass(frozen=True, eq=False)
class Design:
    """What labels of frames say, or would say, about the last weights of a model.

    Args:
        atoms: in each frame.
        energy: ∂E/∂w, eV.
        forces: ∂F/∂w of a few components of each frame, eV/Å; none for a model with direct forces.
        energy_error: label − prediction, eV; NaN where a frame has no label.
        forces_error: the same of each component, eV/Å.
    """

    atoms: Float[Tensor, " frames"]
    energy: Float[Tensor, "frames readouts"]
    forces: Float[Tensor, "frames chosen readouts"]
    energy_error: Float[Tensor, " frames"]
    forces_error: Float[Tensor, "frames chosen"]

    def blocks(self, force_weight: float) -> Float[Tensor, "frames labels readouts"]:
        """Rows whose outer products add up to the information of each frame: energy, then forces.

        A component stands for all 3N of its frame, of which it was drawn.
        """
        share = 3.0 * self.atoms / max(self.forces.shape[1], 1)
        weighted = (force_weight * share).sqrt()[:, None, None] * self.forces
        return torch.cat([(self.energy / self.atoms.sqrt()[:, None])[:, None], weighted], dim=1)

    def information(self) -> tuple[Float[Tensor, "readouts readouts"], Float[Tensor, "readouts readouts"]]:
        """Σ ΦΦᵀ/N of the labelled energies, and Σ (∂Φ/∂x)(∂Φ/∂x)ᵀ of the labelled forces."""
        energy, forces = self.blocks(1.0).split([1, self.forces.shape[1]], dim=1)
        known = (energy[:, 0][self.energy_error.isfinite()], forces[self.forces_error.isfinite()])
        return known[0].T @ known[0], known[1].T @ known[1]


def design(
    model: Model,
    structures: Sequence[Structure],
    *,
    components: int = COMPONENTS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Design:
    """Rows and errors of frames, which may lack any label.

    Args:
        model: a potential.
        structures: one or more.
        components: force components to draw in each frame; 0 leaves forces out.
        seed: of the draw.
        progress: told how many frames are done.

    Raises:
        InputError: an element that the model does not know.
    """
    if not structures:
        raise InputError("no frames to read the uncertainty from", accepted="at least one")
    rng = np.random.default_rng(seed)
    wanted = components if model.direct is None else 0
    parts, done = [], 0
    for batch in _batches(structures, model):
        chosen = np.stack([rng.integers(3 * len(frame), size=wanted) for frame in batch])
        parts.append(_rows(model, batch, torch.from_numpy(chosen)))
        done += len(batch)
        if progress is not None:
            progress(done, len(structures))
    return Design(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Design)))


def _batches(structures: Sequence[Structure], model: Model) -> Iterator[list[Structure]]:
    batch: list[Structure] = []
    for index, frame in enumerate(structures):
        check_species(frame, model, where=f"frame {index}")
        if batch and sum(map(len, batch)) + len(frame) > ATOMS_AT_ONCE:
            yield batch
            batch = []
        batch.append(frame)
    yield batch


def _rows(model: Model, frames: list[Structure], chosen: Int64[Tensor, "frames chosen"]) -> Design:
    device = next(model.parameters()).device
    graph = collate([build_graph(frame.replace(labels={}), model.cutoff) for frame in frames]).to(device)
    with torch.no_grad():
        predicted = model(graph, ("energy", "forces"))
        energy = energy_rows(model, graph).cpu()
    forces = energy.new_zeros(len(frames), 0, energy.shape[1])
    if chosen.shape[1]:
        forces = force_rows(model, graph, chosen.to(device)).cpu()
    energies = torch.tensor([float(frame.labels.get("energy", math.nan)) for frame in frames]).double()
    known = [frame.labels.get("forces", np.full((len(frame), 3), math.nan)) for frame in frames]
    missed = torch.from_numpy(np.concatenate(known)) - predicted["forces"].detach().cpu()
    per_frame = missed.split([len(frame) for frame in frames])
    errors = torch.stack([part.flatten()[row] for part, row in zip(per_frame, chosen, strict=True)])
    atoms = torch.tensor([float(len(frame)) for frame in frames]).double()
    return Design(atoms, energy, forces, energies - predicted["energy"].detach().cpu(), errors)


def calibrate(model: Model, trained: Design, unseen: Design) -> LastLayerPosterior:
    """The posterior of the last weights, its free numbers chosen by errors on frames never fitted.

    For every λ and ζ tried, α is the closed form √⟨(error/σ)²⟩ of the energies and of the forces; λ and ζ are
    those under which all these errors together are likeliest.

    Args:
        model: the potential.
        trained: frames that it was fitted to.
        unseen: labelled frames that it was not fitted to.

    Raises:
        InputError: the training frames have no label, or the unseen ones have none that could be compared.
    """
    energy, forces = trained.information()
    labelled = {"energy": energy.trace() > 0, "forces": forces.trace() > 0}
    if not any(labelled.values()):
        raise InputError("the training frames say nothing about the model", accepted="labelled frames")
    if not unseen.energy_error.isfinite().any() and not unseen.forces_error.isfinite().any():
        raise InputError("nothing to calibrate the uncertainty with", accepted="frames with energy or forces")
    best: tuple[float, LastLayerPosterior] | None = None
    weights = [weight for weight in FORCE_WEIGHTS if labelled["forces" if weight else "energy"]]
    for weight, ridge in product(weights, RIDGES):
        found = _tried(model, energy + weight * forces, ridge, weight, unseen)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    assert best is not None, "a precision with a large ridge has a Cholesky root"
    return best[1]


def _tried(
    model: Model, information: Tensor, ridge: float, force_weight: float, unseen: Design
) -> tuple[float, LastLayerPosterior] | None:
    """Negative log likelihood and posterior for one λ and ζ; None when P is singular in float64."""
    ridge *= float(information.trace()) / len(information)
    precision = information + ridge * torch.eye(len(information), dtype=torch.float64)
    root, failed = torch.linalg.cholesky_ex(precision)
    if failed:
        return None
    scales, surprise = {}, 0.0
    for of, rows, errors in (
        ("energy", unseen.energy, unseen.energy_error),
        ("forces", unseen.forces, unseen.forces_error),
    ):
        known = errors.isfinite()
        if known.any():
            unit = whitened(rows[known], root).norm(dim=-1).clamp(min=1e-150)
            scales[of] = max(float((errors[known] / unit).square().mean().sqrt()), 1e-150)
            surprise += float((scales[of] * unit).log().sum())
    mean = model.energy.head.last_weights().detach().cpu()
    return surprise, LastLayerPosterior(mean, precision, scales, force_weight, ridge)


def uncertainty_of(
    model: Model,
    frames: Sequence[Structure],
    unseen: Sequence[Structure] | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> LastLayerPosterior:
    """The calibrated posterior of the last weights of a model, from the frames that it was trained on.

    Args:
        model: the potential.
        frames: of its training file, those held out for validation included.
        unseen: labelled frames that it was not fitted to; by default those that were held out.
        seed: of the force components that are looked at.
        progress: told how many frames are done.

    Raises:
        InputError: nobody says which frames were not fitted, or an element is unknown, or labels are missing.
    """
    if unseen is None:
        parts = fitted_and_unseen(model, frames)
        if parts is None:
            raise InputError(
                "the model does not say which of these training frames it was not fitted to",
                fix="give the very file it was trained on (keys and units too), or other frames to calibrate",
            )
        frames, unseen = parts
    trained = design(model, without_isolated_atoms(frames), seed=seed, progress=progress)
    return calibrate(model, trained, design(model, unseen, seed=seed))


def fitted_and_unseen(
    model: Model, frames: Sequence[Structure]
) -> tuple[list[Structure], list[Structure]] | None:
    """Frames of a training file that the model learned from, and those that it was only validated on.

    Recognised by the hashes that a training leaves in the model; None when they do not fit the frames.
    """
    try:
        parts = model.metadata["provenance"]["data"]["valid"]["split"]["parts"]
    except (KeyError, TypeError):
        return None
    frames = without_isolated_atoms(frames)
    places = {name: parts[name]["indices"] for name in ("train", "valid")}
    if max(map(max, places.values())) >= len(frames):
        return None
    chosen = {name: [frames[index] for index in indices] for name, indices in places.items()}
    if any(data_hash(part) != parts[name]["hash"] for name, part in chosen.items()):
        return None
    return chosen["train"], chosen["valid"]
