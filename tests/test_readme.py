"""What the README tells a newcomer to do works as it stands there."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from intertwine.cli.main import main
from intertwine.encoders import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec, save_model
from intertwine.train import RunConfig

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_configuration_is_one() -> None:
    (text,) = blocks("yaml")
    config = RunConfig.model_validate(yaml.safe_load(text))
    assert config.data.keys["energy"] == "REF_energy"


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("intertwine ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_option_of_every_command_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.split("#")[0].split()
    command = words[1:3] if words[1] == "jets" else words[1:2]
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    for option in re.findall(r"(?<= )--?[a-z][a-z-]*", line.split("#")[0]):
        assert re.search(rf"{option}\b", text), option


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an unlearned model in place of the demonstration's."""
    torch.manual_seed(0)
    spec = ModelSpec(
        encoder=BodyOrderedSpec(species=(1, 6, 8), channels=4, l_max=2),
        reference_energies={1: 0.0, 6: 0.0, 8: 0.0},
    )
    path = tmp_path / "intertwine-demo" / "models" / "conservative" / "model.safetensors"
    path.parent.mkdir(parents=True)
    save_model(Model(spec).start_from_reference(), path)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    text = capsys.readouterr().out
    assert "torch.Size([9, 3])" in text
    assert "laws" in text
