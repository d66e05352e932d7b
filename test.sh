#!/bin/sh
# Runs every test. Installs what some tests use beyond Rust where it may; a test that lacks something says SKIPPED and why.
set -eu
cd "$(dirname "$0")"

missing=
for needed in ip:iproute2 openssl:openssl tshark:tshark nsenter:util-linux nc.openbsd:netcat-openbsd python3:python3 \
    javac:default-jdk-headless; do
    command -v "${needed%%:*}" >/dev/null 2>&1 || missing="$missing ${needed##*:}"
done
# Where Python is the system's, its environments are a package of their own.
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    echo "installing$missing"
    # Word splitting is wanted: these are lists.
    { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing; } \
        >/dev/null 2>&1 || echo "could not install$missing: tests that need it will say SKIPPED"
fi

# The lab's programs for talk encrypt with pycryptodome, so the tests talk with the real one.
environment=$PWD/target/pycryptodome
if [ ! -x "$environment/bin/python" ] || ! "$environment/bin/python" -c 'import Crypto' 2>/dev/null; then
    { python3 -m venv "$environment" && "$environment/bin/python" -m pip install -q 'pycryptodome>=3.20,<5'; } \
        >/dev/null 2>&1 || echo "could not install pycryptodome: tests that need it will say SKIPPED"
fi
export PYCRYPTODOME_PYTHON="$environment/bin/python"

exec cargo test --workspace "$@"
