# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates the arguments of an event source with their JSON schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import (
    Invalid,
    nearest,
    quoted,
)
from jsonschema import Draft202012Validator, validators

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "minLength": "at least {} character",
}
_HOW_MANY = {"anyOf": "at least", "oneOf": "exactly", "not": "only"}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


def checked(args: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arguments with the defaults of their schema. Raises Invalid, which names the first invalid one."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)
    validator = validators.extend(Draft202012Validator, type_checker=checker)(schema)
    errors = sorted(validator.iter_errors(args), key=lambda error: [str(part) for part in error.absolute_path])
    if errors:
        raise Invalid(_message(errors[0]))
    given: dict[str, Any] = _with_defaults(args, schema)
    return given


def _is_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _message(error: Any) -> str:
    name = error.json_path.removeprefix("$").removeprefix(".")
    kind, limit, schema = str(error.validator), error.validator_value, error.schema
    if kind == "additionalProperties":
        known = schema["properties"]
        unknown = next(key for key in error.instance if key not in known)
        return f"{name + ': ' if name else ''}unknown argument {quoted(unknown)}. {nearest(str(unknown), known)}"
    if kind == "required":
        missing = next(key for key in limit if key not in error.instance)
        return f"{_join(name, missing)} is missing. {schema['properties'][missing].get('description', '')}"
    if kind in ("anyOf", "oneOf", "not"):
        choices = [limit] if kind == "not" else limit
        names = [_join(name, key) for choice in choices for key in choice["required"]]
        return f"Give {_HOW_MANY[kind]} one of {', '.join(names)}."
    if kind == "type" and limit in ("object", "array"):
        # Without the value, which might be a misplaced secret.
        return f"{name}: expected {_KINDS[limit]}, found {_kind_of(error.instance)}. {schema.get('description', '')}"
    if kind == "pattern":
        expected = f"text such as {quoted(schema['examples'][0])}" if "examples" in schema else "text in another format"
    elif kind == "enum":
        expected = f"one of {', '.join(map(repr, limit))}"
    else:
        expected = _KINDS[limit] if kind == "type" else _LIMITS[kind].format(limit)
    found = "" if schema.get("writeOnly") else f", found {_found(error.instance)}"
    return f"{name}: expected {expected}{found}. {schema.get('description', '')}"


def _kind_of(value: Any) -> str:
    kinds: dict[type, str] = {dict: "object", list: "array", str: "string", int: "integer", float: "number"}
    return _KINDS[kinds[type(value)]] if type(value) in kinds else quoted(value)


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _found(value: Any) -> str:
    return f"the text {quoted(value)}" if isinstance(value, str) else quoted(value)


def _with_defaults(given: Any, schema: Mapping[str, Any]) -> Any:
    """Returns valid arguments, with the schema's defaults for those that were not given."""
    if schema.get("type") == "array":
        return [_with_defaults(item, schema["items"]) for item in given]
    properties = schema.get("properties")
    if properties is None:
        return given
    defaults = {name: about["default"] for name, about in properties.items() if "default" in about}
    return {name: _with_defaults(value, properties[name]) for name, value in {**defaults, **given}.items()}
