"""CloudTrail's event history: every write of an account, as LookupEvents tells it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone
from typing import Any

from .answers import Answer
from .routing import Asked
from .state import STATE

#: AWS: some services name their events otherwise than their operations. Source: S3 User Guide,
#: "Amazon S3 CloudTrail events".
NAMES = {
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
}


def remember(asked: Asked, environ: dict, answer: Answer, principal: str) -> None:
    """Keeps a write where it was sent to; what was refused has an error code."""
    if not asked.is_write:
        return
    event = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": principal, "accountId": asked.account},
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{asked.service}.amazonaws.com",
        "eventName": NAMES.get((asked.service, asked.operation), asked.operation),
        "awsRegion": asked.region,
        "sourceIPAddress": environ.get("REMOTE_ADDR", ""),
        "userAgent": environ.get("HTTP_USER_AGENT", ""),
        "requestParameters": as_cloudtrail_writes(asked.params or {}),
        "requestID": header(answer, "x-amzn-requestid") or header(answer, "x-amz-request-id"),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
    }
    if answer.status >= 300:
        event["errorCode"] = "AccessDenied" if answer.status == 403 else "ClientException"
    history(asked.account, asked.region).insert(0, event)


def header(answer: Answer, name: str) -> str | None:
    return next((value for own, value in answer.headers if own.lower() == name), None)


def history(account: str, region: str) -> list[dict[str, Any]]:
    """The events of a region, newest first."""
    return STATE.store(account, region, "cloudtrail", "history").setdefault("events", [])


def as_cloudtrail_writes(params: Any) -> Any:
    """AWS: names begin with a small letter, and the bucket is `bucketName`."""
    if isinstance(params, dict):
        named = {"Bucket": "bucketName"}
        return {
            named.get(name, name[:1].lower() + name[1:]): as_cloudtrail_writes(value)
            for name, value in params.items()
        }
    if isinstance(params, list):
        return [as_cloudtrail_writes(item) for item in params]
    return params if isinstance(params, (str, int, float, bool)) else str(params)


def as_looked_up(event: dict[str, Any]) -> dict[str, Any]:
    """AWS: the resources of an event by type and name. Source: CloudTrail API reference, Event and
    Resource; of all services here only S3's are imitated."""
    bucket = event["requestParameters"].get("bucketName")
    named = [{"ResourceType": "AWS::S3::Bucket", "ResourceName": bucket}] if bucket else []
    return {
        "Resources": named,
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "false",
        "EventTime": datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")),
        "EventSource": event["eventSource"],
        "Username": event["userIdentity"]["arn"].rsplit("/", 1)[-1],
        "CloudTrailEvent": json.dumps(event),
    }
