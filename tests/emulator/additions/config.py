"""AWS Config: remediation, conformance packs, and how evaluations and aggregations went."""

from __future__ import annotations

from moto.config.models import config_backends

from ..handlers import AwsError, Call, now, operation, page


def rule_names(call: Call) -> set[str]:
    own = set(config_backends[call.account][call.region].config_rules)
    return own | linked(call)


def linked(call: Call) -> set[str]:
    """AWS: rules that a service made."""
    made = call.settings["service_rules"].get(call.region, [])
    return {own["ConfigRuleName"] for own in made}


def invalid(text: str) -> AwsError:
    return AwsError("InvalidParameterValueException", text, 400)


@operation("config", "DescribeConfigRuleEvaluationStatus")
def describe_evaluation_status(call: Call) -> dict:
    """AWS: one unknown name fails the whole call; a new rule has begun nothing yet."""
    known = rule_names(call)
    names = call.params.get("ConfigRuleNames") or sorted(known)
    for name in names:
        if name not in known:
            text = f"The ConfigRule '{name}' provided in the request is invalid."
            raise AwsError("NoSuchConfigRuleException", text, 400)
    failures = call.settings["config_rule_failures"].get(call.region, {})
    listed = [
        {
            "ConfigRuleName": name,
            "FirstActivatedTime": now(),
            "FirstEvaluationStarted": False,
            **failures.get(name, {}),
        }
        for name in names
    ]
    found, token = page(listed, call.params, "Limit", "NextToken", 50)
    answer = {"ConfigRulesEvaluationStatus": found}
    return {**answer, "NextToken": token} if token else answer


# Remediation.


def remediations(call: Call) -> dict:
    """Remediation configurations by rule."""
    return call.store("remediations")


@operation("config", "PutRemediationConfigurations")
def put_remediation_configurations(call: Call) -> dict:
    """AWS: the rule and the document must exist; not for rules of services; automatic remediation
    needs AutomationAssumeRole; five attempts in a minute where nothing is said."""
    for wanted in call.params["RemediationConfigurations"]:
        check_remediation(call, wanted)
    if refused := call.settings["refused_remediations"].get(call.region):
        # AWS: what it cannot store is named in an answer that is a success.
        failed = call.params["RemediationConfigurations"]
        return {"FailedBatches": [{"FailureMessage": refused, "FailedItems": failed}]}
    for wanted in call.params["RemediationConfigurations"]:
        name = wanted["ConfigRuleName"]
        remediations(call)[name] = {
            "Automatic": False,
            "MaximumAutomaticAttempts": 5,
            "RetryAttemptSeconds": 60,
            **wanted,
            "Arn": call.arn(f"remediation-configuration/{name}/{name}"),
        }
    return {"FailedBatches": []}


def check_remediation(call: Call, wanted: dict) -> None:
    name = wanted["ConfigRuleName"]
    if name in linked(call):
        raise invalid(f"Remediation is not supported for the service-linked rule {name}.")
    if name not in rule_names(call):
        raise invalid(f"The ConfigRule {name} does not exist.")
    document = wanted["TargetId"]
    if not document.startswith("arn:") and not document_exists(call, document):
        raise invalid(f"The document {document} does not exist.")
    for parameter in (wanted.get("Parameters") or {}).values():
        if len(parameter) != 1:
            raise invalid("A parameter has either a ResourceValue or a StaticValue.")
    role = (wanted.get("Parameters") or {}).get("AutomationAssumeRole", {})
    if wanted.get("Automatic") and not (role.get("StaticValue") or {}).get("Values"):
        raise invalid("AutomationAssumeRole is required for automatic remediation.")


def document_exists(call: Call, name: str) -> bool:
    from .ssm import OF_AWS

    return name in OF_AWS or name in call.backend("ssm")._documents


@operation("config", "DescribeRemediationConfigurations")
def describe_remediation_configurations(call: Call) -> dict:
    """AWS: rules without one are left out."""
    kept = remediations(call)
    names = call.params["ConfigRuleNames"]
    return {"RemediationConfigurations": [kept[name] for name in names if name in kept]}


def remediation_of(call: Call) -> dict:
    found = remediations(call).get(call.params["ConfigRuleName"])
    if found is None:
        text = "No remediation configuration for the rule exists."
        raise AwsError("NoSuchRemediationConfigurationException", text, 400)
    return found


@operation("config", "DeleteRemediationConfiguration")
def delete_remediation_configuration(call: Call) -> dict:
    remediation_of(call)
    del remediations(call)[call.params["ConfigRuleName"]]
    return {}


@operation("config", "PutRemediationExceptions")
def put_remediation_exceptions(call: Call) -> dict:
    kept = call.store("remediation exceptions")
    name = call.params["ConfigRuleName"]
    for key in call.params["ResourceKeys"]:
        exception = {"ConfigRuleName": name, **key}
        for member in ("Message", "ExpirationTime"):
            if member in call.params:
                exception[member] = call.params[member]
        kept[f"{name} {key['ResourceId']}"] = exception
    return {"FailedBatches": []}


@operation("config", "DescribeRemediationExceptions")
def describe_remediation_exceptions(call: Call) -> dict:
    name = call.params["ConfigRuleName"]
    kept = call.store("remediation exceptions").values()
    listed = [own for own in kept if own["ConfigRuleName"] == name]
    found, token = page(listed, call.params, "Limit", "NextToken")
    answer = {"RemediationExceptions": found}
    return {**answer, "NextToken": token} if token else answer


