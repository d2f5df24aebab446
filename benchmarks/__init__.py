"""Ours beside its limit, measured in the same run: ``python -m benchmarks NAME``.

One module per benchmark, with ``run(size: Size) -> Outcome``; it is found by its name, nothing is
registered. A module whose name begins with an underscore, and ``frame``, are not benchmarks.
"""
