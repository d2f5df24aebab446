"""Check digits of bare documents: 11 digits, or 12 of A-Z0-9 and 2 digits.

Each character is worth its ASCII code less 48 (IN RFB 2.229/2024), the sum of weighted values is
taken modulo 11 and the digit is 11 less the remainder, or 0 for remainders below 2. The sums are
written out, on plain codes: what the 48s add is a constant, so it is folded into a table from
remainder to the code of the digit. This runs once per line of every import.
"""

_CPF_BASE = 9
_CNPJ_BASE = 12


def _table(weights: range | tuple[int, ...]) -> bytes:
    offset = 48 * sum(weights)
    remainders = [(raw - offset) % 11 for raw in range(11)]
    return bytes(48 + (0 if r < 2 else 11 - r) for r in remainders)


_CPF_FIRST = _table(range(2, 11))
_CPF_SECOND = _table(range(2, 12))
_CNPJ_FIRST = _table((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
_CNPJ_SECOND = _table((6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def cpf_is_valid(bare: str) -> bool:
    """Whether ``bare`` is a CPF as stored: 11 ASCII digits, not all equal, right check digits."""
    if len(bare) != 11 or not bare.isascii() or not bare.isdigit():
        return False
    a, b, c, d, e, f, g, h, i, first, second = bare.encode()
    return (
        first
        == _CPF_FIRST[(10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i) % 11]
        and second
        == _CPF_SECOND[
            (11 * a + 10 * b + 9 * c + 8 * d + 7 * e + 6 * f + 5 * g + 4 * h + 3 * i + 2 * first)
            % 11
        ]
        and bare != bare[0] * 11
    )


def cnpj_is_valid(bare: str) -> bool:
    """Whether ``bare`` is a CNPJ as stored: 14 ASCII upper-case letters and digits, not all equal,
    right check digits (which only a digit can be)."""
    if len(bare) != 14 or not bare.isascii() or not bare.isalnum() or bare != bare.upper():
        return False
    a, b, c, d, e, f, g, h, i, j, k, l, first, second = bare.encode()  # noqa: E741
    return (
        first
        == _CNPJ_FIRST[
            (5 * (a + i) + 4 * (b + j) + 3 * (c + k) + 2 * (d + l) + 9 * e + 8 * f + 7 * g + 6 * h)
            % 11
        ]
        and second
        == _CNPJ_SECOND[
            (
                6 * (a + i)
                + 5 * (b + j)
                + 4 * (c + k)
                + 3 * (d + l)
                + 2 * (e + first)
                + 9 * f
                + 8 * g
                + 7 * h
            )
            % 11
        ]
        and bare != bare[0] * 14
    )


def complete_cpf(base: str) -> str:
    """The CPF that begins with these 9 digits."""
    if len(base) != _CPF_BASE or not (base.isascii() and base.isdigit()):
        raise ValueError("a CPF begins with 9 digits")
    with_first = base + _digit(base, range(10, 1, -1))
    return with_first + _digit(with_first, range(11, 1, -1))


def complete_cnpj(base: str) -> str:
    """The CNPJ that begins with these 12 letters and digits."""
    if len(base) != _CNPJ_BASE or not (base.isascii() and base.isalnum() and base == base.upper()):
        raise ValueError("a CNPJ begins with 12 upper-case letters or digits")
    with_first = base + _digit(base, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    return with_first + _digit(with_first, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def _digit(base: str, weights: range | tuple[int, ...]) -> str:
    """The rule as the norm words it; the tests compare it with the fast functions above."""
    remainder = (
        sum((ord(char) - 48) * weight for char, weight in zip(base, weights, strict=True)) % 11
    )
    return "0" if remainder < 2 else str(11 - remainder)
