"""A pseudo-scalar tells a molecule from its mirror image; numbers made of distances and angles cannot."""

import numpy as np
import pytest
import torch

from intertwine.data import Structure
from intertwine.encoders import BodyOrderedEncoder, BodyOrderedSpec
from intertwine.graph import build_graph
from intertwine.heads import ScalarHead, TensorHead, TensorSpec

SPECIES = (1, 6, 9, 17, 35)
TETRAHEDRON = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
BONDS = {1: 1.09, 9: 1.36, 17: 1.76, 35: 1.94}


def halomethane(*substituents: int) -> Structure:
    """A carbon atom and four others around it, at the lengths of their bonds, Å."""
    ends = [BONDS[z] * axis for z, axis in zip(substituents, TETRAHEDRON, strict=True)]
    return Structure([6, *substituents], np.vstack([np.zeros(3), *ends]))


def mirrored(structure: Structure) -> Structure:
    return structure.replace(positions=structure.positions * [1, 1, -1])


class Readouts:
    """On one encoder: a pseudo-scalar, a true scalar, and the readout of an energy."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.encoder = BodyOrderedEncoder(
            BodyOrderedSpec(species=SPECIES, cutoff=4.0, channels=8, message_channels=4, l_max=2, output_l=2)
        ).double()
        self.heads = {
            axial: TensorHead(TensorSpec(unit="1", axial=axial, extensive=True), SPECIES, 8, 2, 2).double()
            for axial in (True, False)
        }
        self.energy = ScalarHead(8, 2).double()

    @torch.no_grad()
    def __call__(self, structure: Structure) -> tuple[float, float, float]:
        graph = build_graph(structure, 4.0)
        features, species = self.encoder(graph), self.encoder.species(graph.numbers)
        pseudo, true = (self.heads[axial](features, species, graph).item() for axial in (True, False))
        return pseudo, true, self.energy(features).sum().item()


@pytest.mark.parametrize("seed", range(3))
def test_enantiomers_have_opposite_handedness_and_the_same_of_everything_else(seed):
    read, right = Readouts(seed), halomethane(1, 9, 17, 35)
    here, there = read(right), read(mirrored(right))
    assert abs(here[0]) > 1e-6
    assert there[0] == pytest.approx(-here[0], rel=1e-9)
    assert abs(here[1]) > 1e-6
    assert there[1:] == pytest.approx(here[1:], rel=1e-12)


def test_exchanging_two_substituents_is_a_mirror():
    read = Readouts(0)
    assert read(halomethane(9, 1, 17, 35))[0] == pytest.approx(-read(halomethane(1, 9, 17, 35))[0], rel=1e-9)


def test_a_molecule_with_a_mirror_plane_has_no_handedness():
    read = Readouts(0)
    chiral, achiral = read(halomethane(1, 9, 17, 35))[0], read(halomethane(1, 1, 17, 35))[0]
    assert abs(achiral) < 1e-12 * max(1.0, abs(chiral))
