"""Detective: the account's own graph, its members, and the graphs of others that take it in."""

from __future__ import annotations

import uuid

from ..handlers import AwsError, Call, now, operation, page

PACKAGES = ("DETECTIVE_CORE", "EKS_AUDIT", "ASFF_SECURITYHUB_FINDING")


def graph(call: Call) -> dict:
    found = call.store("graph")
    if found.get("Arn") != call.params["GraphArn"]:
        raise AwsError("ResourceNotFoundException", "The behavior graph does not exist.", 404)
    return found


@operation("detective", "CreateGraph")
def create_graph(call: Call) -> dict:
    """AWS: one in a region; a second call answers with the same. A new graph takes in everything:
    optional packages are "enabled by default" for accounts that enable Detective."""
    kept = call.store("graph")
    if not kept:
        kept.update(Arn=call.arn(f"graph:{uuid.uuid4().hex}"), CreatedTime=now())
        call.store("packages").update(dict.fromkeys(PACKAGES, "STARTED"))
        call.store("tags").update(call.params.get("Tags") or {})
    return {"GraphArn": kept["Arn"]}


@operation("detective", "DeleteGraph")
def delete_graph(call: Call) -> None:
    graph(call)
    for name in ("graph", "packages", "tags", "members"):
        call.store(name).clear()


@operation("detective", "ListGraphs")
def list_graphs(call: Call) -> dict:
    """AWS: those of which the account is the administrator."""
    kept = call.store("graph")
    return {"GraphList": [dict(kept)] if kept else []}


@operation("detective", "ListDatasourcePackages")
def list_packages(call: Call) -> dict:
    graph(call)
    packages = call.store("packages").items()
    return {
        "DatasourcePackages": {
            name: {"DatasourcePackageIngestState": state} for name, state in packages
        }
    }


@operation("detective", "UpdateDatasourcePackages")
def update_packages(call: Call) -> None:
    """AWS: "Starts a data source package for the behavior graph"; nothing stops one."""
    graph(call)
    call.store("packages").update(dict.fromkeys(call.params["DatasourcePackages"], "STARTED"))


@operation("detective", "CreateMembers")
def create_members(call: Call) -> dict:
    """AWS: members are invited; accounts of an organization are members at once."""
    graph(call)
    made = []
    for asked in call.params["Accounts"]:
        member = {
            "AccountId": asked["AccountId"],
            "AdministratorId": call.account,
            "GraphArn": call.params["GraphArn"],
            "Status": "ENABLED",
            "InvitationType": "ORGANIZATION",
        }
        call.store("members")[asked["AccountId"]] = member
        made.append(member)
    return {"Members": made, "UnprocessedAccounts": []}


@operation("detective", "ListMembers")
def list_members(call: Call) -> dict:
    graph(call)
    members = list(call.store("members").values())
    found, token = page(members, call.params, "MaxResults", "NextToken")
    return {"MemberDetails": found, **({"NextToken": token} if token else {})}


@operation("detective", "DeleteMembers")
def delete_members(call: Call) -> dict:
    graph(call)
    gone = [id for id in call.params["AccountIds"] if call.store("members").pop(id, None)]
    return {"AccountIds": gone, "UnprocessedAccounts": []}


def invitations(call: Call) -> list[dict]:
    """What others have sent, with what this account made of it."""
    given = call.settings["detective_invitations"].get(call.region, [])
    changed = call.store("memberships")
    found = [{**own, **changed.get(own["GraphArn"], {})} for own in given]
    return [{"AccountId": call.account, **own} for own in found if own["Status"] != "LEFT"]


def invitation(call: Call) -> dict:
    for own in invitations(call):
        if own["GraphArn"] == call.params["GraphArn"]:
            return own
    raise AwsError("ResourceNotFoundException", "There is no such invitation.", 404)


@operation("detective", "ListInvitations")
def list_invitations(call: Call) -> dict:
    """AWS: the open and accepted ones."""
    return {"Invitations": invitations(call)}


@operation("detective", "AcceptInvitation")
def accept_invitation(call: Call) -> None:
    invitation(call)
    call.store("memberships")[call.params["GraphArn"]] = {"Status": "ENABLED"}


@operation("detective", "DisassociateMembership")
def disassociate_membership(call: Call) -> None:
    """AWS: a member of an organization cannot leave by itself."""
    if invitation(call)["InvitationType"] == "ORGANIZATION":
        raise AwsError("ValidationException", "The account is an organization account.", 400)
    call.store("memberships")[call.params["GraphArn"]] = {"Status": "LEFT"}
