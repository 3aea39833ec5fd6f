"""Hashes see every bit of content and nothing else; splits are disjoint, complete and repeatable."""

import json

import numpy as np
import pytest
from drawn_structures import structures
from hypothesis import given, settings
from hypothesis import strategies as st

from intertwine.data import LABELS, Structure, data_hash, split, structure_hash
from intertwine.errors import InputError

ATOMS = [Structure([z], [[0, 0, 0.1 * z]], labels={"energy": -z}) for z in range(1, 61)]


def water() -> Structure:
    """A fixed slab-like structure with every kind of value."""
    return Structure(
        numbers=[8, 1, 1],
        positions=[[0.0, 0.0, 0.119262], [0.0, 0.763239, -0.477047], [0.0, -0.763239, -0.477047]],
        cell=np.diag([10.0, 11.0, 0.0]),
        pbc=[True, True, False],
        labels={"energy": -14.25, "forces": np.arange(9.0).reshape(3, 3) / 7, "stress": np.eye(3) * 1e-3},
        info={"config_type": "made up"},
    )


def test_the_hash_of_known_content_never_changes():
    """These digits are the promise that hashes on record stay true in later versions."""
    assert structure_hash(water()) == "37d677e880d0651b8d0e0765cc1d18de86ff9a1c223ddefe2446c54f1ff2e904"
    assert (
        data_hash([water(), water().replace(labels={})])
        == "66632fe26e2bd815eef18848cdadd2eebbfae0667d2af9c7ffbe0b2ebcc4da32"
    )


@given(structures(), st.data())
def test_the_smallest_change_of_any_value_changes_the_hash(structure, data):
    names = ["positions", *structure.labels]
    name = data.draw(st.sampled_from(names))
    old = structure.positions if name == "positions" else structure.labels[name]
    new = np.array(old)
    place = data.draw(st.sampled_from(list(np.ndindex(new.shape))))
    new[place] = np.nextafter(new[place], 1e6)
    if name in LABELS and LABELS[name].rank > 1:  # all components, so that indices keep their symmetry
        new = np.nextafter(structure.labels[name], np.copysign(1e6, structure.labels[name]))
    change = {"positions": new} if name == "positions" else {"labels": {**structure.labels, name: new}}
    assert structure_hash(structure.replace(**change)) != structure_hash(structure)


@given(structures(max_atoms=3))
def test_the_hash_tells_species_periodicity_and_labels_apart(structure):
    sizes = len(structure), len(structure.bonds)
    changed = [structure.replace(numbers=structure.numbers % 118 + 1)]
    changed += [
        structure.replace(labels={k: v for k, v in structure.labels.items() if k != n})
        for n in structure.labels
    ]
    changed += [structure.replace(pbc=False, bond_shifts=None)] if structure.pbc.any() else []
    changed += [structure.replace(labels={}, bonds=[*structure.bonds, [0, 0]])]
    changed += [structure.replace(cell=structure.cell * 2)] if structure.cell.any() else []
    changed += [
        structure.replace(labels={**structure.labels, n: np.zeros(LABELS[n].full_shape(*sizes))})
        for n in LABELS
        if n not in structure.labels and (sizes[1] or LABELS[n].per != "bond")
    ]
    hashes = {structure_hash(other) for other in changed}
    assert len(hashes) == len(changed)
    assert structure_hash(structure) not in hashes


@given(structures())
def test_the_hash_ignores_info_memory_layout_and_the_sign_of_zero(structure):
    other = structure.replace(
        positions=np.asfortranarray(structure.positions) + 0.0,
        labels=dict(reversed(structure.labels.items())),
        info={"source": "elsewhere"},
    )
    assert structure_hash(other) == structure_hash(structure)


def test_the_hash_of_data_depends_on_the_order():
    assert data_hash(ATOMS) != data_hash(ATOMS[::-1])
    assert data_hash(ATOMS[:1]) != structure_hash(ATOMS[0])


@settings(deadline=None)
@given(st.integers(6, 60), st.integers(0, 2**63), st.floats(0.34, 0.6))
def test_parts_are_disjoint_complete_and_repeatable(total, seed, fraction):
    sizes = {"train": fraction, "valid": 1, "test": None}
    first, second = split(ATOMS[:total], sizes, seed), split(ATOMS[:total], sizes, seed)
    assert first.record() == second.record()
    indices = [i for part in first.indices.values() for i in part]
    assert sorted(indices) == list(range(total))
    assert len(first["train"]) == round(fraction * total)
    for name, part in first.items():
        assert [ATOMS[i] for i in first.indices[name]] == part
        assert first.hashes[name] == data_hash(part)


def test_a_known_split_never_changes():
    """Independent of Python's, NumPy's and our version: only SHA-256 decides."""
    parts = split(ATOMS[:10], {"train": 6, "valid": 2, "test": None}, seed=7)
    assert parts.indices == {"train": [0, 1, 2, 3, 5, 9], "valid": [6, 8], "test": [4, 7]}


def test_the_order_of_the_frames_does_not_matter():
    sizes = {"train": 0.5, "valid": None}
    forward, backward = split(ATOMS, sizes, 3), split(ATOMS[::-1], sizes, 3)
    for name in sizes:
        assert set(map(structure_hash, forward[name])) == set(map(structure_hash, backward[name]))


def test_seeds_differ():
    chosen = {tuple(split(ATOMS, {"train": 30}, seed).indices["train"]) for seed in range(20)}
    assert len(chosen) == 20


def test_every_frame_is_as_likely_as_any_other():
    """Over 400 seeds each of 60 frames is drawn 200 ± 10 times; 5 sigma is 50."""
    counts = np.zeros(60)
    for seed in range(400):
        counts[split(ATOMS, {"train": 0.5}, seed).indices["train"]] += 1
    assert np.abs(counts - 200).max() < 50
    assert counts.std() > 4


def test_fractions_that_add_up_to_one_use_every_frame():
    for total in range(10, 60):
        parts = split(ATOMS[:total], {"train": 0.7, "valid": 0.1, "test": 0.2}, 0)
        assert sum(map(len, parts.values())) == total


def test_the_record_survives_json():
    record = split(ATOMS, {"train": 0.5, "valid": None}, 1).record()
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"train": 61}, "60 frames cannot be split; got: train 61"),
        ({"train": 0.8, "valid": 0.3}, "60 frames cannot be split; got: train 48, valid 18"),
        ({"train": 60, "valid": None}, "got: train 60, valid 0; accepted: parts of at least one frame"),
        ({"train": 0.001}, "got: train 0"),
        ({"train": None, "valid": None}, "more than one part asks for the rest"),
        ({"train": 1.5}, "size of part 'train'; got: 1.5; accepted: a number of frames, a fraction"),
        ({"train": -3}, "size of part 'train'; got: -3"),
        ({"train": True}, "size of part 'train'; got: True"),
    ],
)
def test_sizes_that_cannot_be_are_said_in_one_line(sizes, message):
    with pytest.raises(InputError) as caught:
        split(ATOMS, sizes, 0)
    assert message in str(caught.value)
