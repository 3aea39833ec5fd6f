"""Physics: energies and everything that is a derivative of them."""

from intertwine.observables.archive import load_model, save_model
from intertwine.observables.derivatives import differentiate
from intertwine.observables.model import Model, hessian
from intertwine.observables.spec import OUTPUTS, ModelSpec

__all__ = ["OUTPUTS", "Model", "ModelSpec", "differentiate", "hessian", "load_model", "save_model"]
