"""moto for thousands of accounts in one process: what it does at every request grows with them."""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.common_models import BaseModel
from moto.iam.models import AccountSummary, AWSManagedPolicy

MAKE_BACKEND = BackendDict._create_account_specific_backend


def make_without_tracking(cls: type, *args: Any, **kwargs: Any) -> Any:
    """moto lists every object it ever made, for its dashboard: none of them is ever freed."""
    return object.__new__(cls)


def backend_of(backends: BackendDict, account: str) -> AccountSpecificBackend:
    """moto walks through all accounts to see whether it knows this one."""
    found = dict.get(backends, account)
    if found is None:
        MAKE_BACKEND(backends, account)
        found = dict.__getitem__(backends, account)
    return found


def own_policies(summary: AccountSummary) -> int:
    """moto tells AWS's policies from the account's by their ARNs, one after the other."""
    policies = summary._iam_backend.managed_policies.values()
    return sum(1 for policy in policies if not isinstance(policy, AWSManagedPolicy))


def make_quick() -> None:
    BaseModel.__new__ = make_without_tracking
    BackendDict.__getitem__ = backend_of
    # moto looks for the methods of a class at every request.
    responses.method_names_from_class = cache(responses.method_names_from_class)
    responses.camelcase_to_underscores = cache(responses.camelcase_to_underscores)
    AccountSummary._policies = property(own_policies)


def spare_the_collector() -> None:
    """Once all is loaded: services' models, AWS's policies and the rest are no garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
