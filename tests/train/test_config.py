"""A configuration is one typed sentence; whatever is wrong with it is one line that says what to write."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from intertwine.encoders import BodyOrderedSpec
from intertwine.errors import InputError
from intertwine.observables import ModelSpec
from intertwine.train import RunConfig, example, load_config, schema, to_yaml
from intertwine.train.config import PRESETS, ModelConfig, TrainingConfig, WeightsConfig
from intertwine.train.config_file import check_files

MINIMAL = "data: {train: train.xyz}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "train.xyz").write_text("")
    (tmp_path / "config.yaml").write_text(MINIMAL)
    return tmp_path / "config.yaml"


def test_the_smallest_configuration_is_complete(file: Path) -> None:
    config = load_config(file)
    assert config.data.train == file.parent / "train.xyz"
    assert config == RunConfig.model_validate({"data": {"train": file.parent / "train.xyz"}})


def test_overrides_set_one_key_each_and_are_yaml(file: Path) -> None:
    overrides = [
        "training.learning_rate=1e-3",
        "training.weights=[{energy: 1}, {at: 0.5, energy: 10}]",
        "model.preset=small",
        "model.cutoff=6",
        "data.keys.energy=REF_energy",
        "seed=7",
    ]
    config = load_config(file, overrides)
    assert config.training.learning_rate == 1e-3
    assert config.training.weights_at(0.6).energy == 10.0
    assert (config.model.channels, config.model.cutoff) == (PRESETS["small"]["channels"], 6.0)
    assert config.data.label_keys["energy"] == "REF_energy"
    assert config.seed == 7
    assert load_config(file).seed == 0


def test_a_written_configuration_reads_back_equal(file: Path) -> None:
    config = load_config(file, ["model.preset=large", "data.valid=5", "training.max_minutes=2.5"])
    file.write_text(to_yaml(config))
    assert load_config(file) == config


def test_the_commented_example_is_the_default(file: Path) -> None:
    file.write_text(example())
    assert load_config(file) == RunConfig.model_validate({"data": {"train": file.parent / "train.xyz"}})
    leaves = [line for line in example().splitlines() if re.match(r"\s*\w+: \S", line)]
    assert [line for line in leaves if " # " not in line] == []


def test_a_configuration_cannot_be_changed(file: Path) -> None:
    config = load_config(file)
    with pytest.raises(ValidationError, match="frozen"):
        config.training.epochs = 3  # type: ignore[misc]


def test_paths_are_relative_to_the_file_and_overrides_to_the_folder_of_the_command(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "other.xyz").write_text("")
    monkeypatch.chdir(here)
    monkeypatch.setenv("SOMEWHERE", str(here))
    config = load_config(file, ["data.valid=other.xyz", "data.test=[$SOMEWHERE/other.xyz]"])
    assert config.data.train == tmp_path / "train.xyz"
    assert config.data.valid == here / "other.xyz"
    assert config.data.test == (here / "other.xyz",)


WRONG = [
    ("modle: {}", "unknown key 'modle'; accepted: data, model, .*; do: write 'model'$"),
    ("model: {cutof: 3}", "unknown key 'model.cutof'; .*; do: write 'model.cutoff'$"),
    ("training: {weights: {force: 3}}", "unknown key 'training.weights.0.force'.*weights.0.forces'$"),
    ("model: {cutoff: far}", "'model.cutoff' cannot be used; got: 'far'; accepted: a number$"),
    ("model: {cutoff: -1}", "'model.cutoff' cannot be used; got: -1; accepted: greater than 0$"),
    ("model: {cutoff: .inf}", "'model.cutoff' cannot be used; got: inf; accepted: a finite number$"),
    ("model: {channels: 2.5}", "'model.channels' cannot be used; got: 2.5; accepted: an integer$"),
    ("model: {preset: huge}", "'model.preset' .*accepted: 'small', 'medium' or 'large'$"),
    ("model: 3", "'model' cannot be used; got: 3; accepted: key: value pairs$"),
    ("training: {learning_rate: yes}", "'training.learning_rate' .*got: True; accepted: a number$"),
    ("training: {weights: [{at: 0.5}]}", "'training.weights': 'at' starts at 0"),
    ("training: {weights: {energy: 0, forces: 0, stress: 0}}", "cannot be all zero"),
    ("seed: -1", "'seed' cannot be used; got: -1"),
    ("data: {train: train.xyz, valid: 1.5}", "'data.valid': it is a file, a fraction"),
    ("data: {train: train.xyz, valid: [1]}", "'data.valid' .*accepted: a string or a number$"),
    ("data: {train: train.xyz, require: [energi]}", "unknown label 'energi'.*write 'energy'"),
    ("data: {train: train.xyz, units: {energy: ev}}", "unknown energy unit 'ev'; .*write 'eV'"),
    ("data: {valid: 3}", "'data.train' is missing; do: add it, or give data.train="),
    ("data: {train: tain.xyz}", "data.train: no file '.*tain.xyz'; do: did you mean '.*train.xyz'"),
    ("data: {train: no/train.xyz}", "data.train: no file .*there is no folder '.*no'"),
    ("data: {train: $NOT_SET_ANYWHERE/a.xyz}", "environment variable NOT_SET_ANYWHERE is not set"),
    ("seed: 1\nseed: 2", "line [0-9]+: not valid YAML; got: key 'seed' is given twice$"),
    ("data: {train: [", "not valid YAML"),
    ("- a\n- b", "not a configuration; got: list"),
    ("", "not a configuration; got: an empty file"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_each_mistake_is_one_line_that_says_what_to_write(file: Path, text: str, message: str) -> None:
    file.write_text(text if not text or text[0] == "-" or "data:" in text else MINIMAL + text)
    with pytest.raises(InputError, match=message) as error:
        load_config(file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs", "cannot understand 'training.epochs'; accepted: key.key=value"),
        ("=3", "cannot understand"),
        ("seed.x=3", "'seed.x' goes below 'seed', which has no keys"),
        ("training.epoch=3", "unknown key 'training.epoch'.*write 'training.epochs'"),
        ("training.epochs=[", "training.epochs=\\[, line 1: not valid YAML"),
    ],
)
def test_mistakes_in_overrides_too(file: Path, override: str, message: str) -> None:
    file.write_text(MINIMAL + "seed: 1")
    with pytest.raises(InputError, match=message):
        load_config(file, [override])


def test_a_missing_configuration_names_the_nearest_file(file: Path) -> None:
    with pytest.raises(InputError, match=r"no configuration .*did you mean '.*config.yaml'"):
        load_config(file.with_name("confg.yaml"))


def test_files_are_looked_for_in_python_configurations_too() -> None:
    with pytest.raises(InputError, match=r"data.train: no file 'nowhere.xyz'"):
        check_files(RunConfig.model_validate({"data": {"train": "nowhere.xyz"}}))


def test_every_size_of_the_encoder_can_be_set_or_comes_from_the_data() -> None:
    """The two lists must not drift apart; where both have a default it is the same."""
    derived = {"kind", "species", "output_l", "neighbours", "field"}
    fields = BodyOrderedSpec.model_fields
    of_the_model = {"zbl", "forces", "energy", "heads", "field", "longrange", "dispersion"}
    beyond = {"preset", *of_the_model}
    assert set(fields) - derived == set(ModelConfig.model_fields) - beyond
    model = ModelConfig()
    for name in set(fields) - derived:
        assert getattr(model, name) == fields[name].default, name
    for name in of_the_model:
        assert getattr(model, name) == ModelSpec.model_fields[name].default


def test_weights_follow_the_training() -> None:
    stages = (WeightsConfig(forces=100.0), WeightsConfig(at=0.5, forces=1.0))
    training = TrainingConfig(weights=stages)
    assert [training.weights_at(part).forces for part in (0.0, 0.49, 0.5, 1.0)] == [100.0, 100.0, 1.0, 1.0]


def test_schema_knows_every_section() -> None:
    assert set(schema()["$defs"]) >= {"DataConfig", "ModelConfig", "TrainingConfig", "WeightsConfig"}
    assert yaml.safe_load(example())["training"]["weights"][0]["at"] == 0.0
