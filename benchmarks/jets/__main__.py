"""python -m benchmarks.jets {flow,met,plane,tag,speed,pictures}"""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.jets import flow, met, pictures, plane, speed, tag
from benchmarks.record import answer


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.jets", description="Models of collisions")
    commands = options.add_subparsers(required=True)
    for part in (flow, met, plane, tag, speed, pictures):
        part.add(commands)
    return answer(options, arguments)


if __name__ == "__main__":
    sys.exit(main())
