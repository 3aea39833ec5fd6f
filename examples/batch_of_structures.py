"""Evaluate many structures at once, as NumPy arrays: no ASE, no loop over calculators.

python examples/batch_of_structures.py     (after train_from_python.py)
"""

from intertwine import Predictor, read

predictor = Predictor.load("copper/run/model.safetensors")
frames = read("copper/test.extxyz", index="::5")
results = predictor(frames, outputs=("energy", "energies", "forces"))
for frame, result in zip(frames[:3], results, strict=False):
    print(f"{frame.formula}: {result['energy']:.3f} eV, label {frame.labels['energy']:.3f} eV")
    print(f"    the atom bound weakest: {result['energies'].max():.3f} eV")
