"""Try the laws of physics on a potential of your own, whatever library it comes from.

    python examples/certify_your_own_potential.py

A potential needs cutoff, species, dtype and a call; see `intertwine.testing.Potential`. This one is a pair
potential with a sharp cutoff, and the certificate finds that out.
"""

import torch
from rich import print

from intertwine import certify
from intertwine.observables import differentiate


class SharpPair(torch.nn.Module):
    """E_i = ½ Σ_j exp(−r_ij), cut off at 4 Å without a switch."""

    cutoff, species, dtype = 4.0, (6,), torch.float64

    def atom_energies(self, graph):
        pair = 0.5 * torch.exp(-graph.edge_vectors().norm(dim=1))
        return pair.new_zeros(graph.n_atoms).index_add(0, graph.receiver, pair)

    def forward(self, graph, outputs=("energy", "forces"), create_graph=False):
        return differentiate(self.atom_energies, graph, outputs, create_graph)


certificate = certify(SharpPair(), budget=2.0)
print(certificate.table())
print(f"not kept: {', '.join(line.name for line in certificate.broken)}")
