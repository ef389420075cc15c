"""The description of the API → `lecture_search_client/shapes.py`, so that no shape is written twice.

Run it from the root of the repository when the API has changed: python clients/python/make_shapes.py
"""

from __future__ import annotations

import keyword
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "lecture_search_client" / "shapes.py"
_REFERENCE = "#/components/schemas/"
_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
_HEAD = '''"""The shapes of the API. Made by make_shapes.py from its description; do not change them here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """What a newer service says beside this is passed over; a word of a closed set that is new is given as it is."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

'''


def shapes_of(document: Mapping[str, Any]) -> str:
    """The module that holds every shape which an operation of ours gives or takes, formatted."""
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    wanted = sorted(_reached(document, schemas))
    closed = [name for name in wanted if "enum" in schemas[name]]
    text = _HEAD
    for name in closed:
        text += f"\n{name} = Literal[{', '.join(map(repr, schemas[name]['enum']))}] | str"
    several = [name for name in wanted if "oneOf" in schemas[name]]
    for name in wanted:
        if name not in closed and name not in several:
            text += _model(name, schemas[name])
    for name in several:  # after all that they name
        text += f"\n\n{name} = {_type(schemas[name])}\n"
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return formatted.stdout


def _reached(document: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    """The schemas that are named by what is not of OpenAI's shapes, and those that they name."""
    ours = [methods for path, methods in document["paths"].items() if not path.startswith("/v1/")]
    found: set[str] = set()
    waiting = list(_references(ours))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_REFERENCE)
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _model(name: str, schema: Mapping[str, Any]) -> str:
    said = schema.get("description")
    lines = [f"\n\nclass {name}(Shape):"]
    if said:
        lines.append(f'    """{said}"""\n')
    required = schema.get("required", [])
    lines += [_field(key, value, required=key in required) for key, value in schema.get("properties", {}).items()]
    return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"]) + "\n"


def _field(name: str, schema: Mapping[str, Any], *, required: bool) -> str:
    own = f"{name}_" if keyword.iskeyword(name) else name
    options = [] if required else [repr(schema.get("default"))]
    if own != name:
        options.append(f"alias={name!r}")
    if "description" in schema:
        options.append(f"description={schema['description']!r}")
    default = f" = Field({', '.join(options)})" if len(options) > (not required) else ""
    if not required and not default:
        default = f" = {options[0]}"
    kind = _type(schema)
    if not required and schema.get("default") is None and "None" not in kind:
        kind += " | None"
    return f"    {own}: {kind}{default}"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}] | str"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            kinds = " | ".join(_type(one) for one in schema[several])
            chosen = schema.get("discriminator", {}).get("propertyName")
            return f"Annotated[{kinds}, Field(discriminator={chosen!r})]" if chosen else kinds
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return f"tuple[{', '.join(_type(one) for one in schema['prefixItems'])}]"
        return f"list[{_type(schema.get('items', {}))}]"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"dict[str, {_type(schema['additionalProperties'])}]"
    return _PLAIN.get(schema.get("type", ""), "Any")


def main() -> None:
    from service.app import create_app  # noqa: PLC0415  (only the script needs the service)
    from service.settings import Settings  # noqa: PLC0415

    TARGET.write_text(shapes_of(create_app(Settings(embedder="none")).openapi()), "utf-8")


if __name__ == "__main__":
    main()
