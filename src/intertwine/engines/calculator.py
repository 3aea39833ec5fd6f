"""The model as an ASE calculator."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress
from jaxtyping import Float

from intertwine.data import LabelKeys, LabelUnits, Structure
from intertwine.data.labels import BONDS, CONDITIONS
from intertwine.data.stored_labels import stored_bonds, stored_conditions
from intertwine.engines.predictor import Runnable, check_bonds, check_species, per, runnable, with_weights
from intertwine.graph import Graph, NeighbourList
from intertwine.graph.build import float64, graph_bonds
from intertwine.observables import hessian
from intertwine.typing import PathLike

TENSORS: Final[Mapping[str, str]] = {
    "dipole": "dipole",
    "charges": "charges",
    "born_effective_charges": "born_charges",
    "polarisability": "polarisability",
}
"""Properties by the names of ASE, where it has one, and what they are called here."""


class IntertwineCalculator(Calculator):
    """ASE calculator of an Intertwine model: everything ASE does, done with the model.

    Properties: energy and free_energy (eV, equal), energies (eV per atom, `[atoms]`), forces (eV/Å), stress
    (eV/Å³, Voigt xx yy zz yz xz xy, ASE's sign; where the three cell vectors span a volume) and hessian
    (eV/Å², `[3·atoms, 3·atoms]`). One evaluation gives all but the Hessian, so their values never depend on
    the order in which they are asked for. Where the model has them also dipole (e·Å), charges (e),
    born_effective_charges (e) and polarisability (e²Å²/eV, `[3, 3]`), evaluated when asked for.

    Total charge (e) and electric field (V/Å) are `atoms.info["charge"]` and `atoms.info["electric_field"]`;
    a model without field or charge in its energy does not feel them. What the model predicts per bond is a
    property by its own name, one value for each ordered pair of `atoms.info["bonds"]` (lattice steps of the
    second atom: `atoms.info["bond_shifts"]`).

    The neighbour list reaches `skin` beyond the cutoff and is rebuilt only when an atom has moved more than
    half of it, or the cell, the elements or the periodicity changed; edges between cutoff and skin
    contribute exactly zero.

    Args:
        model: a `Model`, which is not changed, or an `ExportedPotential`, which has no Hessian; or the path
            of either.
        skin: Å; 0 rebuilds the neighbour list at every step.
        device: where to run, `"cpu"` or `"cuda"`; where the model is already, by default.
        dtype: precision of the weights; the model's own by default. Energies come out in float64.

    Raises:
        InputError: no model there or no such device; on evaluation, an element the model has never seen, or
            positions that are not finite.

    >>> from ase.build import molecule
    >>> from intertwine.encoders.body_ordered import BodyOrderedSpec
    >>> from intertwine.observables import Model, ModelSpec
    >>> encoder = BodyOrderedSpec(species=(1, 8), channels=4)
    >>> water = molecule("H2O")
    >>> water.calc = IntertwineCalculator(
    ...     Model(ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -432.0}))
    ... )
    >>> water.get_forces().shape, water.calc.get_hessian(water).shape
    ((3, 3), (9, 9))
    """

    reads_info: ClassVar[bool] = True
    """Charge and field are those that `atoms.info` holds."""

    implemented_properties: ClassVar[list[str]] = [
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
        "hessian",
    ]

    def __init__(
        self,
        model: Runnable | PathLike,
        skin: float = 1.0,
        device: str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.model = runnable(model, device, dtype)
        self.device = self.model.device
        self.skin = skin
        outputs = self.model.outputs
        self._tensors = {name: output for name, output in TENSORS.items() if output in outputs}
        self._tensors |= {name: name for name in outputs if per(name) == "bond"}
        self.implemented_properties = [  # pyright: ignore[reportAttributeAccessIssue]
            *type(self).implemented_properties,
            *self._tensors,
        ]
        self.forget()

    def forget(self) -> None:
        """Drop results and neighbour list: the next evaluation starts as the very first one did."""
        self.reset()
        self._neighbours = NeighbourList(self.model.cutoff, self.skin)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Evaluate the model; ASE calls this when it has no valid result. Fills `results`."""
        if atoms is not None:
            self._remember(atoms)
        assert self.atoms is not None  # ASE gives them, or gave them before
        graph = self._graph(self.atoms)
        if "energy" not in self.results:
            self.results.update(self._evaluate(graph))
        tensors = {name: self._tensors[name] for name in properties if name in self._tensors}
        asked = {name: output for name, output in tensors.items() if name not in self.results}
        if asked:
            outputs = tuple(asked.values())
            found = self.model(self._with_bonds(graph, self.atoms, outputs), outputs=outputs)
            for name, output in asked.items():
                value = found[output].detach().cpu().numpy()
                self.results[name] = value[0] if per(output) == "system" else value
        if "hessian" in properties:
            model = with_weights(self.model, "Hessian")
            self.results["hessian"] = hessian(model, graph).detach().cpu().numpy()

    def check_state(self, atoms: Atoms, tol: float = 0.0) -> list[str]:
        """What changed since the results were computed; charges and magnetic moments do not matter."""
        if self.atoms is None:
            return list(all_changes)
        names = (*CONDITIONS, *(BONDS if "bond" in map(per, self._tensors) else ()))
        now, then = _state(atoms, names), _state(self.atoms, names)
        return [name for name in now if not np.array_equal(now[name], then[name])]

    def get_hessian(self, atoms: Atoms | None = None) -> Float[np.ndarray, "coordinates coordinates"]:
        """∂²E/∂x∂x, eV/Å², `[3·atoms, 3·atoms]`, coordinates x, y, z of atom 0, then of atom 1, …"""
        return np.asarray(self.get_property("hessian", atoms))

    def _remember(self, atoms: Atoms) -> None:
        """Keep what the results belong to; a copy of atoms costs more than to move those at hand."""
        last = self.atoms
        if last is None or not _same_matter(last, atoms):
            self.atoms = atoms.copy()
        else:
            last.positions[:] = atoms.positions
            last.cell.array[:] = atoms.cell.array
            last.info = dict(atoms.info)

    def _graph(self, atoms: Atoms) -> Graph:
        graph = self._geometry(atoms)
        given = stored_conditions(atoms, LabelKeys(), LabelUnits())
        return graph.replace(
            **{name: float64(value)[None].to(self.device) for name, value in given.items() if value.any()}
        )

    def _with_bonds(self, graph: Graph, atoms: Atoms, outputs: Sequence[str]) -> Graph:
        """The graph with the bonds that the atoms name, where an output per bond is asked for."""
        if "bond" not in map(per, outputs):
            return graph
        bare = Structure(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
        structure = bare.replace(**stored_bonds(atoms, LabelKeys()))
        check_bonds(structure, outputs)
        return graph.replace(
            **{name: value.to(self.device) for name, value in graph_bonds(structure).items()}
        )

    def _geometry(self, atoms: Atoms) -> Graph:
        moved = self._neighbours.follow(atoms.numbers, atoms.pbc, atoms.positions, atoms.cell.array)
        if moved is not None:
            return moved.to(self.device)
        structure = Structure(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
        check_species(structure, self.model)
        return self._neighbours.graph(structure).to(self.device)

    def _evaluate(self, graph: Graph) -> dict[str, Any]:
        volume = abs(float(np.linalg.det(graph.cell[0].cpu().numpy())))
        outputs = ("energy", "energies", "forces", *(["virial"] if volume > 0 else []))
        out = {
            name: value.detach().cpu().numpy() for name, value in self.model(graph, outputs=outputs).items()
        }
        energy = float(out["energy"][0])
        results = {
            "energy": energy,
            "free_energy": energy,
            "energies": out["energies"],
            "forces": out["forces"],
        }
        if volume > 0:
            results["stress"] = full_3x3_to_voigt_6_stress(-out["virial"][0] / volume)
        return results


def _same_matter(a: Atoms, b: Atoms) -> bool:
    return np.array_equal(a.numbers, b.numbers) and np.array_equal(a.pbc, b.pbc)


def _state(atoms: Atoms, names: Sequence[str]) -> dict[str, np.ndarray]:
    under = {name: np.asarray(atoms.info[name]) for name in names if name in atoms.info}
    return {
        **dict.fromkeys(names, np.zeros(0)),
        **under,
        "positions": atoms.positions,
        "numbers": atoms.numbers,
        "cell": atoms.cell.array,
        "pbc": atoms.pbc,
    }
