"""Batches of graphs whose order is a function of seed and epoch alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from intertwine.errors import InputError
from intertwine.graph import Graph, collate


class GraphLoader:
    """Graphs built once, shuffled anew each epoch, batched as disjoint unions.

    Which graphs meet in which batch depends on `(seed, epoch)` and on nothing else: no global generator is
    read. Iterating goes through what is left of the current epoch and steps to the next; `state_dict` holds
    the place, counted in batches handed out, so a run cut in the middle of an epoch goes on with the very
    batch that would have come.

    Args:
        graphs: one graph per structure, as `build_graph` makes them.
        batch_size: graphs per batch; the last batch of an epoch may be smaller.
        seed: of the shuffling.
        shuffle: False keeps the order given, for validation.

    Raises:
        InputError: no graph, or a batch size below one.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> atoms = [build_graph(Structure([z], [[0.0, 0.0, 0.0]]), 3.0) for z in (1, 2, 3)]
    >>> [batch.numbers.tolist() for batch in GraphLoader(atoms, batch_size=2, shuffle=False)]
    [[1, 2], [3]]
    """

    def __init__(self, graphs: Sequence[Graph], batch_size: int, seed: int = 0, shuffle: bool = True) -> None:
        if not graphs:
            raise InputError("no frames to make batches of", accepted="one or more")
        if batch_size < 1:
            raise InputError("the batch size cannot be used", got=batch_size, accepted="1 or more")
        self.graphs, self.batch_size, self.seed, self.shuffle = list(graphs), batch_size, seed, shuffle
        self.epoch, self.position = 0, 0

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self.graphs) // self.batch_size)

    def order(self, epoch: int) -> Int[np.ndarray, "graphs"]:
        """In which order an epoch visits the graphs."""
        if not self.shuffle:
            return np.arange(len(self.graphs))
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.graphs))

    def __iter__(self) -> Iterator[Graph]:
        order = self.order(self.epoch)
        for start in range(self.position * self.batch_size, len(order), self.batch_size):
            batch = collate([self.graphs[index] for index in order[start : start + self.batch_size]])
            self._advance()
            yield batch

    def _advance(self) -> None:
        """Count a batch before it is handed out: whoever takes it may never come back."""
        self.position += 1
        if self.position == len(self):
            self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Where the next batch will come from."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a place saved earlier."""
        self.epoch, self.position = int(state["epoch"]), int(state["position"])


class ReplayLoader:
    """Batches of new graphs, each with some old ones beside them.

    An epoch goes once through the new graphs; the old ones come round at a pace of their own, shuffled anew
    each time. The order is a function of the seeds and the place, as in a `GraphLoader`.

    Args:
        new: its epochs are those of this loader.
        old: a batch of it joins every batch of `new`.

    >>> from intertwine.data import Structure
    >>> from intertwine.graph import build_graph
    >>> atoms = [build_graph(Structure([z], [[0.0, 0.0, 0.0]]), 3.0) for z in (1, 2, 3, 8, 9)]
    >>> new, old = (GraphLoader(part, batch_size=1, shuffle=False) for part in (atoms[:3], atoms[3:]))
    >>> [batch.numbers.tolist() for batch in ReplayLoader(new, old)]
    [[1, 8], [2, 9], [3, 8]]
    """

    def __init__(self, new: GraphLoader, old: GraphLoader) -> None:
        self.new, self.old = new, old

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self.new)

    def __iter__(self) -> Iterator[Graph]:
        old = self._round_and_round()
        for batch in self.new:
            yield collate([batch, next(old)])

    def _round_and_round(self) -> Iterator[Graph]:
        while True:
            yield from self.old

    def state_dict(self) -> dict[str, dict[str, int]]:
        """Where the next batch will come from."""
        return {"new": self.new.state_dict(), "old": self.old.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a place saved earlier."""
        self.new.load_state_dict(state["new"])
        self.old.load_state_dict(state["old"])
