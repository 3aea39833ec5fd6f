"""Running a model: many structures at once, inside ASE, downhill, and in time.

Names are imported on first use, so that work which needs no model never pays for PyTorch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intertwine.engines.calculator import IntertwineCalculator
    from intertwine.engines.dynamics import Motion, resume_dynamics, run_dynamics
    from intertwine.engines.ensembles import NPT, NVE, Ensemble, Langevin
    from intertwine.engines.exported import ExportedPotential, load_exported
    from intertwine.engines.oracles import oracle
    from intertwine.engines.predictor import Predictor
    from intertwine.engines.relaxation import Relaxation, relax
    from intertwine.engines.snapshot import ExplosionError, Snapshot
    from intertwine.engines.velocities import thermalise

_HOME = {
    "IntertwineCalculator": "calculator",
    "Motion": "dynamics",
    "run_dynamics": "dynamics",
    "resume_dynamics": "dynamics",
    "Ensemble": "ensembles",
    "NVE": "ensembles",
    "Langevin": "ensembles",
    "NPT": "ensembles",
    "ExportedPotential": "exported",
    "load_exported": "exported",
    "oracle": "oracles",
    "Predictor": "predictor",
    "Relaxation": "relaxation",
    "relax": "relaxation",
    "ExplosionError": "snapshot",
    "Snapshot": "snapshot",
    "thermalise": "velocities",
}

__all__ = [
    "NPT",
    "NVE",
    "Ensemble",
    "ExplosionError",
    "ExportedPotential",
    "IntertwineCalculator",
    "Langevin",
    "Motion",
    "Predictor",
    "Relaxation",
    "Snapshot",
    "load_exported",
    "oracle",
    "relax",
    "resume_dynamics",
    "run_dynamics",
    "thermalise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
