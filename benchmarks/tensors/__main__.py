"""python -m benchmarks.tensors {water,batio3,multitask}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.record import answer
from benchmarks.tensors import batio3, multitask, water


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.tensors", description="Tensors and responses")
    commands = options.add_subparsers(required=True)
    for part in (water, batio3, multitask):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
