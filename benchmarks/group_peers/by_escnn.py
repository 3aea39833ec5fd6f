"""escnn (Cesa, Lang & Weiler, ICLR 2022): subgroups of O(3) by identifiers, steerable convolutions.

Its py3nj is compiled with Fortran; without it the couplings of SO(3) take longer. It runs with numpy below 2.
"""

import itertools
import tempfile

import joblib
import numpy as np
from benchmarks.group_peers.questions import Array, Coupling, Linear, No, Package, Tables, relative

_memory = joblib.Memory
_folder = tempfile.TemporaryDirectory()


def _empty_at_first(*arguments: object, **options: object) -> joblib.Memory:
    """escnn keeps what it computes in files beside its code; an empty folder makes a time a first one."""
    return _memory(_folder.name, verbose=0)


joblib.Memory = _empty_at_first  # before escnn is imported

import escnn.group as eg  # noqa: E402
import escnn.gspaces as spaces  # noqa: E402
import escnn.nn as enn  # noqa: E402
import torch  # noqa: E402

SUBGROUPS = {
    "C1": (False, False, 1), "Ci": (True, False, 1), "Cs": ("cone", 1), "T": (False, "tetra"),
    "Th": (True, "tetra"), "O": (False, "octa"), "Td": ("fulltetra",), "Oh": (True, "octa"),
    "Ih": (True, "ico"),
    **{f"C{n}": (False, False, n) for n in (2, 3, 4, 6)}, **{f"D{n}": (False, True, n) for n in (2, 3, 4, 6)},
    **{f"C{n}v": ("cone", n) for n in (2, 3, 4, 6)}, **{f"C{n}h": (True, False, n) for n in (2, 4, 6)},
    "S6": (True, False, 3), **{n: (True, True, int(n[1])) for n in ("D2h", "D3d", "D4h", "D6h")},
}  # fmt: skip
"""Identifiers of subgroups of its O(3); S4, C3h, D3h and D2d have none."""


