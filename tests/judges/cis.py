"""Asks Prowler's checks for the CIS AWS Foundations Benchmark 7.0 about an account.

    python cis.py FOLDER REGION…

The account is that of the environment (AWS_ENDPOINT_URL and keys). Prints an object: for each check
that found something to judge, whether all of it passed, or what it said of the first that did not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import prowler

PROWLER = Path(sys.executable).with_name("prowler")
BENCHMARK = Path(prowler.__path__[0]) / "compliance/aws/cis_7.0_aws.json"

# They ask services that the emulator lacks.
LEFT_OUT = {"organizations_delegated_administrators", "glacier_vaults_policy_public_access"}


def main(folder: Path, regions: list[str]) -> None:
    requirements = json.loads(BENCHMARK.read_text())["Requirements"]
    checks = {check for own in requirements for check in own["Checks"]} - LEFT_OUT
    command = [PROWLER, "aws", "-f", *regions, "--scan-unused-services", "--no-banner"]
    command += ["-M", "json-ocsf", "-o", folder, "-F", "findings", "-c", *sorted(checks)]
    # It ends with 3 where a check failed.
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 3):
        sys.exit(ran.stdout + ran.stderr)
    said: dict[str, bool | str] = {}
    for finding in json.loads((folder / "findings.ocsf.json").read_text()):
        check, is_fine = finding["metadata"]["event_code"], finding["status_code"] == "PASS"
        if said.get(check, True) is True:
            said[check] = is_fine or finding["status_detail"]
    print(json.dumps(said, indent=2, sort_keys=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
