"""Whatever file comes, the answer is structures or one line that teaches."""

import ast
import gzip
import importlib
import inspect
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.io.formats import ioformats
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intertwine.data import LabelKeys, LabelUnits, read
from intertwine.data.formats import READABLE
from intertwine.errors import InputError

FRAME = (
    '2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 pbc="F F F"\nH 0 0 0 1 2 3\nH 0 0 1 -1 -2 -3\n'
)
GARBAGE_NAMES = [
    "a.xyz",
    "a.traj",
    "a.db",
    "a.json",
    "a.cif",
    "a.npz",
    "a.pdb",
    "POSCAR",
    "OUTCAR",
    "a.foo",
    "a",
]
MODULES = sorted(
    {ioformats[name].module_name for name in READABLE}
    | {"ase.io.ulm", "ase.io.jsonio", "ase.db.core", "ase.db.row", "ase.db.sqlite", "ase.db.jsondb"}
)
RUN: list[str] = []


class Bomb:
    """Unpickling this would be seen."""

    def __reduce__(self):
        return RUN.append, ("boom",)


def one_line(path: Path, **options) -> str:
    """The text of the error that reading raises."""
    with pytest.raises(InputError) as caught:
        read(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert Path(path).name in text
    return text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; accepted: at least one frame"),
        ("\n \n", "is empty"),
        (
            FRAME.replace("H 0 0 1", "H nan 0 1"),
            "frame 0 of {}: positions are not finite at (1, 0); got: nan",
        ),
        (FRAME.replace("-3\n", "nan\n"), "frame 0 of {}: forces values are not finite at (1, 2); got: nan"),
        (FRAME.replace("energy=-1.5", "energy=nan"), "frame 0 of {}: energy values are not finite; got: nan"),
        (
            FRAME.replace("energy=-1.5", "energy=low"),
            "energy under the key 'energy' is not a number; got: 'low'",
        ),
        (
            FRAME + FRAME.replace("forces", "force"),
            "frame 1 of {}: no forces under the key 'forces'; got: keys",
        ),
        (FRAME.replace("forces", "force"), "do: set the forces key to 'force'"),
        (FRAME.replace("energy", "REF_energy"), "do: set the energy key to 'REF_energy'"),
        (
            FRAME + FRAME[: FRAME.rindex("H")],
            "cut short in frame 1; got: 1 of 2 atoms; do: copy the file again",
        ),
        (FRAME + FRAME[:-6], "frame 1 of {} could not be read as extxyz; got: ValueError: could not assign"),
        (FRAME + "2\n", "cut short in frame 1; got: 0 of 2 atoms"),
        (FRAME + "2", "cut short in frame 1; got: 0 of 2 atoms"),
        ("99999999999\n" + FRAME, "cut short in frame 0; got: 3 of 99999999999 atoms"),
        (FRAME + "\n" + FRAME, "has a blank line 5 before frame 1; do: remove it"),
        ("\n" + FRAME, "has a blank line 1 before frame 0"),
        ("hello\n" + FRAME, "line 1 should be a number of atoms; got: 'hello'"),
        ("0\n\n", "line 1 should be a number of atoms; got: '0'"),
        (FRAME + "H 0 0 1 0 0 0\n", "line 5 should be a number of atoms; got: 'H 0 0 1 0 0 0'"),
        (
            FRAME.replace("H 0 0 1", "Qq 0 0 1"),
            "frame 0 of {} could not be read as extxyz; got: KeyError: 'Qq'",
        ),
        (FRAME.replace("F F F", "T T T"), "frame 0 of {}: the cell has no volume along its periodic axes"),
        (
            FRAME.replace("F F F", 'T T F" Lattice="1 0 0 0 0 0 0 0 1'),
            "axes (a, b); got: [[1.0, 0.0, 0.0], [0.0",
        ),
        (FRAME.replace("pbc=", 'Lattice="1 0 0" pbc='), "Lattice"),
    ],
)
def test_a_bad_text_is_said_in_one_line(tmp_path, content, message):
    file = tmp_path / "a.xyz"
    file.write_text(content)
    assert message.format(file) in one_line(file)


@pytest.mark.parametrize("name", GARBAGE_NAMES)
def test_binary_garbage_is_said_in_one_line(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(np.random.default_rng(1).bytes(3000))
    one_line(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, len(FRAME)), st.integers(0, len(FRAME)))
