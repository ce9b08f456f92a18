"""All that an account holds, as paths and values: for tests that compare whole accounts.

It is what moto and this package remember, not what an operation tells of it, so that a service that
nobody thought of is compared as well, and what was made twice is there twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy

from .state import STATE

#: What differs from one account to the next: numbers of accounts, ids, and the digests in them.
IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32,64}\b|\b[A-Z]{4}[A-Z0-9]{16,17}\b"
    r"|(?<=-)[0-9a-f]{17}\b"
)

#: By service, or for all: what a read alone changes, what AWS made with the account, the random material
#: of keys, and objects in buckets, which services deliver whenever they like.
LEFT_OUT = {
    "": {"account_id", "region_name", "backend", "partition"},
    "iam": {"account_summary", "aws_managed_policies", "credential_report"},
    "s3": {"keys", "multiparts"},
    "config": {"config_schema"},
    "kms": {"key_material"},
    "sts": {"assumed_roles", "sessions"},
    "cloudtrail": {"history"},
}

#: Networks that AWS makes with every account: their ids differ, and nothing here manages them.
NETWORKS = re.compile(r"vpc|subnet|route|acl|group|sg_|ami|prefix|zone|instance_types|dhcp|eni")

A_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

Leaf = tuple[str, Any]


def holdings(account: str) -> list[Leaf]:
    """Every value that is kept for an account, with the way to it; in order, repeated as it is."""
    found = []
    for kept in list(BackendDict._instances):
        if account in kept.keys():
            for region, backend in list(dict.__getitem__(kept, account).items()):
                service = kept.service_name
                found.extend(leaves(members(backend, service), f"{service} {region}", service, ()))
    for (owner, region, service, name), values in list(STATE._stores.items()):
        if owner == account and name not in LEFT_OUT.get(service, ()):
            found.extend(leaves(values, f"{service} {region} {name}", service, ()))
    for title, values in (("root", STATE.root(account)), ("settings", STATE.settings(account))):
        found.extend(leaves(values, title, title, ()))
    return sorted(
        ((alike(path, account), alike(value, account)) for path, value in found), key=json.dumps
    )


def alike(value: Any, account: str) -> Any:
    """A text without what differs from one account to the next."""
    return IDS.sub("ID", value.replace(account, "ACCOUNT")) if isinstance(value, str) else value


def members(thing: Any, service: str) -> dict[str, Any]:
    """What an object of moto's remembers."""
    left_out = LEFT_OUT[""] | LEFT_OUT.get(service, set())
    own = {name: value for name, value in vars(thing).items() if name not in left_out}
    if isinstance(thing, BaseBackend) and service == "ec2":
        return {name: value for name, value in own.items() if not NETWORKS.search(name)}
    if isinstance(thing, BaseBackend) and service == "iam":
        policies = own["managed_policies"].items()
        own["managed_policies"] = {
            arn: policy for arn, policy in policies if not isinstance(policy, AWSManagedPolicy)
        }
    return own


def leaves(value: Any, path: str, service: str, within: tuple[int, ...]) -> Iterator[Leaf]:
    """The values below one, without times, without None and what else is no data."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        document = as_document(value)
        if document is None:
            if not A_TIME.match(value):
                yield path, value
            return
        value = document
    if isinstance(value, (bool, int, float)):
        yield path, value
        return
    if value is None or isinstance(value, date) or id(value) in within:
        return
    within = (*within, id(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from leaves(item, f"{path}[]", service, within)
        return
    if isinstance(value, AWSManagedPolicy):
        yield path, value.arn
        return
    if not isinstance(value, dict):
        is_data = type(value).__module__.startswith("moto.") and hasattr(value, "__dict__")
        if isinstance(value, BaseBackend) or not is_data:
            return
        value = members(value, service)
    for name, member in list(value.items()):
        if not is_a_time(str(name)):
            yield from leaves(member, f"{path}/{name}", service, within)


def as_document(text: str) -> Any:
    """What a JSON text holds, such as a policy."""
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def is_a_time(name: str) -> bool:
    signs = ("time", "date", "created_at", "createdat", "updatedat")
    return name != "TimeUnit" and any(sign in name.lower() for sign in signs)
