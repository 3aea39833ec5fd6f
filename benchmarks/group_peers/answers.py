"""How each question is put and its answer judged; what comes back is plain data for the record.

Times are CPU seconds of the package's own work, not of the judging.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.group_peers import questions as q
from benchmarks.group_peers.questions import No, Package

EXACT = 1e-5
"""An error above this is a wrong answer (some packages compute in float32)."""

Answer = dict[str, Any]


def irreps(package: Package) -> Answer:
    """Real irreps of O_h, their labels, and how far ρ(g)ρ(h) is from ρ(gh). Asked first: cold."""
    begun = time.process_time()
    elements, tables = package.irreps("Oh")
    seconds = time.process_time() - begun
    if sum(table.shape[1] ** 2 for table in tables.values()) != 48:
        raise No(f"{len(tables)} irreps, not all")
    error = max(q.homomorphism_error(elements, table) for table in tables.values())
    return _checked(error, seconds=round(seconds, 3), number=len(tables), labels=list(tables))


def couplings(package: Package) -> Answer:
    """All couplings of O_h, with the time, and of C3, where E ⊗ E → E has two."""
    numbers, worst, seconds = {}, 0.0, 0.0
    for name in ("Oh", "C3"):
        begun = time.process_time()
        tables = package.couplings(name)
        seconds = seconds or time.process_time() - begun
        if any(len(c.tables) != q.true_paths(c) for c in tables):
            raise No(f"{name}: couplings are missing")
        numbers[name] = sum(len(c.tables) for c in tables)
        worst = max(worst, *(q.coupling_error(c) for c in tables))
    return _checked(worst, seconds=round(seconds, 3), **numbers)


def couplings_of_space(package: Package) -> Answer:
    """All couplings of rotations up to degree 4."""
    begun = time.process_time()
    tables = package.couplings_of_space(4)
    seconds = round(time.process_time() - begun, 3)
    return _checked(max(q.coupling_error(c) for c in tables), seconds=seconds, number=len(tables))


def point_groups(package: Package) -> Answer:
    """Those of the 32 whose elements on vectors it gives by name."""
    missing = []
    for name in q.POINT_GROUPS:
        try:
            right = q.kinds(package.elements(name)) == q.kinds(q.closed(q.true_generators(name)))
        except (No, NotImplementedError):
            right = False
        if not right:
            missing.append(name)
    if len(missing) == len(q.POINT_GROUPS):
        raise No("none of them")
    return {"number": len(q.POINT_GROUPS) - len(missing), "missing": missing}


def icosahedral(package: Package) -> Answer:
    """I_h by name."""
    if q.kinds(package.elements("Ih")) != q.kinds(q.closed(q.true_generators("Ih"))):
        raise No("other elements")
    return {"order": 120}


def own_groups(package: Package) -> Answer:
    """Groups given by the matrices of generators: the 32, and I_h."""
    names = [*q.POINT_GROUPS, "Ih"]
    made = {name: package.from_generators(q.true_generators(name)) for name in names}
    right = [name for name in names if q.same_set(made[name], q.closed(q.true_generators(name)))]
    return {"number": len(right), "of": len(names)}


def orientation(package: Package) -> Answer:
    """D3 turned by a rotation that fits no axis."""
    rotation = q.random_rotation()
    try:
        standard = package.elements("D3")
    except No:  # then as a group of the user's own
        standard = q.closed(q.true_generators("D3"))
    if not q.same_set(package.turned("D3", rotation), rotation @ standard @ rotation.T):
        raise No("other elements")
    return {"order": len(standard)}


def complex_type(package: Package) -> Answer:
    """Dimensions of the endomorphism algebras in C4: 1, 1 and, for E, 2."""
    found = sorted(package.endomorphisms("C4"))
    if found != [1, 1, 2]:
        raise No(f"endomorphisms {found}, not [1, 1, 2]")
    return {"dimensions": found}


def maps(package: Package) -> Answer:
    """A basis of Hom(V ⊗ V, V) on Cartesian vectors, for O (one) and C3 (nine)."""
    right, wrong = [], {}
    for name in ("O", "C3"):
        elements, basis = package.maps(name)
        expected = round(float(np.mean(np.trace(elements, axis1=1, axis2=2) ** 3)))
        error = q.map_error(elements, basis)
        if np.linalg.matrix_rank(basis.reshape(len(basis), -1), tol=1e-4) == expected and error < EXACT:
            right.append(name)
        else:
            wrong[name] = f"{len(basis)} maps of {expected}, error {error:.1e}"
    if not right:
        raise No(str(wrong))
    return {"right": right, "wrong": wrong}


def projection(package: Package) -> Answer:
    """The equivariant map nearest to a given one, for D3."""
    given = np.arange(9.0).reshape(3, 3) ** 1.5
    elements, found = package.project("D3", given)
    true = np.mean(elements @ given @ elements.transpose(0, 2, 1), axis=0)
    return _checked(float(np.abs(found - true).max()))


def layer(kind: str, *names: str) -> Callable[[Package], Answer]:
    """Weights and error of a layer for the first of these groups that the package can give it for."""

    def question(package: Package) -> Answer:
        refusal = No("no such layer")
        for name in names:
            try:
                made = getattr(package, kind)(name)
            except No as no:
                refusal = no
                continue
            return _checked(made.error, group=name, weights=made.weights, called=made.called)
        raise refusal

    return question


def allowed(package: Package) -> Answer:
    """In how many of the 32 groups its number of components of t_ijk = t_ikj is right."""
    right = [name for name in q.POINT_GROUPS if package.allowed(name) == q.true_allowed(name)]
    return {"number": len(right), "of": len(q.POINT_GROUPS)}


def restriction(degree: int, name: str, turned: bool) -> Callable[[Package], Answer]:
    """O(3) → a point group, with the change of basis."""

    def question(package: Package) -> Answer:
        rotation = q.random_rotation() if turned else None
        matrices, basis, sizes = package.restrict(degree, name, rotation)
        return _checked(q.block_error(matrices, basis, sizes), blocks=sorted(sizes))

    return question


def _checked(error: float, **figures: Any) -> Answer:
    if not error < EXACT:
        raise No(f"the answer is not equivariant: error {error:.1e}")
    return {**figures, "error": float(f"{error:.1e}")}


QUESTIONS: dict[str, Callable[[Package], Answer]] = {
    "irreps": irreps,
    "couplings": couplings,
    "couplings of space": couplings_of_space,
    "compact groups": lambda package: {"names": package.compact()},
    "point groups": point_groups,
    "icosahedral": icosahedral,
    "own groups": own_groups,
    "orientation": orientation,
    "beyond O(3)": lambda package: {"example": package.beyond()},
    "complex type": complex_type,
    "maps": maps,
    "projection": projection,
    "averaging": lambda package: _checked(package.average("D3")),
    "linear, space": layer("linear", "O(3)", "SO(3)"),
    "linear, C4": layer("linear", "C4"),
    "bilinear, space": layer("bilinear", "O(3)", "SO(3)"),
    "bilinear, O": layer("bilinear", "O"),
    "network, space": layer("network", "O(3)", "SO(3)"),
    "network, Oh": layer("network", "Oh"),
    "layers": lambda package: {"names": package.layers()},
    "Cartesian tensors": lambda package: {"irreps": package.cartesian()},
    "allowed": allowed,
    "O(3) to Oh": restriction(4, "Oh", turned=False),
    "O(3) to turned D3": restriction(3, "D3", turned=True),
    "O(3) to O(2)": lambda package: {"blocks": sorted(package.restrict_to_axis(2))},
    "grid": lambda package: _checked(package.convolution()),
}
"""What is asked, in order: cold set-up first."""
