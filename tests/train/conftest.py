"""A model to start from."""

from pathlib import Path

import pytest
import torch

from intertwine.encoders import BodyOrderedSpec
from intertwine.observables import Model, ModelSpec, save_model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of copper and gold that was never trained, with cohesion."""
    encoder = BodyOrderedSpec(
        species=(29, 79), cutoff=4.0, channels=8, layers=1, l_max=1, hidden_l=0, radial=4, neighbours=3.0
    )
    spec = ModelSpec(encoder=encoder, reference_energies={29: -3.0, 79: -4.0}, cohesion={29: -0.5, 79: -0.6})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Model(spec)
    return save_model(model, tmp_path_factory.mktemp("base") / "base.safetensors")
