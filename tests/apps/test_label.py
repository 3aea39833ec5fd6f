"""Labelled frames are what the oracle says, for any number of processes, and survive interruption."""

import os
import subprocess
import sys
import time
from contextlib import closing
from multiprocessing import active_children

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from ase.units import kB

from intertwine.apps import label as labelling
from intertwine.apps.label import LabelPlan, label, pieces_of, plan_of
from intertwine.apps.sampling import Chain, Frames, IsolatedAtom, Perturbation
from intertwine.apps.workers import finished
from intertwine.data import Structure, isolated_energies, read, write
from intertwine.engines import oracle
from intertwine.errors import InputError, IntertwineError

COPPER = Structure.from_ase(bulk("Cu", cubic=True))
DYNAMICS = LabelPlan(
    calculator="emt",
    temperatures=(300.0, 600.0),
    frames=5,
    chain_frames=3,
    interval=10.0,
    equilibration=20.0,
    time_step=2.0,
    isolated=True,
    seed=3,
)


def same(first: list[Structure], second: list[Structure]) -> bool:
    """Bit for bit the same frames."""
    return len(first) == len(second) and all(
        np.array_equal(a.positions, b.positions)
        and dict(a.info) == dict(b.info)
        and all(np.array_equal(a.labels[name], b.labels[name]) for name in (*a.labels, *b.labels))
        for a, b in zip(first, second, strict=True)
    )


def test_every_label_is_what_the_calculator_says_of_the_frame():
    frames = label([COPPER], DYNAMICS, workers=0)
    assert [frame.info["config_type"] for frame in frames] == ["isolated_atom"] + ["md_300K"] * 5 + [
        "md_600K"
    ] * 5
    for frame in frames:
        atoms = frame.replace(labels={}).to_ase()
        atoms.calc = oracle("emt")
        assert frame.labels["energy"] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
        assert np.abs(frame.labels["forces"] - atoms.get_forces()).max() < 1e-12
        if frame.pbc.all():
            assert np.abs(frame.labels["stress"] - atoms.get_stress(voigt=False)).max() < 1e-12
        assert frame.info["calculator"] == "emt"
        assert frame.info["software"].startswith("ase ")
    assert "stress" not in frames[0].labels
    assert isolated_energies(frames) == {29: pytest.approx(frames[0].labels["energy"].item())}


def test_frames_do_not_depend_on_the_number_of_processes():
    assert same(label([COPPER], DYNAMICS, workers=0), label([COPPER], DYNAMICS, workers=2))


def test_seeds_and_pieces_differ():
    frames = label([COPPER], DYNAMICS, workers=0)
    other = label([COPPER], DYNAMICS.model_copy(update={"seed": 4}), workers=0)
    assert len({frame.info["seed"] for frame in frames[1:]}) == 4
    assert not np.array_equal(frames[1].positions, other[1].positions)
    assert not np.array_equal(frames[1].positions, frames[4].positions)


def test_kept_frames_are_an_interval_apart_after_equilibration():
    times = [frame.info["time_fs"] for frame in label([COPPER], DYNAMICS, workers=0)[1:4]]
    assert times == [20.0, 30.0, 40.0]


def test_dynamics_samples_the_temperature_it_says():
    """Mean displacement energy of a crystal: ⟨E⟩ − E₀ ≈ (3/2) N kT by equipartition."""
    plan = LabelPlan(calculator="emt", temperatures=(100.0,), frames=60, interval=40.0, time_step=4.0)
    start = COPPER.replace(cell=COPPER.cell * 3.5898 / 3.61, positions=COPPER.positions * 3.5898 / 3.61)
    floor = label([start], LabelPlan(calculator="emt"), workers=0)[0].labels["energy"]
    energies = [float(frame.labels["energy"] - floor) for frame in label([start], plan, workers=0)]
    assert np.mean(energies) == pytest.approx(1.5 * 3 * kB * 100.0, rel=0.5)


