"""Exports of findings: may a service put objects into a bucket, encrypted with a key?"""

from __future__ import annotations

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from .handlers import AwsError, Call
from .policies import allows


def check_export(
    call: Call,
    service: str,
    source: str,
    bucket: str,
    prefix: str,
    key: str,
    owner: str | None,
) -> None:
    """Raises unless the policies of bucket and key let the service in for this account (GuardDuty User
    Guide, "Exporting findings"; Macie User Guide, "Storing and retaining sensitive data discovery
    results")."""
    if fault := export_fault(call, service, source, bucket, prefix, key, owner):
        raise AwsError("ValidationException", fault, 400)


def export_fault(
    call: Call,
    service: str,
    source: str,
    bucket: str,
    prefix: str,
    key: str,
    owner: str | None,
) -> str | None:
    """What keeps the service from exporting there."""
    _, account = s3_backends.bucket_accounts.get(bucket, (None, None))
    if account is None or (owner or account) != account:
        return f"The bucket {bucket} does not exist, or is not of the expected owner."
    found = s3_backends[account][call.partition].buckets[bucket]
    principal = {"Service": service}
    context = {"aws:sourceaccount": call.account, "aws:sourcearn": source}
    arn = f"arn:{call.partition}:s3:::{bucket}"
    asked = {
        "s3:GetBucketLocation": arn,
        "s3:PutObject": f"{arn}/{prefix}AWSLogs/{call.account}/x/{call.region}/file.jsonl.gz",
    }
    for action, resource in asked.items():
        if not allows(found.policy, principal, action, resource, context):
            return f"{service} is not allowed {action} on the bucket {bucket}."
    parts = key.split(":")
    kept = None
    if len(parts) == 6 and parts[5].startswith("key/"):
        kept = kms_backends[parts[4]][parts[3]].keys.get(parts[5].removeprefix("key/"))
    if kept is None or kept.key_state != "Enabled":
        return f"The key {key} does not exist, or cannot be used."
    if not allows(kept.policy, principal, "kms:GenerateDataKey", None, context):
        return f"{service} is not allowed kms:GenerateDataKey with the key {key}."
    return None
