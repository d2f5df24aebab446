"""``python -m benchmarks NAME [--size small|full]``, ``--all``, ``--list``.

Ends with 1 where a benchmark falls short of its bound, 2 where the name is unknown.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks
from benchmarks.frame import Outcome, Size


def names() -> list[str]:
    """The benchmarks there are."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in found if not name.startswith("_") and name != "frame")


def measure(name: str, size: Size) -> bool:
    """Run and show one benchmark; whether it kept its bounds."""
    outcome: Outcome = importlib.import_module(f"benchmarks.{name}").run(size)
    print(f"{name} ({size})")
    print(outcome.table())
    for shortfall in outcome.shortfalls:
        print(f"  fell short: {shortfall}")
    print(outcome.summary(name), flush=True)
    return not outcome.shortfalls


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("name", nargs="?", choices=names(), metavar="NAME")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--all", action="store_true", help="run every benchmark")
    parser.add_argument("--list", action="store_true", help="show the names and end")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(names()))
        return 0
    if options.all == bool(options.name):
        parser.error("give the name of one benchmark, or --all")
    chosen = names() if options.all else [options.name]
    kept = [measure(name, options.size) for name in chosen]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
