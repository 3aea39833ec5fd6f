"""SevenNet (`sevenn`): the size of SevenNet-0, five layers of 128x0e + 64x1e + 32x2e; random weights."""

from typing import Any

import torch
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from sevenn.calculator import SevenNetCalculator
from sevenn.model_build import build_E3_equivariant_model
from sevenn.parse_input import init_model_config
from sevenn.util import chemical_species_preprocess

DISTRIBUTIONS = ("sevenn", "e3nn", "torch", "numpy")


def calculator(job: dict[str, Any]) -> tuple[Calculator, int]:
    torch.manual_seed(job["seed"])
    names = [chemical_symbols[number] for number in job["species"]]
    config = init_model_config(
        {
            "chemical_species": names,
            "cutoff": job["cutoff"],
            "channel": 128,
            "is_parity": False,
            "lmax": 2,
            "num_convolution_layer": 5,
            "irreps_manual": ["128x0e", *["128x0e+64x1e+32x2e"] * 4, "128x0e"],
            "weight_nn_hidden_neurons": [64, 64],
            "radial_basis": {"radial_basis_name": "bessel", "bessel_basis_num": 8},
            "cutoff_function": {"cutoff_function_name": "XPLOR", "cutoff_on": 4.5},
            "act_gate": {"e": "silu", "o": "tanh"},
            "act_scalar": {"e": "silu", "o": "tanh"},
            "conv_denominator": job["neighbours"],
            "self_connection_type": "linear",
        }
    )
    config |= chemical_species_preprocess(names) | {"shift": 0.0, "scale": 1.0}
    model = build_E3_equivariant_model(config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return SevenNetCalculator(model, file_type="model_instance", device="cpu"), parameters
