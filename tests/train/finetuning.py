"""Fine-tunings to test with: copper at two levels of theory, and configurations of seconds."""

from pathlib import Path

from intertwine.data import Structure, write
from intertwine.train import RunConfig

ATOM, GAIN = 2.5, 1.2
"""Energy per atom by which another level of theory differs, and its factor on what binds."""


def elsewhere(frames: list[Structure]) -> list[Structure]:
    """The same frames at another level of theory."""
    return [
        frame.replace(
            labels={
                "energy": GAIN * frame.labels["energy"] + ATOM * len(frame),
                "forces": GAIN * frame.labels["forces"],
            }
        )
        for frame in frames
    ]


def from_base(base: Path, folder: Path, frames: list[Structure], **finetune: object) -> RunConfig:
    """A configuration of a second or two that starts from a model."""
    write(folder / "new.xyz", frames)
    return RunConfig.model_validate(
        {
            "data": {"train": folder / "new.xyz", "valid": 3},
            "training": {"epochs": 3, "batch_size": 4, "threads": 1, "device": "cpu"},
            "finetune": {"model": base, "rank": 1} | finetune,
            "output": folder / "run",
        }
    )


def replay_of(folder: Path, frames: list[Structure], **replay: object) -> dict[str, object]:
    write(folder / "old.xyz", frames)
    return {"frames": folder / "old.xyz", "valid": 0.25} | replay
