"""The check digits of a CPF or CNPJ as an SQL expression, for conditions over many rows.

``regua.documents`` is the reference; a property test holds the two together. Spelled out digit by
digit because a sum over ``generate_series`` costs twenty times as much per row; in few operations,
because a gate asked about one debt spends its time on preparing them.
"""

from __future__ import annotations

from collections.abc import Sequence


def _sum(column: str, weights: Sequence[int]) -> str:
    # A character is worth its ASCII code less 48 (IN RFB 2.229/2024): a digit is worth itself.
    terms = (
        f"ascii(substr({column}, {place}, 1)) * {weight}"
        for place, weight in enumerate(weights, start=1)
    )
    return f"({' + '.join(terms)} - {48 * sum(weights)})"


def _digit_is(column: str, weights: Sequence[int]) -> str:
    # Eleven less the rest of a division by 11, or 0 where that is over 9: ten times the sum leaves
    # the same, without asking for the rest twice.
    digit = f"ascii(substr({column}, {len(weights) + 1}, 1)) - 48"
    return f"{_sum(column, weights)} * 10 %% 11 %% 10 = {digit}"


def document_valid(column: str) -> str:
    """True where ``column`` holds a bare, upper-case CPF or CNPJ whose digits check."""
    cpf = [_digit_is(column, range(top, 1, -1)) for top in (10, 11)]
    ends = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    cnpj = [_digit_is(column, ends), _digit_is(column, [6, *ends])]
    # The same digit all through passes the sums and is nobody's.
    return (
        f"({column} <> repeat(left({column}, 1), length({column})) AND CASE length({column})"
        f" WHEN 11 THEN {' AND '.join(cpf)} WHEN 14 THEN {' AND '.join(cnpj)} ELSE false END)"
    )
