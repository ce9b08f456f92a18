"""X-Ray: the key of traces, where they go, and resource policies."""

from __future__ import annotations

import json
import uuid

from ..handlers import AwsError, Call, now, operation


@operation("xray", "GetEncryptionConfig")
def get_encryption_config(call: Call) -> dict:
    """AWS: never absent; NONE until a key was set."""
    return {"EncryptionConfig": {"Status": "ACTIVE", **(call.store("encryption") or {"Type": "NONE"})}}


@operation("xray", "PutEncryptionConfig")
def put_encryption_config(call: Call) -> dict:
    """AWS: "Omit this key when you set Type to NONE"; the key is told as it was given."""
    kind, key = call.params["Type"], call.params.get("KeyId")
    if (kind == "KMS") != bool(key):
        raise AwsError("InvalidRequestException", "Type and KeyId do not fit.", 400)
    kept = call.store("encryption")
    kept.clear()
    kept.update({"Type": kind, **({"KeyId": key} if key else {})})
    return {"EncryptionConfig": {"Status": "UPDATING", **kept}}


@operation("xray", "GetTraceSegmentDestination")
def get_trace_segment_destination(call: Call) -> dict:
    destination = call.store("destination").get("Destination", "XRay")
    return {"Destination": destination, "Status": "ACTIVE"}


@operation("xray", "UpdateTraceSegmentDestination")
def update_trace_segment_destination(call: Call) -> dict:
    call.store("destination")["Destination"] = call.params["Destination"]
    return {"Destination": call.params["Destination"], "Status": "PENDING"}


@operation("xray", "PutResourcePolicy")
def put_resource_policy(call: Call) -> dict:
    """AWS: at most five."""
    kept, name = call.store("policies"), call.params["PolicyName"]
    try:
        json.loads(call.params["PolicyDocument"])
    except ValueError:
        text = "The policy document is not valid JSON."
        raise AwsError("MalformedPolicyDocumentException", text, 400) from None
    if name not in kept and len(kept) >= 5:
        raise AwsError("PolicyCountLimitExceededException", "There are five policies.", 400)
    kept[name] = {
        "PolicyName": name,
        "PolicyDocument": call.params["PolicyDocument"],
        "PolicyRevisionId": uuid.uuid4().hex,
        "LastUpdatedTime": now(),
    }
    return {"ResourcePolicy": kept[name]}


@operation("xray", "ListResourcePolicies")
def list_resource_policies(call: Call) -> dict:
    return {"ResourcePolicies": list(call.store("policies").values())}


@operation("xray", "DeleteResourcePolicy")
def delete_resource_policy(call: Call) -> None:
    """AWS: that there is none is no error."""
    call.store("policies").pop(call.params["PolicyName"], None)
