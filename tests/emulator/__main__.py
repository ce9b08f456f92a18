"""Run the emulator: `python -m emulator`. Prints one JSON line when it is ready."""

import argparse
import json
import os
import sys
import threading
import warnings


def end_with_stdin() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator", description="AWS emulator for tests")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--latency-ms", type=float, default=0, help="added to every request")
    parser.add_argument("--account", default="123456789012", help="account of unknown access keys")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input does: with whoever started the emulator",
    )
    arguments = parser.parse_args()

    # moto reads these when it is imported.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    os.environ.setdefault("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    warnings.filterwarnings("ignore")

    from .quick import spare_the_collector
    from .server import Emulator, Server

    emulator = Emulator(arguments.account, arguments.latency_ms)
    server = Server((arguments.host, arguments.port), emulator)
    spare_the_collector()
    host, port = server.server_address[:2]
    ready = {"ready": True, "endpoint": f"http://{host}:{port}", "port": port, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    if arguments.until_stdin_closes:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
