"""Rotations for Hypothesis: Haar samples, and the special ones at which formulas with angles break down."""

from itertools import permutations, product

import numpy as np
from hypothesis import strategies as st

from intertwine.groups import axis_angle_to_rotation, random_rotation

SIGNED_PERMUTATIONS = [
    np.eye(3)[list(order)] * np.array(signs)
    for order in permutations(range(3))
    for signs in product([1.0, -1.0], repeat=3)
]
"""The 48 elements of the cube's group: identity, quarter and half turns, mirrors, inversion."""

seeds = st.integers(0, 2**32 - 1)
haar = seeds.map(lambda seed: random_rotation(np.random.default_rng(seed)))
tiny_turns = st.tuples(seeds, st.integers(1, 12)).map(
    lambda pair: axis_angle_to_rotation(np.random.default_rng(pair[0]).standard_normal(3), 10.0 ** -pair[1])
)
cubic = st.sampled_from([R for R in SIGNED_PERMUTATIONS if np.linalg.det(R) > 0])

rotations = st.one_of(haar, tiny_turns, cubic)
orthogonal = st.builds(lambda R, sign: R * sign, rotations, st.sampled_from([1.0, -1.0]))
points = seeds.map(lambda seed: np.random.default_rng(seed).standard_normal((7, 3)))
