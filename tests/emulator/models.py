"""Compares the operations that the program sends itself, and the hosts that it sends to, with AWS's
own models as botocore ships them: each request with what botocore's serializer makes of the same
input, the names and kinds that an answer's type reads with the output's shape, the members of
pages, idempotency tokens and error codes, and each host with the endpoint rule sets.

Usage: python -m emulator.models FILE.json"""

import json
import re
import sys
import uuid
from functools import cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")

# What a type may read of a shape of another name: timestamps are numbers or texts, blobs are texts.
KINDS = {
    "string": {"string", "timestamp", "blob"},
    "integer": {"integer", "long"},
    "number": {"float", "double", "timestamp", "integer", "long"},
    # A structure of which every member counts, whatever it is called; no more is read of one.
    "map": {"map", "structure"},
}


@cache
def model(name):
    return ServiceModel(LOADER.load_service_model(name, "service-2"), name)


@cache
def names_by_id():
    models = {name: LOADER.load_service_model(name, "service-2") for name in SESSION.get_available_services()}
    return {model["metadata"]["serviceId"]: name for name, model in models.items()}


def name_of(id_):
    """The folder of a service's models; most are named like the id, which saves reading them all."""
    guess = id_.lower().removesuffix(" service").replace(" ", "")
    try:
        if model(guess).metadata["serviceId"] == id_:
            return guess
    except UnknownServiceError:
        pass
    return names_by_id()[id_]


