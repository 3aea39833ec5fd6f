"""Read frames whose labels have names and units of their own, and look at them before training.

python examples/read_custom_keys.py
"""

from pathlib import Path

from intertwine import read, write
from intertwine.data import LabelKeys, LabelUnits, fit_reference_energies, split, statistics

FRAME = """2
Properties=species:S:1:pos:R:3:dft_force:R:3 dft_energy={energy:.3f} pbc="F F F"
H 0.0 0.0 0.0      0.0 0.0 {left:.3f}
H 0.0 0.0 {r:.3f}  0.0 0.0 {right:.3f}
"""
with Path("hydrogen.xyz").open("w") as file:
    for r in (0.70, 0.72, 0.74, 0.76, 0.78):  # Å; energies in kcal/mol
        pull = 800 * (r - 0.74)
        file.write(FRAME.format(r=r, energy=-730 + 400 * (r - 0.74) ** 2, left=pull, right=-pull))

frames = read(
    "hydrogen.xyz",
    keys=LabelKeys(energy="dft_energy", forces="dft_force"),
    units=LabelUnits(energy="kcal/mol", forces="kcal/mol/Å"),
)
reference = fit_reference_energies(frames)
print(frames[0], f"energy {frames[0].labels['energy']:.3f} eV")
print(reference.sentence())
print(statistics(frames, reference))
parts = split(frames, {"valid": 0.2, "train": None}, seed=0)
write("hydrogen_train.extxyz", parts["train"])  # our own keys and units: nothing left to say next time
