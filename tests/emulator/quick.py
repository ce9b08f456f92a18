"""moto for thousands of accounts in one process: what it does at every request grows with them."""

from __future__ import annotations

import gc
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.common_models import BaseModel

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


def make_quick() -> None:
    BaseModel.__new__ = make_without_tracking
    BackendDict.__getitem__ = backend_of


def spare_the_collector() -> None:
    """Once all is loaded: services' models, AWS's policies and the rest are no garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
