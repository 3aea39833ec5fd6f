"""Molecular dynamics that conserves energy and can be resumed exactly: 5 ps of a copper cluster at 600 K.

    python examples/molecular_dynamics.py      (after train_from_python.py)

Leaves copper/md/trajectory.extxyz, log.csv and a restart file; `resume_dynamics` goes on from it.
"""

import sys

from ase.cluster import Icosahedron

from intertwine import IntertwineCalculator
from intertwine.engines import NVE, run_dynamics

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 2500

cluster = Icosahedron("Cu", noshells=2)
cluster.calc = IntertwineCalculator("copper/run/model.safetensors")
last = run_dynamics(
    cluster, NVE(), "copper/md", steps=STEPS, time_step=2.0, temperature=600.0, every=max(1, STEPS // 100)
)
print(f"{last.time / 1000:g} ps, {last.temperature:.0f} K, energy drift {last.drift:+.4f} meV/atom")
