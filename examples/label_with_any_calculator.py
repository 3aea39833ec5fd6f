"""Label configurations with any ASE calculator: here clusters of copper with EMT, in a few seconds.

    python examples/label_with_any_calculator.py

Writes copper/train.extxyz and copper/test.extxyz, which the other examples read. For quantum chemistry, put
"tblite:GFN2-xTB" in the place of "emt" (pip install 'intertwine[label]').
"""

import sys
from pathlib import Path

from ase.cluster import Icosahedron

from intertwine import Structure, write
from intertwine.apps.label import LabelPlan, label

FRAMES = int(sys.argv[1]) if len(sys.argv) > 1 else 120

Path("copper").mkdir(exist_ok=True)
cluster = Structure.from_ase(Icosahedron("Cu", noshells=2))  # 13 atoms
for name, temperature, seed in (("train", 600.0, 0), ("test", 900.0, 1)):
    plan = LabelPlan(
        calculator="emt",
        temperatures=(temperature,),
        frames=FRAMES,
        interval=20.0,  # fs between frames
        time_step=5.0,  # fs: copper is heavy
        isolated=name == "train",  # the energy of an atom alone is the zero of all binding energies
        seed=seed,
    )
    frames = label([cluster], plan, workers=0)
    write(f"copper/{name}.extxyz", frames)
    print(f"copper/{name}.extxyz: {len(frames)} frames at {temperature:g} K")
