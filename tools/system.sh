#!/bin/sh
# What the tests use that no Python package brings: Debian's Chromium and PostgreSQL 15.
# Installed where this may be done; elsewhere the tests that need them say that they are skipped.
set -eu
missing=""
[ -x /usr/bin/chromium ] || missing="$missing chromium"
[ -x /usr/lib/postgresql/15/bin/postgres ] || missing="$missing postgresql-15"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing"
    # The package must not start a server of its own.
    [ -d /etc/postgresql-common ] || mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] \
        || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get update -qq
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" \
            >/dev/null || echo "could not install $package"
    done
else
    echo "Not installed, and not to be installed from here:$missing"
fi
if [ -n "${CI:-}" ] && [ ! -x /usr/bin/chromium ]; then
    echo "CI needs Chromium" >&2
    exit 1
fi
