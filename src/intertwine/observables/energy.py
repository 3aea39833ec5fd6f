"""The energy functional: reference, cohesion, core repulsion, dispersion and what was learned."""

from jaxtyping import Float
from torch import Tensor, nn

from intertwine.dispersion import Dispersion
from intertwine.encoders.features import AtomFeatures
from intertwine.graph import Graph
from intertwine.heads.scalar import ScalarHead
from intertwine.observables.reference import ZBL, Cohesion, ReferenceEnergies
from intertwine.observables.spec import ModelSpec
from intertwine.ops.norm import norm


class EnergyTerms(nn.Module):
    """Energy of each atom, eV, float64:

        E_i = E⁰_z + µ_z(1 − e^{−k n_i}) + s·ε_i [+ ZBL] [+ dispersion]

    with ε the scalar head on the encoder's features. Learned numbers are cast up before they meet the large
    reference energies, so that float32 models keep float32's relative precision on what they learned.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        encoder = spec.encoder
        self.head = ScalarHead(encoder.channels, encoder.layers)
        self.reference = ReferenceEnergies(spec.reference_energies)
        self.cohesion = Cohesion(spec.cohesion, encoder.cutoff, encoder.neighbours)
        self.zbl = ZBL() if spec.zbl else None
        self.dispersion = Dispersion(spec.dispersion) if spec.dispersion else None
        self.scale = spec.scale

    def forward(self, graph: Graph, features: AtomFeatures, twice: bool = True) -> Float[Tensor, " atoms"]:
        """Energies; with `twice` false, first derivatives of what has no weights may be constants."""
        length = norm(graph.edge_vectors())
        energy = self.reference(graph.numbers) + self.scale * self.head(features).double()
        energy = energy + self.cohesion(graph.numbers, length, graph.receiver)
        if self.zbl is not None:
            energy = energy + self.zbl(graph.numbers, length, graph.receiver, graph.sender)
        if self.dispersion is not None:
            energy = energy + self.dispersion(graph, twice)
        return energy
