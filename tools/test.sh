#!/bin/sh
# Every check, cheapest first. `make test` has installed what it needs.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

say() { printf '\n== %s\n' "$1"; }

say "format"
$bin/ruff format --check .
say "lint"
$bin/ruff check .
say "types"
$bin/mypy
say "import contracts"
$bin/lint-imports --no-logo 2>/dev/null || $bin/lint-imports
say "missing migrations"
$bin/python tools/migrations.py
# Twice CI's cores: most of the time goes into waiting for processes, browsers and deadlines. In the
# order of their files, so that the long ones do not all come last. A test among real processes may
# meet a moment that its author did not think of: it is run once more, and named as RERUN in the
# summary, where it waits to be mended.
run_tests() {
    $bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -q --reruns 1 -r fER "$@"
}

say "tests on the newest PostgreSQL, with the browser"
run_tests

old=/usr/lib/postgresql/15/bin
if [ -x "$old/postgres" ]; then
    # The SQL is what may differ: the launcher's own tests have tried every version already, and
    # processes, commands and whole stories go through what the others test here anyway.
    say "database tests on PostgreSQL 15"
    REGUA_POSTGRES_BIN=$old run_tests \
        -m "database and not browser" --ignore tests/project/test_postgres.py --ignore tests/seed \
        --ignore tests/processes --ignore tests/cli --ignore tests/simulation
elif [ -n "${CI:-}" ]; then
    echo "PostgreSQL 15 is missing: CI must try the oldest version too" >&2
    exit 1
else
    say "database tests on PostgreSQL 15: skipped, $old is not there"
fi
