"""Events as clouds of particles: what a network is told of each, about the beam or the axis of a jet."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from intertwine.apps.jets.events import KINDS, Events
from intertwine.encoders import PlanarCloud
from intertwine.errors import InputError

CORE = 0.02
"""Nearer than this to the axis of a jet a particle hardly has a direction."""


class View(BaseModel):
    """What is told of a particle.

    >>> View(columns=("charge", "vertex")).scalars
    6
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: Literal["beam", "jet"] = "beam"
    """Azimuth about the beam, or about the axis of the jet that an event is."""
    columns: tuple[Literal["charge", "kind", "vertex"], ...] = ()
    """What is known beside the momentum."""
    boost_invariant: bool = False
    """Tell η less its mean weighted by pT: nothing changes when the event moves along the beam."""
    infrared_safe: bool = False
    """Tell angles only; the momentum counts as weight."""
    unit: Annotated[float, Field(gt=0)] = 1.0
    """GeV: mean transverse momentum of particles, the unit of weights."""

    @property
    def scalars(self) -> int:
        """How many invariants of each particle."""
        own = 2 if self.infrared_safe else 3
        sizes = {"charge": 1, "kind": len(KINDS), "vertex": 2}
        return own + sum(sizes[name] for name in self.columns)


def view_of(events: Events, frame: Literal["beam", "jet"], safe: bool, boost_invariant: bool) -> View:
    """The view of all that these events tell of their particles, in their own unit.

    >>> from intertwine.apps.jets.flow import FlowPlan, flow_events
    >>> view_of(flow_events(FlowPlan(10)), "beam", False, False).columns
    ()
    """
    columns = () if safe else tuple(sorted(events.columns))
    unit = float(events.pt.mean()) if len(events.pt) else 1.0
    return View.model_validate(
        {"frame": frame, "columns": columns, "boost_invariant": boost_invariant, "infrared_safe": safe,
         "unit": unit or 1.0}
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Clouds:
    """All events as tensors, of which batches are taken.

    Args:
        direction, scalars, weight: of all particles, as in `PlanarCloud`.
        offsets: where events begin and end.
    """

    direction: Float[Tensor, "particles 2"]
    scalars: Float[Tensor, "particles scalars"]
    weight: Float[Tensor, " particles"]
    offsets: Int[np.ndarray, " boundaries"]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def batch(self, chosen: Int[np.ndarray, " chosen"]) -> PlanarCloud:
        """The particles of some events.

        >>> from intertwine.apps.jets.flow import FlowPlan, flow_events
        >>> clouds = look(flow_events(FlowPlan(10)), View())
        >>> len(clouds.batch(np.array([3, 1])))
        2
        """
        counts = np.diff(self.offsets)[chosen]
        starts = self.offsets[chosen] - np.concatenate([[0], np.cumsum(counts)[:-1]])
        rows = torch.from_numpy(np.arange(counts.sum()) + np.repeat(starts, counts))
        direction, scalars, weight = (
            table.index_select(0, rows) for table in (self.direction, self.scalars, self.weight)
        )
        return PlanarCloud(direction, scalars, weight, counts.tolist())


def look(events: Events, view: View, dtype: torch.dtype = torch.float32) -> Clouds:
    """Events as a view tells them.

    Args:
        events: with the columns of the view.
        view: what is told.
        dtype: of the tensors.

    Raises:
        InputError: the events lack a column.
    """
    for name in view.columns:
        if name not in events.columns:
            raise InputError(
                f"the events do not say the '{name}' of their particles",
                got=", ".join(events.columns) or "momenta only",
                accepted="events as those of the training: " + ", ".join(view.columns),
            )
    if view.frame == "jet":
        across = about_axis(events)
        distance = np.hypot(*across.T)
        direction = across / np.hypot(distance, CORE)[:, None]
        angles = [5 * distance, np.log(distance + 0.005) / 2 + 1]
    else:
        direction = np.stack([np.cos(events.phi), np.sin(events.phi)], axis=1)
        direction = np.where((events.pt > 0)[:, None], direction, 0.0)
        eta = events.eta - (_centre(events) if view.boost_invariant else 0.0)
        angles = [eta / 2, np.abs(eta) - 1]
    scalars = angles if view.infrared_safe else [*angles, np.log(events.pt / view.unit + 1e-3) / 2]
    for name in view.columns:
        scalars += _told(name, events.columns[name])
    tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array)).to(dtype)  # noqa: E731
    return Clouds(
        tensor(direction), tensor(np.stack(scalars, axis=1)), tensor(events.pt / view.unit), events.offsets
    )


def about_axis(events: Events) -> Float64[np.ndarray, "particles 2"]:
    """(Δη, Δφ) of each particle from the axis of its jet, the mean of its particles weighted by pT.

    >>> pair = Events(np.array([0, 2]), np.array([1.0, 3.0]), np.array([0.0, 0.4]), np.array([3.1, -3.1]))
    >>> about_axis(pair).round(3)
    array([[-0.3  , -0.062],
           [ 0.1  ,  0.021]])
    """
    wave = _mean(events, np.exp(1j * events.phi))
    turned = np.angle(np.exp(1j * events.phi) * wave.conj())
    return np.stack([events.eta - _centre(events), turned - _mean(events, turned)], axis=1)


def _centre(events: Events) -> np.ndarray:
    return _mean(events, events.eta)


def _mean(events: Events, values: np.ndarray) -> np.ndarray:
    """Mean over the event, weighted by pT, for each of its particles."""
    event, size = events.event, len(events)
    total = np.bincount(event, events.pt, minlength=size)
    sums = np.zeros(size, dtype=values.dtype)
    np.add.at(sums, event, events.pt * values)
    return (sums / np.where(total > 0, total, 1.0))[event]


def _told(name: str, column: np.ndarray) -> list[np.ndarray]:
    if name == "kind":
        return [column == kind for kind in range(len(KINDS))]
    if name == "vertex":
        return [column == 1, column == -1]
    return [column]
