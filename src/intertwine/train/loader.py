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
