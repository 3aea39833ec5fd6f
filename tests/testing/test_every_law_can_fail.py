"""A law that nothing can break promises nothing: each line fails on a model made to break it."""

import pytest
from broken_charges import BROKEN as BROKEN_CHARGES
from broken_charges import Charged
from broken_potentials import BROKEN
from broken_tensors import BROKEN as BROKEN_TENSORS
from broken_tensors import Tensors

from intertwine.testing import LAWS, TOLERANCES, Law, LawBrokenError, MorsePotential, prepare

BUDGET = 1.0
EVERY_ONE = [*BROKEN, *BROKEN_TENSORS, *BROKEN_CHARGES]


def laws_of(lines: tuple[str, ...]) -> list[Law]:
    return [law for law in LAWS if set(law.claims) & set(lines)]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_a_sound_model_keeps(law):
    sound = {"energy": MorsePotential, "charges": Charged}.get(law.needs, Tensors)()
    results = law.check(sound, budget=BUDGET)
    assert {result.name for result in results} == set(law.claims)


@pytest.mark.parametrize("potential", EVERY_ONE, ids=lambda potential: potential.__name__)
def test_broken_potential_is_found_out_where_it_is_broken_and_only_there(potential):
    trial = prepare(potential(), budget=BUDGET)
    verdicts = {
        result.name: result
        for law in laws_of(potential.breaks + potential.keeps)
        for result in law.results(trial)[0]
    }
    assert not any(verdicts[name].passed for name in potential.breaks), [
        str(verdicts[name]) for name in potential.breaks
    ]
    assert all(verdicts[name].passed for name in potential.keeps), [
        str(verdicts[name]) for name in potential.keeps
    ]
    assert not any("could not be measured" in result.note for result in verdicts.values())


def test_every_line_of_the_certificate_is_broken_by_some_potential():
    assert {line for potential in EVERY_ONE for line in potential.breaks} == set(TOLERANCES)


def test_every_tolerance_belongs_to_exactly_one_law():
    assert sorted(line for law in LAWS for line in law.claims) == sorted(TOLERANCES)


def test_check_raises_an_assertion_that_says_claim_figure_and_tolerance():
    law = next(law for law in LAWS if law.name == "substance.forces")
    with pytest.raises(LawBrokenError, match=r"substance.forces BROKEN: .* tolerance 1 meV/Å") as caught:
        law.check(MorsePotential(depth=0.0))
    assert isinstance(caught.value, AssertionError)


def test_a_model_that_fails_while_it_is_measured_breaks_the_law_with_the_reason():
    class Crashing(MorsePotential):
        def atom_energies(self, graph):
            raise RuntimeError("out of order")

    results, _ = LAWS[0].results(prepare(Crashing()))
    assert not any(result.passed for result in results)
    assert "RuntimeError: out of order" in results[0].note
