"""Athena: workgroups that are updated, and named queries that are read together and changed."""

from __future__ import annotations

import uuid

from ..handlers import AwsError, Call, operation, page


def workgroup(call: Call, name: str):
    found = call.backend("athena").work_groups.get(name)
    if found is None:
        raise AwsError("InvalidRequestException", f"WorkGroup {name} is not found.", 400)
    return found


@operation("athena", "CreateWorkGroup")
def create_work_group(call: Call) -> dict:
    """AWS: a second of one name is refused; enforcement is on unless refused."""
    name = call.params["Name"]
    if name in call.backend("athena").work_groups:
        raise AwsError("InvalidRequestException", f"WorkGroup {name} is already created.", 400)
    call.moto()
    return {}


@operation("athena", "GetWorkGroup")
def get_work_group(call: Call) -> dict:
    """AWS: one that does not exist is an InvalidRequestException that says so."""
    workgroup(call, call.params["WorkGroup"])
    return call.moto()


@operation("athena", "UpdateWorkGroup")
def update_work_group(call: Call) -> None:
    """AWS: what is not mentioned stays; what is to go is removed by a member of its own."""
    found = workgroup(call, call.params["WorkGroup"])
    updates = dict(call.params.get("ConfigurationUpdates") or {})
    kept = found.configuration
    if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
        kept.pop("BytesScannedCutoffPerQuery", None)
    results = dict(updates.pop("ResultConfigurationUpdates", None) or {})
    of_results = kept.setdefault("ResultConfiguration", {})
    for member in list(results):
        if member.startswith("Remove"):
            if results.pop(member):
                of_results.pop(member.removeprefix("Remove"), None)
    of_results.update(results)
    managed = updates.pop("ManagedQueryResultsConfigurationUpdates", None)
    if managed is not None:
        kept["ManagedQueryResultsConfiguration"] = managed
    kept.update(updates)
    if "State" in call.params:
        found.state = call.params["State"]
    if "Description" in call.params:
        found.description = call.params["Description"]


@operation("athena", "DeleteWorkGroup")
def delete_work_group(call: Call) -> None:
    """AWS: one with named queries only goes with RecursiveDeleteOption."""
    name = call.params["WorkGroup"]
    workgroup(call, name)
    queries = call.store("queries")
    own = [id for id, query in queries.items() if query["WorkGroup"] == name]
    if own and not call.params.get("RecursiveDeleteOption"):
        raise AwsError("InvalidRequestException", f"WorkGroup {name} is not empty.", 400)
    for id in own:
        del queries[id]
    call.moto()


@operation("athena", "CreateNamedQuery")
def create_named_query(call: Call) -> dict:
    """AWS: several may have one name; a request with a token that was seen makes no other."""
    group = call.params.get("WorkGroup", "primary")
    workgroup(call, group)
    token = call.params.get("ClientRequestToken", str(uuid.uuid4()))
    id = str(uuid.uuid5(uuid.NAMESPACE_OID, token))
    members = ("Name", "Description", "Database", "QueryString")
    kept = {name: call.params[name] for name in members if name in call.params}
    call.store("queries")[id] = {**kept, "NamedQueryId": id, "WorkGroup": group}
    return {"NamedQueryId": id}


def named_query(call: Call) -> dict:
    found = call.store("queries").get(call.params["NamedQueryId"])
    if found is None:
        raise AwsError("InvalidRequestException", "NamedQuery is not found.", 400)
    return found


@operation("athena", "GetNamedQuery")
def get_named_query(call: Call) -> dict:
    return {"NamedQuery": named_query(call)}


@operation("athena", "ListNamedQueries")
def list_named_queries(call: Call) -> dict:
    group = call.params.get("WorkGroup", "primary")
    workgroup(call, group)
    queries = call.store("queries").items()
    ids = [id for id, query in queries if query["WorkGroup"] == group]
    found, token = page(ids, call.params, "MaxResults", "NextToken", 50)
    return {"NamedQueryIds": found, **({"NextToken": token} if token else {})}


@operation("athena", "BatchGetNamedQuery")
def batch_get_named_query(call: Call) -> dict:
    """AWS: at most fifty; those that do not exist are told apart."""
    queries = call.store("queries")
    ids = call.params["NamedQueryIds"]
    return {
        "NamedQueries": [queries[id] for id in ids if id in queries],
        "UnprocessedNamedQueryIds": [{"NamedQueryId": id} for id in ids if id not in queries],
    }


@operation("athena", "UpdateNamedQuery")
def update_named_query(call: Call) -> None:
    """AWS: neither workgroup nor database can be changed."""
    changed = {name: call.params[name] for name in ("Name", "QueryString")}
    if "Description" in call.params:
        changed["Description"] = call.params["Description"]
    named_query(call).update(changed)


@operation("athena", "DeleteNamedQuery")
def delete_named_query(call: Call) -> None:
    named_query(call)
    del call.store("queries")[call.params["NamedQueryId"]]