@operation("config", "DeleteRemediationExceptions")
def delete_remediation_exceptions(call: Call) -> dict:
    kept = call.store("remediation exceptions")
    for key in call.params["ResourceKeys"]:
        if kept.pop(f"{call.params['ConfigRuleName']} {key['ResourceId']}", None) is None:
            text = "The remediation exception does not exist."
            raise AwsError("NoSuchRemediationExceptionException", text, 400)
    return {"FailedBatches": []}


@operation("config", "DescribeRemediationExecutionStatus")
def describe_remediation_execution_status(call: Call) -> dict:
    """AWS: the last execution for each resource, with its steps. Here those that are said to fail."""
    remediation_of(call)
    failed = call.settings["failed_remediations"].get(call.region, {})
    failed = failed.get(call.params["ConfigRuleName"], {})
    listed = [
        {
            "ResourceKey": {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": resource},
            "State": "FAILED",
            "StepDetails": [{"Name": "step", "State": "FAILED", "ErrorMessage": message}],
            "InvocationTime": now(),
        }
        for resource, message in failed.items()
    ]
    return {"RemediationExecutionStatuses": listed}


# Conformance packs.


@operation("config", "PutConformancePack")
def put_conformance_pack(call: Call) -> dict:
    """AWS: a managed pack has a Source and no template; neither kind nor source can be changed."""
    given = call.params
    name = given["ConformancePackName"]
    templates = [given.get(key) for key in ("TemplateBody", "TemplateS3Uri", "TemplateSSMDocumentDetails")]
    templates = [template for template in templates if template]
    source = given.get("Source")
    if bool(source) == bool(templates) or len(templates) > 1:
        raise invalid("Specify either a Source or one template.")
    if given.get("Scope") and not source:
        raise invalid("A Scope needs a Source.")
    kept = call.store("conformance packs")
    before = kept.get(name)
    if before and before.get("Source") != source:
        raise invalid("The source of a conformance pack cannot be changed.")
    identifier = f"conformance-pack-{name[:8].lower()}"
    pack = {
        "ConformancePackName": name,
        "ConformancePackArn": call.arn(f"conformance-pack/{name}/{identifier}"),
        "ConformancePackId": identifier,
        "ConformancePackInputParameters": given.get("ConformancePackInputParameters") or [],
        "Type": "MANAGED" if source else "CUSTOM",
    }
    for member in ("Source", "Scope", "DeliveryS3Bucket", "DeliveryS3KeyPrefix"):
        if given.get(member):
            pack[member] = given[member]
    kept[name] = pack
    return {"ConformancePackArn": pack["ConformancePackArn"]}


@operation("config", "DescribeConformancePacks")
def describe_conformance_packs(call: Call) -> dict:
    kept = call.store("conformance packs")
    for name in call.params.get("ConformancePackNames") or []:
        if name not in kept:
            raise no_such_pack()
    listed = [kept[name] for name in call.params.get("ConformancePackNames") or sorted(kept)]
    found, token = page(listed, call.params, "Limit", "NextToken", 20)
    answer = {"ConformancePackDetails": found}
    return {**answer, "NextToken": token} if token else answer


def no_such_pack() -> AwsError:
    text = "You specified one or more conformance packs that do not exist."
    return AwsError("NoSuchConformancePackException", text, 400)


@operation("config", "DescribeConformancePackStatus")
def describe_conformance_pack_status(call: Call) -> dict:
    """AWS: made by CloudFormation, in minutes; a managed one has no stack."""
    states = call.settings["conformance_pack_states"].get(call.region, {})
    listed = [
        {
            "ConformancePackName": name,
            "ConformancePackId": pack["ConformancePackId"],
            "ConformancePackArn": pack["ConformancePackArn"],
            "ConformancePackState": states.get(name, "CREATE_COMPLETE"),
            "StackArn": "" if pack["Type"] == "MANAGED" else call.arn("stack/x/x", service="cloudformation"),
            "LastUpdateRequestedTime": now(),
            "Type": pack["Type"],
        }
        for name, pack in sorted(call.store("conformance packs").items())
    ]
    for status in listed:
        if not status["StackArn"]:
            del status["StackArn"]
    found, token = page(listed, call.params, "Limit", "NextToken", 20)
    answer = {"ConformancePackStatusDetails": found}
    return {**answer, "NextToken": token} if token else answer


@operation("config", "DeleteConformancePack")
def delete_conformance_pack(call: Call) -> None:
    if call.store("conformance packs").pop(call.params["ConformancePackName"], None) is None:
        raise no_such_pack()


# Aggregators.


@operation("config", "DescribeConfigurationAggregatorSourcesStatus")
def describe_aggregator_sources(call: Call) -> dict:
    """AWS: one status for each account and region; here all succeed that are not said to fail."""
    name = call.params["ConfigurationAggregatorName"]
    known = config_backends[call.account][call.region].config_aggregators
    if name not in known:
        text = "The configuration aggregator does not exist. Check the configuration aggregator name and try again."
        raise AwsError("NoSuchConfigurationAggregatorException", text, 400)
    failing = call.settings["failing_aggregations"]
    listed = [
        {
            "SourceId": call.account,
            "SourceType": "ACCOUNT",
            "AwsRegion": region,
            "LastUpdateStatus": "FAILED" if region in failing else "SUCCEEDED",
            "LastErrorCode": failing.get(region, ""),
        }
        for region in sorted({call.region, *failing})
    ]
    wanted = call.params.get("UpdateStatus")
    kept = [own for own in listed if not wanted or own["LastUpdateStatus"] in wanted]
    return {"AggregatedSourceStatusList": kept}
