"""python -m benchmarks.docking {peers,validity,board}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.docking import board, peers, validity
from benchmarks.record import answer


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.docking", description="Redocking of crystal complexes")
    commands = options.add_subparsers(required=True)
    for part in (peers, validity, board):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
