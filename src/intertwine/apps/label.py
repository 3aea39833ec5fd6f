"""Data by computation: configurations sampled and labelled with any ASE calculator.

Three ways to get configurations, from any number of starting structures: molecular dynamics of the oracle
itself at given temperatures, random displacements and strains, or the structures as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from intertwine.apps.parts import Parts
from intertwine.apps.sampling import Chain, Frames, IsolatedAtom, Perturbation, Piece, answered
from intertwine.apps.workers import finished
from intertwine.data import Structure, data_hash
from intertwine.engines.finite_field import check_open, checked_properties, takes_field, tight_oracle
from intertwine.engines.oracles import oracle
from intertwine.errors import InputError
from intertwine.typing import PathLike

Observer = Callable[[int, int], None]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class LabelPlan(BaseModel):
    """What to sample and who labels it; the same plan on the same structures gives the same frames.

    With `temperatures`, frames come from Langevin dynamics of the oracle; with `rattle` or `strain`, from
    random perturbations; with neither, the structures themselves are labelled.

    >>> LabelPlan(calculator="emt", temperatures=(300.0,), frames=10).interval
    50.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calculator: str
    """Name for `intertwine.engines.oracle`, such as "tblite:GFN2-xTB"."""
    options: dict[str, bool | int | float | str] = {}
    """Given to the calculator as they are."""
    properties: tuple[Literal["dipole", "polarisability", "born_charges", "charges"], ...] = ()
    """Beside energy, forces and stress: what `intertwine.engines.finite_field` finds, converged tightly."""
    temperatures: tuple[Positive, ...] = ()
    """K."""
    frames: Annotated[int, Field(ge=1)] = 100
    """Frames per starting structure, and per temperature where there are temperatures."""
    interval: Positive = 50.0
    """fs between kept frames of a trajectory; longer decorrelates them more."""
    equilibration: NotNegative = 500.0
    """fs before the first frame of each trajectory."""
    time_step: Positive = 0.5
    """fs."""
    thermostat_time: Positive = 100.0
    """fs."""
    chain_frames: Annotated[int, Field(ge=1)] = 50
    """Most frames of one trajectory (or batch): longer jobs are cut into independent ones of this length."""
    rattle: NotNegative = 0.0
    """Standard deviation of random displacements, Å."""
    strain: NotNegative = 0.0
    """Standard deviation of random strains along periodic axes."""
    isolated: bool = False
    """Also compute each element's isolated atom, the zero of binding energies."""
    seed: Annotated[int, Field(ge=0)] = 0


def plan_of(**values: Any) -> LabelPlan:
    """A plan, or one line that says which value cannot be used.

    >>> plan_of(calculator="emt", interval=-1.0)
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: the interval cannot be used; got: -1.0; accepted: greater than 0
    """
    try:
        return LabelPlan(**values)
    except ValidationError as error:
        wrong = error.errors()[0]
        what, legal = (
            " ".join(str(word) for word in wrong["loc"]),
            wrong["msg"].removeprefix("Input should be "),
        )
        raise InputError(f"the {what} cannot be used", got=wrong["input"], accepted=legal) from None


def label(
    structures: Sequence[Structure],
    plan: LabelPlan,
    *,
    work: PathLike | None = None,
    workers: int = 2,
    observe: Observer | None = None,
) -> list[Structure]:
    """Sample configurations and label them with energy (eV), forces (eV/Å) and stress (eV/Å³, if periodic),
    and with the electric properties that the plan names, of all but isolated atoms.

    The job is cut into independent pieces, each with its own seed, that run in `workers` processes of one
    thread each: the frames do not depend on how many. Finished pieces are kept in `work`, and calling again
    with the same plan and structures goes on from there.

    Args:
        structures: where to start; their labels are ignored.
        plan: what to do.
        work: folder for finished pieces, made when absent; None keeps them in memory only. The caller
            removes it when the frames are safe.
        workers: processes; 0 computes in this one. A script that asks for processes needs the usual
            `if __name__ == "__main__":` around its work.
        observe: called with (frames done, frames in all) whenever a piece is finished.

    Returns:
        Isolated atoms first (marked `config_type=isolated_atom`), then the frames in the order of the plan.
        Every frame says in `info` how it was made.

    Raises:
        InputError: no such calculator, a property that it does not give, or `work` belongs to another job.
        IntertwineError: the calculator failed, or a trajectory exploded; finished pieces stay in `work`.

    >>> from ase.build import bulk
    >>> start = Structure.from_ase(bulk("Cu", cubic=True))
    >>> plan = LabelPlan(calculator="emt", rattle=0.05, strain=0.01, frames=2)
    >>> [sorted(frame.labels) for frame in label([start], plan, workers=0)]
    [['energy', 'forces', 'stress'], ['energy', 'forces', 'stress']]
    """
    structures = [charged(structure, plan.options) for structure in structures]
    pieces = pieces_of(structures, plan)
    calculator = oracle(plan.calculator, **plan.options)
    if {*checked_properties(plan.properties, calculator)} and takes_field(calculator):
        check_open(structures)
    job = {"plan": plan.model_dump(mode="json"), "structures": data_hash(list(structures))}
    parts = Parts(work, job) if work is not None else None
    done = parts.finished(len(pieces)) if parts else {}
    total = sum(size(piece) for piece in pieces)
    todo = {index: piece for index, piece in enumerate(pieces) if index not in done}
    if observe is not None:
        observe(sum(len(part) for part in done.values()), total)
    with closing(finished(partial(compute, plan=plan), todo, workers)) as results:
        for index, frames in results:
            done[index] = frames
            if parts is not None:
                parts.keep(index, frames)
            if observe is not None:
                observe(sum(len(part) for part in done.values()), total)
    return [frame for index in range(len(pieces)) for frame in done[index]]