def test_perturbed_frames_have_the_spread_asked_for():
    many = COPPER.replace(
        numbers=np.tile(COPPER.numbers, 8), positions=np.tile(COPPER.positions, (8, 1)), pbc=[False] * 3
    )
    frames = [Perturbation(many, 0.05, 0.0, 1, (k,))._draw(np.random.default_rng(k)) for k in range(40)]
    moves = np.concatenate([frame.positions - many.positions for frame in frames])
    assert moves.std() == pytest.approx(0.05, rel=0.05)
    strains = [
        Perturbation(COPPER, 0.0, 0.02, 1, ())._draw(np.random.default_rng(k)).cell / COPPER.cell[0, 0]
        - np.eye(3)
        for k in range(600)
    ]
    assert np.allclose(strains, np.swapaxes(strains, 1, 2), atol=1e-12)
    assert np.std(strains, axis=0) == pytest.approx(0.02 * np.where(np.eye(3), 1.0, np.sqrt(0.5)), rel=0.1)


def test_strain_leaves_open_directions_alone():
    slab = Structure.from_ase(fcc111("Cu", (1, 1, 3), vacuum=6.0, periodic=False))
    moved = Perturbation(slab, 0.0, 0.05, 1, ())._draw(np.random.default_rng(0))
    assert not np.allclose(moved.cell[:2], slab.cell[:2])
    assert np.allclose(moved.positions[:, 2], slab.positions[:, 2])
    molecule_ = slab.replace(pbc=[False] * 3)
    assert np.array_equal(
        Perturbation(molecule_, 0.0, 0.05, 1, ())._draw(np.random.default_rng(0)).cell, slab.cell
    )


def test_frames_are_labelled_as_they_are_by_default():
    starts = [COPPER.replace(info={"config_type": str(k)}) for k in range(3)]
    frames = label(starts, LabelPlan(calculator="emt", chain_frames=2), workers=0)
    assert [frame.info["config_type"] for frame in frames] == ["0", "1", "2"]
    assert all(np.array_equal(frame.positions, COPPER.positions) for frame in frames)


def test_an_interrupted_job_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = label([COPPER], DYNAMICS, workers=0)
    pieces = len(pieces_of([COPPER], DYNAMICS))
    compute, computed = labelling.compute, []

    def interrupted(piece, plan):
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(piece)
        return compute(piece, plan)

    monkeypatch.setattr(labelling, "compute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        label([COPPER], DYNAMICS, work=tmp_path / "parts", workers=0)
    assert len(list((tmp_path / "parts").glob("*.extxyz"))) == 2
    monkeypatch.setattr(
        labelling, "compute", lambda piece, plan: computed.append(piece) or compute(piece, plan)
    )
    seen = []
    resumed = label(
        [COPPER], DYNAMICS, work=tmp_path / "parts", workers=0, observe=lambda *now: seen.append(now)
    )
    assert len(computed) == pieces, "finished pieces must not be computed again"
    assert seen[0] == (4, 11)
    assert seen[-1] == (11, 11)
    assert same(whole, resumed)
    write(tmp_path / "frames.extxyz", resumed)
    assert same(whole, [f.replace(info={**f.info}) for f in read(tmp_path / "frames.extxyz")])


def test_pieces_of_another_job_are_not_mixed_in(tmp_path):
    label([COPPER], DYNAMICS, work=tmp_path / "parts", workers=0)
    with pytest.raises(InputError, match=r"holds the pieces of another job; do: delete it"):
        label([COPPER], DYNAMICS.model_copy(update={"seed": 9}), work=tmp_path / "parts", workers=0)
    below_a_file = tmp_path / "file"
    below_a_file.touch()
    with pytest.raises(InputError, match=r"cannot write to .*; got: Not a directory"):
        label([COPPER], DYNAMICS, work=below_a_file / "parts", workers=0)


def test_tblite_labels_water_in_processes_of_one_thread():
    pytest.importorskip("tblite")
    water = Structure.from_ase(molecule("H2O"))
    plan = LabelPlan(
        calculator="tblite:GFN2-xTB",
        temperatures=(300.0,),
        frames=2,
        interval=2.0,
        equilibration=2.0,
        isolated=True,
    )
    threads = os.environ.get("OMP_NUM_THREADS")
    frames = label([water], plan, workers=1)
    assert os.environ.get("OMP_NUM_THREADS") == threads
    assert isolated_energies(frames)[1] == pytest.approx(-10.7072, abs=1e-3)
    assert [frame.info.get("unpaired_electrons") for frame in frames] == [1, 0, None, None]
    for frame in frames[2:]:
        atoms = frame.replace(labels={}).to_ase()
        atoms.calc = oracle("tblite:GFN2-xTB")
        assert frame.labels["energy"] == pytest.approx(atoms.get_potential_energy(), abs=1e-5)
        assert np.abs(frame.labels["forces"] - atoms.get_forces()).max() < 1e-4
        assert set(frame.labels) == {"energy", "forces"}
        assert frame.info["software"].startswith("tblite ")


@pytest.mark.parametrize(("number", "unpaired"), [(1, 1), (6, 0), (7, 1), (8, 0), (26, 0)])
def test_the_isolated_atom_has_the_lowest_energy_of_all_spin_states(number, unpaired):
    pytest.importorskip("tblite")
    (atom,) = IsolatedAtom(number)(oracle("tblite:GFN2-xTB"))
    assert atom.info["unpaired_electrons"] == unpaired
    for spin in range(unpaired, 5, 2):
        alone = atom.replace(labels={}).to_ase()
        alone.set_initial_magnetic_moments([spin])
        alone.calc = oracle("tblite:GFN2-xTB")
        try:
            energy = alone.get_potential_energy()
        except RuntimeError:
            continue
        assert atom.labels["energy"] <= energy + 1e-9


def test_a_charge_of_the_molecule_is_not_put_on_its_atoms():
    pytest.importorskip("tblite")
    ion = Structure.from_ase(molecule("OH"))
    options = {"charge": -1, "multiplicity": 1}
    frames = label([ion], LabelPlan(calculator="tblite:GFN2-xTB", options=options, isolated=True), workers=0)
    assert isolated_energies(frames)[1] == pytest.approx(-10.7072, abs=1e-3)
    assert frames[-1].info["calculator_options"] == "charge=-1 multiplicity=1"


def test_a_calculator_that_fails_says_on_what():
    silane = Structure.from_ase(molecule("SiH4"))
    with pytest.raises(IntertwineError, match=r"failed on .*: No EMT-potential for Si"):
        label([silane], LabelPlan(calculator="emt"), workers=0)
    with pytest.raises(IntertwineError, match="No EMT-potential for Si"):
        label([silane], LabelPlan(calculator="emt", rattle=0.1, frames=2), workers=0)
    with pytest.raises(IntertwineError, match=r"failed on .*: No EMT-potential for Si"):
        label([silane], LabelPlan(calculator="emt"), workers=1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"calculator": "emt", "interval": 0.0},
            "the interval cannot be used; got: 0.0; accepted: greater than 0",
        ),
        ({"calculator": "emt", "temperatures": (-3.0,)}, "the temperatures 0 cannot be used; got: -3.0"),
        ({"calculator": "emt", "rattle": float("nan")}, "the rattle cannot be used; got: nan"),
        ({"calculator": "emt", "frame": 3}, "the frame cannot be used"),
    ],
)
def test_a_plan_that_makes_no_sense_is_one_clear_line(values, words):
    with pytest.raises(InputError, match=words):
        plan_of(**values)


