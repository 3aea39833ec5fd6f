"""Events of the benchmarks, generated once and kept."""

from pathlib import Path

from intertwine.apps.jets.collisions import CollisionPlan, collide
from intertwine.apps.jets.detector import Detector
from intertwine.apps.jets.events import Events
from intertwine.apps.jets.files import read_events, write_events

CROWDED = Detector(reach=3.0, pt=1.0)
PLANS = {
    "z-nunu-jet": CollisionPlan("z-nunu-jet", 8000, 10.0, CROWDED, seed=1),
    "top": CollisionPlan("top", 6000, seed=1),
    "qcd": CollisionPlan("qcd", 6000, seed=1),
}


def sample(process: str, folder: Path) -> Events:
    """Events of a process, from `folder` or, the first time, from Pythia (minutes)."""
    path = folder / f"{process}.h5"
    if not path.is_file():
        print(f"generating {PLANS[process].events} events of {process}", flush=True)
        write_events(collide(PLANS[process]), path)
    return read_events(path)
