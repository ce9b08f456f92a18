"""Rules that make chosen requests fail, and how each failure looks in AWS."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

from .answers import Answer
from .gate import MOMENTS
from .handlers import AwsError
from .routing import Asked

MATCHES = ("service", "operation", "region", "account")
LIMITS = ("nth", "count", "probability", "seed")
DETAILS = ("action", "status", "code", "message", "delay_ms", "reason", "reads", "resource", "when")
ACTIONS = (
    "error",
    "throttle",
    "denied",
    "delay",
    "drop",
    "apply_then_drop",
    "truncate",
    "stale_read",
    "extra_members",
    "unknown_values",
    "ignore_conditions",
    "hold",
)

#: Throttling as each service spells it: code, status.
THROTTLE_BY_SERVICE = {
    "s3": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
    "sns": ("ThrottledException", 429),
}
THROTTLE_BY_PROTOCOL = {
    "query": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
    "rest-json": ("TooManyRequestsException", 429),
    "rest-xml": ("SlowDown", 503),
}

#: Denial as each service spells it: code, status. Others follow their protocol.
DENIED_BY_SERVICE = {
    "ec2": ("UnauthorizedOperation", 403),
    "sns": ("AuthorizationError", 403),
}
DENIED_BY_PROTOCOL = {
    "query": ("AccessDenied", 403),
    "rest-xml": ("AccessDenied", 403),
    "rest-json": ("AccessDeniedException", 403),
    "json": ("AccessDeniedException", 400),
}

#: IAM's action prefix where it is not the service name.
ACTION_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "s3control": "s3",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}

#: IAM's action where it is not the operation's name.
ACTION_NAMES = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
}


def action_name(service: str, operation: str) -> str:
    """The IAM action that allows an operation."""
    if service == "budgets":
        reads = operation.startswith("Describe")
        return "budgets:ViewBudget" if reads else "budgets:ModifyBudget"
    prefix = ACTION_PREFIXES.get(service, service)
    return ACTION_NAMES.get(f"{service}:{operation}", f"{prefix}:{operation}")


def throttled(asked: Asked) -> AwsError:
    code, status = THROTTLE_BY_SERVICE.get(asked.service) or THROTTLE_BY_PROTOCOL.get(
        asked.protocol, ("ThrottlingException", 400)
    )
    if asked.model is not None and asked.service not in THROTTLE_BY_SERVICE:
        for shape in asked.model.error_shapes:
            if shape.name in (
                "ThrottlingException",
                "TooManyRequestsException",
                "ThrottledException",
            ):
                code = shape.name
                status = shape.metadata.get("error", {}).get("httpStatusCode", status)
    message = "Please reduce your request rate." if code == "SlowDown" else "Rate exceeded"
    return AwsError(code, message, status)


def denied(asked: Asked, principal: str, reason: str | None, resource: str | None) -> AwsError:
    """AWS names the principal, the action, the resource and the kind of policy that decided."""
    code, status = DENIED_BY_SERVICE.get(asked.service) or DENIED_BY_PROTOCOL.get(
        asked.protocol, ("AccessDeniedException", 400)
    )
    if asked.model is not None and asked.service not in DENIED_BY_SERVICE:
        for shape in asked.model.error_shapes:
            if shape.name in ("AccessDeniedException", "AccessDenied"):
                status = shape.metadata.get("error", {}).get("httpStatusCode", status)
    action = action_name(asked.service, asked.operation)
    because = reason or f"because no identity-based policy allows the {action} action"
    message = f"User: {principal} is not authorized to perform: {action}"
    if resource:
        message += f" on resource: {resource}"
    return AwsError(code, f"{message} {because}", status)


class Rule:
    def __init__(self, members: dict[str, Any]):
        unknown = set(members) - set(MATCHES) - set(LIMITS) - set(DETAILS)
        if unknown:
            raise ValueError(f"unknown members in a fault rule: {', '.join(sorted(unknown))}")
        self.action = members.get("action", "error")
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}; one of {', '.join(ACTIONS)}")
        if members.get("when", "before") not in MOMENTS:
            raise ValueError(f"unknown moment {members['when']!r}; one of {', '.join(MOMENTS)}")
        self.wanted = {name: members[name] for name in MATCHES if name in members}
        self.nth = members.get("nth", 1)
        self.left = members.get("count", 1)
        self.probability = members.get("probability")
        self.random = random.Random(members.get("seed", 0))
        self.details = {name: members[name] for name in DETAILS if name in members}
        self.seen = 0

    def takes(self, asked: Asked) -> bool:
        """Does the rule strike this request? Counts it either way."""
        for name, value in self.wanted.items():
            if getattr(asked, name) != value:
                return False
        if self.action == "stale_read" and not asked.is_write:
            return False
        self.seen += 1
        if self.seen < self.nth or self.left == 0:
            return False
        if self.probability is not None and self.random.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The rules in force, by the account that they are for; None holds those for every account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.set([])

    def set(self, rules: list[dict[str, Any]]) -> None:
        made: dict[str | None, list[Rule]] = {}
        for members in rules:
            made.setdefault(members.get("account"), []).append(Rule(members))
        with self._lock:
            self._rules = made
            self._remembered: dict[str, dict[tuple, Answer]] = {}
            self._stale: dict[str, dict[tuple[str, str], int]] = {}

    def set_for(self, account: str, rules: list[dict[str, Any]]) -> None:
        """Replaces the rules of one account and leaves those of the others as far as they are."""
        made = [Rule(members) for members in rules]
        with self._lock:
            self._rules.pop(account, None)
            self._remembered.pop(account, None)
            self._stale.pop(account, None)
            if made:
                self._rules[account] = made

    def strike(self, asked: Asked) -> Rule | None:
        with self._lock:
            for rule in self._rules_for(asked):
                if rule.takes(asked):
                    if rule.action == "stale_read":
                        reads = rule.details.get("reads", 1)
                        self._stale.setdefault(asked.account, {})[self._place(asked)] = reads
                    return rule
        return None

    def _rules_for(self, asked: Asked) -> list[Rule]:
        return [*self._rules.get(asked.account, ()), *self._rules.get(None, ())]

    # Stale reads: a read repeats the answer it gave before the write, a given number of times.

    def remember(self, asked: Asked, answer: Answer) -> None:
        if asked.is_write:
            return
        with self._lock:
            if any(rule.action == "stale_read" for rule in self._rules_for(asked)):
                self._remembered.setdefault(asked.account, {})[self._question(asked)] = answer

    def stale_answer(self, asked: Asked) -> Answer | None:
        if asked.is_write:
            return None
        with self._lock:
            stale = self._stale.get(asked.account)
            if not stale or not stale.get(self._place(asked)):
                return None
            answer = self._remembered.get(asked.account, {}).get(self._question(asked))
            if answer is not None:
                stale[self._place(asked)] -= 1
            return answer

    @staticmethod
    def _place(asked: Asked) -> tuple[str, str]:
        return asked.region, asked.service

    @classmethod
    def _question(cls, asked: Asked) -> tuple:
        params = json.dumps(asked.params, sort_keys=True, default=str)
        return (*cls._place(asked), asked.operation, params)
