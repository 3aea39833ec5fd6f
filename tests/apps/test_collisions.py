"""Collisions conserve momentum, a detector loses what it should, and jets are what their members are."""

import numpy as np
import pytest

from intertwine.apps.jets import CollisionPlan, Detector, collide
from intertwine.apps.jets.clouds import about_axis
from intertwine.errors import InputError

pytest.importorskip("pythia8mc")
pytest.importorskip("awkward")


def transverse(events) -> np.ndarray:
    """Sum of all that is seen, GeV."""
    total = np.zeros((len(events), 2))
    np.add.at(
        total, events.event, events.pt[:, None] * np.stack([np.cos(events.phi), np.sin(events.phi)], axis=1)
    )
    return total


def test_all_that_is_seen_by_a_perfect_detector_balances_the_neutrinos() -> None:
    perfect = Detector(reach=15.0, pt=0.0, perfect=True)
    events = collide(CollisionPlan("z-nunu-jet", 10, detector=perfect, seed=2))
    neutrinos = events.truth["neutrino"]
    assert np.linalg.norm(neutrinos, axis=1).min() > 20
    # particles below 50 MeV are not told
    assert np.abs(transverse(events) + neutrinos).max() < 0.6


def test_pile_up_comes_from_other_vertices_and_is_counted() -> None:
    events = collide(CollisionPlan("w-lnu", 12, pile_up=4.0, seed=1))
    vertex = events.columns["vertex"]
    assert abs(events.truth["pile_up"].mean() - 4.0) < 4 * 2 / np.sqrt(12)
    assert set(np.unique(vertex)) == {-1, 0, 1}
    assert np.array_equal(vertex != 0, events.columns["charge"] != 0)
    assert (np.abs(events.eta[vertex != 0]) < 2.5).all()


def test_the_same_seed_gives_the_same_events() -> None:
    first, second = (collide(CollisionPlan("ttbar", 3, seed=7)) for _ in range(2))
    assert np.array_equal(first.pt, second.pt)
    assert not np.array_equal(first.pt, collide(CollisionPlan("ttbar", 3, seed=8)).pt)


def test_a_detector_smears_and_loses_as_it_says() -> None:
    rng = np.random.default_rng(0)
    size = 20000
    pt, eta = np.full(size, 20.0), np.zeros(size)
    for kind, expected in ((0, np.hypot(0.007, 0.003)), (1, np.hypot(0.1 / 20**0.5, 0.01))):
        seen = Detector(efficiency=0.9).seen(pt, eta, np.full(size, kind), rng)
        spread = seen.pt[seen.kept].std() / 20
        assert abs(spread / expected - 1) < 0.05
        assert abs(seen.kept.mean() - (0.9 if kind == 0 else 1.0)) < 0.01
    far = Detector().seen(pt, eta + 3.0, np.zeros(size, dtype=int), rng)
    assert (far.kind == 2).all(), "beyond the tracker a charged hadron is a neutral one"
    assert not Detector(reach=2.0).seen(pt, eta + 3.0, np.ones(size, dtype=int), rng).kept.any()


def test_jets_of_tops_are_heavy_and_their_substructure_is_theirs() -> None:
    pytest.importorskip("fastjet")
    jets = collide(CollisionPlan("top", 20, seed=3))
    truth = jets.truth
    assert ((truth["jet_pt"] > 500) & (truth["jet_pt"] < 600)).all()
    assert 130 < np.median(truth["soft_drop_mass"]) < 200
    assert (truth["soft_drop_mass"] <= truth["jet_mass"] + 1e-6).all()
    assert 0.3 < np.median(truth["tau32"]) < 0.7
    assert ((truth["decay_plane"] >= 0) & (truth["decay_plane"] < np.pi)).all()
    assert (truth["label"] == 1).all()
    sums = np.bincount(jets.event, jets.pt)
    assert np.abs(sums / truth["jet_pt"] - 1).max() < 0.1
    across = about_axis(jets)
    assert np.hypot(*across.T).max() < 1.2
    mean = np.zeros((len(jets), 2))
    np.add.at(mean, jets.event, jets.pt[:, None] * across)
    assert np.abs(mean / sums[:, None]).max() < 1e-12


def test_jets_of_w_bosons_lie_along_their_decay_plane() -> None:
    pytest.importorskip("fastjet")
    jets = collide(CollisionPlan("w-jet", 20, seed=3))
    wave = (about_axis(jets) @ [1, 1j]) ** 2
    moment = np.zeros(len(jets), dtype=complex)
    np.add.at(moment, jets.event, jets.pt * wave)
    assert np.cos(np.angle(moment) - 2 * jets.truth["decay_plane"]).mean() > 0.6


def test_subjettiness_is_zero_where_there_are_no_more_particles_than_axes() -> None:
    pytest.importorskip("fastjet")
    from intertwine.apps.jets.clustering import cluster, soft_drop_mass, subjettiness

    eta, phi = np.array([0.0, 0.3]), np.array([0.1, 0.0])
    momenta = 300 * np.stack([np.cos(phi), np.sin(phi), np.sinh(eta), np.cosh(eta)], axis=1)
    one, two, _ = subjettiness(momenta)
    assert two < 1e-12 < one
    (jet,) = cluster(momenta, 100.0)
    mass = np.sqrt(2 * 300**2 * (np.cosh(0.3) - np.cos(0.1)))
    assert abs(jet.mass / mass - 1) < 1e-9
    assert abs(soft_drop_mass(momenta) / mass - 1) < 1e-9
    lopsided = momenta * np.array([[1.0], [0.05]])
    assert soft_drop_mass(lopsided) < 1e-3, "the soft one is dropped"


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (lambda: CollisionPlan("toop"), "no process 'toop'.*did you mean top"),
        (lambda: CollisionPlan("top", 0), "nothing to collide"),
        (lambda: Detector(reach=-1.0), "this is no detector"),
    ],
)
def test_plans_that_cannot_be(wrong, line) -> None:
    with pytest.raises(InputError, match=line):
        wrong()
