"""Events say what is wrong with them in one line, come back from files, and flow as they were told to."""

import numpy as np
import pytest
from small_jets import flow, lot

from intertwine.apps.jets import Events, FlowPlan, best_estimate, flow_events, from_arrays, joined
from intertwine.apps.jets.files import read_events, write_events
from intertwine.apps.jets.flow import flow_coefficients
from intertwine.errors import InputError, MissingExtraError

ONE = {"pt": [[1.0, 2.0], []], "eta": [[0.0, 1.0], []], "phi": [[0.1, 0.2], []]}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"pt": [[1.0, -2.0], []]}, "momentum is negative; got: -2 in event 0"),
        ({"eta": [[0.0, np.nan], []]}, "'eta' is not a number; got: nan in event 0"),
        ({"pt": [[np.inf, 1.0], []]}, "'pt' is not a number"),
        ({"pt": [[1500.0, 2000.0], []]}, "'pt' looks like MeV.*--unit MeV"),
        ({"pt": [[1e-3, 2e-3], []]}, "'pt' looks like TeV"),
        ({"phi": [[90.0, 180.0], []]}, "'phi' looks like degrees"),
        ({"eta": [[0.0, 99.0], []]}, "beyond any detector"),
        ({"eta": [[0.0], [1.0]]}, "'eta' has other numbers of particles than 'pt'"),
        ({"pt": [1.0, 2.0]}, "'pt' is one flat row"),
        ({"kind": [[0, 7], []]}, "a kind of particle is not known; got: 7"),
        ({"label": [0.0]}, "'label' does not fit"),
        ({"label": [0.0, np.nan]}, "the truth 'label' is not a number in event 1"),
    ],
)
def test_wrong_events_are_refused_in_one_line(change, line) -> None:
    with pytest.raises(InputError, match=line) as refusal:
        from_arrays(ONE | change)
    assert "\n" not in str(refusal.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="no column 'phi'"):
        from_arrays({"pt": [[1.0]], "eta": [[0.0]]})


def test_momenta_in_other_units_are_converted() -> None:
    events = from_arrays(ONE | {"pt": [[1500.0, 2000.0], []]}, unit="MeV")
    assert events.pt.tolist() == [1.5, 2.0]
    with pytest.raises(InputError, match="taken for MeV"):
        from_arrays(ONE, unit="MeV")


def test_offsets_must_divide_the_particles() -> None:
    with pytest.raises(InputError, match="offsets do not divide"):
        Events(np.array([0, 3]), np.ones(2), np.zeros(2), np.zeros(2))


def test_empty_events_are_events() -> None:
    events = from_arrays({"pt": [[], []], "eta": [[], []], "phi": [[], []]})
    assert events.counts.tolist() == [0, 0]


def test_chosen_events_keep_what_is_theirs() -> None:
    events = lot()
    back = events[np.array([5, 1, 3])]
    assert back.counts.tolist() == events.counts[[5, 1, 3]].tolist()
    rows = slice(events.offsets[5], events.offsets[6])
    assert np.array_equal(back.pt[: back.counts[0]], events.pt[rows])
    assert np.array_equal(back.truth["neutrino"], events.truth["neutrino"][[5, 1, 3]])
    assert np.array_equal(joined([events[:4], events[4:]]).phi, events.phi)


def test_events_come_back_from_hdf5(tmp_path) -> None:
    pytest.importorskip("h5py")
    events = lot()
    again = read_events(write_events(events, tmp_path / "a.h5"))
    assert np.allclose(again.pt, events.pt, rtol=1e-6)
    assert np.array_equal(again.columns["kind"], events.columns["kind"])
    assert np.array_equal(again.truth["psi"], events.truth["psi"])
    assert again.about["process"] == "random numbers"
    (tmp_path / "b.h5").write_bytes(b"no such thing")
    with pytest.raises(InputError, match="holds no events"):
        read_events(tmp_path / "b.h5")


