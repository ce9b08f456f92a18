"""Judges TOML texts by JSON Schemas: `[[schema, text], ...]` in, what is wrong with each out."""

import json
import sys
import tomllib

import jsonschema


def wrong(schema, text):
    """The first thing that is wrong, or nothing."""
    document = json.loads(json.dumps(tomllib.loads(text), default=str))
    validator = jsonschema.Draft7Validator(schema)
    for error in validator.iter_errors(document):
        return f"{list(error.absolute_path)}: {error.message}"
    return None


if __name__ == "__main__":
    cases = json.load(sys.stdin)
    for schema in {json.dumps(schema, sort_keys=True) for schema, _ in cases}:
        jsonschema.Draft7Validator.check_schema(json.loads(schema))
    print(json.dumps([wrong(schema, text) for schema, text in cases]))