def test_the_job_is_cut_into_the_pieces_asked_for():
    kinds = [type(piece) for piece in pieces_of([COPPER] * 2, DYNAMICS)]
    assert kinds == [IsolatedAtom] + [Chain] * 8
    both = LabelPlan(calculator="emt", rattle=0.1, temperatures=(300.0,), frames=5)
    assert [type(piece) for piece in pieces_of([COPPER], both)] == [Chain, Perturbation]
    assert [type(piece) for piece in pieces_of([COPPER] * 3, LabelPlan(calculator="emt"))] == [Frames]
    with pytest.raises(InputError, match="there is nothing to label"):
        pieces_of([], DYNAMICS)


def test_labelling_never_loads_pytorch():
    """Workers start in a second and stay small."""
    code = "import sys, intertwine.apps.label; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def work_or_sleep(seconds: float) -> int:
    """Something for a process to do; a negative time kills the process, as a crash would."""
    if seconds < 0:
        os._exit(3)
    time.sleep(seconds)
    return os.getpid()


def test_processes_end_at_once_when_the_work_is_stopped():
    start = time.monotonic()
    with closing(finished(work_or_sleep, {0: 0.0, 1: 60.0}, workers=2)) as results:
        index, process = next(results)
        assert (index, process != os.getpid()) == (0, True)
        assert len(active_children()) == 2
    assert not active_children()
    assert time.monotonic() - start < 30.0


def test_a_process_that_dies_is_one_clear_line():
    with pytest.raises(IntertwineError, match="a labelling process died: the calculator crashed"):
        list(finished(work_or_sleep, {0: -1.0, 1: 0.0}, workers=1))
