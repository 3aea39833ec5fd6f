"""Irreps of O(3): what is written is what is read, and the strings mean the matrices."""

import copy
import dataclasses

import numpy as np
import pytest
from drawn_rotations import orthogonal
from hypothesis import given
from hypothesis import strategies as st

from intertwine.errors import InputError
from intertwine.groups import Irrep, Irreps, O3Irrep

irrep = st.builds(O3Irrep, st.integers(0, 4), st.sampled_from([-1, 1]))
sums = st.lists(st.tuples(st.integers(0, 3), irrep), max_size=5).map(Irreps)
blank = st.text(" \t", max_size=2)


@given(sums)
def test_printing_then_reading_returns_the_same(irreps: Irreps) -> None:
    assert Irreps(str(irreps)) == irreps
    assert hash(Irreps(str(irreps))) == hash(irreps)


@given(sums, st.data())
def test_blanks_between_symbols_mean_nothing(irreps: Irreps, data: st.DataObject) -> None:
    text = "".join(data.draw(blank) + symbol if symbol in "+x" else symbol for symbol in str(irreps))
    assert Irreps(data.draw(blank) + text.replace("+", "+ ") + data.draw(blank)) == irreps


@given(irrep)
def test_an_irrep_may_be_given_as_itself_as_text_or_as_a_pair(one: O3Irrep) -> None:
    assert Irreps(one) == Irreps(str(one)) == Irreps([one]) == Irreps([(1, one)]) == Irreps([(1, str(one))])
    assert Irrep.parse(str(one)) == one
    assert Irreps(Irreps(one)) == Irreps(one)


def test_y_stands_for_the_parity_of_the_harmonics() -> None:
    assert Irreps("0y + 1y + 2y + 3y") == Irreps.spherical_harmonics(3) == Irreps("0e + 1o + 2e + 3o")


@given(sums)
def test_rows_are_those_of_the_terms_one_after_another(irreps: Irreps) -> None:
    slices = irreps.slices()
    assert [rows.stop - rows.start for rows in slices] == [count * one.dim for count, one in irreps]
    assert [0, *(rows.stop for rows in slices)] == [*(rows.start for rows in slices), irreps.dim]


@given(sums)
def test_sorting_orders_by_degree_then_odd_before_even(irreps: Irreps) -> None:
    keys = [(one.l, one.p) for _, one in irreps.sort() if isinstance(one, O3Irrep)]
    assert len(keys) == len(irreps)
    assert keys == sorted(keys)
    assert sorted(map(str, irreps.sort().terms)) == sorted(map(str, irreps.terms))


@given(sums, orthogonal)
def test_simplifying_changes_the_writing_and_not_the_representation(irreps: Irreps, R: np.ndarray) -> None:
    short = irreps.simplify()
    np.testing.assert_array_equal(short.matrix(R), irreps.matrix(R))
    assert all(count > 0 for count, _ in short)
    assert all(left[1] != right[1] for left, right in zip(short.terms, short.terms[1:], strict=False))


@given(sums, st.randoms(use_true_random=False))
def test_equivalent_representations_regroup_alike(irreps: Irreps, random) -> None:
    copies = [one for count, one in irreps for _ in range(count)]
    random.shuffle(copies)
    assert Irreps(copies).regroup() == irreps.regroup()
    assert (irreps + Irreps("9e")).regroup() != irreps.regroup()


@given(sums, sums, irrep)
def test_a_direct_sum_adds_dimensions_and_multiplicities(left: Irreps, right: Irreps, one: Irrep) -> None:
    both = left + right
    assert both.dim == left.dim + right.dim
    assert both.num_irreps == left.num_irreps + right.num_irreps
    assert both.count(one) == left.count(one) + right.count(one) == both.count(str(one))
    assert (one in both) == (one in left or one in right)
    assert both.degree == max(left.degree, right.degree)


@given(irrep, irrep, orthogonal)
def test_a_product_decomposes_with_its_whole_character(left: Irrep, right: Irrep, R: np.ndarray) -> None:
    product = left * right
    assert product.dim == left.dim * right.dim
    expected = np.trace(left.matrix(R)) * np.trace(right.matrix(R))
    assert np.trace(product.matrix(R)) == pytest.approx(expected, abs=1e-12)


def test_the_zero_representation_is_blank() -> None:
    assert Irreps() == Irreps("") == Irreps("  ")
    assert (str(Irreps()), Irreps().dim, Irreps().degree, len(Irreps())) == ("", 0, -1, 0)
    assert Irreps("0x2e").degree == -1
    assert Irreps().matrix(np.eye(3)).shape == (0, 0)


def test_irreps_are_values() -> None:
    irreps = Irreps("2x0e + 1o")
    assert copy.deepcopy(irreps) == irreps
    assert {Irreps("2x0e+1x1o"): 1}[irreps] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        irreps.terms = ()  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        O3Irrep(1, 1).l = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8x1", r"cannot read '1' as an irrep of O\(3\).*add the parity, 1e \(even\) or 1o \(odd\)"),
        ("4x0e + 2", r"cannot read '2' as an irrep of O\(3\).*add the parity, 2e \(even\) or 2o \(odd\)"),
        ("1o x 8", r"write the multiplicity first, 8x1o"),
        ("1o*8", r"write the multiplicity first, 8x1o"),
        ("8x0e, 8x1o", r"join the terms by \+"),
        ("8x0e +", r"cannot read ''.*write a term on each side of every \+"),
        ("0e ++ 1o", r"write a term on each side of every \+"),
        ("-1x0e", r"cannot read '-1x0e'.*write <multiplicity>x<label>"),
        ("x1o", r"cannot read 'x1o'"),
        ("2x3x1o", r"cannot read '2x3x1o'"),
        ("1.5x0e", r"cannot read '1.5x0e'"),
        ("٣x1o", r"cannot read '٣x1o'"),
        ("4xA1g", r"cannot read 'A1g' as an irrep of O\(3\).*name the group, as in Irreps\('4xA1g', 'Oh'\)"),
    ],
)
def test_a_term_outside_the_grammar_is_named_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Irreps(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        irreps = Irreps(text)
    except InputError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert Irreps(str(irreps)) == irreps


def test_numbers_that_are_no_irrep_are_refused() -> None:
    with pytest.raises(InputError, match=r"degree of an irrep is negative; got: -1; accepted: l >= 0"):
        O3Irrep(-1, 1)
    with pytest.raises(InputError, match=r"parity of an irrep is not a sign; got: 0"):
        O3Irrep(1, 0)
    with pytest.raises(InputError, match=r"multiplicity is negative; got: -2x1o"):
        Irreps([(-2, O3Irrep(1, -1))])
    with pytest.raises(InputError, match=r"cannot read 'vector' as an irrep of O\(3\)"):
        Irrep.parse("vector")
