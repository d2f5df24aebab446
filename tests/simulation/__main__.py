"""``python -m tests.simulation [--n 5000] [--seed 1]``: ends with 0 if every listing was lawful."""

from __future__ import annotations

import argparse
import os
import sys

from regua.cli.serve import stop_on_sigterm
from regua.project.boot import generate_secrets
from regua.project.postgres import temporary_cluster


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--n", type=int, default=5000, help="how many customers")
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn by lot")
    options = parser.parse_args()
    stop_on_sigterm()
    for name in [n for n in os.environ if n == "DATABASE_URL" or n.startswith("REGUA_")]:
        if not name.startswith("REGUA_POSTGRES"):
            del os.environ[name]
    os.environ |= generate_secrets()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regua.project.settings")
    try:
        with temporary_cluster() as cluster:
            os.environ["DATABASE_URL"] = cluster.ensure_database("regua")
            import django

            django.setup()
            from tests.simulation.year import run

            return run(customers=options.n, seed=options.seed)
    except KeyboardInterrupt:
        print("interrupted")
        return 1


if __name__ == "__main__":
    sys.exit(main())
