"""Measure `plan`, a first `apply` and an `apply` with nothing to do against the AWS emulator.

Prints one table: wall time without and with latency, round trips, requests, writes, CPU time and
memory, for 1 and 17 regions and 10, 100 and 1,000 buckets, with every control in the baseline.

Round trips are an estimate: how much longer a run takes with latency, in units of that latency.
It is too low where the emulator itself is the brake, which the last column shows, and left out
where latency hardly matters. The emulator answers in one Python process, so many requests at once
wait for it rather than for each other.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"

HOME = "us-east-1"
LATENCY_MS = 50
BUCKETS = (10, 100, 1000)

#: The table of each control; one that is not here gets an empty table, its defaults.
TABLES = {
    "root_user": '[root_user]\nmfa = "any"\naccess_keys = "none"',
    "password_policy": "[password_policy]\nminimum_length = 14\nreuse_prevention = 24",
    "log_bucket": '[log_bucket]\nname = "baseline-logs-{account}-{region}"',
    "cloudtrail": '[cloudtrail]\ndata_events = [{ s3 = "all", access = "write" }]',
    "budgets": '[[budgets]]\nname = "monthly"\nlimit = "100 USD"\n'
    'alerts = [{ at = "80%", email = ["billing@example.com"] }]',
    "buckets": '[[buckets]]\nmatch = ["*"]\nexcept = ["public-site-*"]\nssl_only = true',
}

COMMANDS = {
    "plan": ["plan"],
    "first apply": ["apply", "--auto-approve"],
    "apply again": ["apply", "--auto-approve"],
}


def main() -> None:
    arguments = parse()
    binary = arguments.binary.resolve()
    with emulator() as aws:
        cost = aws.cost_per_request()
        print_head(binary, cost)
        for regions in (1,) if arguments.quick else (1, len(all_regions())):
            for buckets in BUCKETS[:1] if arguments.quick else BUCKETS:
                without = measure(aws, binary, regions, buckets, 0)
                with_latency = measure(aws, binary, regions, buckets, LATENCY_MS)
                for command in COMMANDS:
                    print_row(regions, buckets, command, without[command], with_latency[command])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only 1 region and 10 buckets")
    parser.add_argument(
        "--binary", type=Path, required=True, help="measure this one instead of a release build"
    )
    return parser.parse_args()


def all_regions() -> list[str]:
    """The regions that every account has."""
    sys.path.insert(0, str(TESTS))
    from emulator.regions import ALWAYS_ENABLED

    return sorted(ALWAYS_ENABLED)


class Aws:
    """The emulator from outside."""

    def __init__(self, endpoint: str, pid: int):
        self.endpoint = endpoint
        self.pid = pid
        self.next_account = 200_000_000_001

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=600)

    def admin(self, name: str, given: dict) -> dict:
        connection = self.connect()
        connection.request("POST", f"/_emulator/{name}", json.dumps(given))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if "error" in answer:
            sys.exit(f"emulator: {name}: {answer['error']}")
        return answer

    def account(self) -> str:
        """A new account whose root user needs nobody's hand."""
        self.admin("reset", {})
        account = str(self.next_account)
        self.next_account += 1
        self.admin("root", {"account": account, "mfa": True, "access_keys": 0})
        return account

    def make_buckets(self, account: str, regions: list[str], count: int) -> None:
        import boto3

        def s3(region: str):
            return boto3.client(
                "s3",
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=account,
                aws_secret_access_key="secret",
            )

        clients = {region: s3(region) for region in regions}
        for number in range(count):
            region = regions[number % len(regions)]
            where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
            name = f"bench-{account}-{number}"
            clients[region].create_bucket(Bucket=name, **(where if region != HOME else {}))

    def cost_per_request(self, count: int = 500) -> float:
        """Seconds that GetCallerIdentity takes, one after the other on one connection."""
        scope = "Credential=200000000000/20260101/us-east-1/sts/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = self.connect()

        def ask() -> None:
            body = "Action=GetCallerIdentity&Version=2011-06-15"
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            if answer.read() and answer.status != 200:
                sys.exit(f"emulator: GetCallerIdentity answered {answer.status}")

        ask()
        begun = time.perf_counter()
        for _ in range(count):
            ask()
        return (time.perf_counter() - begun) / count

    def cpu(self) -> float:
        """Seconds of CPU that the emulator has used; 0 where there is no /proc."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def emulator() -> Iterator[Aws]:
    command = [sys.executable, "-m", "emulator", "--until-stdin-closes"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=TESTS, **pipes)
    try:
        ready = json.loads(process.stdout.readline())
        yield Aws(ready["endpoint"], process.pid)
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Run:
    """What one run of the binary took."""

    wall: float
    cpu: float
    memory: int
    requests: int
    writes: int
    emulator: float


def measure(aws: Aws, binary: Path, regions: int, buckets: int, latency: int) -> dict[str, Run]:
    """The three commands on a new account; those that change nothing three times, if that is
    soon done, and the fastest counts."""
    say(f"regions: {regions}, buckets: {buckets}, latency: {latency} ms")
    names = [HOME, *(region for region in all_regions() if region != HOME)][:regions]
    account = aws.account()
    aws.make_buckets(account, names, buckets)
    aws.admin("latency", {"ms": latency})
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "baseline.toml").write_text(baseline(binary, account, names))
        for command, arguments in COMMANDS.items():
            times = 1 if command == "first apply" or buckets >= 1000 else 3
            every = [run(aws, binary, folder, account, arguments) for _ in range(times)]
            runs[command] = min(every, key=lambda one: one.wall)
    aws.admin("latency", {"ms": 0})
    if runs["apply again"].writes:
        say(f"warning: the second apply made {runs['apply again'].writes} writes")
    return runs


def baseline(binary: Path, account: str, regions: list[str]) -> str:
    """Every control that the binary has."""
    listed = subprocess.run([binary, "explain"], check=True, capture_output=True, text=True)
    lines = listed.stdout.split("\n\n")[0].splitlines()
    controls = [line.split()[0] for line in lines if line.strip()]
    tables = [TABLES.get(control, f"[{control}]") for control in controls]
    head = (
        f'baseline = 1\n\n[account]\nid = "{account}"\nhome_region = "{HOME}"\n'
        f"regions = {json.dumps(regions)}"
    )
    return "\n\n".join([head, *tables]) + "\n"


#: Runs a command and writes down what it took. A process of its own, because on Linux the memory of
#: the parent counts as that of the child until the child is another program.
WATCH = """
import json, os, sys, time
result, *command = sys.argv[1:]
begun = time.perf_counter()
process = os.posix_spawn(command[0], command, os.environ)
_, status, used = os.wait4(process, 0)
took = {
    "wall": time.perf_counter() - begun,
    "cpu": used.ru_utime + used.ru_stime,
    "memory": used.ru_maxrss,
}
with open(result, "w") as file:
    json.dump(took, file)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(aws: Aws, binary: Path, folder: str, account: str, arguments: list[str]) -> Run:
    environment = {
        "HOME": folder,
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = aws.admin("journal", {"account": account})
    emulator_before = aws.cpu()
    with open(Path(folder, "talk"), "w+") as talk:
        process = subprocess.run(
            [sys.executable, "-I", "-S", "-c", WATCH, "took.json", binary, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=talk,
        )
        if process.returncode != 0:
            talk.seek(0)
            what = f"{' '.join(arguments)} ended with {process.returncode}"
            sys.exit(f"{what}:\n{talk.read()}")
    emulator_used = aws.cpu() - emulator_before
    after = aws.admin("journal", {"account": account})
    took = json.loads(Path(folder, "took.json").read_text())
    return Run(
        wall=took["wall"],
        cpu=took["cpu"],
        memory=took["memory"] * (1 if sys.platform == "darwin" else 1024),
        requests=after["total"] - before["total"],
        writes=after["writes"] - before["writes"],
        emulator=emulator_used,
    )


#: Heading and width of each column.
COLUMNS = (
    ("regions", 7),
    ("buckets", 7),
    ("command", 11),
    ("0 ms", 9),
    (f"{LATENCY_MS} ms", 9),
    ("trips", 6),
    ("requests", 8),
    ("writes", 6),
    ("CPU", 8),
    ("memory", 8),
    ("emulator", 8),
)


def print_head(binary: Path, cost: float) -> None:
    print(f"{binary}, on {os.cpu_count()} processors")
    print(f"the emulator takes {cost * 1000:.2f} ms for a GetCallerIdentity on an open connection")
    print("trips: estimated from the two wall times; emulator: its CPU time in the run at 0 ms\n")
    print_line(heading for heading, _ in COLUMNS)
    print_line("-" * width for _, width in COLUMNS)


def print_row(regions: int, buckets: int, command: str, without: Run, latent: Run) -> None:
    waited = latent.wall - without.wall
    trips = f"{waited / (LATENCY_MS / 1000):.1f}" if waited > without.wall / 10 else "-"
    print_line(
        (
            str(regions),
            f"{buckets:,}",
            command,
            f"{without.wall:.3f} s",
            f"{latent.wall:.3f} s",
            trips,
            f"{without.requests:,}",
            f"{without.writes:,}",
            f"{without.cpu:.2f} s",
            f"{max(without.memory, latent.memory) / 2**20:.0f} MiB",
            f"{without.emulator:.2f} s",
        )
    )


def print_line(cells: Iterator[str] | tuple[str, ...]) -> None:
    widths = (width for _, width in COLUMNS)
    print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths)), flush=True)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
