"""What Intertwine and its peers can name, build and restrict: one set of questions, asked by running them.

    python -m benchmarks.group_peers run --package e3nn
    python -m benchmarks.group_peers table

`run` needs an environment in which that package is installed, and nothing of Intertwine for the others.
Every answer is held against characters of 3×3 matrices; it is kept as JSON. `table` puts the newest answers
of all packages side by side, as they stand in docs/groups.md.
"""

import argparse
import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.group_peers.answers import QUESTIONS
from benchmarks.group_peers.questions import No, Package
from benchmarks.group_peers.table import PACKAGES, newest, table

RESULTS = Path(__file__).parents[1] / "results"


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks.group_peers",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = options.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="ask one package")
    run.add_argument("--package", required=True, choices=PACKAGES)
    run.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    show = commands.add_parser("table", help="print what is on record as a table in markdown")
    show.add_argument("--results", type=Path, default=RESULTS, help="where the JSON lies")
    options = options.parse_args(arguments)
    if options.command == "table":
        print(table(newest(options.results)))
        return
    record = interview(options.package)
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"group-peers-{options.package}-{record['date']}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path.name)


def interview(name: str) -> dict[str, Any]:
    """Every question put to one package; prints each answer as it comes."""
    warnings.simplefilter("ignore")
    begun = time.perf_counter()
    package: Package = importlib.import_module(
        f"benchmarks.group_peers.by_{name.replace('-', '_')}"
    ).PACKAGE()
    record: dict[str, Any] = {
        "benchmark": "group_peers",
        "command": f"python -m benchmarks.group_peers run --package {name}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "name": package.name,
        "versions": {each: importlib.metadata.version(each) for each in package.distributions},
        "import_seconds": round(time.perf_counter() - begun, 2),
        "documentation": package.documentation,
        "answers": {},
    }
    for question, put in QUESTIONS.items():
        record["answers"][question] = found = ask(package, question, put)
        print(f"{question:20} {found}", flush=True)
    return record


def ask(package: Package, question: str, put: Callable[[Package], dict[str, Any]]) -> dict[str, Any]:
    """One answer, or why there is none."""
    if question in package.inherited:
        return {"as": package.built_on}
    try:
        return put(package)
    except No as no:
        return {"no": str(no)}
    except Exception as error:
        return {"no": f"{type(error).__name__}: {str(error).strip()[:200]}"}


def processor() -> str:
    """As `benchmarks.record` reads it, which needs torch."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"


if __name__ == "__main__":
    main()
