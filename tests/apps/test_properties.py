"""Sheets of tensors: what symmetry forbids is found wherever it is, and nowhere else."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from tensor_models import OUTPUTS, BondSums

from intertwine.apps.properties.extremes import extremes
from intertwine.apps.properties.report import property_report
from intertwine.apps.properties.sheet import PropertySheet, tensor_labels
from intertwine.apps.properties.surfaces import longitudinal
from intertwine.apps.properties.symmetry import symmetry_verdict
from intertwine.data import LABELS, Structure
from intertwine.errors import InputError
from intertwine.groups import POINT_GROUPS, get_group, random_rotation
from intertwine.groups.voigt import voigt_matrix

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
from known_crystals import CRYSTALS

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
TENSORS = ("elastic", "dielectric", "piezoelectric", "polarisability", "hyperpolarisability")


def crystal(name: str, R: np.ndarray = np.eye(3)) -> Structure:  # noqa: B008 (never written to)
    atoms = Structure.from_ase(CRYSTALS[name][0])
    return atoms.replace(positions=atoms.positions @ R.T, cell=atoms.cell @ R.T)


@given(st.sampled_from(list(POINT_GROUPS)), st.sampled_from(TENSORS), generators)
@settings(max_examples=60)
def test_the_allowed_part_of_a_tensor_passes_and_no_other(name, quantity, rng):
    """Of random tensors in a group of any orientation: what is found forbidden is what was added."""
    label, group = LABELS[quantity], get_group(name, random_rotation(rng))
    space = label.tensor
    components = rng.standard_normal(space.dim)
    mean = space.matrix(group.elements).mean(axis=0)
    drawn, good = space.tensor(components), space.tensor(mean @ components)
    verdict = symmetry_verdict(good, label, group, scale=1.0)
    assert verdict.relative < 1e-12
    assert np.allclose(verdict.pattern.matrix(verdict.tensor)[_zeros(verdict.pattern)], 0, atol=1e-12)
    found = symmetry_verdict(drawn, label, group)
    assert np.linalg.norm(found.forbidden) == pytest.approx(np.linalg.norm(drawn - good), abs=1e-12)


def _zeros(pattern) -> np.ndarray:
    return np.array([[entry == "0" for entry in row] for row in pattern.rows])


@given(st.sampled_from(list(CRYSTALS)), generators)
@settings(max_examples=15)
def test_bond_sums_keep_the_symmetry_of_every_crystal_however_it_lies(name, rng):
    """Also where coordinates are rounded to six digits, as in files."""
    exact = crystal(name, random_rotation(rng))
    rounded = exact.replace(positions=exact.positions.round(6), cell=exact.cell.round(6))
    (sheet,) = property_report(BondSums(), [rounded]).sheets
    assert sheet.crystal.group.name == CRYSTALS[name][1]
    assert set(sheet.verdicts) == {"elastic", "dielectric", "piezoelectric"}
    assert max(verdict.relative for verdict in sheet.verdicts.values()) < 1e-10


@pytest.mark.parametrize("name", CRYSTALS)
def test_a_model_that_leans_is_caught(name):
    """A response along z of the file, in an orientation where no axis of the crystal is z."""
    turned = crystal(name, random_rotation(np.random.default_rng(1)))
    (sheet,) = property_report(BondSums(lean=0.01), [turned]).sheets
    assert sheet.verdicts["piezoelectric"].relative > 1e-4
    assert max(sheet.verdicts[quantity].relative for quantity in ("elastic", "dielectric")) < 1e-10


def test_the_page_of_wurtzite_has_its_tables_patterns_and_pictures():
    report = property_report(BondSums(), [crystal("wurtzite")], ["ZnO.cif"])
    page = report.page()
    assert [section.title for section in page.sections] == [
        "Elastic stiffness",
        "Dielectric tensor",
        "Piezoelectric tensor",
        "Charges",
    ]
    elastic, dielectric, piezoelectric, charges = page.sections
    kinds = [[part.kind for part in section.parts] for section in page.sections]
    assert kinds[0].count("picture") == 2
    assert kinds[2].count("picture") == 1
    assert elastic.parts[0].columns == ("", ">xx", ">yy", ">zz", ">yz", ">xz", ">xy")
    assert elastic.parts[1].rows[5] == ("xy", "·", "·", "·", "·", "·", "(c11−c12)/2")
    assert "5 of 21 components are free" in elastic.text[0]
    assert "c14" in elastic.text[0]
    assert "c41" not in elastic.text[0]
    assert dielectric.parts[0].rows[0][0] == "x"
    assert piezoelectric.parts[0].rows[2][0] == "z"
    assert len(charges.parts[0].rows) == 4
    assert page.numbers[-1].passed
    assert not property_report(BondSums(lean=0.01), [crystal("zinc blende")]).page().numbers[-1].passed


def test_the_file_holds_the_tensors_in_the_axes_of_the_structure(tmp_path):
    turned = crystal("quartz", random_rotation(np.random.default_rng(0)))
    report = property_report(BondSums(), [turned, crystal("fcc")], ["quartz", "copper"])
    file, page = report.write(tmp_path)
    first, second = json.loads(file.read_text())["structures"]
    truth = BondSums()([turned])[0]
    for name in OUTPUTS:
        assert np.allclose(first["tensors"][name]["value"], truth[name], rtol=0, atol=1e-14)
    assert np.allclose(first["tensors"]["elastic"]["voigt"], voigt_matrix(truth["elastic"], 4))
    assert second["symmetry"]["forbidden"]["elastic"]["constants"] == 3
    assert "c14" in second["symmetry"]["forbidden"]["elastic"]["zero"]
    assert first["elastic_figures"]["bulk_reuss"] <= first["elastic_figures"]["bulk_voigt"]
    text = page.read_text()
    assert "quartz: Elastic stiffness" in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_the_terminal_table_fits_and_names_everything():
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(
        property_report(BondSums(), [crystal("calcite"), crystal("bcc")], ["a.cif", "b.cif"]).table()
    )
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert all(word in text for word in ("a.cif", "-3m", "m-3m", "elastic stiffness", "GPa", "charges"))


def test_a_molecule_has_tensors_but_no_crystal_class():
    (sheet,) = property_report(BondSums(), [Structure.from_ase(molecule("H2O"))]).sheets
    assert sheet.crystal is None
    assert not sheet.verdicts
    assert "symmetry" not in sheet.to_json()


def test_an_unstable_stiffness_is_called_so_and_has_no_moduli():
    values = {"elastic": -np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))}
    sheet = PropertySheet("x", crystal("fcc"), values)
    assert set(sheet.elastic_figures()) == {"least_kelvin_modulus"}
    assert sheet.elastic_extremes() == {}


def test_extremes_of_a_cubic_crystal_lie_along_its_axes():
    """Copper is softest along an edge of the cube and stiffest along a diagonal of its body."""
    S11, S12, S44 = 15.0, -6.3, 13.3  # 1/TPa
    delta = np.eye(3)
    shear = np.einsum("ik,jl->ijkl", delta, delta) + np.einsum("il,jk->ijkl", delta, delta)
    cube = np.einsum("ia,ja,ka,la->ijkl", delta, delta, delta, delta)
    S = S12 * np.einsum("ij,kl->ijkl", delta, delta) + S44 / 4 * shear + (S11 - S12 - S44 / 2) * cube
    young = extremes(S * 1e-3)["young"]
    assert young.least == pytest.approx(1e3 / S11)
    assert np.sort(np.abs(young.least_along)) == pytest.approx([0, 0, 1], abs=1e-12)
    assert young.largest == pytest.approx(3e3 / (S11 + 2 * S12 + S44), rel=1e-6)
    assert np.abs(young.largest_along) == pytest.approx([3**-0.5] * 3, abs=1e-3)


@given(generators)
def test_the_longitudinal_response_turns_with_the_crystal(rng):
    e, R, n = rng.standard_normal((3, 3, 3)), random_rotation(rng), rng.standard_normal((4, 3))
    turned = np.einsum("ia,jb,kc,abc->ijk", R, R, R, e)
    assert np.allclose(longitudinal(turned, n @ R.T), longitudinal(e, n), atol=1e-12)
    assert np.allclose(longitudinal(e, -n), -longitudinal(e, n), atol=1e-12)


def test_a_potential_without_tensors_is_refused():
    with pytest.raises(InputError, match="the model predicts no tensor; got: energy, forces; do: train one"):
        tensor_labels(["energy", "forces"])
    with pytest.raises(InputError, match="there is no structure"):
        property_report(BondSums(), [])
