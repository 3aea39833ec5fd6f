"""The compiled fields of sites equal the plain ones: values, first and second derivatives, anywhere."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from intertwine.ops import pose_fields as module
from intertwine.ops.native import usable
from intertwine.ops.pose_fields import plain_pose_fields, pose_fields

built = pytest.mark.skipif(not usable(torch.zeros(1)), reason="the kernels were not built")
CUTOFF = 4.0


class Scene:
    """Points among random sites: the leaves (points, features, weights), and a gradient of the fields."""

    def __init__(self, points: int, sites: int, l_max: int, radial: int, channels: int, width: float = 9.0):
        self.generator = torch.Generator().manual_seed(points + sites)
        rows = (l_max + 1) ** 2
        self.sites = width * (torch.rand(sites, 3, generator=self.generator, dtype=torch.float64) - 0.5)
        shapes = [(points, 3), (sites, rows, channels), (radial, (l_max + 2) * channels)]
        self.leaves = [self.random(*shape) for shape in shapes]
        self.leaves[0] *= 3.0
        self.grad = self.random(points, rows + 1, channels)

    def random(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, dtype=torch.float64)

    def felt(self, fields, given: list[Tensor]) -> Tensor:
        return fields(given[0], self.sites.to(given[0].dtype), given[1], given[2], CUTOFF)

    def first(self, fields, dtype: torch.dtype = torch.float64) -> list[Tensor]:
        """The fields and their gradients."""
        given = [leaf.to(dtype).requires_grad_() for leaf in self.leaves]
        felt = self.felt(fields, given)
        return [felt.detach(), *torch.autograd.grad(felt, given, self.grad.to(dtype))]

    def second(self, fields) -> list[Tensor]:
        """Gradients of a function of the gradients, along the leaves and the gradient of the fields."""
        given, grad = (
            [leaf.clone().requires_grad_() for leaf in self.leaves],
            self.grad.clone().requires_grad_(),
        )
        slopes = torch.autograd.grad(self.felt(fields, given), given, grad, create_graph=True)
        squares = torch.stack([slope.square().sum() for slope in slopes]).sum()
        return list(torch.autograd.grad(squares, [*given, grad], materialize_grads=True))


sizes = {"points": st.integers(0, 20), "sites": st.integers(0, 60), "radial": st.integers(1, 9)}
scenes = st.builds(Scene, **sizes, l_max=st.integers(0, 4), channels=st.sampled_from([1, 3, 8, 21]))


def assert_equal(ours: list[Tensor], exact: list[Tensor], tolerance: float) -> None:
    for one, other in zip(ours, exact, strict=True):
        scale = other.abs().max().item() if other.numel() else 0.0
        torch.testing.assert_close(one.double(), other, rtol=0, atol=tolerance * max(scale, 1.0))


@built
@given(scenes)
@settings(max_examples=40, deadline=None)
def test_the_kernel_equals_torch_in_its_derivatives(scene: Scene) -> None:
    exact = scene.first(plain_pose_fields)
    assert_equal(scene.first(pose_fields), exact, 1e-12)
    assert_equal(scene.first(pose_fields, torch.float32), exact, 1e-5)


@built
@given(scenes)
@settings(max_examples=15, deadline=None)
def test_second_derivatives_are_those_of_torch(scene: Scene) -> None:
    assert_equal(scene.second(pose_fields), scene.second(plain_pose_fields), 1e-12)


@built
def test_the_kernel_does_the_work_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(30, 200, 2, 8, 16)
    exact = scene.first(plain_pose_fields)
    monkeypatch.setattr(module, "plain_pose_fields", None)
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            assert_equal(scene.first(pose_fields), exact, 1e-12)
    finally:
        torch.set_num_threads(threads)


@built
def test_forces_leave_the_weights_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, asked = Scene(5, 40, 2, 4, 8), []
    run = module._run
    monkeypatch.setattr(module, "_run", lambda *words: asked.append(words[4:]) or run(*words))
    given = [leaf.requires_grad_() for leaf in scene.leaves]
    (force,) = torch.autograd.grad(scene.felt(pose_fields, given), given[0], scene.grad)
    assert asked == [(), (None, None)]
    assert force.abs().max() > 0.1
    scene.first(pose_fields)
    assert all(part is not None for part in asked[-1])


@built
@pytest.mark.parametrize(
    "place",
    [[0.0, 0.0, 0.0], [1e-4, 0.0, 0.0], [1e9, 0.0, 0.0], [float("nan"), 0.0, 0.0], [float("inf"), 0.0, 0.0]],
)
def test_a_point_upon_a_site_or_out_of_reach_is_no_other_case(place: list[float]) -> None:
    scene = Scene(3, 50, 2, 6, 8)
    scene.sites[7] = 0.0
    scene.leaves[0][1] = torch.tensor(place, dtype=torch.float64)
    assert_equal(scene.first(pose_fields), scene.first(plain_pose_fields), 1e-12)


@built
@pytest.mark.parametrize("width", [1e-3, 30.0, 1e4])
def test_sites_may_be_crowded_or_scattered(width: float) -> None:
    scene = Scene(40, 300, 1, 5, 4, width)
    scene.leaves[0] = 0.9 * scene.sites[:40] + 1e-2
    exact = scene.first(plain_pose_fields)
    assert_equal(scene.first(pose_fields), exact, 1e-12)
    assert width > 100.0 or exact[0].abs().max() > 0.0


@built
def test_a_site_that_is_nowhere_is_felt_by_none() -> None:
    scene = Scene(6, 50, 1, 5, 4)
    scene.sites[3, 1] = float("nan")
    assert_equal(scene.first(pose_fields), scene.first(plain_pose_fields), 1e-12)


def test_derivatives_along_sites_are_those_of_points_turned_round() -> None:
    scene = Scene(8, 30, 2, 5, 3)
    points, features, weights = scene.leaves
    ends = [points.clone().requires_grad_(), scene.sites.clone().requires_grad_()]
    felt = pose_fields(ends[0], ends[1], features, weights, CUTOFF)
    pulls = torch.autograd.grad(felt, ends, scene.grad)
    torch.testing.assert_close(pulls[0].sum(0), -pulls[1].sum(0))
    assert pulls[1].abs().max() > 0.1
