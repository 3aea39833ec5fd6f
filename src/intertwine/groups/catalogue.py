"""Groups by their names: O(3), SO(3), O(2), SO(2) and the 32 crystallographic point groups."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from intertwine.errors import InputError, nearest
from intertwine.groups.group import Group
from intertwine.groups.orthogonal import O3, SO3
from intertwine.groups.planar import O2Group, SO2Group
from intertwine.groups.point_groups import POINT_GROUPS, point_group, schoenflies

COMPACT = ("O(3)", "SO(3)", "O(2)", "SO(2)")
GROUP_NAMES = (*COMPACT, *POINT_GROUPS)
"""Every name, Schoenflies for the point groups."""


def get_group(name: str | Group, orientation: Float[np.ndarray, "3 3"] | None = None) -> Group:
    """The group of this name, in any orientation.

    Args:
        name: `O(3)`, `SO(3)`, `O(2)`, `SO(2)`, or a point group by its Schoenflies (`Oh`, `C3v`) or
            Hermann-Mauguin name (`m-3m`, `3m`). A group is handed back as it is.
        orientation: proper rotation of the standard setting, in which z is the principal axis.

    Raises:
        InputError: an unknown name, with the nearest one; an orientation that is not a rotation.

    >>> get_group("Oh").order, get_group("m-3m") == get_group("Oh"), get_group("SO(2)").kind
    (48, True, 'compact')
    """
    if isinstance(name, Group):
        return name
    given = None if orientation is None else np.asarray(orientation, dtype=np.float64)
    if given is not None and given.shape != (3, 3):
        raise InputError("an orientation is a 3x3 rotation matrix", got=f"shape {given.shape}")
    return _cached(str(name), None if given is None else given.tobytes())


@lru_cache(maxsize=1024)
def _cached(name: str, turned: bytes | None) -> Group:
    orientation = None if turned is None else np.frombuffer(turned).reshape(3, 3)
    compact = name.upper().replace(" ", "")
    if compact == "O(3)":
        return O3
    if compact == "SO(3)":
        return SO3
    if compact in ("O(2)", "SO(2)"):
        return (O2Group if compact == "O(2)" else SO2Group)(orientation)
    found = schoenflies(name)
    if found is None:
        close = nearest(name, GROUP_NAMES)
        raise InputError(
            f"no group is named {name!r}",
            accepted=", ".join(GROUP_NAMES) + ", or Hermann-Mauguin names such as m-3m",
            fix=f"write {close!r}" if close else None,
        )
    return point_group(found, orientation)
