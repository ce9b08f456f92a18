#!/usr/bin/env python3
"""Writes src/aws/hosts.rs: the hosts that are not {prefix}[-fips].{region}.{suffix}, of the services
in src/aws/services.rs, from botocore's endpoint rule sets.

Usage: .venv/bin/python scripts/hosts.py | rustfmt --edition 2024 > src/aws/hosts.rs"""

import itertools
import pathlib
import re
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider

SERVICES = pathlib.Path(__file__).parent.parent / "src/aws/services.rs"
LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")

HEAD = """//! Hosts of services that are not `{prefix}[-fips].{region}.{suffix}`. Written by scripts/hosts.py from
//! botocore's endpoint rule sets; do not edit.

/// The service's id, partition, FIPS, dual stack: the host, and the region in the signature.
pub type Irregular = (&'static str, &'static str, bool, bool, &'static str, &'static str);

/// All that are irregular, of the services that the program calls.
#[rustfmt::skip]
pub static IRREGULAR: &[Irregular] = &["""


def declared():
    """The id of each service in the table, with what its host begins with."""
    text = SERVICES.read_text()
    for name, id_, rest in re.findall(r'Service::new\("([^"]+)", "([^"]+)", ([^;]*);', text):
        prefix = re.search(r'\.prefix\("([^"]+)"\)', rest) or re.search(r'\.signs\("([^"]+)"\)', rest)
        yield id_, prefix[1] if prefix else name


def models():
    """The folder of the models of each service, by its id."""
    session = botocore.session.get_session()
    for name in session.get_available_services():
        yield LOADER.load_service_model(name, "service-2")["metadata"]["serviceId"], name


def places(provider, parameters, regions, fips, dual):
    """For each region, the host and the region in the signature."""
    for region in regions:
        wanted = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
        if "RequiresAccountId" in parameters:
            wanted |= {"RequiresAccountId": False}
        try:
            found = provider.resolve_endpoint(**{k: v for k, v in wanted.items() if k in parameters})
        except Exception:
            continue  # The service cannot be reached in this way.
        scheme = (found.properties.get("authSchemes") or [{}])[0]
        yield region, (found.url.removeprefix("https://"), scheme.get("signingRegion") or region)


def irregular(id_, prefix, name):
    rules = LOADER.load_service_model(name, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, PARTITIONS)
    for partition in PARTITIONS["partitions"]:
        outputs = partition["outputs"]
        regions = [region for region in partition["regions"] if not region.endswith("-global")]
        for fips, dual in itertools.product((False, True), repeat=2):
            found = dict(places(provider, rules["parameters"], regions, fips, dual))
            patterns = {
                (host.replace(region, "{region}"), "{region}" if signs == region else signs)
                for region, (host, signs) in found.items()
            }
            suffix = outputs["dualStackDnsSuffix" if dual else "dnsSuffix"]
            regular = f"{prefix}{'-fips' if fips else ''}.{{region}}.{suffix}"
            if not found or patterns == {(regular, "{region}")}:
                continue
            if len(patterns) > 1:
                patterns = set(found.values())
            if len(patterns) > 1:
                print(f"{id_} in {partition['id']} has a host by region: {patterns}", file=sys.stderr)
                continue
            yield id_, partition["id"], fips, dual, *patterns.pop()


def main():
    names = dict(models())
    print(HEAD)
    for id_, prefix in declared():
        for id_, partition, fips, dual, host, signs in irregular(id_, prefix, names[id_]):
            flags = f"{str(fips).lower()}, {str(dual).lower()}"
            print(f'    ("{id_}", "{partition}", {flags}, "{host}", "{signs}"),')
    print("];")


main()