def test_data_sets_say_their_units(tmp_path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(write_events(lot(), tmp_path / "a.h5")) as file:
        assert file["particles/pt"].attrs["unit"] == "GeV"
        assert "rad" in file["truth/psi"].attrs["unit"]


def test_arrays_of_ones_own_are_read(tmp_path) -> None:
    events = flow(4)
    flat = {name: getattr(events, name) for name in ("offsets", "pt", "eta", "phi")}
    np.savez(tmp_path / "a.npz", psi=events.truth["psi"], **flat)
    again = read_events(tmp_path / "a.npz")
    assert np.array_equal(again.phi, events.phi)
    assert np.array_equal(again.truth["psi"], events.truth["psi"])


def test_root_trees_and_parquet_are_read(tmp_path) -> None:
    uproot, ak = pytest.importorskip("uproot"), pytest.importorskip("awkward")
    events = flow(4)
    ragged = {f"Particle_{n}": ak.unflatten(getattr(events, n), events.counts) for n in ("pt", "eta", "phi")}
    with uproot.recreate(tmp_path / "a.root") as file:
        file["Events"] = ragged
        file["Other"] = {"x": np.zeros(2)}
    assert np.allclose(read_events(tmp_path / "a.root", tree="Events").pt, events.pt)
    with pytest.raises(InputError, match="does not hold one tree; accepted: Events, Other"):
        read_events(tmp_path / "a.root")
    pytest.importorskip("pyarrow")
    ak.to_parquet(ak.zip({n[9:]: v for n, v in ragged.items()}, depth_limit=1), tmp_path / "a.parquet")
    assert np.allclose(read_events(tmp_path / "a.parquet").eta, events.eta)


def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uproot", None)
    (tmp_path / "a.root").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"pip install 'intertwine\[jets\]'"):
        read_events(tmp_path / "a.root")


@pytest.mark.parametrize(("name", "line"), [("a.h5", "no events at"), ("a.csv", "cannot read")])
def test_files_that_cannot_be_events(tmp_path, name, line) -> None:
    if name == "a.csv":
        (tmp_path / name).write_text("1,2")
    with pytest.raises(InputError, match=line):
        read_events(tmp_path / name)


def test_flow_has_the_harmonics_that_were_asked_for() -> None:
    plan = FlowPlan(2000, seed=4)
    events = flow_events(plan)
    v = flow_coefficients(events.pt, events.eta, plan)
    psi = events.truth["psi"][events.event]
    for order in (1, 2, 3):
        wave = np.cos(order * (events.phi - psi[:, order - 1]))
        side = np.sin(order * (events.phi - psi[:, order - 1]))
        weight = np.sign(events.eta) if order == 1 else 1.0
        error = 1 / np.sqrt(2 * len(wave))
        assert abs((weight * (wave - v[order - 1])).mean()) < 4 * error
        assert abs(side.mean()) < 4 * error


def test_the_best_estimate_promises_what_it_keeps() -> None:
    plan = FlowPlan(300, multiplicity=60.0, seed=5)
    events = flow_events(plan)
    best = best_estimate(events, plan, points=16)
    for order in (1, 2):
        turn = np.exp(-1j * order * events.truth["psi"][:, order - 1])
        found = np.cos(np.angle(best.planes[:, order - 1] * turn))
        promised = np.abs(best.planes[:, order - 1])
        assert abs((found - promised).mean()) < 4 * found.std() / np.sqrt(len(events))


def test_the_best_estimate_of_a_lone_particle_is_its_density() -> None:
    """E[e^{inΨ}] = v_n e^{inφ}."""
    plan = FlowPlan(1)
    one = Events(np.array([0, 1]), np.array([2.0]), np.array([1.0]), np.array([0.7]))
    v = flow_coefficients(one.pt, one.eta, plan)[:, 0]
    expected = v * np.exp(1j * np.array([1, 2, 3]) * 0.7)
    assert np.allclose(best_estimate(one, plan).planes[0], expected, atol=1e-12)


def test_no_flow_no_plane() -> None:
    plan = FlowPlan(3, strength=0.0)
    assert np.abs(best_estimate(flow_events(plan), plan, points=8).planes).max() < 1e-12
    with pytest.raises(InputError, match="cannot be drawn"):
        FlowPlan(3, strength=9.0)
