"""Pages of a docking: of one ligand in its pocket, and of a library."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from intertwine import __version__
from intertwine.apps.docking import figures
from intertwine.apps.docking.ligand import Ligand
from intertwine.apps.docking.ligand_files import read_ligands
from intertwine.apps.docking.outcome import Outcome, Setting, reference_places
from intertwine.apps.docking.result_folder import ResultFolder
from intertwine.apps.docking.scene import scene_of
from intertwine.apps.page import Listing, Number, Page, Part, Picture, Section
from intertwine.apps.report import write_page
from intertwine.apps.style import svg


def write_reports(results: ResultFolder, setting: Setting, most: int = 20) -> Path:
    """`report.html`: of a single ligand its page; of many a table, with pages of the best `most`.

    Args:
        results: of a docking or a screen.
        setting: in which it was done.
        most: pages of single ligands beside the table.

    Raises:
        InputError: a file of poses is gone, or nothing can be written.
    """
    found = list(results.outcomes())
    page = results.folder / "report.html"
    if len(found) == 1 and not found[0][1].error:
        path, outcome = found[0]
        return write_page(ligand_page(outcome, _ligand(path), setting), page)
    ranked = sorted((pair for pair in found if pair[1].energies), key=lambda pair: pair[1].energies[0])
    for path, outcome in ranked[:most]:
        write_page(ligand_page(outcome, _ligand(path), setting), path.with_suffix(".html"))
    told = [path.with_suffix(".html").relative_to(results.folder) for path, _ in ranked[:most]]
    return write_page(library_page([outcome for _, outcome in ranked], _failed(found), told, setting), page)


def _ligand(path: Path) -> Ligand:
    """The molecule as its file of poses has it, in the best of them."""
    _, reading = next(iter(read_ligands(path.with_suffix(".sdf"))))
    if not isinstance(reading, Ligand):
        raise reading
    return reading


def _failed(found: Sequence[tuple[Path, Outcome]]) -> list[Outcome]:
    return [outcome for _, outcome in found if outcome.error]


def ligand_page(outcome: Outcome, ligand: Ligand, setting: Setting) -> Page:
    """What is to be said of one ligand in its pocket."""
    reference = reference_places(ligand, setting.reference)
    numbers = [
        Number(
            "Energy of the best pose",
            f"{outcome.energies[0]:.2f}",
            "kcal/mol",
            f"prior {outcome.prior[0]:.2f}",
        ),
        Number("Gap to the next", _gap(outcome), "kcal/mol", f"{len(outcome.energies)} poses"),
        Number("Slope left", f"{outcome.gradient_norms[0]:.2g}", "", "norm of the gradient at the best pose"),
    ]
    if outcome.from_reference:
        near = outcome.from_reference[0]
        numbers.append(
            Number("From the reference", f"{near:.2f}", "Å", "RMSD; below 2 Å it counts as found", near < 2)
        )
    if outcome.checks:
        best = outcome.checks[0]
        passed = sum(best.values())
        numbers.append(Number("PoseBusters", f"{passed}/{len(best)}", "", "best pose", passed == len(best)))
    scene = scene_of(outcome, ligand, setting, reference)
    sections = (
        Section("Poses in the pocket", (), (scene, _table(outcome))),
        Section("Funnel", _funnel_words(outcome), (_funnel(outcome),)),
        Section("Where the energy comes from", (), _parts(outcome, ligand)),
    )
    lead = f"{outcome.smiles} in {setting.receptor.source}: minima of the energy over its pose, lowest first."
    return Page(outcome.name, lead, tuple(numbers), None, sections, _foot(outcome.notes))


def library_page(
    ranked: Sequence[Outcome], failed: Sequence[Outcome], pages: Sequence[Path], setting: Setting
) -> Page:
    """What is to be said of a library: ligands by their best energies, and those that could not be docked."""
    rows = []
    for number, outcome in enumerate(ranked):
        place = pages[number] if number < len(pages) else None
        link = outcome.name if place is None else Markup('<a href="{}">{}</a>').format(place, outcome.name)
        parts = (f"{values[0]:.2f}" for values in (outcome.energies, outcome.prior, outcome.learned))
        checks = f"{sum(outcome.checks[0].values())}/{len(outcome.checks[0])}" if outcome.checks else "–"
        rows.append((str(number + 1), link, *parts, checks))
    columns = (">rank", "ligand", ">energy (kcal/mol)", ">prior", ">learned", ">PoseBusters")
    sections = [Section("Ranking", (), (Listing(columns, tuple(rows)),))] if rows else []
    if failed:
        lost = tuple((str(outcome.index), outcome.name, outcome.error) for outcome in failed)
        sections.append(Section("Not docked", (), (Listing((">record", "ligand", "reason"), lost),)))
    numbers = (Number("Ligands docked", str(len(ranked))), Number("Not docked", str(len(failed))))
    lead = f"Ligands in {setting.receptor.source}, each by the lowest energy of its poses."
    return Page("Docked library", lead, numbers, None, tuple(sections), _foot([]))


def _gap(outcome: Outcome) -> str:
    return f"{outcome.energies[1] - outcome.energies[0]:.2f}" if len(outcome.energies) > 1 else "–"


def _table(outcome: Outcome) -> Listing:
    columns = [">pose", ">energy", ">prior", ">inner", ">learned", ">gradient", ">RMSD to best (Å)"]
    columns += [">RMSD to reference (Å)"] if outcome.from_reference else []
    columns += [">PoseBusters", "failed"] if outcome.checks else []
    rows = []
    for row in outcome.rows():
        cells = [str(row["pose"]), *(f"{row[name]:.2f}" for name in ("energy", "prior", "inner", "learned"))]
        cells += [f"{row['gradient_norm']:.1g}", f"{row['rmsd_to_best']:.2f}"]
        cells += [f"{row['rmsd_to_reference']:.2f}"] if outcome.from_reference else []
        cells += [str(row["checks_passed"]), str(row["checks_failed"])] if outcome.checks else []
        rows.append(tuple(cells))
    return Listing(tuple(columns), tuple(rows), "Energies in kcal/mol")


def _funnel_words(outcome: Outcome) -> tuple[str, ...]:
    origin = "the reference" if outcome.from_reference else "the best pose"
    return (f"Energy of the poses against their distance from {origin}; numbers are their ranks.",)


def _funnel(outcome: Outcome) -> Picture:
    origin = "the reference" if outcome.from_reference else "the best pose"
    figure = figures.funnel(outcome.from_reference or outcome.from_best, outcome.energies, origin)
    return Picture(svg(figure), f"energy against RMSD to {origin}", wide=False)


def _parts(outcome: Outcome, ligand: Ligand) -> tuple[Part, ...]:
    residues = {name: values[0] for name, values in outcome.by_residue.items()}
    atoms = dict(zip(ligand.atoms.names, outcome.contributions[0], strict=True))
    shown = [(residues, "residue"), (atoms, "ligand atom")]
    return tuple(
        Picture(
            svg(figures.bars(parts, what)),
            f"energy of the best pose by {what}",
            f"Best pose, by {what}",
            wide=False,
        )
        for parts, what in shown
        if parts
    )


def _foot(notes: Sequence[str]) -> tuple[str, ...]:
    return (*notes, f"Intertwine {__version__}, {datetime.date.today():%Y-%m-%d}.")
