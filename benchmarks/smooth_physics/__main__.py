"""Does a trained model stay physical where nobody trained it? Scans without kinks, dynamics without drift.

    INTERTWINE_DATA=… python -m benchmarks.acac   --output runs        # trains the model of the first two
    INTERTWINE_DATA=… python -m benchmarks.mlearn --output runs        # … of the third (silicon)

    INTERTWINE_DATA=… python -m benchmarks.smooth_physics scan --model runs/acac-…/model.safetensors
    INTERTWINE_DATA=… python -m benchmarks.smooth_physics md   --model runs/acac-…/model.safetensors
    python -m benchmarks.smooth_physics melt --model runs/mlearn-Si-…/model.safetensors

`scan` turns every rotor of acetylacetone by 360° and stretches every bond beyond the cutoff. `md` runs 1 ns
at 300 K, then 100 ps at constant energy. `melt` melts silicon, quenches it, and lets it run at constant
energy. Both go on where they were stopped, when called again with the same options. Every command prints
what it demands beside what it measured, and keeps both as JSON with its plots.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from benchmarks.record import RESULTS
from benchmarks.smooth_physics import melt, molecular_dynamics, scans

COMMANDS = {"scan": scans, "md": molecular_dynamics, "melt": melt}


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(
        description=__doc__,
        prog="python -m benchmarks.smooth_physics",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = options.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        command.add_argument("--model", type=Path, required=True, help="a trained model.safetensors")
        command.add_argument("--threads", type=int, default=1, help="CPU threads")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--results", type=Path, default=RESULTS, help="where JSON and plots go")
        module.add_options(command)
    chosen = options.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    COMMANDS[chosen.command].run(chosen)


if __name__ == "__main__":
    main()
