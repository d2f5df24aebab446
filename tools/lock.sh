#!/bin/sh
# Writes the lock files anew: names, versions and hashes only, for every platform and Python >= 3.11.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --no-annotate "$@"
}
compile pyproject.toml --extra embedded requirements/runtime.in -o requirements/runtime.txt
compile requirements/dev.in -o requirements/dev.txt
compile requirements/node.in -o requirements/node.txt
compile requirements/peers.in -o requirements/peers.txt
