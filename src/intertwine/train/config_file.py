"""Configurations as YAML files, and errors that name the key and the nearest legal one."""

import json
import os
import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from intertwine.errors import InputError, nearest
from intertwine.train.config import RunConfig
from intertwine.train.config_errors import explained
from intertwine.typing import PathLike

PATH_KEYS = (
    ("data", "train"),
    ("data", "valid"),
    ("data", "test"),
    ("data", "isolated_atoms"),
    ("finetune", "model"),
    ("finetune", "replay", "frames"),
)
"""Keys that name files to read: relative to the file that they are written in."""


def load_config(path: PathLike, overrides: Sequence[str] = ()) -> RunConfig:
    """Read, complete and check a configuration.

    Args:
        path: a YAML file. File names in it are relative to its folder; `$NAME` is an environment variable.
        overrides: `"a.b=c"` sets one key, c being YAML; file names are relative to the current folder.

    Returns:
        The configuration with absolute file names; frozen.

    Raises:
        InputError: the file or one it names is missing, it is no YAML, a key is unknown (the nearest legal
            name is given) or given twice, or a value has the wrong type. One line, with the dotted path of
            the key.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "config.yaml"
    >>> _ = file.write_text("data: {train: train.xyz}\\ntraining: {epoch: 3}")
    >>> load_config(file)
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: ...unknown key 'training.epoch'; accepted: ...; do: write 'training.epochs'
    """
    path = Path(path)
    tree = _located(_mapping(_parse(_text(path), str(path)), str(path)), path.absolute().parent)
    for override in overrides:
        _set(tree, *_split(override))
    config = _validated(tree, str(path))
    check_files(config)
    return config


def check_files(config: RunConfig) -> None:
    """Raise InputError unless every file that a configuration names is there.

    >>> check_files(RunConfig.model_validate({"data": {"train": "no/such.xyz"}}))
    Traceback (most recent call last):
        ...
    intertwine.errors.InputError: data.train: no file 'no/such.xyz'; do: ...
    """
    for keys in PATH_KEYS:
        value = _found(config, keys)
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, Path) and not path.is_file():
                raise InputError(f"{'.'.join(keys)}: no file '{path}'", fix=_nearest_file(path))


def with_absolute_paths(config: RunConfig) -> RunConfig:
    """The same configuration, to be read from any folder.

    >>> config = RunConfig.model_validate({"data": {"train": "train.xyz"}})
    >>> with_absolute_paths(config).data.train == Path.cwd() / "train.xyz"
    True
    """
    for keys in PATH_KEYS:
        value = _found(config, keys)
        if isinstance(value, Path):
            config = _replaced(config, keys, value.absolute())
        elif isinstance(value, tuple):
            config = _replaced(config, keys, tuple(path.absolute() for path in value))
    return config


def to_yaml(config: RunConfig) -> str:
    """A configuration as YAML that reads back equal.

    >>> print(to_yaml(RunConfig.model_validate({"data": {"train": "train.xyz"}})).splitlines()[1])
      train: train.xyz
    """
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _found(config: RunConfig, keys: Sequence[str]) -> Any:
    """What stands under nested keys; None where a section is not there."""
    return reduce(lambda section, key: getattr(section, key, None), keys, config)


def _replaced(section: Any, keys: Sequence[str], value: Any) -> Any:
    """A section with another value under nested keys."""
    key, *inner = keys
    new = _replaced(getattr(section, key), inner, value) if inner else value
    return section.model_copy(update={key: new})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"no configuration '{path}'", fix=_nearest_file(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the configuration '{path}'", got=error) from error


class _Loader(yaml.SafeLoader):
    """YAML with two of its traps closed: `1e-3` is a number, and a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key.value}' is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{source}{place}: not valid YAML", got=getattr(error, "problem", error)) from error


def _mapping(tree: Any, source: str) -> dict:
    if not isinstance(tree, dict):
        got = "an empty file" if tree is None else type(tree).__name__
        raise InputError(f"{source}: not a configuration", got=got, accepted="data:, model:, training:, …")
    return tree


def _split(override: str) -> tuple[list[str], Any]:
    name, sign, text = override.partition("=")
    if not sign or not all(name.split(".")):
        raise InputError(
            f"cannot understand '{override}'", accepted="key.key=value", fix="write training.epochs=100"
        )
    keys = name.strip().split(".")
    value = _parse(text, override)
    return keys, _absolute(value, Path.cwd()) if tuple(keys) in PATH_KEYS else value


def _set(tree: dict, keys: Sequence[str], value: Any) -> None:
    for depth, key in enumerate(keys[:-1]):
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise InputError(
                f"'{'.'.join(keys)}' goes below '{'.'.join(keys[: depth + 1])}', which has no keys"
            )
    tree[keys[-1]] = value


def _located(tree: dict, folder: Path) -> dict:
    """The tree with file names made absolute."""
    for *sections, key in PATH_KEYS:
        part: Any = tree
        for section in sections:
            part = part.get(section) if isinstance(part, dict) else None
        if isinstance(part, dict) and key in part:
            part[key] = _absolute(part[key], folder)
    return tree


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_absolute(item, folder) for item in value]
    if not isinstance(value, str):
        return value
    expanded = os.path.expandvars(value)
    if missing := re.search(r"\$\{?(\w+)", expanded):
        raise InputError(f"'{value}': the environment variable {missing[1]} is not set", fix="set it")
    return str(folder / Path(expanded).expanduser())


def _validated(tree: dict, source: str) -> RunConfig:
    """Strictly as JSON: a list may be a tuple and a string a path, but `yes` is no number."""
    try:
        return RunConfig.model_validate_json(json.dumps(tree, default=str), strict=True)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    except ValidationError as error:
        raise explained(error, source) from error


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder '{path.parent}'; check the path"
    close = nearest(path.name, (other.name for other in path.parent.iterdir()))
    return f"did you mean '{path.parent / close}'?" if close else "check the path"
