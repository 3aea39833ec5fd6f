"""python -m benchmarks.docking {ours,learn,peers,validity,board,paired,decoys,speed,screen}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.docking import board, decoys, folds, ours, paired, peers, screen, speed, validity
from benchmarks.record import answer


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.docking", description="Redocking of crystal complexes")
    commands = options.add_subparsers(required=True)
    for part in (ours, folds, peers, validity, board, paired, decoys, speed, screen):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
