# Sourced by ./test, ./demo and ./bench: finds the tools, keeps builds warm, installs the emulator.
# shellcheck shell=bash

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Runs a command that reaches a registry, up to four times.
with_retries() {
    local pause=5
    for _ in 1 2 3; do
        "$@" && return 0
        say "trying again in $pause s: $*"
        sleep "$pause"
        pause=$((pause * 3))
    done
    "$@"
}

command -v cargo >/dev/null || die "cargo is missing: install Rust from https://rustup.rs"
command -v python3 >/dev/null || die "python3 is missing: the AWS emulator needs it"

export CARGO_NET_RETRY="${CARGO_NET_RETRY:-10}"

# Builds outlive the clone when there is a folder for that.
if [ -z "${CARGO_TARGET_DIR:-}" ]; then
    cache="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/baseline/target"
    if mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ]; then
        export CARGO_TARGET_DIR="$cache"
    fi
fi
target="${CARGO_TARGET_DIR:-$PWD/target}"

# The emulator in a virtual environment of the project; made anew when its requirements change.
setup_emulator() {
    local wanted=tests/emulator/requirements.txt
    if ! cmp -s "$wanted" .venv/requirements.txt; then
        say "installing the AWS emulator into .venv"
        rm -rf .venv
        python3 -m venv .venv || die "python3 cannot make a virtual environment (Debian: python3-venv)"
        with_retries .venv/bin/pip install --quiet --disable-pip-version-check -r "$wanted" pytest
        cp "$wanted" .venv/requirements.txt
    fi
}

# What the long tests ask: programs of others that judge policies. Nothing of them is a dependency.
setup_judges() {
    local folder=tests/judges
    command -v node >/dev/null || die "node is missing: ./test --long runs judges of npm (Node.js 20 or later)"
    command -v npm >/dev/null || die "npm is missing: ./test --long installs judges with it"
    if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json"; then
        say "installing the judges of npm into $folder/node_modules"
        (cd "$folder" && with_retries npm ci --silent)
        cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
    fi
    if ! cmp -s "$folder/requirements.txt" "$folder/.venv/requirements.txt"; then
        say "installing the judges of PyPI into $folder/.venv"
        rm -rf "$folder/.venv"
        python3 -m venv "$folder/.venv" || die "python3 cannot make a virtual environment (Debian: python3-venv)"
        with_retries "$folder/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$folder/requirements.txt"
        cp "$folder/requirements.txt" "$folder/.venv/requirements.txt"
    fi
}
