"""Laws that a potential has to keep, shipped: certify ours, or test your own with them.

from intertwine.testing import LAWS, certify

certificate = certify(model, structures)     # every law, with figures
certificate.to_html("certificate.html")

@pytest.mark.parametrize("law", LAWS, ids=str)
def test_my_potential_keeps(law):            # in a test suite; see `Potential` for the interface
    law.check(my_model)
"""

from intertwine.testing.certificate import Certificate, certify
from intertwine.testing.identity import model_card
from intertwine.testing.interface import Potential, weights_hash
from intertwine.testing.law import Law, LawBrokenError, LawResult, Omission, Reading
from intertwine.testing.laws import LAWS
from intertwine.testing.morse import MorsePotential
from intertwine.testing.prediction import Prediction
from intertwine.testing.probes import Probe, crystal, molecule, periodic_system, probes
from intertwine.testing.tolerances import EXPORT, TOLERANCES, Tolerance
from intertwine.testing.trial import Trial, prepare

__all__ = [
    "EXPORT",
    "LAWS",
    "TOLERANCES",
    "Certificate",
    "Law",
    "LawBrokenError",
    "LawResult",
    "MorsePotential",
    "Omission",
    "Potential",
    "Prediction",
    "Probe",
    "Reading",
    "Tolerance",
    "Trial",
    "certify",
    "crystal",
    "model_card",
    "molecule",
    "periodic_system",
    "prepare",
    "probes",
    "weights_hash",
]
