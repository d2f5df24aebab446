"""``python -m tests.simulation [--n 5000] [--days 366]``: ends with 0 if all was lawful."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack

from regua.cli.serve import stop_on_sigterm
from regua.project.boot import generate_secrets
from regua.project.postgres import temporary_cluster


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--n", type=int, default=5000, help="how many customers")
    parser.add_argument("--days", type=int, default=366, help="how many days pass")
    parser.add_argument(
        "--database", help="URL of a migrated database to spoil; a cluster of its own otherwise"
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn by lot")
    options = parser.parse_args()
    stop_on_sigterm()
    for name in [n for n in os.environ if n == "DATABASE_URL" or n.startswith("REGUA_")]:
        if not name.startswith("REGUA_POSTGRES"):
            del os.environ[name]
    os.environ |= generate_secrets()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regua.project.settings")
    try:
        with ExitStack() as stack:
            os.environ["DATABASE_URL"] = options.database or stack.enter_context(
                temporary_cluster()
            ).ensure_database("regua")
            import django
            from django.core.management import call_command

            django.setup()
            if not options.database:
                call_command("migrate", interactive=False, verbosity=0)
            from tests.simulation.year import run

            return run(customers=options.n, days=options.days, seed=options.seed)
    except KeyboardInterrupt:
        print("interrupted")
        return 1


if __name__ == "__main__":
    sys.exit(main())
