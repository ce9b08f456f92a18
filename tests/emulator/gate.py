"""Holds an account's requests at a chosen moment, so that a test can kill whoever sent them."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from .routing import Asked

#: Before the request does anything; when it is done, before its answer; after its answer.
MOMENTS = ("before", "applied", "answered")


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class Gate:
    """Every request of an account passes it. Once a request of the account is held, those that
    come later wait too, until the account is released: then all that waited are dropped."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._held: dict[str, dict[str, Any]] = {}

    def reset(self) -> None:
        with self._changed:
            self._held.clear()
            self._changed.notify_all()

    def enter(self, account: str) -> None:
        with self._changed:
            if account in self._held:
                self._wait_and_drop(account)
            self._inside[account] += 1

    def leave(self, account: str) -> None:
        with self._changed:
            self._inside[account] -= 1
            self._changed.notify_all()

    def close(self, asked: Asked) -> None:
        """Lets no later request of the account in."""
        with self._changed:
            about = {name: getattr(asked, name) for name in ("service", "operation", "region")}
            self._held[asked.account] = about

    def hold(self, asked: Asked) -> None:
        """Holds this request, which ends without an answer."""
        with self._changed:
            if asked.account in self._held:
                self._wait_and_drop(asked.account)
        raise Dropped

    def held(self, account: str, ms: float) -> dict[str, Any]:
        """Waits until a request of the account waits here, and tells which one closed the gate."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[account] > 0, ms / 1000)
            if self._waiting[account] == 0:
                return {"held": False}
            return {"held": True, **self._held[account]}

    def release(self, account: str) -> dict[str, Any]:
        """Drops what waits, and returns when nothing of the account is under way."""
        with self._changed:
            self._held.pop(account, None)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._inside[account] + self._waiting[account] <= 0, 10)
        return {"ok": True}

    def _wait_and_drop(self, account: str) -> None:
        self._waiting[account] += 1
        self._changed.notify_all()
        self._changed.wait_for(lambda: account not in self._held)
        self._waiting[account] -= 1
        self._changed.notify_all()
        raise Dropped
