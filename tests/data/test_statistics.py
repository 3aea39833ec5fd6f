"""Statistics find what was planted, and say what the data cannot tell."""

import numpy as np
import pytest
from drawn_structures import arrays
from hypothesis import given
from hypothesis import strategies as st

from intertwine.data import (
    ReferenceEnergies,
    Structure,
    fit_cohesion,
    fit_reference_energies,
    statistics,
)
from intertwine.errors import InputError

PLANTED = {1: -13.6, 6: -1027.0, 8: -2038.5}
compositions = st.lists(
    st.lists(st.sampled_from(sorted(PLANTED)), min_size=1, max_size=8), min_size=1, max_size=8
)


def labelled(numbers: list[int], **labels: object) -> Structure:
    """Atoms in a row."""
    return Structure(numbers, np.arange(3 * len(numbers)).reshape(-1, 3), labels=labels)


def planted(numbers: list[int], energies: dict[int, float] = PLANTED) -> Structure:
    """A structure whose energy is exactly a sum over its atoms."""
    return labelled(numbers, energy=sum(energies[z] for z in numbers))


@given(compositions)
def test_planted_energies_are_recovered_when_the_compositions_determine_them(drawn):
    frames = [planted(numbers) for numbers in [*drawn, [1], [1, 6], [8, 8, 1]]]
    found = fit_reference_energies(frames)
    assert found.determined
    assert found.n_frames == len(frames)
    assert found.energies == pytest.approx(PLANTED, abs=1e-8)


@given(compositions)
def test_sums_are_recovered_whatever_the_rank(drawn):
    frames = [planted(numbers) for numbers in drawn]
    found = fit_reference_energies(frames)
    for frame in frames:
        assert found.of(frame) == pytest.approx(float(frame.labels["energy"]), abs=1e-7)
    counts = np.array([[numbers.count(z) for z in found.energies] for numbers in drawn])
    assert found.determined == (np.linalg.matrix_rank(counts) == len(found.energies))


@given(st.floats(-1e4, 1e4), st.integers(1, 5))
def test_one_composition_shares_its_energy_equally_and_says_so(energy, copies):
    found = fit_reference_energies([labelled([8, 1, 1] * copies, energy=energy)] * 2)
    assert not found.determined
    assert found.energies == pytest.approx(dict.fromkeys((1, 8), energy / (3 * copies)), abs=1e-9)
    assert "only sums of them" in found.sentence()


@given(arrays((12,), 0.1))
def test_least_squares_leaves_a_residual_no_species_explains(noise):
    rng = np.random.default_rng(0)
    frames = []
    for error in noise:
        numbers = rng.choice([1, 6, 8], size=6).tolist()
        frames.append(labelled(numbers, energy=sum(PLANTED[z] for z in numbers) + error))
    frames += [planted([z]) for z in PLANTED]
    found = fit_reference_energies(frames)
    residual = np.array([(float(f.labels["energy"]) - found.of(f)) / len(f) for f in frames])
    shares = np.array([[np.mean(f.numbers == z) for z in PLANTED] for f in frames])
    np.testing.assert_allclose(shares.T @ residual, 0.0, atol=1e-8)


def test_isolated_atoms_are_taken_as_given():
    found = fit_reference_energies([planted([8, 1])], isolated={8: -432.0, 1: -13.6, 6: -1.0})
    assert found == ReferenceEnergies({1: -13.6, 6: -1.0, 8: -432.0}, "isolated")
    assert found.sentence() == "reference energies from isolated atoms: H -13.6000, C -1.0000, O -432.0000 eV"


def test_a_missing_isolated_atom_is_named():
    with pytest.raises(InputError, match=r"no isolated-atom energy for C, O; got: H; do: add them"):
        fit_reference_energies([planted([8, 1, 6])], isolated={1: -13.6})


def test_no_energy_at_all_is_said():
    with pytest.raises(InputError, match=r"no frame has an energy; got: 1 frames"):
        fit_reference_energies([labelled([1])])


def test_frames_without_energy_do_not_count():
    found = fit_reference_energies([planted([1]), labelled([1, 1])])
    assert found.n_frames == 1
    assert found.energies == {1: -13.6}


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_cohesion_is_what_the_reference_leaves(hydrogen, oxygen):
    bound = {1: PLANTED[1] + hydrogen, 8: PLANTED[8] + oxygen}
    frames = [planted(numbers, bound) for numbers in ([1, 1], [8, 1, 1], [8, 8])]
    found = fit_cohesion(frames, ReferenceEnergies(PLANTED, "isolated"))
    assert found == pytest.approx({1: hydrogen, 8: oxygen}, abs=1e-9)


@given(arrays((4, 3), 10.0), arrays((2, 3), 10.0), arrays((2,), 10.0))
def test_figures_are_those_of_numpy(first, second, binding):
    reference = ReferenceEnergies(PLANTED, "isolated")
    frames = [
        labelled([8, 1, 1, 1], forces=first, energy=-2038.5 - 3 * 13.6 + 4 * binding[0], stress=np.eye(3)),
        labelled([1, 1], forces=second, energy=-2 * 13.6 + 2 * binding[1]),
        labelled([6]),
    ]
    found = statistics(frames, reference)
    assert (found.n_frames, found.n_atoms, found.species) == (3, 7, (1, 6, 8))
    assert found.label_counts == {"energy": 2, "forces": 2, "stress": 1}
    assert found.force_rms == pytest.approx(np.sqrt(np.mean(np.vstack([first, second]) ** 2)))
    assert found.stress_rms == pytest.approx(np.sqrt(1 / 3))
    assert found.energy_mean_per_atom == pytest.approx(binding.mean(), abs=1e-9)
    assert found.energy_std_per_atom == pytest.approx(binding.std(), abs=1e-9)


def test_figures_of_absent_labels_are_none():
    found = statistics([labelled([1])], ReferenceEnergies({1: 0.0}, "isolated"))
    assert (found.force_rms, found.stress_rms, found.energy_mean_per_atom) == (None, None, None)
    with pytest.raises(InputError, match="no structures to take statistics of"):
        statistics([], ReferenceEnergies({1: 0.0}, "isolated"))
