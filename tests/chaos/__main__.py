"""``python -m tests.chaos [--n 10000] [--seed 1] [--logs FOLDER]``: ends with 0 if all is well."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from regua.cli.serve import stop_on_sigterm
from regua.project.boot import generate_secrets
from regua.project.postgres import Cluster

SETTINGS = {
    "REGUA_BUREAU_TIMEOUT": "1",
    "REGUA_SENDER_LEASE": "8",
    "REGUA_RETRY_BASE": "0.02",  # it doubles at each try, and two of five calls fail
    "REGUA_SYNC_INTERVAL": "10",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many listings")
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn by lot")
    parser.add_argument("--logs", type=Path, help="keep what the processes wrote there")
    options = parser.parse_args()
    stop_on_sigterm()
    home = Path(tempfile.mkdtemp(prefix="regua-chaos-"))
    if os.geteuid() == 0:
        home.chmod(0o711)  # the account that PostgreSQL runs as passes through
    for name in [n for n in os.environ if n == "DATABASE_URL" or n.startswith("REGUA_")]:
        if not name.startswith("REGUA_POSTGRES"):
            del os.environ[name]
    os.environ |= generate_secrets() | SETTINGS
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regua.project.settings")
    # Durable as in production: what the database acknowledged must be there after its crash.
    cluster = Cluster(home / "postgres")
    try:
        cluster.start()
        os.environ["DATABASE_URL"] = cluster.ensure_database("regua")
        import django

        django.setup()
        from tests.chaos.run import run

        return run(cluster, count=options.n, seed=options.seed, logs=options.logs)
    except KeyboardInterrupt:
        print("interrupted")
        return 1
    finally:
        cluster.stop(force=True)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