class Escnn(Package):
    def __init__(self) -> None:
        super().__init__(
            name="escnn",
            distributions=("escnn", "torch", "numpy"),
            documentation={"CUDA kernels of its own": "no"},
        )
        self.space = eg.o3_group(4)

    def compact(self) -> list[str]:
        made = {
            "O(3)": self.space,
            "SO(3)": eg.so3_group(2),
            "O(2)": eg.o2_group(2),
            "SO(2)": eg.so2_group(2),
        }
        return [name for name, group in made.items() if group.continuous]

    def group(self, name: str, turned: Array | None = None) -> tuple[eg.Group, list, tuple]:
        """The subgroup, its elements as elements of O(3), its identifier."""
        if name not in SUBGROUPS:
            raise No(f"O(3) has no subgroup identifier for {name}")
        identifier = SUBGROUPS[name]
        if turned is not None:
            identifier = (*identifier, self.space.element((0, turned), "MAT"))
        group, include, _ = self.space.subgroup(identifier)
        return group, [include(g) for g in group.elements], identifier

    def elements(self, name: str) -> Array:
        return self._on_vectors(self.group(name)[1])

    def turned(self, name: str, rotation: Array) -> Array:
        return self._on_vectors(self.group(name, rotation.T)[1])

    def _on_vectors(self, elements: list) -> Array:
        vector = self.space.standard_representation()
        return np.array([vector(g) for g in elements])

    def beyond(self) -> str:
        return f"cyclic groups, products: {eg.direct_product(eg.cyclic_group(5), eg.so3_group(1)).name}"

    def irreps(self, name: str) -> tuple[Array, Tables]:
        group, placed, _ = self.group(name)
        tables = {irrep.name: np.array([irrep(g) for g in group.elements]) for irrep in group.irreps()}
        return self._on_vectors(placed), tables

    def endomorphisms(self, name: str) -> list[int]:
        return [len(irrep.endomorphism_basis()) for irrep in self.group(name)[0].irreps()]

    def couplings(self, name: str) -> list[Coupling]:
        group = self.group(name)[0]
        tables = {irrep: np.array([irrep(g) for g in group.elements]) for irrep in group.irreps()}
        return self._couplings(group, tables)

    def couplings_of_space(self, degree: int) -> list[Coupling]:
        group = eg.so3_group(2 * degree)
        g = group.sample()
        tables = {irrep: irrep(g)[None] for irrep in map(group.irrep, range(degree + 1))}
        return [coupling for coupling in self._couplings(group, tables) if len(coupling.tables)]

    def _couplings(
        self, group: eg.Group, tables: dict[eg.IrreducibleRepresentation, Array]
    ) -> list[Coupling]:
        """escnn counts couplings up to endomorphisms of the result; these are multiplied in here."""
        couplings = []
        for a, b in itertools.product(tables, repeat=2):
            found = dict(group._tensor_product_irreps(a.id, b.id))
            for c in tables:
                paths = np.zeros((0, a.size, b.size, c.size))
                if c.id in found:
                    table = group._clebsh_gordan_coeff(a.id, b.id, c.id)
                    paths = np.einsum("abpc,ecd->epabd", table, c.endomorphism_basis())
                    paths = paths.reshape(-1, a.size, b.size, c.size)
                couplings.append(Coupling(paths, tables[a], tables[b], tables[c]))
        return couplings

    def maps(self, name: str) -> tuple[Array, Array]:
        _, placed, identifier = self.group(name)
        vector = self.space.standard_representation().restrict(identifier)
        pair = vector.tensor(vector)
        return self._on_vectors(placed), eg.homomorphism_space(pair, vector)

    def linear(self, name: str) -> Linear:
        group, irrep = self._named(name)
        space = spaces.no_base_space(group)
        before, after = (enn.FieldType(space, n * [irrep]) for n in (2, 3))
        layer = enn.Linear(before, after, bias=False).double()
        return Linear(sum(p.numel() for p in layer.parameters()), self._error(layer, before), "Linear")

    def bilinear(self, name: str) -> Linear:
        group, vector = self._named(name)
        space = spaces.no_base_space(group)
        before, after = enn.FieldType(space, [vector]), enn.FieldType(space, [vector.tensor(vector)])
        layer = enn.TensorProductModule(before, after).double()
        return Linear(
            sum(p.numel() for p in layer.parameters()), self._error(layer, before), "TensorProductModule"
        )

    def network(self, name: str) -> Linear:
        raise No("layers, but no ready network")

    def layers(self) -> list[str]:
        names = (
            "NormNonLinearity",
            "GatedNonLinearity1",
            "FourierPointwise",
            "ELU",
            "IIDBatchNorm1d",
            "FieldNorm",
        )
        return [name for name in names if hasattr(enn, name)]

    def _named(self, name: str) -> tuple[eg.Group, eg.Representation]:
        """A group and its vectors, of C4 those in the plane."""
        if name == "O(3)":
            return self.space, self.space.standard_representation()
        if name == "C4":
            return eg.cyclic_group(4), eg.cyclic_group(4).irrep(1)
        group, _, identifier = self.group(name)
        return group, self.space.standard_representation().restrict(identifier)

    def _error(self, layer: torch.nn.Module, before: enn.FieldType) -> float:
        x, group = torch.randn(5, before.size, dtype=torch.float64), before.gspace.fibergroup
        worst = 0.0
        for g in [group.sample() for _ in range(8)]:
            turned = layer(before(x @ torch.tensor(before.representation(g)).T)).tensor
            straight = layer(before(x)).tensor @ torch.tensor(layer.out_type.representation(g)).T
            worst = max(worst, relative(turned.detach().numpy(), straight.detach().numpy()))
        return worst

    def restrict(
        self, degree: int, name: str, rotation: Array | None = None
    ) -> tuple[Array, Array, list[int]]:
        _, placed, identifier = self.group(name, None if rotation is None else rotation.T)
        whole = self.space.irrep(degree % 2, degree)
        part = whole.restrict(identifier)
        sizes = [part.group.irrep(*irrep).size for irrep in part.irreps]
        return np.array([whole(g) for g in placed]), part.change_of_basis.T, sizes

    def restrict_to_axis(self, degree: int) -> list[int]:
        part = self.space.irrep(degree % 2, degree).restrict(("cone", -1))
        return [part.group.irrep(*irrep).size for irrep in part.irreps]

    def convolution(self) -> float:
        space = spaces.rot2dOnR2(4)
        before = enn.FieldType(space, [space.trivial_repr])
        after = enn.FieldType(space, [space.irrep(1)])
        layer = enn.R2Conv(before, after, 5, bias=False).double()
        image = before(torch.randn(1, 1, 9, 9, dtype=torch.float64))
        quarter = space.fibergroup.element(1)
        difference = layer(image.transform(quarter)).tensor - layer(image).transform(quarter).tensor
        return float(difference.abs().max())


PACKAGE = Escnn
