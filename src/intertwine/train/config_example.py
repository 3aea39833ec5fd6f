"""The configuration explains itself: a commented example for people, a JSON schema for editors."""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from intertwine.train.config import RunConfig


def example(train: str = "train.xyz") -> str:
    """A complete configuration with every key at its default, and what it means beside it.

    Args:
        train: file name to put under data.train, the only key that has no default.

    >>> print(example().splitlines()[1])
      train: train.xyz  # File that ASE reads (extxyz, db, …).
    """
    config = RunConfig.model_validate({"data": {"train": train}})
    return "\n".join(_lines(config, config.model_dump(mode="json"), "")) + "\n"


def schema() -> dict[str, Any]:
    """JSON schema of the configuration, for editors that complete and check YAML.

    >>> sorted(schema()["properties"])
    ['data', 'finetune', 'model', 'output', 'seed', 'training']
    """
    return RunConfig.model_json_schema()


def _lines(section: BaseModel, values: dict[str, Any], indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        note = f"  # {' '.join(field.description.split())}" if field.description else ""
        inner = getattr(section, name)
        if isinstance(inner, BaseModel):
            yield f"{indent}{name}:{note}"
            yield from _lines(inner, values[name], indent + "  ")
        else:
            yield f"{indent}{name}: {_flow(values[name])}{note}"


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("...").strip()
