"""The smallest potential that keeps every law, and the example of the interface."""

from collections.abc import Collection, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from intertwine.graph import Graph, strained


class MorsePotential(nn.Module):
    """Morse pairs, faded out smoothly: an analytic `Potential` to try the laws on.

        E = Σ_i [E⁰ + ½ Σ_j D (e^{−2a(r−r₀)} − 2 e^{−a(r−r₀)}) f(r/r_c)],    f(x) = (1 − x²)⁴ for x < 1

    f and its first three derivatives vanish at the cutoff. P. M. Morse, Phys. Rev. 34, 57 (1929).

    Args:
        species: atomic numbers.
        cutoff: r_c, Å.
        depth: D, eV.
        distance: r₀, Å.
        rate: a, 1/Å.
        reference: E⁰, eV, of every element.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> model = MorsePotential(species=(6,), reference=0.0)
    >>> pair = Structure([6, 6], [[0.0, 0.0, 0.0], [0.0, 0.0, 1.8]])
    >>> model(build_graph(pair, model.cutoff), outputs=("energy",))["energy"].item() < -0.1
    True
    """

    def __init__(
        self,
        species: Sequence[int] = (1, 6, 8),
        cutoff: float = 4.0,
        depth: float = 0.4,
        distance: float = 1.8,
        rate: float = 1.2,
        reference: float = -10.0,
    ) -> None:
        super().__init__()
        self.species, self.cutoff = tuple(species), cutoff
        self.reference_energies = dict.fromkeys(self.species, reference)
        self.reference = reference
        self.parameters_of_pair = nn.Parameter(torch.tensor([depth, distance, rate], dtype=torch.float64))

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the pair energies; sums over pairs are float64."""
        return self.parameters_of_pair.dtype

    def envelope(self, x: Float[Tensor, "edges"]) -> Float[Tensor, "edges"]:
        """f(x) of x = r/r_c, `(edges,)`."""
        return (1 - x.clamp(max=1.0) ** 2) ** 4

    def atom_energies(self, graph: Graph) -> Float[Tensor, "atoms"]:
        """Energy of each atom, eV, `(atoms,)`, float64."""
        length = graph.edge_vectors().to(self.dtype).norm(dim=-1)
        depth, distance, rate = self.parameters_of_pair
        decay = torch.exp(-rate * (length - distance))
        pair = 0.5 * depth * (decay**2 - 2 * decay) * self.envelope(length / self.cutoff)
        alone = torch.full_like(graph.positions[:, 0], self.reference)
        return alone.index_add(0, graph.receiver, pair.double())

    def forward(
        self, graph: Graph, outputs: Collection[str] = ("energy", "forces"), create_graph: bool = False
    ) -> dict[str, Tensor]:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of one system or a batch, float64."""
        positions = graph.positions.detach().requires_grad_(True)
        strain = torch.zeros_like(graph.cell).requires_grad_(True)
        with torch.enable_grad():
            atoms = self.atom_energies(strained(graph.replace(positions=positions), strain))
            energy = atoms.new_zeros(graph.n_systems).index_add(0, graph.batch, atoms)
            by_position, by_strain = torch.autograd.grad(
                energy.sum(), (positions, strain), create_graph=create_graph, materialize_grads=True
            )
        stress = by_strain / graph.volume.clamp(min=1e-300)[:, None, None]
        every = {"energy": energy, "energies": atoms, "forces": -by_position, "stress": stress}
        return {name: every[name] if create_graph else every[name].detach() for name in outputs}
