"""The exact algebra is light: it can be used, and its tables made, without torch."""

import subprocess
import sys


def test_importing_groups_loads_neither_torch_nor_scipy() -> None:
    program = (
        "import sys; from intertwine.groups import wigner_d, random_rotation; import numpy as np;"
        "wigner_d(3, random_rotation(np.random.default_rng(0)));"
        "print(sorted({'torch', 'scipy', 'ase'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
