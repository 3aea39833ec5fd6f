"""A page and a JSON of a fitted law: symmetry, accuracy, constants, figures."""

import datetime
import itertools
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from intertwine import __version__
from intertwine.apps.crystal import figures
from intertwine.apps.crystal.constants import elastic_constants
from intertwine.apps.crystal.fitting import Errors, Fit, errors
from intertwine.apps.crystal.labels import GPA, StrainLabels
from intertwine.apps.crystal.suspects import Suspect
from intertwine.apps.elasticity import compliance, kelvin_moduli, moduli
from intertwine.apps.page import Listing, Number, Page, Part, Picture, Section
from intertwine.apps.properties.surfaces import young_cuts, young_surface
from intertwine.apps.report import write_page
from intertwine.apps.style import svg
from intertwine.data import replacing
from intertwine.groups.voigt import from_voigt
from intertwine.typing import PathLike

VOIGT_NAMES = "123456"


@dataclass(frozen=True, eq=False)
class LawReport:
    """What a law tells.

    Args:
        fit: the law and its errors on the labels it was fitted to.
        labels: those.
        test: others.
        found: elements of the group before the labels; empty where there were too few labels to tell.
    """

    fit: Fit
    labels: StrainLabels
    test: StrainLabels | None
    found: list[Suspect]

    @cached_property
    def tested(self) -> Errors | None:
        """Errors on labels that the law has not seen."""
        return None if self.test is None else errors(self.fit.law, self.test)

    @cached_property
    def stiffness(self) -> Float64[np.ndarray, "6 6"]:
        """C_IJ, GPa."""
        return elastic_constants(self.fit.law, 2) * GPA[self.fit.law.spec.unit]

    @property
    def violated(self) -> list[str]:
        """Elements of the group that the labels contradict."""
        return [suspect.name for suspect in self.found if suspect.violated]

    @cached_property
    def third(self) -> dict[str, float]:
        """Third-order constants that are not zero, one of each set of equal ones, GPa."""
        C = elastic_constants(self.fit.law, 3) * GPA[self.fit.law.spec.unit]
        floor, found = 1e-8 * max(float(np.abs(C).max()), 1e-300), {}
        for i, j, k in itertools.combinations_with_replacement(range(6), 3):
            value = float(C[i, j, k])
            if abs(value) > floor and all(abs(value - other) > floor for other in found.values()):
                found[f"C{i + 1}{j + 1}{k + 1}"] = value
        return {name: round(value, 4) for name, value in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Everything, with units."""
        law = self.fit.law
        return {
            "intertwine": __version__,
            "date": f"{datetime.date.today():%Y-%m-%d}",
            "law": law.spec.model_dump(mode="json"),
            "unit": law.spec.unit,
            "labels": len(self.labels),
            "train": asdict(self.fit.train),
            "test": None if self.tested is None else asdict(self.tested),
            "violated": self.violated,
            "elements": [
                {"name": s.name, "error": s.error, "without_symmetry": s.reference} for s in self.found
            ],
            "stiffness_GPa": self.stiffness.round(6).tolist(),
            "third_order_GPa": self.third,
        }

    def page(self) -> Page:
        """As a page."""
        sections = [self._symmetry(), self._accuracy(), self._elasticity(), self._beyond()]
        spec, tested = self.fit.law.spec, self.tested
        told = tested or self.fit.train
        numbers = (
            Number("Stress error", f"{100 * told.relative:.3g}", "%", "on test" if tested else "on training"),
            Number("Labels", str(len(self.labels))),
            Number(
                "Elements contradicted",
                str(len(self.violated)) if self.found else "–",
                "",
                f"of {len(self.found)} rotations" if self.found else "too few labels to tell",
                not self.violated if self.found else None,
            ),
        )
        words = (
            f"W(F) under {spec.point_group.name}: unchanged by rotations of the deformed body and by every "
            "element of the crystal's group before it, for all weights."
        )
        foot = (f"Intertwine {__version__}, {datetime.date.today():%Y-%m-%d}.",)
        return Page("Constitutive law", words, numbers, None, tuple(s for s in sections if s.parts), foot)

    def _symmetry(self) -> Section:
        if not self.found:
            return Section("Symmetry")
        text = "The labels contradict no element of the group."
        if self.violated:
            text = f"The labels contradict {', '.join(self.violated)}: the crystal has a smaller group."
        picture = Picture(svg(figures.symmetry_figure(self.found)), "error by element")
        return Section("Symmetry", (text,), (picture,))

    def _accuracy(self) -> Section:
        told = {"fitted to": self.fit.train, "on test": self.tested}
        rows = tuple(
            (name, f"{e.energy:.4g}", f"{e.stress:.4g}", f"{100 * e.relative:.3g}", f"{e.largest:.4g}")
            for name, e in told.items()
            if e is not None
        )
        unit = self.fit.law.spec.unit
        columns = (
            "labels",
            f">W, RMSE ({unit})",
            f">P, RMSE ({unit})",
            ">of its size (%)",
            f">largest ({unit})",
        )
        picture = figures.parity(self.fit.law, self.test or self.labels)
        parts: tuple[Part, ...] = (Listing(columns, rows), Picture(svg(picture), "stresses", wide=False))
        return Section("Accuracy", (), parts)

    def _elasticity(self) -> Section:
        C = self.stiffness
        scale = max(float(np.abs(C).max()), 1e-300)
        digits = max(2, 3 - int(np.floor(np.log10(scale))))
        rows = tuple(
            (str(i + 1), *(f"{value:.{digits}f}" for value in np.where(np.abs(row) < 1e-10 * scale, 0, row)))
            for i, row in enumerate(C)
        )
        table = Listing(("C (GPa)", *(f">{k}" for k in VOIGT_NAMES)), rows)
        third = tuple((name, f"{value:.{max(digits - 2, 0)}f}") for name, value in self.third.items())
        tensor = from_voigt(C, 4)
        stable = bool(np.all(kelvin_moduli(tensor) > 0))
        parts: list[Part] = [table]
        text = ["Stable: every strain costs energy." if stable else "Not stable: some strain gains energy."]
        if stable:
            m, S = moduli(tensor), compliance(tensor)
            text.append(
                f"Polycrystal (Hill): K = {m.bulk:.4g}, G = {m.shear:.4g}, E = {m.young:.4g} GPa, "
                f"ν = {m.poisson:.3f}."
            )
            parts.append(Picture(svg(young_surface(S)), "Young's modulus in every direction", wide=False))
            parts.append(Picture(svg(young_cuts(S)), "Young's modulus in three planes"))
        parts.append(Listing(("third order", ">GPa"), third, "Different in size and not zero", wide=False))
        return Section("Elastic constants", tuple(text), tuple(parts))

    def _beyond(self) -> Section:
        law, C = self.fit.law, self.labels.F.swapaxes(1, 2) @ self.labels.F
        reach = float(np.abs(np.log(np.linalg.eigvalsh(C))).max() / 2)
        parts = (
            Picture(svg(figures.energy_paths(law, reach)), "energy along the Bain path and shears"),
            Picture(svg(figures.pole_figure(law, reach / 2)), "stress by direction"),
        )
        return Section("Large strains", (f"Labels reach logarithmic strains of {reach:.3g}.",), parts)

    def write(self, folder: PathLike) -> tuple[Path, Path]:
        """`law.json` and `law.html`, in a folder that is made if need be.

        Raises:
            InputError: the folder cannot be written.
        """
        page = write_page(self.page(), Path(folder) / "law.html")
        file = Path(folder) / "law.json"
        with replacing(file) as scratch:
            scratch.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
        return file, page
