"""Tables that never move: the same over versions, processes, seeds of Python's hash and threads.

Weights of a trained model are coordinates in these bases, so a table that changes breaks every saved model.
"""

import json
import os
import subprocess
import sys

import pytest
import table_digest
from table_digest import digest

from intertwine.groups import GROUP_NAMES, get_group

# fmt: off
RECORDED = {
    "O(3)": "b753a63cff0d91ee", "SO(3)": "8abb93ed0034dbbf", "O(2)": "1db02969154a01fc",
    "SO(2)": "68838c49109c6fb1", "C1": "e242a07afe635760", "Ci": "a2292737a727ab5b",
    "C2": "4c742a3579d7f6b6", "Cs": "8221b4030179042f", "C2h": "ffeffb68f860191d", "D2": "c79ae904233a74a9",
    "C2v": "bfbbc3d8fee83672", "D2h": "efa2a5c13abc5251", "C4": "63ccb18931581f9d",
    "S4": "3033cfb308b927fd", "C4h": "4921ddd4e9eca52f", "D4": "227ae061cd466358",
    "C4v": "9a9cc53aa71b1dba", "D2d": "fe2ce83e41cb1f06", "D4h": "17b439b0ccbeb292",
    "C3": "2f0d9c04eeab3a7e", "S6": "c63153e824f4c498", "D3": "9167e2e105cce1e4", "C3v": "ad23007238560934",
    "D3d": "581988701962abec", "C6": "4331a5d58ccf1e49", "C3h": "fb6a0afa49852a7f",
    "C6h": "4da8ae2d110b5d9f", "D6": "f72de34e867c20a6", "C6v": "a4bf78274e8a9040",
    "D3h": "6a9598042d09be2f", "D6h": "6f82fb3161a5411e", "T": "c2dfc177bd7078f8", "Th": "66a210d84778b8b3",
    "O": "a739ff37036a6e6e", "Td": "25a9d8ca8f32072d", "Oh": "83f575d4c2781fe5",
}
# fmt: on
"""By `python tests/groups/table_digest.py`; a change here needs a new version of the model files."""


@pytest.mark.parametrize("name", GROUP_NAMES)
def test_tables_are_those_recorded(name: str) -> None:
    assert digest(get_group(name)) == RECORDED[name]


def test_tables_are_the_same_in_another_process() -> None:
    surroundings = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"}
    program = [sys.executable, table_digest.__file__]
    done = subprocess.run(program, env=surroundings, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == RECORDED


def test_no_two_groups_share_their_tables() -> None:
    assert len(set(RECORDED.values())) == len(RECORDED) == 36
