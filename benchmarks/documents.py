"""Checking CNPJs one by one, as every import does, half of them with letters.

The limit is the arithmetic alone, with none of the guards: read the 14 characters, make both sums.
The empty call shows what the loop itself costs. Bound: 400 000 per second, bare.
"""

from random import Random

import validate_docbr
from stdnum.br import cnpj as stdnum_cnpj

from benchmarks.frame import Outcome, Size, rate
from regua.documents import Cnpj, cnpj_is_valid, cpf_is_valid, generate, parse

BOUND = 400_000
SEED = 20260701


def run(size: Size) -> Outcome:
    count, repeats = (50_000, 7) if size == "small" else (500_000, 9)
    random = Random(SEED)
    cnpjs = [generate.cnpj(random, letters=bool(n % 2)) for n in range(count)]
    bare = [cnpj.value for cnpj in cnpjs]
    formatted = [cnpj.formatted for cnpj in cnpjs]
    cpfs = [generate.cpf(random).value for _ in range(count)]
    few = bare[:20_000]  # the peers are slow, and as fast on few as on many

    limit = rate(_arithmetic_alone, bare, repeats)
    ours = rate(cnpj_is_valid, bare, repeats)
    parsed = rate(parse, bare, repeats)
    parsed_formatted = rate(parse, formatted, repeats)
    peers = {
        "python-stdnum": rate(stdnum_cnpj.is_valid, few, 3),
        "validate-docbr": rate(validate_docbr.CNPJ().validate, few, 3),
    }
    outcome = Outcome(ours=ours, limit=limit, limit_name="arithmetic alone")
    measured = {
        "empty call in the same loop": rate(_nothing, bare, repeats),
        "limit: arithmetic alone, no guard": limit,
        "cnpj_is_valid(bare)": ours,
        "cpf_is_valid(bare)": rate(cpf_is_valid, cpfs, repeats),
        "parse(bare) into a value": parsed,
        "parse(formatted) into a value": parsed_formatted,
        **{f"peer: {name}": value for name, value in peers.items()},
    }
    outcome.rows = [(label, f"{value:,.0f}/s") for label, value in measured.items()]
    outcome.facts = {
        "cnpj_per_s": f"{ours:.0f}",
        "parse_per_s": f"{parsed:.0f}",
        "best_peer_per_s": f"{max(peers.values()):.0f}",
        "bound": str(BOUND),
    }
    outcome.require(ours >= BOUND, f"{ours:,.0f} CNPJ/s, bound {BOUND:,}")
    outcome.require(all(map(_agree, cnpjs[:1000])), "a valid CNPJ was refused")
    return outcome


def _agree(cnpj: Cnpj) -> bool:
    return cnpj_is_valid(cnpj.value) and parse(cnpj.formatted) == cnpj


def _nothing(_bare: str) -> bool:
    return True


def _arithmetic_alone(bare: str) -> bool:
    a, b, c, d, e, f, g, h, i, j, k, l, m, n = bare.encode()  # noqa: E741
    first = 5 * (a + i) + 4 * (b + j) + 3 * (c + k) + 2 * (d + l) + 9 * e + 8 * f + 7 * g + 6 * h
    second = (
        6 * (a + i) + 5 * (b + j) + 4 * (c + k) + 3 * (d + l) + 2 * (e + m) + 9 * f + 8 * g + 7 * h
    )
    return first % 11 == second % 11 == n
