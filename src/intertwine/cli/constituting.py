"""`intertwine label-strain` and `intertwine law`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intertwine.cli.asking import CalculatorOption, source_of_words
from intertwine.cli.options import Index, Overwrite, Runner, Seed
from intertwine.cli.outputs import claim_file, claim_folder
from intertwine.cli.running import StructureFile, one_frame
from intertwine.errors import InputError

if TYPE_CHECKING:
    from intertwine.apps.crystal import LawSpec
    from intertwine.apps.crystal.report import LawReport

FILES = ("law.safetensors", "law.json", "law.html")


def label_strain(
    model: Runner,
    structure: StructureFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Table of F, P and W; the crystal goes beside it.")
    ] = Path("strains.txt"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of deformations.")] = 100,
    amplitude: Annotated[float, typer.Option(help="Largest logarithmic stretch.")] = 0.1,
    relax_atoms: Annotated[
        bool, typer.Option("--relax-atoms/--clamp-atoms", help="Whether atoms move inside the deformed cell.")
    ] = True,
    relax_cell: Annotated[
        bool, typer.Option("--relax-cell/--keep-cell", help="First bring the crystal to zero stress.")
    ] = True,
    fmax: Annotated[float, typer.Option(help="Largest force left on atoms, eV/Å.")] = 1e-4,
    option: CalculatorOption = None,
    index: Index = "-1",
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Deform the cell of a crystal at random, relax its atoms, and label energy and stress.

    Writes one line per deformation: F (9 numbers, row by row), first Piola-Kirchhoff stress P (9), energy
    density W, in eV/Å³ of the undeformed crystal, which goes to OUTPUT with the ending .extxyz.

    **Examples**

    - `intertwine label-strain emt Cu.cif -n 200 --amplitude 0.08`
    - `intertwine label-strain model.safetensors POSCAR -o strains.txt`
    """
    claim_file(output, overwrite)
    claim_file(output.with_suffix(".extxyz"), overwrite)
    from intertwine.apps.crystal import StrainPlan, label_strains, write_strains
    from intertwine.cli.progress import progress
    from intertwine.data import Structure, write

    plan = StrainPlan(count, amplitude, relax_atoms, relax_cell, fmax, seed)
    start = one_frame(structure, index)
    who = source_of_words(model, "cpu", "float64", option).calculator(start)
    with progress("deforming", count, "labels") as advance:
        labels, crystal = label_strains(start.to_ase(), who, plan, lambda done, total: advance(done, ""))
    write_strains(labels, output)
    crystal.calc = None
    write(output.with_suffix(".extxyz"), [Structure.from_ase(crystal)])
    typer.echo(f"wrote {len(labels)} labels to {output}, the crystal to {output.with_suffix('.extxyz')}")


def law(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="Table of F, P and W, as label-strain writes it.")
    ],
    group: Annotated[
        str | None, typer.Option(help="Point group, as m-3m or Oh; that of --crystal if not given.")
    ] = None,
    crystal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The undeformed crystal: gives the group and how it stands."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for law.safetensors, law.json and law.html.")
    ] = Path("law"),
    test: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Part of the labels that is only tested on.")
    ] = 0.2,
    construction: Annotated[
        str, typer.Option(help="orbit (symmetric weights), average (any network), polyconvex.")
    ] = "orbit",
    expansion: Annotated[
        int, typer.Option(min=0, max=6, help="Degree of invariant polynomials beside the network.")
    ] = 4,
    width: Annotated[int, typer.Option(min=1, help="Hidden functions on the group.")] = 32,
    growth: Annotated[
        bool, typer.Option("--growth", help="Energy grows without bound as the volume goes to zero.")
    ] = False,
    iterations: Annotated[int, typer.Option(min=1, help="Most iterations of the fit.")] = 400,
    unit: Annotated[
        str | None, typer.Option(help="Of W and P; what the file says, or eV/Å³, if not given.")
    ] = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Fit the energy of a deformed crystal, exactly symmetric under its point group, and say what it tells.

    Exit status 1 when the labels contradict elements of the group; the law is written anyhow.

    **Examples**

    - `intertwine law strains.txt --crystal strains.extxyz`
    - `intertwine law lattice.txt --group m-3m --unit Pa --growth -o lattice`
    """
    spec = _spec(
        group, crystal, construction, 0 if construction == "polyconvex" else expansion, width, growth
    )
    claim_folder(output, list(FILES), overwrite)
    import numpy as np

    from intertwine.apps.crystal import fit_law, read_strains, save_law, suspects
    from intertwine.apps.crystal.report import LawReport
    from intertwine.cli.progress import progress

    told = read_strains(labels, unit)
    order = np.random.default_rng(seed).permutation(len(told))
    kept = order[: max(1, round(len(told) * (1 - test)))]
    rest = order[len(kept) :]
    train = told[kept]
    with progress("fitting", iterations, "iterations") as advance:
        fit = fit_law(
            train,
            spec,
            iterations=iterations,
            seed=seed,
            observe=lambda k, n, loss: advance(k, f"loss {loss:.3g}"),
        )
    try:
        found = suspects(train, spec.point_group)
    except InputError:  # too few labels to tell
        found = []
    report = LawReport(fit, train, told[rest] if len(rest) else None, found)
    output.mkdir(parents=True, exist_ok=True)
    save_law(fit.law, output / FILES[0], {"labels": len(train), "train": fit.train.relative})
    file, page = report.write(output)
    _say(report)
    typer.echo(f"wrote {output / FILES[0]}, {file} and {page}")
    if report.violated:
        raise typer.Exit(1)


def _spec(
    group: str | None, crystal: Path | None, construction: str, expansion: int, width: int, growth: bool
) -> "LawSpec":
    from pydantic import ValidationError

    from intertwine.apps.crystal import LawSpec

    values: dict[str, object] = {
        "construction": construction, "expansion": expansion, "width": width, "growth": growth,
    }  # fmt: skip
    if crystal is not None:
        from intertwine.data.crystal_symmetry import crystal_point_group

        found = crystal_point_group(one_frame(crystal, "-1"))
        if group is not None:
            found = found.subgroup(group)
        values |= {"group": found.name, "orientation": found.orientation.tolist()}
    elif group is None:
        raise InputError("the crystal's group is not known", accepted="--group NAME or --crystal FILE")
    else:
        values["group"] = group
    try:
        spec = LawSpec.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise InputError(
            f"{wrong['loc'][0]} cannot be used", got=wrong["input"], accepted=wrong["msg"]
        ) from None
    _ = spec.point_group
    return spec


def _say(report: "LawReport") -> None:
    spec, tested = report.fit.law.spec, report.tested
    typer.echo(f"group {spec.point_group.name}; {len(report.labels)} labels, loss {report.fit.loss:.3g}")
    told = {"fitted": report.fit.train} | ({"test": tested} if tested else {})
    for name, errors in told.items():
        typer.echo(
            f"{name}: stress RMSE {errors.stress:.4g} {spec.unit}, {100 * errors.relative:.3g} % of its size"
        )
    C = report.stiffness
    typer.echo(f"C11 {C[0, 0]:.5g}, C12 {C[0, 1]:.5g}, C44 {C[3, 3]:.5g} GPa")
    if report.violated:
        typer.echo(f"the labels contradict {', '.join(report.violated)}: the crystal has a smaller group")
