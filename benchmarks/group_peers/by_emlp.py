"""EMLP (Finzi, Welling & Wilson, ICML 2021): groups by generators, equivariant maps by their null space.

Version 1.0.3 runs with jax 0.4.20, numpy below 2 and scipy 1.12.
"""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from benchmarks.group_peers.questions import (  # noqa: E402
    Array,
    Linear,
    No,
    Package,
    closed,
    relative,
    true_generators,
)
from emlp import groups, nn  # noqa: E402
from emlp.reps import V  # noqa: E402

FACES = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 0, -1.0]])
"""Normals of the faces that its Cube permutes: up, front, right, back, left, down."""


class Generated(groups.Group):
    """A group of the user's own, as its documentation shows."""

    def __init__(self, generators: Array, name: str) -> None:
        self.discrete_generators, self.called = np.array(generators).reshape(-1, 3, 3), name
        self.d = 3
        super().__init__()

    def __repr__(self) -> str:
        return self.called


class Emlp(Package):
    def __init__(self) -> None:
        super().__init__(
            name="emlp",
            distributions=("emlp", "jax", "jaxlib", "objax", "numpy"),
            documentation={"CUDA kernels of its own": "no"},
        )

    def compact(self) -> list[str]:
        made = {"O(3)": groups.O(3), "SO(3)": groups.SO(3), "O(2)": groups.O(2), "SO(2)": groups.SO(2)}
        return [name for name, group in made.items() if len(group.lie_algebra)]

    def elements(self, name: str) -> Array:
        """Cn, Cnv on the plane embedded in space, O from the permutations of a cube's faces."""
        if name == "C1":
            return np.eye(3)[None]
        if name == "O":
            faces = [np.asarray(g.to_dense()) for g in groups.Cube().discrete_generators]
            return closed(np.array([FACES.T @ g @ FACES / 2 for g in faces]))
        if name[0] != "C" or not name[1].isdigit() or name[2:] not in ("", "v"):
            raise No("Cn, Dn in the plane, embedded in space, and the rotations of a cube")
        order = int(name[1])
        plane = groups.D(order) if name.endswith("v") else groups.C(order)
        return closed(np.asarray(groups.Embed(plane, 3, slice(2)).discrete_generators))

    def from_generators(self, generators: Array) -> Array:
        return closed(np.asarray(Generated(generators, "own").discrete_generators))

    def turned(self, name: str, rotation: Array) -> Array:
        return self.from_generators(rotation @ true_generators(name) @ rotation.T)

    def beyond(self) -> str:
        names = ("Lorentz", "Sp", "SU", "S", "RubiksCube")
        return ", ".join(name for name in names if hasattr(groups, name))

    def maps(self, name: str) -> tuple[Array, Array]:
        group = self._group(name)
        basis = np.asarray((V * V >> V)(group).equivariant_basis())
        elements = closed(np.asarray(group.discrete_generators))
        return elements, basis.T.reshape(-1, 3, 9)

    def project(self, name: str, map: Array) -> tuple[Array, Array]:
        group = self._group(name)
        found = (V >> V)(group).equivariant_projector() @ jnp.asarray(map.reshape(-1))
        return closed(np.asarray(group.discrete_generators)), np.asarray(found).reshape(3, 3)

    def linear(self, name: str) -> Linear:
        group = self._group(name)
        layer = nn.Linear((2 * V)(group), (3 * V)(group))
        return Linear(layer.w.value.size, self._error(layer, group, 2, 3), "Linear, projected in each call")

    def bilinear(self, name: str) -> Linear:
        group = self._group(name)
        layer = nn.BiLinear((2 * V + V**2)(group), (2 * V + V**2)(group))
        x, g = np.random.default_rng(0).standard_normal((4, 15)), np.asarray(group.sample())
        whole = np.zeros((15, 15))
        whole[:3, :3] = whole[3:6, 3:6] = g
        whole[6:, 6:] = np.kron(g, g)
        error = relative(np.asarray(layer(x @ whole.T)), np.asarray(layer(x)) @ whole.T)
        return Linear(layer.w.value.size, error, "BiLinear, part of all products")

    def network(self, name: str) -> Linear:
        group = self._group(name)
        network = nn.EMLP(V, V, group, ch=32, num_layers=1)
        weights = sum(variable.value.size for variable in network.vars().values())
        return Linear(weights, self._error(network, group, 1, 1), "EMLP")

    def layers(self) -> list[str]:
        return [name for name in ("GatedNonlinearity", "EMLPBlock") if hasattr(nn, name)]

    def _group(self, name: str) -> groups.Group:
        if name in ("O(3)", "SO(3)"):
            return groups.O(3) if name == "O(3)" else groups.SO(3)
        if name == "C4":
            return groups.C(4)
        return Generated(true_generators(name), name)

    def _error(self, layer: nn.Linear, group: groups.Group, copies_in: int, copies_out: int) -> float:
        x = np.random.default_rng(0).standard_normal((5, copies_in * group.d))
        g = np.asarray(group.sample())
        before, after = (np.kron(np.eye(copies), g) for copies in (copies_in, copies_out))
        return relative(np.asarray(layer(x @ before.T)), np.asarray(layer(x)) @ after.T)


PACKAGE = Emlp