class Comparison:
    """One operation, and what is wrong with it."""

    def __init__(self, sent):
        self.sent = sent
        self.faults = []
        self.name = name_of(sent["id"])
        self.service = model(self.name)
        known = sent["operation"] in self.service.operation_names
        self.operation = self.service.operation_model(sent["operation"]) if known else None

    def fault(self, text):
        self.faults.append(f"{self.name}:{self.sent['operation']}: {text}")

    def run(self):
        if self.operation is None:
            self.fault("there is no such operation")
            return self.faults
        self.compare_service()
        self.compare_names(self.operation.input_shape, self.sent["input"], "")
        self.compare_required()
        self.compare_token()
        if not self.faults:
            self.compare_request()
        self.compare_answer()
        self.compare_pages()
        self.compare_codes()
        return self.faults

    @property
    def protocol(self):
        """The protocol that the request speaks."""
        metadata = self.service.metadata
        offered = metadata.get("protocols") or [metadata["protocol"]]
        is_json = "amz-json" in self.sent["headers"].get("content-type", "")
        return "json" if is_json else next(p for p in offered if p != "smithy-rpc-v2-cbor")

    def compare_service(self):
        metadata = self.service.metadata
        offered = metadata.get("protocols") or [metadata["protocol"]]
        if self.protocol not in offered:
            self.fault(f"the service speaks {offered}, not {self.protocol}")
        signs = metadata.get("signingName", metadata["endpointPrefix"])
        if self.sent["signs"] != signs:
            self.fault(f"signs as {self.sent['signs']}, must be {signs}")

    def compare_names(self, shape, value, path):
        if shape is None or not isinstance(value, (dict, list)):
            if shape is None and value:
                self.fault(f"takes no input, and is sent {value}")
            return
        if shape.type_name == "structure":
            for member, inner in value.items():
                if member in shape.members:
                    self.compare_names(shape.members[member], inner, f"{path}{member}.")
                else:
                    self.fault(f"there is no member {path}{member}")
        elif shape.type_name == "list":
            for inner in value:
                self.compare_names(shape.member, inner, path)
        elif shape.type_name == "map":
            for inner in value.values():
                self.compare_names(shape.value, inner, path)

    def compare_required(self):
        shape = self.operation.input_shape
        if shape is None:
            return
        given = dict(self.sent["input"])
        if self.sent["token"]:
            given.setdefault(self.sent["token"], str(uuid.uuid4()))
        report = ParamValidator().validate(given, shape).generate_report().splitlines()
        # A sample has the right kinds; whether its values are in range says nothing.
        for line in report:
            if line and "valid min" not in line:
                self.fault(line)

    def compare_token(self):
        declared, wanted = self.sent["token"], self.operation.idempotent_members
        if declared is None:
            for member in wanted:
                if member not in self.sent["input"]:
                    self.fault(f"{member} must be declared as the token of the request")
        elif declared not in wanted:
            self.fault(f"{declared} is no token")

    def compare_request(self):
        given = dict(self.sent["input"])
        token = self.sent["token"]
        if token and token not in given:
            given[token] = str(uuid.UUID(json.loads(self.sent["body"])[token], version=4))
        official = create_serializer(self.protocol, include_validation=False)
        official = official.serialize_to_request(given, self.operation)
        body, query = official["body"], official.get("query_string") or ""
        if isinstance(body, dict):
            body = urlencode(body)
        elif isinstance(body, bytes):
            body = body.decode()
        query = query if isinstance(query, str) else urlencode(query, doseq=True)
        joint = "&" if "?" in official["url_path"] else "?"
        url = official["url_path"] + (joint + query if query else "")
        theirs = self.parts(official["method"], url, official["headers"], body)
        ours = self.parts(*(self.sent[part] for part in ("method", "uri", "headers", "body")))
        for part, value in ours.items():
            if value != theirs[part]:
                self.fault(f"{part} is {value}, must be {theirs[part]}")

    def parts(self, method, url, headers, body):
        parts = urlsplit(url)
        headers = {name.lower(): value for name, value in headers.items()}
        if self.protocol in ("query", "ec2"):
            body = sorted(parse_qsl(body, keep_blank_values=True))
        else:
            body = json.loads(body or "{}")
        return {
            "method": method,
            "path": unquote(parts.path),
            "query": sorted(parse_qsl(parts.query, keep_blank_values=True)),
            "target": headers.get("x-amz-target", ""),
            "body": body,
        }

    def compare_answer(self):
        for path, kind in self.sent["answer"]:
            if not path or kind == "any":
                continue
            shape = self.at(path)
            if shape is None:
                self.fault(f"the answer has no {path}")
            elif shape.type_name not in KINDS.get(kind, {kind}):
                self.fault(f"{path} of the answer is a {shape.type_name}, not a {kind}")

    def at(self, path):
        """The shape at a path of the answer, by the names on the wire."""
        shape = self.operation.output_shape
        for step in re.findall(r"\.[^.\[{]+|\[\]|\{\}", path):
            kind = shape.type_name if shape is not None else None
            if step == "[]" and kind == "list":
                shape = shape.member
            elif step == "{}" and kind == "map":
                shape = shape.value
            elif step[0] == "." and kind == "structure":
                shape = next(
                    (
                        member
                        for name, member in shape.members.items()
                        if (member.serialization.get("name") or name) == step[1:]
                        and member.serialization.get("location") is None
                    ),
                    None,
                )
            else:
                return None
        return shape

    def compare_pages(self):
        try:
            pagers = LOADER.load_service_model(self.name, "paginators-1")["pagination"]
        except Exception:
            pagers = {}
        pager = pagers.get(self.sent["operation"])
        wanted = None
        if pager:
            named = pager["output_token"]
            named = named if isinstance(named, str) else named[0]
            shape = self.operation.output_shape.members.get(named)
            if shape is not None:
                named = shape.serialization.get("name") or named
            asked = pager["input_token"]
            wanted = [asked if isinstance(asked, str) else asked[0], named]
        elif self.has_tokens():
            # botocore lists no pager of some operations whose shapes have the tokens all the same.
            wanted = self.sent["next"]
        # An operation that answers about one thing need not be asked for more.
        if self.sent["next"] != wanted and self.sent["next"] is not None or (wanted and self.lists()):
            self.fault(f"pages by {self.sent['next']}, must be {wanted}")

    def has_tokens(self):
        """Whether both shapes have the members by which it pages, as texts."""
        asked, named = self.sent["next"] or ("", "")
        shapes = (self.operation.input_shape, asked), (self.operation.output_shape, named)
        found = [shape and shape.members.get(member) for shape, member in shapes]
        return all(member is not None and member.type_name == "string" for member in found)

    def lists(self):
        """Whether it lists, and declares no pages."""
        return self.sent["next"] is None and any(kind == "list" for _, kind in self.sent["answer"])

    def compare_codes(self):
        shapes = self.operation.error_shapes
        codes = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
        codes |= {shape.name for shape in shapes}
        for code in self.sent["already"]:
            if code not in codes:
                self.fault(f"never answers {code}, only {sorted(codes)}")


@cache
def provider(id_):
    rules = LOADER.load_service_model(name_of(id_), "endpoint-rule-set-1")
    return EndpointProvider(rules, LOADER.load_data("partitions")), rules["parameters"]


def compare_place(place):
    endpoints, parameters = provider(place["id"])
    wanted = {"Region": place["region"], "UseFIPS": place["fips"], "UseDualStack": place["dual_stack"]}
    if "RequiresAccountId" in parameters:
        wanted["RequiresAccountId"] = False
    try:
        found = endpoints.resolve_endpoint(**{k: v for k, v in wanted.items() if k in parameters})
    except Exception:
        return []  # The service cannot be reached in this way.
    scheme = (found.properties.get("authSchemes") or [{}])[0]
    host = found.url.removeprefix("https://")
    signs = scheme.get("signingRegion") or place["region"]
    if (host, signs) == (place["host"], place["signs"]):
        return []
    ours = f"{place['host']} signed for {place['signs']}"
    return [f"{place['id']} in {place['region']}: {ours}, must be {host} signed for {signs}"]


def main(path):
    with open(path) as file:
        asked = json.load(file)
    faults = [fault for sent in asked["operations"] for fault in Comparison(sent).run()]
    faults += [fault for place in asked["places"] for fault in compare_place(place)]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
