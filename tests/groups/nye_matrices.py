"""Nye's matrices, as functions of their independent coefficients (Physical Properties of Crystals, 1957).

Piezoelectric moduli d_ij (chapter VII, appendix E): columns are Voigt numbers, and columns 4 to 6 hold twice
the tensor component. Elastic stiffnesses c_ij (chapter VIII): the tensor components themselves. Two-fold axis
or normal of the mirror along z in monoclinic classes.
"""

from collections.abc import Callable, Sequence

Rows = Sequence[Sequence[float]]
Matrix = Callable[..., Rows]


def _monoclinic_2(d14, d15, d24, d25, d31, d32, d33, d36):
    return [[0, 0, 0, d14, d15, 0], [0, 0, 0, d24, d25, 0], [d31, d32, d33, 0, 0, d36]]


def _monoclinic_m(d11, d12, d13, d16, d21, d22, d23, d26, d34, d35):
    return [[d11, d12, d13, 0, 0, d16], [d21, d22, d23, 0, 0, d26], [0, 0, 0, d34, d35, 0]]


def _222(d14, d25, d36):
    return [[0, 0, 0, d14, 0, 0], [0, 0, 0, 0, d25, 0], [0, 0, 0, 0, 0, d36]]


def _mm2(d15, d24, d31, d32, d33):
    return [[0, 0, 0, 0, d15, 0], [0, 0, 0, d24, 0, 0], [d31, d32, d33, 0, 0, 0]]


def _4(d14, d15, d31, d33):
    return [[0, 0, 0, d14, d15, 0], [0, 0, 0, d15, -d14, 0], [d31, d31, d33, 0, 0, 0]]


def _minus4(d14, d15, d31, d36):
    return [[0, 0, 0, d14, d15, 0], [0, 0, 0, -d15, d14, 0], [d31, -d31, 0, 0, 0, d36]]


def _422(d14):
    return _4(d14, 0, 0, 0)


def _4mm(d15, d31, d33):
    return _4(0, d15, d31, d33)


def _minus42m(d14, d36):
    return _222(d14, d14, d36)


def _3(d11, d14, d15, d22, d31, d33):
    return [
        [d11, -d11, 0, d14, d15, -2 * d22],
        [-d22, d22, 0, d15, -d14, -2 * d11],
        [d31, d31, d33, 0, 0, 0],
    ]


def _32(d11, d14):
    return [[d11, -d11, 0, d14, 0, 0], [0, 0, 0, 0, -d14, -2 * d11], [0] * 6]


def _3m(d15, d22, d31, d33):
    return [[0, 0, 0, 0, d15, -2 * d22], [-d22, d22, 0, d15, 0, 0], [d31, d31, d33, 0, 0, 0]]


def _minus6(d11, d22):
    return [[d11, -d11, 0, 0, 0, -2 * d22], [-d22, d22, 0, 0, 0, -2 * d11], [0] * 6]


def _minus6m2(d22):
    return _minus6(0, d22)


def _cubic_d(d14):
    return _222(d14, d14, d14)


def _none():
    return [[0] * 6] * 3


PIEZOELECTRIC: dict[str, Matrix] = {
    "2": _monoclinic_2,
    "m": _monoclinic_m,
    "222": _222,
    "mm2": _mm2,
    "4": _4,
    "-4": _minus4,
    "422": _422,
    "4mm": _4mm,
    "-42m": _minus42m,
    "3": _3,
    "32": _32,
    "3m": _3m,
    "6": _4,
    "-6": _minus6,
    "622": _422,
    "6mm": _4mm,
    "-6m2": _minus6m2,
    "23": _cubic_d,
    "432": _none,
    "-43m": _cubic_d,
}
"""Every class without a centre of symmetry but 1, where nothing is tied or zero."""


def _symmetric(*upper: Sequence[float]) -> Rows:
    """The 6×6 matrix of its upper triangle, row by row."""
    table = [[0.0] * 6 for _ in range(6)]
    for i, row in enumerate(upper):
        for j, value in enumerate(row, start=i):
            table[i][j] = table[j][i] = value
    return table


def _monoclinic(c11, c12, c13, c16, c22, c23, c26, c33, c36, c44, c45, c55, c66):
    return _symmetric(
        [c11, c12, c13, 0, 0, c16], [c22, c23, 0, 0, c26], [c33, 0, 0, c36], [c44, c45, 0], [c55, 0], [c66]
    )


def _orthorhombic(c11, c12, c13, c22, c23, c33, c44, c55, c66):
    return _monoclinic(c11, c12, c13, 0, c22, c23, 0, c33, 0, c44, 0, c55, c66)


def _tetragonal_7(c11, c12, c13, c16, c33, c44, c66):
    return _monoclinic(c11, c12, c13, c16, c11, c13, -c16, c33, 0, c44, 0, c44, c66)


def _tetragonal_6(c11, c12, c13, c33, c44, c66):
    return _tetragonal_7(c11, c12, c13, 0, c33, c44, c66)


def _trigonal_7(c11, c12, c13, c14, c25, c33, c44):
    return _symmetric(
        [c11, c12, c13, c14, -c25, 0],
        [c11, c13, -c14, c25, 0],
        [c33, 0, 0, 0],
        [c44, 0, c25],
        [c44, c14],
        [(c11 - c12) / 2],
    )


def _trigonal_6(c11, c12, c13, c14, c33, c44):
    return _trigonal_7(c11, c12, c13, c14, 0, c33, c44)


def _hexagonal(c11, c12, c13, c33, c44):
    return _trigonal_7(c11, c12, c13, 0, 0, c33, c44)


def _cubic(c11, c12, c44):
    return _tetragonal_7(c11, c12, c12, 0, c11, c44, c44)


ELASTIC: dict[str, Matrix] = {
    **dict.fromkeys(["2", "m", "2/m"], _monoclinic),
    **dict.fromkeys(["222", "mm2", "mmm"], _orthorhombic),
    **dict.fromkeys(["4", "-4", "4/m"], _tetragonal_7),
    **dict.fromkeys(["422", "4mm", "-42m", "4/mmm"], _tetragonal_6),
    **dict.fromkeys(["3", "-3"], _trigonal_7),
    **dict.fromkeys(["32", "3m", "-3m"], _trigonal_6),
    **dict.fromkeys(["6", "-6", "6/m", "622", "6mm", "-6m2", "6/mmm"], _hexagonal),
    **dict.fromkeys(["23", "m-3", "432", "-43m", "m-3m"], _cubic),
}
"""Every class but 1 and -1, where nothing is tied or zero."""
