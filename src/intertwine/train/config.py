"""A run as one typed sentence: which data, which model, how long, where to."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from intertwine.data.labels import LabelKeys, LabelUnits, known_label
from intertwine.train.model_config import PRESETS, HeadConfig, ModelConfig
from intertwine.train.section import Count, NotNegative, Positive, Section

__all__ = [
    "PRESETS",
    "DataConfig",
    "FinetuneConfig",
    "HeadConfig",
    "ModelConfig",
    "ReplayConfig",
    "RunConfig",
    "Section",
    "TrainingConfig",
    "WeightsConfig",
]


class DataConfig(Section):
    """Which frames teach, which choose the best weights, which are only looked at when all is done."""

    train: Path
    """File that ASE reads (extxyz, db, …)."""
    valid: Path | float = 0.1
    """A file; or a fraction (< 1) or a number of the frames of `train`, drawn by the seed and held out."""
    test: tuple[Path, ...] = ()
    """Files evaluated at the end with the final model."""
    isolated_atoms: Path | None = None
    """File with one frame per element, a single atom each: its energies become the reference energies."""
    require: tuple[str, ...] | None = None
    """Labels that every frame must have; if not given energy and forces, or all heads without an energy."""
    keys: dict[str, str] = Field(default={})
    """Under which key the files keep a label, where it is not the label's own name."""
    units: dict[str, str] = Field(default={})
    """In which unit the files keep a label, where it is not ours; positions are always in Å."""

    @field_validator("valid")
    @classmethod
    def _frames_or_a_part_of_them(cls, valid: Path | float) -> Path | float:
        if isinstance(valid, float) and (valid <= 0 or (valid > 1 and valid != round(valid))):
            raise ValueError("it is a file, a fraction between 0 and 1, or a whole number of frames")
        return valid

    @property
    def label_keys(self) -> LabelKeys:
        """As the readers take them."""
        return LabelKeys(**self.keys)

    @property
    def label_units(self) -> LabelUnits:
        """As the readers take them."""
        return LabelUnits(**self.units)


