"""Collisions read about their beam, and jets about their axis: vectors, planes, parities and tags.

What an event is stands in `events` and `files`, where events come from in `flow`, `collisions`, `pythia`,
`detector` and `clustering`, what can be asked in `tasks`, how it is learned in `clouds`, `network` and
`training`, and what comes of it in `scores` and `report`.
"""

from intertwine.apps.jets.archive import load_jets, save_jets
from intertwine.apps.jets.collisions import CollisionPlan, collide
from intertwine.apps.jets.detector import Detector
from intertwine.apps.jets.events import Events, joined
from intertwine.apps.jets.files import from_arrays, read_events, write_events
from intertwine.apps.jets.flow import FlowPlan, best_estimate, flow_events
from intertwine.apps.jets.network import JetModel, JetSpec, spec_for
from intertwine.apps.jets.scores import gain, score
from intertwine.apps.jets.tasks import TASKS, find_task
from intertwine.apps.jets.training import FitPlan, fit_jets

__all__ = [
    "TASKS",
    "CollisionPlan",
    "Detector",
    "Events",
    "FitPlan",
    "FlowPlan",
    "JetModel",
    "JetSpec",
    "best_estimate",
    "collide",
    "find_task",
    "fit_jets",
    "flow_events",
    "from_arrays",
    "gain",
    "joined",
    "load_jets",
    "read_events",
    "save_jets",
    "score",
    "spec_for",
    "write_events",
]
