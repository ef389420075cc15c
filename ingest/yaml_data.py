"""A YAML file → plain data, read in a child process with limits. Run as a program it is the child.

A few lines of YAML can name each other so that they stand for billions of values: what they come to is counted before
any of it is made.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from index.errors import SourceFileError
from ingest.captions import decode
from ingest.sandbox import Limits, Sandbox, serve

_MAX_BYTES = 1 << 20  # a course of 70 lectures has 40 KB
_MAX_DEPTH = 30
_MAX_VALUES = 200_000
_MAX_CHARS = 8 << 20
_LIMITS = Limits(seconds=20.0, cpu_seconds=20, memory_bytes=512 << 20)


def read_yaml_data(path: Path, *, any_tags: bool = False) -> Any:
    """What a YAML file holds; SourceFileError if it is malformed or comes to more than a course.

    `any_tags`: a value whose tag only another program knows (`!ENV`, `!!python/name:…`) is what it says without it.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise SourceFileError(f"it is larger than {_MAX_BYTES >> 20} MB; that is no course", code="too_large")
    sandbox = Sandbox("ingest.yaml_data", _LIMITS)
    try:
        return sandbox.call({"do": "read", "path": str(path), "any_tags": any_tags})[0]["data"]
    finally:
        sandbox.close()


# --- the child's side ---------------------------------------------------------------------------------


class _AnyTags(yaml.SafeLoader):
    """Builds plain data whatever the tags; nothing that a tag names is made or called."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_AnyTags.add_multi_constructor("", _untagged)


def _read(path: str, any_tags: bool) -> tuple[dict[str, Any], bytes]:
    text = decode(Path(path).read_bytes())
    try:
        _check_depth(text)
        root = yaml.compose(text, yaml.SafeLoader)
        if root is not None:
            _measure(root, {})
        loader = _AnyTags if any_tags else yaml.SafeLoader
        return {"data": _plain(yaml.load(text, loader))}, b""  # noqa: S506  (both are safe)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"in line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SourceFileError(f"it is malformed {where}{error.problem}", code="damaged") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceFileError(f"it cannot be read as YAML: {str(error)[:200]}", code="damaged") from error


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise SourceFileError("it is nested too deeply", code="too_large")


def _measure(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """(values, characters) that a node comes to, each place that names another counted as that one."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = (_MAX_VALUES + 1, 0)  # while it is measured: what holds itself has no end
    values, chars = 1, len(node.value) if isinstance(node, yaml.ScalarNode) else 0
    below: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        below = node.value
    elif isinstance(node, yaml.MappingNode):
        below = [part for pair in node.value for part in pair]
    for child in below:
        more = _measure(child, known)
        values, chars = values + more[0], chars + more[1]
        if values > _MAX_VALUES or chars > _MAX_CHARS:
            raise SourceFileError("its values name each other without end; write them out", code="too_large")
    known[id(node)] = (values, chars)
    return values, chars


def _plain(value: Any) -> Any:
    """A value as JSON can say it; dates and what else YAML knows become their text."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


if __name__ == "__main__":
    serve({"read": _read})