class WeightsConfig(Section):
    """Price of errors, of their size (norm) or of their squares (mse, huber), from a point on."""

    at: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Part of the training done when these weights take over, 0 to 1."""
    energy: NotNegative = 3.0
    """Per eV/atom, or its square."""
    forces: NotNegative = 1.0
    """Per eV/Å, or its square."""
    stress: NotNegative = 10.0
    """Per eV/Å³, or its square; where the data has stress."""
    remainder: NotNegative = 10.0
    """Per e²/atom: the square of what learned charges lack of their sum before it is dealt out to them."""
    tensors: dict[str, NotNegative] = Field(default={})
    """Of any other label, 1 if not given: per spread of its values in the training data, or its square."""

    def of(self, label: str) -> float:
        """Weight of a label.

        >>> WeightsConfig(tensors={"dipole": 2.0}).of("dipole"), WeightsConfig().of("forces")
        (2.0, 1.0)
        """
        if label in ("energy", "forces", "stress"):
            return getattr(self, label)
        return self.tensors.get(label, 1.0)


class TrainingConfig(Section):
    """How the weights are found."""

    epochs: Count = 200
    """Passes over the training frames, at most."""
    max_minutes: Positive | None = None
    """Budget: the first epoch is timed, and as many epochs are planned as fit."""
    batch_size: Count = 8
    """Frames per step."""
    learning_rate: Positive = 0.01
    """At the top of the schedule; if not given 0.005 where a trained model is the start."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How it falls to zero."""
    warmup: NotNegative = 1.0
    """Epochs of rise before that."""
    optimizer: Literal["muon", "adam", "adamw"] = "muon"
    """Muon takes the polar factor of each matrix; AdamW and Muon decay the weights themselves."""
    weight_decay: NotNegative = 0.0
    """Pull towards zero."""
    loss: Literal["norm", "mse", "huber"] = "norm"
    """Lengths of the deviations, squares of their components, or squares that turn linear."""
    huber_delta: Positive = 0.01
    """Errors beyond it count linearly; in the unit of the label."""
    weights: Annotated[tuple[WeightsConfig, ...], Field(min_length=1)] = (WeightsConfig(),)
    """One set of weights, or a list of them with rising `at`."""
    balance: Literal["fixed", "uncertainty"] = "fixed"
    """Weights as they are given; or each label's share learned beside the model (Kendall et al. 2018)."""
    elements: Literal["own", "shared"] = "own"
    """Tables per element: each learns its own row; or all share a function of the periodic table."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Decay of the moving average of the weights, the one that is validated and kept; 0 for none."""
    clip: Positive | None = 10.0
    """Longest gradient that is followed."""
    patience: Count | None = None
    """Stop after this many epochs without improvement."""
    keep: Literal["best", "last"] = "best"
    """Which weights become the model: those with the least validation error, or those at the end."""
    precision: Literal["float32", "float64"] = "float32"
    """Of the weights; geometry and energies are float64 in either case."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    threads: Count | None = None
    """CPU threads; as many as PyTorch likes if not set."""

    @field_validator("weights", mode="before")
    @classmethod
    def _one_set_is_a_list_of_one(cls, weights: Any) -> Any:
        if isinstance(weights, dict):
            return (weights,)
        return tuple(weights) if isinstance(weights, list) else weights

    @field_validator("weights")
    @classmethod
    def _in_order_and_of_some_use(cls, weights: tuple[WeightsConfig, ...]) -> tuple[WeightsConfig, ...]:
        times = [stage.at for stage in weights]
        if times[0] != 0.0 or any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("'at' starts at 0 and rises from one set to the next")
        return weights

    @field_validator("weights")
    @classmethod
    def _of_some_use(cls, weights: tuple[WeightsConfig, ...]) -> tuple[WeightsConfig, ...]:
        if any(stage.energy == stage.forces == stage.stress == 0 and not stage.tensors for stage in weights):
            raise ValueError("a set of weights cannot be all zero")
        return weights

    def weights_at(self, progress: float) -> WeightsConfig:
        """Weights when a part of the training is done.

        >>> stages = (WeightsConfig(), WeightsConfig(at=0.75, energy=100.0))
        >>> TrainingConfig(weights=stages).weights_at(0.8).energy
        100.0
        """
        return [stage for stage in self.weights if stage.at <= progress][-1]


class ReplayConfig(Section):
    """What the model has learned before: how much of it to rehearse, and how to tell what is forgotten."""

    frames: Path
    """File of frames like those that the model was trained on."""
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Part of every batch that is drawn from them; 0 learns nothing from them and only measures."""
    valid: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Part that is never learned from: its errors before and after tell what was forgotten."""
    keys: dict[str, str] = Field(default={})
    units: dict[str, str] = Field(default={})


class FinetuneConfig(Section):
    """A trained model to start from, and how far it may be changed."""

    model: Path
    """The trained model; its sizes and its species are kept."""
    method: Literal["full", "heads", "adapters"] = "full"
    """Every weight; the heads on a frozen encoder; or a change of low rank in every weight."""
    rank: Count = 4
    """Largest rank of that change, in every block of every weight."""
    references: Literal["refit", "keep"] = "refit"
    """Energies per element: fitted to the new frames, or the model's if those are of its level of theory."""
    replay: ReplayConfig | None = None
    """Old frames, so that what they taught is kept."""


class RunConfig(Section):
    """Everything that a training depends on.

    Read it from YAML with `load_config`, or write it in Python:

    >>> config = RunConfig(data=DataConfig(train=Path("train.xyz")), training=TrainingConfig(epochs=10))
    >>> config.model.channels, config.training.epochs, config.output
    (64, 10, PosixPath('run'))
    """

    data: DataConfig
    """Frames and their labels."""
    model: ModelConfig = ModelConfig()
    """The potential."""
    training: TrainingConfig = TrainingConfig()
    """The fit."""
    finetune: FinetuneConfig | None = None
    """Start from a trained model instead of random weights."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the split, the first weights and the order of the batches."""
    output: Path = Path("run")
    """Folder of the run, relative to where the command is given."""

    @model_validator(mode="after")
    def _require_what_the_model_learns(self) -> "RunConfig":
        if self.data.require is None:
            names = ("energy", "forces") if self.model.energy else tuple(self.model.heads)
            object.__setattr__(self, "data", self.data.model_copy(update={"require": names}))
        return self

    @model_validator(mode="after")
    def _labels_that_exist(self) -> "RunConfig":
        """Checked last: `model.heads` may have declared some of them."""
        sources = [self.data] + ([self.finetune.replay] if self.finetune and self.finetune.replay else [])
        for source in sources:
            _ = LabelKeys(**source.keys), LabelUnits(**source.units)
        for name in [*(self.data.require or ()), *(n for w in self.training.weights for n in w.tensors)]:
            known_label(name)
        return self
