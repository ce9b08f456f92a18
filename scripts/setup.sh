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

# Builds and tools outlive the clone when there is a folder for that.
cache="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/baseline"
if [ -z "${CARGO_TARGET_DIR:-}" ] && mkdir -p "$cache/target" 2>/dev/null && [ -w "$cache/target" ]; then
    export CARGO_TARGET_DIR="$cache/target"
fi
export PATH="$PATH:$cache/tools/bin"
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
    # Prowler pins much that the others pin otherwise.
    if ! cmp -s "$folder/prowler.txt" "$folder/.venv-prowler/prowler.txt"; then
        say "installing Prowler into $folder/.venv-prowler"
        rm -rf "$folder/.venv-prowler"
        python3 -m venv "$folder/.venv-prowler"
        with_retries "$folder/.venv-prowler/bin/pip" install --quiet --disable-pip-version-check -r "$folder/prowler.txt"
        cp "$folder/prowler.txt" "$folder/.venv-prowler/prowler.txt"
    fi
}

# Installs cargo-deny into the cache, unless there is one; building it takes some minutes.
setup_deny() {
    if ! cargo deny --version >/dev/null 2>&1; then
        say "installing cargo-deny into $cache/tools"
        with_retries cargo install cargo-deny --locked --debug --quiet --root "$cache/tools"
    fi
}

# Licences, sources and wildcards of the crates, offline.
check_crates() {
    if ! cargo deny --version >/dev/null 2>&1; then
        say "crates: skipped, because cargo-deny is missing; ./test --long installs it"
        return
    fi
    say "crates"
    cargo deny --locked --offline check --hide-inclusion-graph bans licenses sources
}

# Known vulnerabilities of the crates, where the database of RustSec can be had.
check_advisories() {
    if ! cargo deny fetch db >/dev/null 2>&1; then
        say "advisories: skipped, because the database of RustSec cannot be fetched"
        return
    fi
    say "advisories"
    cargo deny --locked check --hide-inclusion-graph advisories
}