@example(b"2", 0, len(FRAME))
def test_a_damaged_file_is_read_or_refused_but_nothing_else(tmp_path, damage, start, stop):
    file = tmp_path / "a.xyz"
    whole = FRAME.encode()
    file.write_bytes(whole[:start] + damage + whole[stop:])
    try:
        message = str(read(file))
    except InputError as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize("name", ["a.pkl", "a.pickle", "a.pt", "a.xyz", "a.traj", "a.db", "a", "a.npz"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_under_any_name_and_never_run(tmp_path, name, protocol):
    file = tmp_path / name
    file.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    assert "is refused: opening a pickle can run code" in one_line(file)
    assert not RUN


def test_an_old_trajectory_of_ase_is_refused(tmp_path):
    (tmp_path / "a.traj").write_bytes(b"PickleTrajectory" + pickle.dumps(Bomb(), protocol=2))
    assert "is refused" in one_line(tmp_path / "a.traj")
    assert not RUN


@pytest.mark.parametrize("name", ["a.npz", "a.zip", "a.xyz"])
def test_a_torch_archive_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    assert "is refused" in one_line(tmp_path / name)
    assert not RUN


def test_a_pickled_array_is_refused_and_never_run(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, z=[1], R=np.zeros((1, 1, 3)), energy=np.array([Bomb()], dtype=object))
    assert "is refused: 'energy' is pickled and could run code" in one_line(file)
    assert not RUN


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": [1]}, "lacks an array; got: x; accepted: nuclear_charges or numbers or"),
        ({"z": [1]}, "lacks an array; got: z; accepted: coords or positions or R"),
        ({"z": [1, 1], "R": np.zeros((4, 3, 3))}, "does not fit together; got: (2,) numbers and (4, 3, 3)"),
        ({"z": [1], "R": np.zeros((4, 3))}, "does not fit together"),
        ({"z": [1], "R": np.zeros((2, 1, 3)), "E": [1, 2]}, "no energy under the key 'energy'; got: keys E"),
        (
            {"z": [1], "R": np.zeros((2, 1, 3)), "energy": [1, np.nan], "forces": np.zeros((2, 1, 3))},
            "frame 1 of",
        ),
    ],
)
def test_a_bad_archive_is_said_in_one_line(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    assert message in one_line(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.py", "a.csv", "a.txt", "a.bundle", "a.npy", "a"])
def test_an_unknown_format_lists_the_known_ones(tmp_path, name):
    (tmp_path / name).write_text("print('hello')")
    assert "is of no format that is read here" in one_line(tmp_path / name)
    assert "accepted: extxyz, ASE db" in one_line(tmp_path / name)


@pytest.mark.parametrize("module", MODULES)
def test_no_reader_runs_or_unpickles_anything(module):
    """Read in ASE's own source, so that a new version that starts to would be noticed."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    forbidden = {"eval", "exec", "pickle.load", "pickle.loads", "np.load", "numpy.load", "__import__"}
    assert not calls & forbidden
    assert not {call for call in calls if call.startswith(("subprocess.", "os.system", "os.popen"))}


def test_formats_that_execute_unpickle_or_connect_are_not_read():
    """`py` was executed by older ASE; bundles may hold pickles; servers and LMDB load plug-ins."""
    assert not READABLE & {"py", "python", "bundletrajectory", "postgresql", "mysql", "aselmdb", "pickle"}


def test_a_missing_file_suggests_the_nearest(tmp_path):
    (tmp_path / "train.xyz").write_text(FRAME)
    text = one_line(tmp_path / "tran.xyz")
    assert text == f"no such file: {tmp_path / 'tran.xyz'}; do: did you mean {tmp_path / 'train.xyz'}?"
    assert one_line(tmp_path / "nowhere" / "a.xyz") == f"no such file: {tmp_path / 'nowhere' / 'a.xyz'}"


def test_a_folder_is_no_file(tmp_path):
    assert "is a folder; accepted: a file" in one_line(tmp_path)


def test_a_truncated_archive_of_text_is_said_in_one_line(tmp_path):
    whole = gzip.compress(FRAME.encode() * 50)
    for kept in (10, len(whole) // 2, len(whole) - 4):
        (tmp_path / "a.xyz.gz").write_bytes(whole[:kept])
        one_line(tmp_path / "a.xyz.gz")


def test_a_frame_without_labels_is_said_so(tmp_path):
    (tmp_path / "a.xyz").write_text("1\n\nH 0 0 0\n")
    assert "no energy; got: a frame without any labels; do: label it first" in one_line(tmp_path / "a.xyz")


def test_an_unknown_required_label_is_said(tmp_path):
    (tmp_path / "a.xyz").write_text(FRAME)
    assert "unknown label 'force'; accepted: energy" in one_line(tmp_path / "a.xyz", require=("force",))


def test_a_wrong_unit_is_said_before_anything_is_read():
    with pytest.raises(InputError, match=r"unknown energy unit 'ev'; accepted: eV, .*; do: write 'eV'"):
        read("nowhere.xyz", keys=LabelKeys(), units=LabelUnits(energy="ev"))
