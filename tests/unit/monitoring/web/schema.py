"""As much of JSON Schema as the API's description uses."""

from __future__ import annotations

from typing import Any

from koji_adjutant.monitoring.web.schemas import SCHEMAS

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def matches(value: Any, name: str) -> None:
    """AssertionError, with the place, if ``value`` is not as the schema of that name says."""
    problem = _problem(value, SCHEMAS[name], name)
    assert problem is None, problem


def _problem(value: Any, schema: dict[str, Any], place: str) -> str | None:
    if "$ref" in schema:
        return _problem(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], place)
    if "anyOf" in schema:
        problems = [_problem(value, one, place) for one in schema["anyOf"]]
        return None if None in problems else problems[0]
    kind = schema["type"]
    if kind == "array":
        if not isinstance(value, list):
            return f"{place} is {value!r}, no list"
        return _first(_problem(one, schema["items"], f"{place}[{n}]") for n, one in enumerate(value))
    if kind == "object":
        return _object_problem(value, schema, place)
    if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"{place} is {value!r}, not of type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} is {value!r}, not one of {schema['enum']}"
    return None


def _object_problem(value: Any, schema: dict[str, Any], place: str) -> str | None:
    if not isinstance(value, dict):
        return f"{place} is {value!r}, no object"
    known, other = schema.get("properties", {}), schema.get("additionalProperties", False)
    missing = set(schema.get("required", ())) - set(value)
    unknown = set(value) - set(known) if other is False else set()
    if missing or unknown:
        return f"{place}: missing {missing}, unknown {unknown}"
    return _first(_problem(one, known.get(name, other), f"{place}.{name}") for name, one in value.items())


def _first(problems: Any) -> str | None:
    return next((problem for problem in problems if problem), None)
