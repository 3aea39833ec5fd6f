"""python -m benchmarks.longrange {dimers,chain,salt,sapt,scaling}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.longrange import chain, dimers, salt, sapt, scaling
from benchmarks.record import answer


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.longrange", description="Long range")
    commands = options.add_subparsers(required=True)
    for part in (dimers, chain, salt, sapt, scaling):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
