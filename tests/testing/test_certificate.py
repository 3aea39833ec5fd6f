"""A certificate says which model it speaks of, survives its own file, and shows every line."""

import io
import json
import math
import re

import numpy as np
import pytest
import torch
from broken_potentials import DirectForces, Misreferenced
from rich.console import Console

from intertwine.data import Structure
from intertwine.encoders.body_ordered import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.observables import Model, ModelSpec
from intertwine.testing import (
    LAWS,
    Certificate,
    MorsePotential,
    certify,
    model_card,
    prepare,
    weights_hash,
)
from intertwine.testing.interface import require_potential

WATER = Structure([8, 1, 1], [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])


SEEN: list[tuple[str, int, int]] = []


@pytest.fixture(scope="module")
def sound() -> Certificate:
    return certify(MorsePotential(), [WATER], budget=1.0, progress=lambda *step: SEEN.append(step))


@pytest.fixture(scope="module")
def broken() -> Certificate:
    return certify(DirectForces(), budget=1.0)


def small_model(seed: int = 0, **changes) -> Model:
    torch.manual_seed(seed)
    encoder = BodyOrderedSpec(species=(1, 8), cutoff=4.0, channels=4, layers=2, l_max=2)
    return Model(ModelSpec(encoder=encoder, reference_energies={1: -13.6, 8: -432.0}, **changes))


def test_an_untrained_model_keeps_every_law_but_that_of_calm_and_is_left_as_it_was():
    model = small_model(cohesion={1: -2.0, 8: -4.0}, zbl=True, scale=0.02).train()
    before = weights_hash(model)
    trainable = [parameter.requires_grad for parameter in model.parameters()]
    certificate = certify(model, [WATER], budget=1.0)
    assert all(line.family == "Dynamics" for line in certificate.broken), certificate.summary
    assert all(math.isfinite(line.figure) for line in certificate.lines), [str(x) for x in certificate.broken]
    assert {line.name for line in certificate.lines} == {
        line for law in LAWS if law.needs == "energy" for line in law.claims
    }
    assert set(certificate.not_applicable) == {
        "this model predicts no tensors beside an energy",
        "this model feels no electric field",
        "no charges of this model reach beyond its cutoff",
    }
    assert model.training
    assert (model.dtype, weights_hash(model)) == (torch.float32, before)
    assert [parameter.requires_grad for parameter in model.parameters()] == trainable


def test_direct_forces_fail_where_they_cheat_and_nowhere_else(broken):
    names = {line.name for line in broken.broken}
    assert names >= {"derivative.forces", "loop.work", "hessian.symmetry", "balance.force"}
    assert not any(line.family in ("Symmetry", "Periodicity", "Locality") for line in broken.broken)
    assert "loop.work" in broken.summary


def test_same_seed_same_figures_and_another_seed_other_figures():
    def figures(seed: int) -> list[float]:
        trial = prepare(MorsePotential(), seed=seed)
        laws = [law for law in LAWS if law.name in ("rotation", "lattice", "cutoff", "precision")]
        return [result.figure for law in laws for result in law.results(trial)[0]]

    assert figures(3) == figures(3)
    assert figures(3) != figures(4)


def test_json_holds_every_line_and_reads_back(sound, tmp_path):
    text = sound.to_json(tmp_path / "certificate.json")
    assert (tmp_path / "certificate.json").read_text() == text
    assert Certificate.from_json(text).to_dict() == json.loads(text) == sound.to_dict()


def test_a_figure_that_is_no_number_breaks_its_law_and_is_valid_json():
    class Lost(MorsePotential):
        def atom_energies(self, graph):
            return super().atom_energies(graph) * torch.nan

    results, _ = LAWS[0].results(prepare(Lost()))
    assert all(math.isnan(result.figure) and not result.passed for result in results)
    certificate = Certificate(tuple(results), (), {}, 0, 0.0)
    assert math.isnan(Certificate.from_json(certificate.to_json()).lines[0].figure)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"lines": 3}', '{"format": 99, "lines": [], "omitted": []}']
)
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(InputError, match="certificate"):
        Certificate.from_json(text)


def test_page_shows_every_line_and_loads_nothing_from_outside(sound, broken):
    for certificate in (sound, broken):
        page = certificate.to_html()
        assert all(f'id="{line.name}"' in page for line in certificate.lines)
        assert page.count('class="broken"') == len(certificate.broken)
        assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)|url\(|@import|<script|https?://", page)
    assert "Every law is kept" in sound.to_html()


def test_page_escapes_what_a_model_says_of_itself(sound):
    model = {**sound.model, "kind": "<b>x</b>", "metadata": {"note": "<script>"}}
    page = Certificate(sound.lines, (), model, 0, 1.0).to_html()
    assert "<b>x</b>" not in page
    assert "<script>" not in page


def test_terminal_table_names_every_claim(broken):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(broken.table())
    text = console.export_text()
    assert all(line.claim in text for line in broken.lines)
    assert text.count("✗") == len(broken.broken)


def test_weights_hash_follows_the_weights():
    assert weights_hash(small_model(0)) == weights_hash(small_model(0))
    assert weights_hash(small_model(0)) != weights_hash(small_model(1))


def test_identity_holds_no_trace_of_the_machine(sound):
    text = json.dumps(sound.model)
    assert not re.search(r"/(home|root|tmp|work|usr)/", text)


def test_progress_tells_each_law_before_it_is_tried(sound):
    assert [name for name, *_ in SEEN] == [*(law.name for law in LAWS), ""]
    assert [step[1:] for step in SEEN] == [(done, len(LAWS)) for done in range(len(LAWS) + 1)]


def test_unknown_element_in_the_users_structures_is_one_clear_line():
    gold = Structure([79], np.zeros((1, 3)))
    with pytest.raises(InputError, match=r"structure 1 has elements .* got: \[79\]; accepted: \[1, 6, 8\]"):
        certify(MorsePotential(), [WATER, gold])


def test_what_is_no_potential_is_refused():
    with pytest.raises(InputError, match="lacks cutoff, species, dtype"):
        require_potential(torch.nn.Linear(2, 2))


def test_models_of_other_libraries_are_certified_as_far_as_they_go():
    class Foreign:
        """No torch.nn.Module, float64 only, no reference energies, no second derivatives."""

        cutoff, species, dtype = 4.0, (6,), torch.float64

        def __init__(self):
            self.inner = MorsePotential(species=(6,))

        def __call__(self, graph, outputs=("energy", "forces"), create_graph=False):
            return self.inner(graph, outputs, create_graph)

    trial = prepare(Foreign(), budget=0.5)
    laws = [law for law in LAWS if law.name in ("rotation", "hessian", "isolated", "precision", "nve")]
    judged = [law.results(trial) for law in laws]
    assert all(result.passed for results, _ in judged for result in results)
    assert {item.line for _, omitted in judged for item in omitted} == {
        "hessian.derivative",
        "isolated.energy",
        "precision.energy",
        "precision.forces",
    }
    assert model_card(Foreign())["weights_sha256"] is None


def test_broken_reference_energies_are_measured_exactly():
    line = next(law for law in LAWS if law.name == "isolated").results(prepare(Misreferenced()))[0][0]
    assert line.figure == pytest.approx(1e-6, rel=1e-6)
