"""Lightning, set up for one device, told to be quiet, and to leave the process as it was."""

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import lightning.pytorch as lightning
import torch
from rich.console import Console

from intertwine.train.callbacks import EpochTable, KeepState, Listener, Listeners, TensorBoard, Watch
from intertwine.train.checkpoint import SafetensorsCheckpointIO
from intertwine.train.config import TrainingConfig
from intertwine.train.module import Fit
from intertwine.train.run_folder import RunFolder


def make_trainer(
    training: TrainingConfig,
    folder: RunFolder,
    console: Console,
    publish: Callable[[Fit], None],
    callbacks: Sequence[lightning.Callback] = (),
) -> lightning.Trainer:
    """A trainer that writes into a run folder; what Lightning would do on its own is switched off.

    Args:
        training: length, device and clipping.
        folder: where the table and the state go.
        console: who is watching.
        publish: called with the fit when there is a better model and its state is safe.
        callbacks: more of them; they run before the state is saved.
    """
    listeners: list[Listener] = [EpochTable(folder.metrics), Watch(console)]
    if TensorBoard.installed():
        listeners.append(TensorBoard(folder.tensorboard))
    listeners.append(KeepState(folder.state, publish))
    return lightning.Trainer(
        accelerator="gpu" if training.device == "cuda" else "cpu",
        devices=1,
        max_epochs=training.epochs,
        gradient_clip_val=training.clip,
        callbacks=[*callbacks, Listeners(listeners)],
        plugins=[SafetensorsCheckpointIO()],
        default_root_dir=folder.path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        inference_mode=False,
    )


@contextmanager
def guest(seed: int, threads: int | None) -> Iterator[None]:
    """Seed, threads, warnings and signal handlers for a training; the process gets its own back afterwards.

    Lightning's notices and warnings are dropped, ours are not. Ctrl-C raises KeyboardInterrupt, as anywhere.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        with torch.random.fork_rng(devices=[]), _silent_lightning(), _keyboard():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _keyboard() -> Iterator[None]:
    """Undo what Lightning makes of Ctrl-C: it ignores the signal from then on and exits."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)


@contextmanager
def _silent_lightning() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
