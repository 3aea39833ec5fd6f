"""Progress bars on the terminal's error stream, so that output can be piped."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

Advance = Callable[[int, str], None]


@contextmanager
def progress(what: str, total: int | None, unit: str) -> Iterator[Advance]:
    """A bar that appears when it is first moved, by calling it with (done, note); on a terminal only.

    Args:
        what: at the left of the bar.
        total: what done grows to; None when nobody knows.
        unit: of what is counted.

    >>> with progress("relaxing", 10, "steps") as advance:
    ...     advance(3, "0.02 eV/Å")
    """
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=30),
        rich.MofNCompleteColumn(),
        rich.TextColumn(unit),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[note]}", style="dim"),
    )
    console = Console(stderr=True)
    bars = rich.Progress(*columns, console=console, disable=not console.is_terminal)
    task = bars.add_task(what, total=total, note="")

    def advance(done: int, note: str) -> None:
        bars.update(task, completed=done, note=note)
        bars.start()  # does nothing when it has started already

    try:
        yield advance
    finally:
        if bars.live.is_started:
            bars.stop()


@contextmanager
def bars_in_turn(units: Mapping[str, str]) -> Iterator[Callable[[str, int, int, str], None]]:
    """One bar after the other, for whatever is being done: call with (what, done, of how much, note).

    Args:
        units: of what is counted, by what is done.

    >>> with bars_in_turn({"modes": "modes"}) as observe:
    ...     observe("modes", 1, 9, "")
    """
    open_bars: dict[str, Advance] = {}
    with ExitStack() as stack:

        def observe(what: str, done: int, total: int, note: str) -> None:
            if what not in open_bars:
                stack.close()
                open_bars[what] = stack.enter_context(progress(what, total, units.get(what, what)))
            open_bars[what](done, note)

        yield observe
