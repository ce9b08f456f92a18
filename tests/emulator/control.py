"""The admin endpoints under /_emulator/."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .answers import Answer
from .corrections.sns import confirm, lapse
from .holdings import holdings
from .state import NEW_ROOT, NEW_SETTINGS, STATE

if TYPE_CHECKING:
    from .server import Emulator


class Control:
    def __init__(self, emulator: Emulator):
        self.emulator = emulator
        self.endpoints: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "ready"): lambda _: {"ready": True},
            ("GET", "journal"): lambda _: emulator.journal.report(),
            ("POST", "journal"): lambda given: emulator.journal.report(given["account"]),
            ("POST", "reset"): self.reset,
            ("POST", "forget"): self.forget,
            ("POST", "holdings"): lambda given: {"holdings": holdings(given["account"])},
            ("POST", "faults"): self.faults,
            ("POST", "held"): lambda given: emulator.gate.held(given["account"], given["ms"]),
            ("POST", "release"): lambda given: emulator.gate.release(given["account"]),
            ("POST", "root"): self.root,
            ("POST", "account"): self.account,
            ("POST", "confirm"): self.confirm,
            ("POST", "lapse"): self.lapse,
            ("POST", "latency"): self.latency,
        }

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        name = path.removeprefix("/_emulator/").rstrip("/")
        endpoint = self.endpoints.get((method, name))
        if endpoint is None:
            return reply(404, {"error": f"no {method} endpoint {name!r}"})
        try:
            given = json.loads(body) if body.strip() else {}
            return reply(200, endpoint(given))
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            return reply(400, {"error": f"{type(problem).__name__}: {problem}"})

    def reset(self, _: Any) -> dict:
        self.emulator.reset()
        return {"ok": True}

    def forget(self, given: dict) -> dict:
        self.emulator.forget(given["account"])
        return {"ok": True}

    def faults(self, given: list[dict] | dict) -> dict:
        """A list replaces all rules; a table replaces those of one account only."""
        if isinstance(given, dict):
            rules = [{**rule, "account": given["account"]} for rule in given["rules"]]
            self.emulator.faults.set_for(given["account"], rules)
        else:
            rules = given
            self.emulator.faults.set(rules)
        return {"ok": True, "rules": len(rules)}

    def root(self, given: dict) -> dict:
        """The root user of an account; members left out keep their values."""
        root = STATE.root(given.pop("account", self.emulator.account))
        update(root, given, NEW_ROOT)
        return root

    def account(self, given: dict) -> dict:
        """What is decided outside the account; members left out keep their values."""
        settings = STATE.settings(given.pop("account", self.emulator.account))
        regions = given.pop("regions", None)
        update(settings, given, NEW_SETTINGS)
        settings["regions"].update(regions or {})
        return settings

    def confirm(self, given: dict) -> dict:
        """The owner of an e-mail address confirms its SNS subscriptions."""
        return {
            "confirmed": confirm(given.get("account", self.emulator.account), given["endpoint"])
        }

    def lapse(self, given: dict) -> dict:
        """Two days pass, and subscriptions that nobody confirmed are forgotten."""
        return {"lapsed": lapse(given.get("account", self.emulator.account))}

    def latency(self, given: dict) -> dict:
        self.emulator.latency_ms = float(given["ms"])
        return {"ok": True, "ms": self.emulator.latency_ms}


def update(target: dict, given: dict, known: dict) -> None:
    unknown = set(given) - set(known)
    if unknown:
        raise ValueError(f"unknown members {sorted(unknown)}; known are {sorted(known)}")
    target.update(given)


def reply(status: int, value: Any) -> Answer:
    body = json.dumps(value, default=str).encode()
    return Answer(status, [("Content-Type", "application/json")], body)
