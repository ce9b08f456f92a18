"""Answers as a later AWS may give them: with members and values that no client knows yet."""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from .answers import Answer
from .routing import Asked

MEMBER = "AddedTomorrow"
VALUE = "NEW_TOMORROW"


def with_extra_members(asked: Asked, answer: Answer) -> Answer:
    """Every structure of the answer has one more member. AWS: adding members is no breaking change."""
    if not is_readable(asked.model, answer):
        return answer
    if answer.body.lstrip().startswith(b"<"):
        # Wherever a structure with children ends, one more child comes before its end.
        extra = rb"<%s><A>1</A></%s>" % (MEMBER.encode(), MEMBER.encode())
        lists = collections(asked.model.output_shape)

        def longer(end: re.Match) -> bytes:
            return end[0] if end[2].decode() in lists else end[1] + extra

        body = re.sub(rb"((?:</[^>]+>|/>)\s*)(?=</([^>]+)>)", longer, answer.body)
    else:
        body = json.dumps(grown(json.loads(answer.body), asked.model.output_shape)).encode()
    return Answer(answer.status, answer.headers, body)


def with_unknown_values(asked: Asked, answer: Answer) -> Answer:
    """Every value of an enumeration is one that no model lists. AWS: neither is adding values."""
    if not is_readable(asked.model, answer):
        return answer
    if answer.body.lstrip().startswith(b"<"):
        body = answer.body
        for name in enumerations(asked.model.output_shape, set()):
            tag = name.encode()
            element = rb"(<%s(?: [^>]*)?>)[^<]*(</%s>)" % (tag, tag)
            body = re.sub(element, rb"\1" + VALUE.encode() + rb"\2", body)
    else:
        body = json.dumps(renamed(json.loads(answer.body), asked.model.output_shape)).encode()
    return Answer(answer.status, answer.headers, body)


def is_readable(model: OperationModel | None, answer: Answer) -> bool:
    """Is the body a structure of the model: no error, no policy document, not empty?"""
    if model is None or model.output_shape is None or answer.status >= 300:
        return False
    payload = model.output_shape.serialization.get("payload")
    if payload and not isinstance(model.output_shape.members[payload], StructureShape):
        return False
    return answer.body.strip()[:1] in (b"<", b"{")


def named(shape: StructureShape) -> dict[str, Shape]:
    """The members by the names they have in an answer."""
    payload = shape.serialization.get("payload")
    if payload:
        return named(shape.members[payload])
    return {
        member.serialization.get("name", name): member for name, member in shape.members.items()
    }


def grown(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = named(shape)
        known = {
            name: grown(inner, members[name]) if name in members else inner
            for name, inner in value.items()
        }
        return {MEMBER: {"A": ["1", None, 2]}, **known}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [grown(inner, shape.member) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: grown(inner, shape.value) for key, inner in value.items()}
    return value


def renamed(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = named(shape)
        return {
            name: renamed(inner, members[name]) if name in members else inner
            for name, inner in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [renamed(inner, shape.member) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: renamed(inner, shape.value) for key, inner in value.items()}
    return VALUE if is_enumeration(shape) and isinstance(value, str) else value


def collections(shape: Shape, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of XML elements that hold lists and maps, which have no members to add to."""
    if shape.name in seen:
        return set()
    names: set[str] = set()
    inner = {}
    if isinstance(shape, StructureShape):
        inner = named(shape)
    for name, member in inner.items():
        if isinstance(member, ListShape | MapShape):
            names |= {name, "entry"}
            member = member.member if isinstance(member, ListShape) else member.value
        names |= collections(member, seen | {shape.name})
    return names


def enumerations(shape: Shape, seen: set[str]) -> set[str]:
    """The names of XML elements that hold values of enumerations."""
    if shape.name in seen:
        return set()
    seen = seen | {shape.name}
    names: set[str] = set()
    if isinstance(shape, StructureShape):
        for name, member in named(shape).items():
            inner = member.member if isinstance(member, ListShape) else member
            if is_enumeration(inner):
                own = inner.serialization.get("name", "member")
                flat = member.serialization.get("flattened")
                names.add(name if inner is member or flat else own)
            names |= enumerations(inner, seen)
    return names


def is_enumeration(shape: Shape) -> bool:
    return shape.type_name == "string" and bool(getattr(shape, "enum", None))
