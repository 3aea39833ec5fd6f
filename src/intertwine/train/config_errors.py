"""What is wrong with a configuration, in the words of whoever wrote it."""

from collections.abc import Iterable

from pydantic import BaseModel, ValidationError

from intertwine.errors import InputError, nearest
from intertwine.train.config import RunConfig


def explained(error: ValidationError, source: str) -> InputError:
    """The first complaint of pydantic about a `RunConfig`, unknown keys before anything else, as one line.

    Args:
        error: what pydantic raised.
        source: where the configuration came from.

    >>> try:
    ...     RunConfig.model_validate({"data": {"train": "a.xyz"}, "modle": {}})
    ... except ValidationError as error:
    ...     print(explained(error, "run.yaml"))
    run.yaml: unknown key 'modle'; accepted: data, model, training, finetune, seed, output; do: write 'model'
    """
    complaints = sorted(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
    first = complaints[0]
    keys, legal = _place(first["loc"])
    name = ".".join(keys)
    if first["type"] == "extra_forbidden":
        close = nearest(keys[-1], legal)
        fix = f"write '{'.'.join([*keys[:-1], close])}'" if close else None
        return InputError(f"{source}: unknown key '{name}'", accepted=", ".join(legal), fix=fix)
    if first["type"] == "missing":
        return InputError(f"{source}: '{name}' is missing", fix=f"add it, or give {name}=… as an argument")
    if first["type"] == "value_error":
        return InputError(
            f"{source}: '{name}': {first.get('ctx', {}).get('error')}", got=repr(first["input"])
        )
    same = [item["msg"] for item in complaints if _place(item["loc"])[0] == keys]
    accepted = " or ".join(dict.fromkeys(_accepted(message) for message in same))
    return InputError(f"{source}: '{name}' cannot be used", got=repr(first["input"]), accepted=accepted)


def _accepted(message: str) -> str:
    """What pydantic would have liked, in the words of a YAML file.

    >>> _accepted("Input should be a valid integer"), _accepted("Input should be an object")
    ('an integer', 'key: value pairs')
    """
    words = {
        "a valid ": "a ",
        "a integer": "an integer",
        "an object": "key: value pairs",
        "a array": "a list",
    }
    for pydantic, ours in words.items():
        message = message.replace(pydantic, ours)
    return message.removeprefix("Input should be ")


def _place(location: Iterable[str | int]) -> tuple[list[str], list[str]]:
    """Keys that a user would write, and the legal names where the last of them stands.

    Pydantic adds the branches of unions to a location; they follow the key of the union and are dropped.
    """
    keys: list[str] = []
    section: type[BaseModel] | None = RunConfig
    legal: list[str] = []
    for part in location:
        if isinstance(part, int):
            keys.append(str(part))
        elif section is not None:
            keys.append(part)
            legal = list(section.model_fields)
            section = _section(section, part)
    return keys, legal


def _section(parent: type[BaseModel], key: str) -> type[BaseModel] | None:
    """Class of the section under a key, looked for inside tuples too; None for a plain value."""
    field = parent.model_fields.get(key)
    if field is None:
        return None
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
