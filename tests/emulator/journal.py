"""What was asked, in order, with counters."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._numbers = itertools.count(1)
            self._entries: dict[str, list[dict[str, Any]]] = {}
            self.in_flight = 0
            self.max_concurrent = 0

    def enter(self) -> None:
        with self._lock:
            self.in_flight += 1
            self.max_concurrent = max(self.max_concurrent, self.in_flight)

    def leave(self) -> None:
        with self._lock:
            self.in_flight = max(0, self.in_flight - 1)

    def add(self, **members: Any) -> dict[str, Any]:
        entry = {"sequence": 0, "time": time.time(), **members}
        with self._lock:
            entry["sequence"] = next(self._numbers)
            self._entries.setdefault(entry["account"], []).append(entry)
        return entry

    def forget(self, account: str) -> None:
        """Keeps nothing of an account."""
        with self._lock:
            self._entries.pop(account, None)

    def report(self, account: str | None = None) -> dict[str, Any]:
        """Everything, or what was asked of one account."""
        with self._lock:
            if account is None:
                entries = [entry for kept in self._entries.values() for entry in kept]
            else:
                entries = list(self._entries.get(account, []))
        entries.sort(key=lambda entry: entry["sequence"])
        return {
            "total": len(entries),
            "writes": sum(1 for entry in entries if entry["write"]),
            "violations": sum(1 for entry in entries if entry["violations"]),
            "max_concurrent": self.max_concurrent,
            "entries": entries,
        }
