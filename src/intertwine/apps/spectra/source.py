"""Who is asked: anything that knows forces, and perhaps dipoles and polarisabilities, behind one protocol."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from ase.calculators.calculator import Calculator
from jaxtyping import Float

from intertwine.apps.label import charged
from intertwine.apps.spectra.modes import calculator_hessian, model_hessian
from intertwine.data import Structure
from intertwine.engines import IntertwineCalculator, Predictor, oracle
from intertwine.engines.conditions import put_under
from intertwine.engines.finite_field import electric_response, given_by, takes_field, tight_oracle
from intertwine.engines.oracles import answering
from intertwine.observables import Model
from intertwine.testing.interface import weights_hash

Answers = dict[str, np.ndarray]
"""`dipole` `(frames, 3)` e·Å and `polarisability` `(frames, 3, 3)` e²Å²/eV, whichever are known."""


@runtime_checkable
class Source(Protocol):
    """What spectra are made from.

    Attributes:
        name: for people, such as `"tblite:GFN2-xTB"`.
        identity: plain values that tell it from any other source.
    """

    name: str
    identity: Mapping[str, Any]

    def calculator(self, structure: Structure) -> Calculator:
        """What gives forces in relaxation and dynamics, under the charge and field of the structure."""
        ...

    def offers(self, structure: Structure) -> tuple[str, ...]:
        """Which of "dipole" and "polarisability" it knows of this structure; without, wavenumbers remain."""
        ...

    def hessian(self, structure: Structure) -> Float[np.ndarray, "coordinates coordinates"]:
        """∂²E/∂x∂x, eV/Å²."""
        ...

    def answers(self, frames: Sequence[Structure]) -> Answers:
        """Everything it offers, one value per frame; all frames have the same atoms."""
        ...


class CalculatorSource:
    """Any ASE calculator: of molecules, dipoles if it has them and polarisabilities if it takes a field.

    Args:
        calculator: gives the forces.
        name: for people; the calculator's own by default.
        response: what answers to fields, when more tightly converged than `calculator`.
        options: that the calculator was made with.

    >>> argon = Structure([18], [[0, 0, 0]])
    >>> [CalculatorSource(oracle(name)).offers(argon) for name in ("emt", "tblite")]
    [(), ('dipole', 'polarisability')]
    """

    def __init__(
        self,
        calculator: Calculator,
        name: str | None = None,
        response: Calculator | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._calculator, self._response = calculator, response or calculator
        self.name = name or type(calculator).__name__
        self._options = dict(options or {})
        self.identity = {"calculator": self.name, "options": self._options}

    def calculator(self, structure: Structure) -> Calculator:
        """The calculator itself."""
        return self._under(structure, self._calculator)

    def _under(self, structure: Structure, calculator: Calculator) -> Calculator:
        put_under(calculator, charged(structure, self._options))
        return calculator

    def offers(self, structure: Structure) -> tuple[str, ...]:
        """Both, one or none: what the calculator gives itself, and of molecules what a field tells."""
        known = {*given_by(self._calculator)}
        if structure.pbc.any() and takes_field(self._calculator):
            return ()  # a dipole of quantum chemistry that ends nowhere means nothing
        if "dipole" in known and takes_field(self._calculator):
            known.add("polarisability")
        return tuple(name for name in ("dipole", "polarisability") if name in known)

    def hessian(self, structure: Structure) -> Float[np.ndarray, "coordinates coordinates"]:
        """By central differences of forces."""
        return calculator_hessian(self._under(structure, self._response), structure)

    def answers(self, frames: Sequence[Structure]) -> Answers:
        """The calculator's dipole, and the differences of dipoles in six fields."""
        offers, found = self.offers(frames[0]), []
        for frame in frames:
            atoms = frame.replace(labels={}).to_ase()
            atoms.calc = self._under(frame, self._response)
            with answering(f"on {frame.formula}"):
                found.append(electric_response(atoms, offers))
        return {name: np.stack([one[name] for one in found]) for name in offers}


class ModelSource:
    """A trained model: dipole and polarisability where it learned them, exact second derivatives.

    Args:
        model: with weights.
        name: for people, such as its file.
    """

    def __init__(self, model: Model, name: str = "model") -> None:
        self.name, self._model, self._predictor = name, model, Predictor(model)
        self._calculator = IntertwineCalculator(model)
        self.identity = {"model": name, "weights_sha256": weights_hash(model)}

    def calculator(self, structure: Structure) -> Calculator:
        """The model as a calculator."""
        put_under(self._calculator, structure)
        return self._calculator

    def offers(self, structure: Structure) -> tuple[str, ...]:
        """What the model has a head or a response for."""
        known = getattr(self._model, "outputs", ())
        return tuple(output for output in ("dipole", "polarisability") if output in known)

    def hessian(self, structure: Structure) -> Float[np.ndarray, "coordinates coordinates"]:
        """By differentiating twice."""
        return model_hessian(self._model, structure)

    def answers(self, frames: Sequence[Structure]) -> Answers:
        """Many frames at a time."""
        offers = self.offers(frames[0])
        found = self._predictor(frames, offers) if offers else []
        return {name: np.stack([one[name] for one in found]) for name in offers}


def source_of(name: str, device: str | None = None, precision: Any = None, **options: Any) -> Source:
    """The source of that name: the file of a model, or a name that `intertwine.engines.oracle` knows.

    Args:
        name: `"model.safetensors"`, `"model.pt2"` (forces only), `"tblite:GFN2-xTB"`, `"emt"`, …
        device: of a model.
        precision: torch dtype of a model's weights; its own by default.
        options: of a calculator, such as `charge=1`.

    Raises:
        InputError: no such model, calculator, device or option.

    >>> source_of("tblite:GFN2-xTB").name
    'tblite:GFN2-xTB'
    """
    if Path(name).suffix in (".safetensors", ".pt2") or Path(name).is_file():
        calculator = IntertwineCalculator(name, device=device, dtype=precision)
        if isinstance(calculator.model, Model):
            return ModelSource(calculator.model, Path(name).name)
        return CalculatorSource(calculator, Path(name).name)
    return CalculatorSource(oracle(name, **options), name, tight_oracle(name, **options), options)
