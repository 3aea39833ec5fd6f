"""Independent pieces of work in single-threaded processes."""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import TypeVar

from intertwine.errors import IntertwineError

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def finished(
    compute: Callable[[Piece], Result], pieces: Mapping[int, Piece], workers: int
) -> Generator[tuple[int, Result], None, None]:
    """Results of independent pieces of work, with their index, as they get finished.

    Args:
        compute: what to do with a piece; a function of a module, that a new process can import.
        pieces: by index.
        workers: processes of one thread each; 0 computes in this process, in order.

    Close the generator to stop early: its processes end at once.

    Raises:
        IntertwineError: a process died. What `compute` raises comes through, and ends the others.

    >>> import math
    >>> dict(finished(math.sqrt, {0: 4.0, 1: 9.0}, workers=0))
    {0: 2.0, 1: 3.0}
    """
    if workers == 0:
        yield from ((index, compute(piece)) for index, piece in pieces.items())
        return
    if not pieces:
        return
    others = set(active_children())
    with (
        single_threaded(),
        ProcessPoolExecutor(min(workers, len(pieces)), get_context("spawn"), _quiet) as pool,
    ):
        waiting = {pool.submit(compute, piece): index for index, piece in pieces.items()}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            what = "a labelling process died: the calculator crashed or memory ran out"
            raise IntertwineError(f"{what}; do: use fewer workers") from error
        except BaseException:
            for worker in set(active_children()) - others:
                worker.terminate()
            raise  # the pool sees its workers dead, and waits for them before it lets go


@contextmanager
def single_threaded() -> Iterator[None]:
    """New processes use one thread each: two that share cores by spinning are a hundred times slower."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _quiet() -> None:
    """A worker that is interrupted goes without a word; one whose parent was killed does not live on."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
