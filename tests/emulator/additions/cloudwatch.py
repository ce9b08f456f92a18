"""CloudWatch: alarm mute rules. Source: CloudWatch API Reference, PutAlarmMuteRule."""

from __future__ import annotations

from ..handlers import AwsError, Call, now, operation, page


@operation("cloudwatch", "PutAlarmMuteRule")
def put_alarm_mute_rule(call: Call) -> None:
    name = call.params["Name"]
    call.store("mute_rules")[name] = {
        **{key: value for key, value in call.params.items() if key != "Tags"},
        "AlarmMuteRuleArn": call.arn(f"alarm-mute-rule:{name}"),
        "Status": "SCHEDULED",
        "LastUpdatedTimestamp": now(),
    }


@operation("cloudwatch", "ListAlarmMuteRules")
def list_alarm_mute_rules(call: Call) -> dict:
    """AWS: by the name of an alarm, and by statuses; a summary of each."""
    found = list(call.store("mute_rules").values())
    statuses, alarm = call.params.get("Statuses"), call.params.get("AlarmName")
    if statuses:
        found = [rule for rule in found if rule["Status"] in statuses]
    if alarm:
        found = [rule for rule in found if alarm in rule.get("MuteTargets", {}).get("AlarmNames", [])]
    found, token = page(found, call.params, "MaxRecords", "NextToken")
    members = ("AlarmMuteRuleArn", "ExpireDate", "Status", "LastUpdatedTimestamp")
    answer = {"AlarmMuteRuleSummaries": [{m: r[m] for m in members if m in r} for r in found]}
    return {**answer, "NextToken": token} if token else answer


@operation("cloudwatch", "GetAlarmMuteRule")
def get_alarm_mute_rule(call: Call) -> dict:
    found = call.store("mute_rules").get(call.params["AlarmMuteRuleName"])
    if found is None:
        raise AwsError("ResourceNotFoundException", "The mute rule does not exist.", 404)
    return found


@operation("cloudwatch", "DeleteAlarmMuteRule")
def delete_alarm_mute_rule(call: Call) -> None:
    call.store("mute_rules").pop(call.params["AlarmMuteRuleName"], None)
