"""All that the demonstration could do otherwise: how many frames, which model, how it learns, how long."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from intertwine.apps.label import LabelPlan
from intertwine.apps.twins import TWINS
from intertwine.train.config import DataConfig, ModelConfig, RunConfig, TrainingConfig, WeightsConfig

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Goals(BaseModel):
    """What the demonstration promises on two cores; the report says of each whether it was met."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forces: Positive = 30.0
    """RMSE on frames of the training temperature that were not learned from, meV/Å."""
    energy: Positive = 1.5
    """RMSE on the same frames, meV/atom."""
    drift: Positive = 1.0
    """Slope of the total energy in free motion, meV/atom in 10 ps."""


class DemoSettings(BaseModel):
    """The demonstration as data. Times are fs and temperatures K unless named otherwise.

    >>> DemoSettings().run_config(Path("data"), Path("model"), "direct", seed=1).model.forces
    'direct'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    method: str = "tblite:GFN2-xTB"
    """Who labels."""
    temperature: Positive = 500.0
    """Of the frames learned from, and of the first test."""
    hot: Positive = 1000.0
    """Of the second test, out of what was learned."""
    room: Positive = 300.0
    """Of the run that gives the spectrum and the film."""

    train: Count = 500
    """Frames to learn from."""
    valid: Count = 50
    """Frames that choose the best weights."""
    test: Count = 100
    """Frames of independent trajectories, at each of the two temperatures."""
    interval: Positive = 20.0
    """Between frames of a labelling trajectory."""
    equilibration: Positive = 500.0
    """Before the first of them."""
    labelling_step: Positive = 1.0
    """Time step of the labelling trajectories."""
    fmax: Positive = 0.002
    """Largest force left by a relaxation, eV/Å."""

    model: ModelConfig = ModelConfig(preset="medium")
    """Size of the conservative model and of its twin."""
    training: TrainingConfig = TrainingConfig(
        max_minutes=4.5,
        epochs=1000,
        batch_size=8,
        learning_rate=0.01,
        weights=(WeightsConfig(energy=3.0, forces=1.0), WeightsConfig(at=0.75, energy=30.0, forces=1.0)),
        ema=0.99,
        threads=1,
    )
    """How both are fitted, at the same time, one core each."""

    certificate_budget: Positive = 20.0
    """Seconds to try the laws in."""
    time_step: Positive = 0.5
    """Of all dynamics with the models."""
    free_picoseconds: Positive = 10.0
    """Length of the runs at constant energy."""
    loops: Count = 24
    """Closed loops round which the work is added up."""
    thermostat_picoseconds: Positive = 5.0
    """Length of the run at room temperature."""
    thermostat_time: Positive = 500.0
    """1/γ of its thermostat; lines of the spectrum are broadened by 1/(2πcτ), here 11 cm⁻¹."""

    goals: Goals = Goals()

    def label_plans(self, seed: int) -> dict[str, LabelPlan]:
        """What to sample from each of the two conformers: `learning`, and `testing` with seeds of its own."""
        common = {
            "calculator": self.method,
            "interval": self.interval,
            "equilibration": self.equilibration,
            "time_step": self.labelling_step,
        }
        learning = LabelPlan(
            temperatures=(self.temperature,),
            frames=_half(self.train + self.valid),
            isolated=True,
            seed=2 * seed,
            **common,
        )
        testing = LabelPlan(
            temperatures=(self.temperature, self.hot), frames=_half(self.test), seed=2 * seed + 1, **common
        )
        return {"learning": learning, "testing": testing}

    def run_config(self, data: Path, output: Path, twin: str, seed: int) -> RunConfig:
        """The training of one of the twins on the frames in a folder."""
        return RunConfig(
            data=DataConfig(
                train=data / "train.extxyz",
                valid=data / "valid.extxyz",
                isolated_atoms=data / "isolated.extxyz",
            ),
            model=self.model.model_copy(update={"forces": TWINS[twin]}),
            training=self.training,
            seed=seed,
            output=output,
        )

    def with_minutes(self, minutes: float) -> "DemoSettings":
        """The same with another budget for the training."""
        training = self.training.model_copy(update={"max_minutes": minutes})
        return self.model_copy(update={"training": training})


def _half(count: int) -> int:
    return -(-count // 2)


FULL: Final = DemoSettings()
"""What `intertwine demo` does: under ten minutes on two cores."""

QUICK: Final = DemoSettings(
    train=24,
    valid=4,
    test=4,
    equilibration=20.0,
    fmax=0.02,
    model=ModelConfig(preset="small", channels=8, l_max=2, radial=6),
    training=TrainingConfig(epochs=40, batch_size=2, learning_rate=0.01, threads=1),
    certificate_budget=3.0,
    free_picoseconds=0.05,
    loops=2,
    thermostat_picoseconds=0.1,
)
"""The same road in well under a minute, to see that it can be walked; the model is poor."""
