"""The answers of all packages side by side, in markdown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGES = ("intertwine", "e3nn", "escnn", "emlp", "cuequivariance", "symm-learning")

Answer = dict[str, Any]


def _written(found: Answer, write: Callable[[Answer], str]) -> str:
    if "as" in found:
        return f"{found['as']}'s"
    return "–" if "no" in found else write(found)


def _seconds(found: Answer) -> str:
    seconds = found["seconds"]
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def _layer(found: Answer) -> str:
    return f"{found['called']}, {found['weights']} weights"


def _maps(found: Answer) -> str:
    return ", ".join([*found["right"], *(f"{name} wrong" for name in found["wrong"])])


def _yes(found: Answer) -> str:
    return "yes"


ROWS: dict[str, tuple[str, Callable[[Answer], str]]] = {
    "compact groups": ("compact groups", lambda found: ", ".join(found["names"])),
    "point groups": ("of the 32 point groups, by name", lambda found: str(found["number"])),
    "icosahedral": ("I_h by name", _yes),
    "own groups": (
        "group from 3×3 generators (32 and I_h)",
        lambda found: f"{found['number']} of {found['of']}",
    ),
    "orientation": ("D3 in any orientation", _yes),
    "beyond O(3)": ("beyond O(3)", lambda found: found["example"]),
    "irreps": ("irreps of O_h, cold", lambda found: f"{found['number']}, {_seconds(found)}"),
    "complex type": ("complex type told apart (E of C4)", _yes),
    "couplings": ("all couplings of O_h", lambda found: f"{found['Oh']}, {_seconds(found)}"),
    "couplings of space": (
        "couplings of SO(3), l ≤ 4",
        lambda found: f"{found['number']}, {_seconds(found)}",
    ),
    "maps": ("basis of Hom(V⊗V, V), V Cartesian: O, C3", _maps),
    "projection": ("projection of a matrix (D3)", _yes),
    "averaging": ("averaging of a network (D3)", _yes),
    "linear, space": ("linear, 2 → 3 vectors of O(3): 6 maps", _layer),
    "linear, C4": ("linear, 2 → 3 E of C4: 12 maps", _layer),
    "bilinear, space": ("product of vectors, O(3): 3 maps", _layer),
    "bilinear, O": ("product of vectors, O: 4 maps", _layer),
    "network, space": ("ready network, O(3)", lambda found: found["called"]),
    "network, Oh": ("ready network, O_h", lambda found: found["called"]),
    "layers": ("other layers", lambda found: ", ".join(found["names"])),
    "Cartesian tensors": ("irreps of t_ijk = t_ikj", lambda found: " + ".join(found["irreps"])),
    "allowed": ("its constants in the 32 groups", lambda found: f"{found['number']} of {found['of']}"),
    "O(3) to Oh": ("l = 4 → O_h with basis", _yes),
    "O(3) to turned D3": ("l = 3 → turned D3 with basis", _yes),
    "O(3) to O(2)": ("l = 2 → O(2)", _yes),
    "grid": ("steerable convolution on pixels", _yes),
}
"""For each question its row's title, and how an answer is written."""


def newest(results: Path) -> list[dict[str, Any]]:
    """The last record of each package."""
    found = []
    for package in PACKAGES:
        paths = sorted(results.glob(f"group-peers-{package}-20*.json"))
        found += [json.loads(path.read_text(encoding="utf-8")) for path in paths[-1:]]
    return found


def table(records: list[dict[str, Any]]) -> str:
    """One column per package, one row per question, – where there is no answer."""
    lines = [["", *(record["name"] for record in records)], ["---"] * (len(records) + 1)]
    lines.append(["version", *(next(iter(record["versions"].values())) for record in records)])
    for question, (title, write) in ROWS.items():
        answers = [record["answers"][question] for record in records]
        lines.append([title, *(_written(answer, write) for answer in answers)])
    documented = dict.fromkeys(key for record in records for key in record["documentation"])
    for key in documented:
        lines.append([f"{key} †", *(record["documentation"].get(key, "") for record in records)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
