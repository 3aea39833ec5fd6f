"""python -m benchmarks.crystal {laws,constants,lattice,notch}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.crystal import constants, lattice, laws, notch
from benchmarks.record import answer


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.crystal", description="Constitutive laws of crystals")
    commands = options.add_subparsers(required=True)
    for part in (laws, constants, lattice, notch):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
