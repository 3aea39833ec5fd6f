"""Small planar encoders and clouds of particles, and how clouds move."""

import numpy as np
import torch

from intertwine.encoders import PlanarCloud, PlanarEncoder, PlanarSpec


def encoder(group: str = "SO(2)", seed: int = 0, **sizes) -> PlanarEncoder:
    torch.manual_seed(seed)
    spec = {"scalars": 2, "width": 8, "functions": 4, "channels": 4, "orders": 4, "particles": 10} | sizes
    return PlanarEncoder(PlanarSpec(group=group, **spec)).double()


def cloud(seed: int, counts: tuple[int, ...] = (5, 0, 1, 9)) -> PlanarCloud:
    draw = torch.Generator().manual_seed(seed)
    size = sum(counts)
    angle = 2 * np.pi * torch.rand(size, generator=draw, dtype=torch.float64)
    length = torch.rand(size, generator=draw, dtype=torch.float64)[:, None]
    return PlanarCloud(
        length.sqrt() * torch.stack([angle.cos(), angle.sin()], dim=1),
        torch.randn(size, 2, generator=draw, dtype=torch.float64),
        torch.rand(size, generator=draw, dtype=torch.float64),
        counts,
    )


def moved(given: PlanarCloud, g: np.ndarray) -> PlanarCloud:
    turn = torch.from_numpy(np.array(g[:2, :2].T))
    return PlanarCloud(given.direction @ turn, given.scalars, given.weight, given.counts)


def element(angle: float, mirror: bool) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    return turn @ np.diag([1.0, -1.0, 1.0]) if mirror else turn
