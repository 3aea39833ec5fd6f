"""Rock salt: lattice, elasticity and the splitting of its optical phonons, with and without long range.

    python -m benchmarks.longrange salt --minutes 6

The oracle is the rigid-ion model of Fumi and Tosi: ions of charge ±1, repulsion, dispersion. Both models
learn energies, forces and stresses of cells of 64 ions, strained and displaced at random; the same encoder,
frames and time; charges are not told. Phonons are those of waves along [001], exact in a cell eight times as
long: for long waves, a model that ends at its cutoff has the same longitudinal and transverse ones.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from ase.build import bulk
from ase.data import atomic_masses
from benchmarks.fitting import cell, fit, options_of
from benchmarks.longrange import tosi_fumi
from benchmarks.record import Stopwatch, keep, show
from jaxtyping import Float
from scipy.optimize import minimize_scalar
from torch import Tensor

from intertwine.apps.style import save, styled_figure
from intertwine.data import Structure
from intertwine.graph import Graph, build_graph
from intertwine.observables.derivatives import hessian_of
from intertwine.observables.linear_response import response_of

Energies = Callable[[Graph], Tensor]

SIZES = {"preset": "small", "cutoff": 5.0}
MODELS: dict[str, dict[str, Any]] = {"within the cutoff": {}, "with charges": {"longrange": {}}}
TRAINING: dict[str, Any] = {
    "batch_size": 2,
    "learning_rate": 0.005,
    "ema": 0.99,
    "weights": {"energy": 10.0, "forces": 1.0, "stress": 20.0},
}
GUESS = 5.64
"""Å."""
LONG = 8
"""Cells along z in which phonons are computed."""
TO_TERAHERTZ = np.sqrt(1.602176634e-19 / 1.66053906660e-27) * 1e10 / (2 * np.pi) * 1e-12
"""√(eV/Å²/u) in THz."""


def add(commands: Any) -> None:
    """The command and its options."""
    options = options_of(commands, "salt", 6.0, "an ionic crystal")
    options.add_argument("--frames", type=int, default=80, help="to learn from")
    options.set_defaults(do=run)


def rock_salt(a: float, repeat: tuple[int, int, int] = (1, 1, 1), cubic: bool = True) -> Structure:
    """NaCl with lattice constant a, Å."""
    return Structure.from_ase(bulk("NaCl", "rocksalt", a=a, cubic=cubic).repeat(repeat))


def frames(options: argparse.Namespace) -> dict[str, list[Structure]]:
    """Strained by up to 3 %, displaced by up to 0.2 Å, labelled."""
    start, found = rock_salt(GUESS, (2, 2, 2)), {}
    counts = {"train": options.frames, "valid": options.frames // 8, "test": options.frames // 4}
    for offset, (part, count) in enumerate(counts.items()):
        rng, drawn = np.random.default_rng([options.seed, offset]), []
        for _ in range(count):
            strain = rng.uniform(-0.03, 0.03, (3, 3))
            deform = np.eye(3) + 0.5 * (strain + strain.T) + rng.uniform(-0.02, 0.03) * np.eye(3)
            moved = start.positions + rng.uniform(0.01, 0.2) * rng.normal(size=start.positions.shape)
            drawn.append(start.replace(positions=moved @ deform, cell=start.cell @ deform))
        found[part] = [tosi_fumi.labelled(structure) for structure in drawn]
    return found


def run(options: argparse.Namespace) -> int:
    parts = frames(options)
    with Stopwatch() as watch:
        fitted = {
            name: fit(options, f"salt-{name.replace(' ', '-')}", parts, SIZES | model, TRAINING)
            for name, model in MODELS.items()
        }
    answers = {"Fumi–Tosi": properties(tosi_fumi.atom_energies, tosi_fumi.CUTOFF)}
    for name, one in fitted.items():
        answers[name] = properties(one.model.double().atom_energies, one.model.cutoff)
    charge = fitted["with charges"].model(build_graph(rock_salt(GUESS), SIZES["cutoff"]), ("charges",))
    record = {name: one.record() for name, one in fitted.items()}
    figures = {"test": record, "crystal": answers, "charge": charge["charges"].abs().mean().item()}
    path = keep("longrange-salt", options.seed, watch, figures, options.results)
    draw(answers, options.results)
    rows = [
        [
            name,
            *(cell(fitted[name].errors, q, "mae") if name in fitted else "" for q in ("forces", "stress")),
            f"{found['a']:.4f}",
            *(f"{found[c]:.2f}" for c in ("C11", "C12", "C44")),
            f"{found['LO'][0]:.2f}, {found['TO'][0]:.2f}",
        ]
        for name, found in answers.items()
    ]
    columns = ["forces (meV/Å)", "stress", "a (Å)", "C11 (GPa)", "C12", "C44", "LO, TO (THz)"]
    show("Rock salt", columns, rows, watch, path)
    print(f"charge of an ion of the perfect crystal in the model: {figures['charge']:.3f} e")
    return 0


def properties(energies_of: Energies, cutoff: float) -> dict[str, Any]:
    """Lattice constant (Å), elastic constants (GPa), and phonons (THz) of q = (0, 0, m/8a), m = 1 … 4."""

    def energy(a: float) -> float:
        graph = build_graph(rock_salt(a, cubic=False), cutoff)
        with torch.no_grad():
            return energies_of(graph).sum().item()

    a = float(minimize_scalar(energy, bracket=(GUESS - 0.1, GUESS, GUESS + 0.1), tol=1e-7).x)
    elastic = response_of(energies_of, build_graph(rock_salt(a), cutoff), field=False).elastic
    C = elastic.numpy() if isinstance(elastic, Tensor) else np.asarray(elastic)
    return {
        "a": a,
        "C11": float(C[0, 0, 0, 0]),
        "C12": float(C[0, 0, 1, 1]),
        "C44": float(C[1, 2, 1, 2]),
        **optical_phonons(energies_of, rock_salt(a, (1, 1, LONG)), cutoff),
    }


def optical_phonons(energies_of: Energies, crystal: Structure, cutoff: float) -> dict[str, list[float]]:
    """Frequencies of the waves in which the two ions move against each other, along and across q, THz."""
    size = len(crystal) // LONG
    hessian = hessian_of(energies_of, build_graph(crystal, cutoff)).numpy()
    masses = np.repeat(atomic_masses[crystal.numbers], 3)
    matrix = (hessian / np.sqrt(masses[:, None] * masses)).reshape(LONG, size, 3, LONG, size, 3)[0]
    period, z = crystal.cell[2, 2] / LONG, crystal.positions[:, 2].reshape(LONG, size)
    found: dict[str, list[float]] = {"q": [], "LO": [], "TO": []}
    for m in range(1, LONG // 2 + 1):
        q = 2 * np.pi * m / (LONG * period)
        phases = np.exp(1j * q * (z[:, None, :] - z[:1, :, None]))  # cells, to, from: r' − r
        wave = np.einsum("iajkb,jik->iakb", matrix, phases)
        squares, modes = np.linalg.eigh(wave.reshape(3 * size, 3 * size))
        found["q"].append(m / LONG)
        for name, axis in (("LO", 2), ("TO", 0)):
            pattern = _against_each_other(crystal.numbers[:size], axis)
            best = np.argmax(np.abs(pattern @ modes))
            found[name].append(float(np.sign(squares[best]) * np.sqrt(abs(squares[best])) * TO_TERAHERTZ))
    return found


def _against_each_other(numbers: np.ndarray, axis: int) -> Float[np.ndarray, " coordinates"]:
    """The optical mode at q = 0, mass-weighted: centre of mass at rest."""
    masses = atomic_masses[numbers]
    moves = np.where(numbers == 11, 1 / masses, -1 / masses) * np.sqrt(masses)
    pattern = np.zeros((len(numbers), 3))
    pattern[:, axis] = moves
    return pattern.ravel() / np.linalg.norm(pattern)


def draw(answers: dict[str, dict[str, Any]], folder: Any) -> None:
    """Phonons against q."""
    figure, (axis,) = styled_figure(5.2, 3.6)
    for name, found in answers.items():
        for branch, line in (("LO", "-"), ("TO", "--")):
            axis.plot(found["q"], found[branch], line, marker="o", markersize=3, label=f"{name}, {branch}")
    axis.set(xlabel="q along [001], 2π/a", ylabel="frequency, THz")
    axis.legend(frameon=False, fontsize=7)
    save(figure, folder / "longrange-salt")
