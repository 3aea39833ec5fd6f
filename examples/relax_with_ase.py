"""Use a model wherever ASE is used: forces, relaxation, vibrations.

python examples/relax_with_ase.py          (after train_from_python.py)
"""

import numpy as np
from ase.cluster import Icosahedron
from ase.optimize import BFGS

from intertwine import IntertwineCalculator

cluster = Icosahedron("Cu", noshells=2)
cluster.rattle(0.1, seed=1)
cluster.calc = IntertwineCalculator("copper/run/model.safetensors")
BFGS(cluster, logfile=None).run(fmax=0.01, steps=200)
print(f"energy {cluster.get_potential_energy():.4f} eV")
print(f"largest force {np.linalg.norm(cluster.get_forces(), axis=1).max():.4f} eV/Å")

curvature = np.linalg.eigvalsh(cluster.calc.get_hessian(cluster))  # exact second derivatives
print(f"softest and stiffest direction {curvature[6]:.2f}, {curvature[-1]:.2f} eV/Å²")