def pieces_of(structures: Sequence[Structure], plan: LabelPlan) -> list[Piece]:
    """The job cut into independent pieces; piece k is seeded with (seed of the plan, k).

    >>> start = Structure([1], [[0, 0, 0]])
    >>> [p.frames for p in pieces_of([start], LabelPlan(calculator="emt", temperatures=(300,), frames=120))]
    [50, 50, 20]
    """
    if not structures:
        raise InputError("there is nothing to label", accepted="one structure or more")
    pieces: list[Piece] = []
    if plan.isolated:
        pieces += [IsolatedAtom(z) for z in sorted({z for s in structures for z in s.species})]
    for temperature in plan.temperatures:
        pieces += [_chain(s, temperature, n, plan) for s in structures for n in _batches(plan)]
    if plan.rattle or plan.strain:
        pieces += [
            Perturbation(s, plan.rattle, plan.strain, n, ()) for s in structures for n in _batches(plan)
        ]
    if not (plan.temperatures or plan.rattle or plan.strain):
        step = plan.chain_frames
        pieces += [Frames(tuple(structures[k : k + step])) for k in range(0, len(structures), step)]
    return [
        piece.seeded((plan.seed, k)) if isinstance(piece, Chain | Perturbation) else piece
        for k, piece in enumerate(pieces)
    ]


def charged(structure: Structure, options: Mapping[str, Any]) -> Structure:
    """The structure with the charge that the calculator is told to give it, where it has none of its own.

    Raises:
        InputError: it has another one.

    >>> charged(Structure([11], [[0, 0, 0]]), {"charge": 1}).charge
    1.0
    """
    charge = options.get("charge")
    if charge is None or structure.charge == charge:
        return structure
    if structure.charge:
        raise InputError(
            f"{structure.formula} has another charge than the calculator is told",
            got=f"{structure.charge:g} and {charge:g} e",
            fix="leave the option away",
        )
    return structure.replace(charge=charge)


def size(piece: Piece) -> int:
    """Number of frames that a piece will give."""
    if isinstance(piece, IsolatedAtom):
        return 1
    return len(piece.frames) if isinstance(piece, Frames) else piece.frames


def _batches(plan: LabelPlan) -> list[int]:
    full, rest = divmod(plan.frames, plan.chain_frames)
    return [plan.chain_frames] * full + [rest] * (rest > 0)


def _chain(start: Structure, temperature: float, frames: int, plan: LabelPlan) -> Chain:
    interval = max(1, round(plan.interval / plan.time_step))
    wait = round(plan.equilibration / plan.time_step)
    return Chain(start, temperature, frames, wait, interval, plan.time_step, plan.thermostat_time, ())


def compute(piece: Piece, plan: LabelPlan) -> list[Structure]:
    """Label one piece in this process with fresh calculators, and say who did it."""
    options: dict[str, Any] = dict(plan.options)
    if isinstance(piece, IsolatedAtom):
        options = {k: v for k, v in options.items() if k not in ("charge", "multiplicity")}
    frames = piece(oracle(plan.calculator, **options))
    if plan.properties and not isinstance(piece, IsolatedAtom):
        responding = tight_oracle(plan.calculator, **options)
        frames = [answered(frame, responding, plan.properties) for frame in frames]
    origin = {"calculator": plan.calculator, "software": software(plan.calculator)}
    if plan.options:
        origin["calculator_options"] = " ".join(f"{k}={v}" for k, v in plan.options.items())
    return [frame.replace(info={**frame.info, **origin}) for frame in frames]


def software(calculator: str) -> str:
    """Package behind a calculator of this name, with its version.

    >>> software("emt").partition(" ")[0]
    'ase'
    """
    kind = calculator.partition(":")[0].lower()
    package = "intertwine" if kind.endswith(".safetensors") else {"xtb": "tblite"}.get(kind, kind)
    for name in (package, "ase"):
        try:
            return f"{name} {version(name)}"
        except (PackageNotFoundError, ValueError):
            continue
    return "unknown"
