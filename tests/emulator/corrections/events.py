"""EventBridge: events go to topics and to buses of other regions, as rules, policies and roles let them.

Sources: EventBridge API Reference (PutEvents, PutRule, PutTargets, TestEventPattern) and User Guide
("Event bus targets", "Sending and receiving events between AWS Regions", "Retry policy and dead-letter
queues").
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.events.models import EventPattern
from moto.iam.models import iam_backends
from moto.sns.models import sns_backends

from ..handlers import AwsError, Call, now, operation
from ..policies import allows, as_list
from ..state import STATE

#: AWS: the second of the enabled states hears of read-only management events too.
ENABLED = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


@operation("events", "PutTargets")
def put_targets(call: Call) -> dict:
    """AWS: a bus of another region needs a role; a target that is put again without a role keeps the one
    that it had; what is refused of several targets is named in a success."""
    rule = call.backend("events").describe_rule(call.params["Rule"], call.params.get("EventBusName"))
    had = {target["Id"]: target for target in rule.targets}
    refused = call.settings["refused_targets"]
    failed, taken = [], []
    for target in call.params["Targets"]:
        region = target["Arn"].split(":")[3]
        is_bus = ":event-bus/" in target["Arn"]
        if is_bus and region != call.region and not target.get("RoleArn"):
            raise AwsError("ValidationException", "Cross-region api call is not allowed.", 400)
        if not is_bus and region and region != call.region:
            text = f"Provided Arn {target['Arn']} is not in the region of the rule."
            raise AwsError("ValidationException", text, 400)
        if target["Arn"] in refused:
            code = refused[target["Arn"]]
            failed.append({"TargetId": target["Id"], "ErrorCode": code, "ErrorMessage": "refused"})
            continue
        role = had.get(target["Id"], {}).get("RoleArn")
        taken.append({"RoleArn": role, **target} if role else target)
    rule.put_targets(taken)
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "UpdateEventBus")
def update_event_bus(call: Call) -> dict:
    """AWS: what is left out is as it is without it; an empty key is that of AWS (API Reference)."""
    bus = call.backend("events").event_buses.get(call.params.get("Name") or "default")
    if bus is None:
        text = f"Event bus {call.params.get('Name')} does not exist."
        raise AwsError("ResourceNotFoundException", text, 400)
    bus.kms_key_identifier = call.params.get("KmsKeyIdentifier") or None
    bus.description = call.params.get("Description")
    bus.dead_letter_config = call.params.get("DeadLetterConfig")
    return {"Arn": bus.arn, "Name": bus.name}


@operation("events", "TestEventPattern")
def test_event_pattern(call: Call) -> dict:
    return {"Result": matches(call.params["EventPattern"], json.loads(call.params["Event"]))}


@operation("events", "PutEvents")
def put_events(call: Call) -> dict:
    """AWS: nobody may use a source of AWS's own; each entry is answered by itself."""
    entries = [accept(call, entry) for entry in call.params["Entries"]]
    failed = sum("ErrorCode" in entry for entry in entries)
    return {"FailedEntryCount": failed, "Entries": entries}


def accept(call: Call, entry: dict) -> dict:
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            text = f"Parameter {member} is not valid. Reason: {member} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": text}
    if entry["Source"].startswith("aws."):
        text = f"Not authorized for the source {entry['Source']}."
        return {"ErrorCode": "NotAuthorizedForSource", "ErrorMessage": text}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": call.account,
        "time": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": call.region,
        "resources": entry.get("Resources", []),
        "detail": detail,
    }
    deliver(call, call.region, event, entry.get("EventBusName") or "default")
    return {"EventId": event["id"]}


def deliver(call: Call, region: str, event: dict, bus: str = "default") -> None:
    """Hands an event to the rules of a bus, and counts what becomes of it. AWS: with a key that is not
    enabled the bus takes nothing (User Guide, "Encryption of event buses")."""
    key = call.backend("events", region).event_buses[bus.split("/")[-1]].kms_key_identifier
    if key and not is_usable(call, region, key):
        return
    rules = call.backend("events", region).event_buses[bus.split("/")[-1]].rules
    for rule in list(rules.values()):
        if rule.state not in ENABLED or not rule.event_pattern.get_pattern():
            continue
        if not matches(json.dumps(rule.event_pattern.get_pattern()), event):
            continue
        count(call.account, region, rule.name, "MatchedEvents")
        for target in rule.targets:
            sent = send(call, region, rule.arn, target, event)
            count(call.account, region, rule.name, "Invocations")
            if not sent:
                count(call.account, region, rule.name, "FailedInvocations")


def send(call: Call, region: str, rule_arn: str, target: dict, event: dict) -> bool:
    """Whether a target takes the event; of kinds that are not imitated nobody knows."""
    arn = target["Arn"]
    _, _, service, place, account, name = arn.split(":", 5)
    if service == "sns":
        topic = sns_backends[account][place].topics.get(arn)
        context = {"aws:sourcearn": rule_arn}
        who = {"Service": "events.amazonaws.com"}
        if topic is None or not allows(topic.policy, who, "sns:Publish", arn, context):
            return False
        if str(topic.kms_master_key_id).endswith("alias/aws/sns"):
            return False
        message = target.get("Input") or json.dumps(event)
        topic.sent_notifications.append((event["id"], message, None, None, None))
        return True
    if service == "events" and name.startswith("event-bus/"):
        if not may_put(account, target.get("RoleArn"), arn):
            return False
        deliver(call, place, event, name.split("/", 1)[1])
        return True
    return True


def may_put(account: str, role_arn: str | None, bus: str) -> bool:
    """Whether EventBridge can assume the role, and that may send to the bus."""
    roles = iam_backends[account]["aws"].roles.values()
    role = next((role for role in roles if role.arn == role_arn), None)
    if role is None:
        return False
    who, context = {"Service": "events.amazonaws.com"}, {"aws:sourceaccount": account}
    if not allows(role.assume_role_policy_document, who, "sts:AssumeRole", None, context):
        return False
    anyone = [{**statement, "Principal": "*"} for policy in role.policies.values()
              for statement in as_list(json.loads(policy)["Statement"])]
    return allows({"Statement": anyone}, {"Service": "role"}, "events:PutEvents", bus, {})


def is_usable(call: Call, region: str, name: str) -> bool:
    backend = call.backend("kms", region)
    try:
        key = backend.keys.get(backend.get_key_id(name))
    except Exception:  # moto has many for a key that does not exist
        return False
    return key is not None and key.key_state == "Enabled"


def count(account: str, region: str, rule: str, metric: str) -> None:
    counted = STATE.store(account, region, "events", "metrics")
    counted[f"{rule} {metric}"] = counted.get(f"{rule} {metric}", 0) + 1


def matches(pattern: str, event: dict) -> bool:
    return holds(json.loads(pattern), event)


def holds(pattern: dict, event: Any) -> bool:
    """AWS: of an array of the event one element has to match; an absent member matches nothing but
    `exists: false` (User Guide, "Comparison operators")."""
    if isinstance(event, list):
        return any(holds(pattern, item) for item in event)
    event = event if isinstance(event, dict) else {}
    for key, wanted in pattern.items():
        if key == "$or":
            fits = any(holds(own, event) for own in wanted)
        elif isinstance(wanted, dict):
            fits = holds(wanted, event.get(key))
        else:
            flat = EventPattern(None, {key: wanted})
            fits = flat._does_event_match({key: event[key]} if key in event else {}, {key: wanted})
        if not fits:
            return False
    return True
