"""Pydantic's JSON schema as Kubernetes takes it: structural, with bounds everywhere."""

from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_KEPT = ("description", "type", "default", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems")
_MAX_ITEMS, _MAX_KEYS, _MAX_TEXT = 256, 64, 4096


def _without_nulls(value: Any) -> Any:
    """A default as the API server takes it: absent, not null."""
    return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value


def structural(schema: Schema, definitions: Schema) -> Schema:
    """Kubernetes' structural subset of a JSON schema: no $ref, no anyOf, no titles, bounds everywhere."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rsplit("/", 1)[1]]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return structural({**target, **rest}, definitions)
    if "anyOf" in schema:
        (only,) = (one for one in schema["anyOf"] if one.get("type") != "null")
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return structural({**only, **rest}, definitions)
    out = {key: _without_nulls(schema[key]) for key in _KEPT if key in schema}
    if "const" in schema:
        out["enum"] = [schema["const"]]
    for given, inclusive, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
        if given in schema:
            out[inclusive] = schema[given] + step
    return _children(out, schema, definitions)


def _children(out: Schema, schema: Schema, definitions: Schema) -> Schema:
    kind = out.get("type")
    if kind == "integer":
        out["format"] = "int64"
    elif kind == "string" and "enum" not in out:
        out.setdefault("maxLength", _MAX_TEXT)
    elif kind == "array":
        out.setdefault("maxItems", _MAX_ITEMS)
        out["items"] = structural(schema["items"], definitions)
    elif kind == "object" and "properties" in schema:
        out["properties"] = {name: structural(one, definitions) for name, one in schema["properties"].items()}
        if schema.get("required"):
            out["required"] = schema["required"]
    elif kind == "object":
        out["maxProperties"] = schema.get("maxProperties", _MAX_KEYS)
        out["additionalProperties"] = structural(schema["additionalProperties"], definitions)
    return out


def schema_of(kind: type[BaseModel]) -> Schema:
    """Structural schema of a kind, with metadata left to the API server."""
    full = kind.model_json_schema(by_alias=True, mode="validation")
    del full["properties"]["metadata"]
    out = structural(full, full.get("$defs", {}))
    out["properties"]["metadata"] = {"type": "object"}
    for name in ("apiVersion", "kind"):
        out["properties"][name] = {"type": "string"}
    out["required"] = ["spec"]
    return out
