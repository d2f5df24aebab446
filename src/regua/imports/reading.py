"""How a cell's text becomes a value: SQL expressions, one per type, evaluated once per line.

Each is NULL where the text cannot be read; nothing here ever raises, whatever the text. ``%`` is
written twice: the statements have parameters.
"""

from __future__ import annotations

from regua.compliance.documents_sql import document_valid
from regua.imports.fields import Field, Type
from regua.parties.models import DOCUMENT_SHAPE

# \x0b, because PostgreSQL 15 reads \v as the letter.
_BLANK = r"E' \t\r\n\f\x0b\u00a0\u200b\ufeff'"
_NO_DATE = "'0000-00-00', '0000-00-00 00:00:00', '00/00/0000'"
"""What MySQL says where there is no date."""
SQL_TYPES = {Type.DATE: "date", Type.MONEY: "numeric", Type.BOOLEAN: "boolean"}
"""Of the others: text."""


def sql_type(field: Field) -> str:
    return SQL_TYPES.get(field.type, "text")


def trimmed(column: str) -> str:
    """The text of a cell without what stands around it; NULL for an empty one."""
    return f"nullif(btrim({column}, {_BLANK}), '')"


def padded(text: str, field: Field) -> str:
    """``text`` with the noughts that a spreadsheet takes from the front of a number."""
    whole = {Type.DOCUMENT: ((8, 10, 11), (12, 13, 14)), Type.CEP: ((7, 7, 8),)}
    cases = (
        f"WHEN {text} ~ '^[0-9]{{{least},{most}}}$' THEN lpad({text}, {size}, '0')"
        for least, most, size in whole.get(field.type, ())
    )
    return f"CASE {' '.join(cases)} ELSE {text} END" if field.type in whole else text


def bare(text: str, field: Field) -> str:
    """``text``, as ``trimmed`` gives it, without its mask; NULL where it says that there is
    nothing."""
    match field.type:
        case Type.DOCUMENT:
            # Only ASCII is upper-cased, as in regua.documents: "ı" would become a plain letter.
            kept = f"translate({text}, E' \\t\\r\\n\\f\\x0b\\u00a0.-/', '')"
            plain = f"octet_length({kept}) = length({kept})"
            bare_cpf = f"octet_length({text}) = 11"  # nothing to take off: most lines
            return (
                f"CASE WHEN {bare_cpf} THEN {text} WHEN {plain} THEN upper({kept}) ELSE {text} END"
            )
        case Type.DATE:
            return f"CASE WHEN {text} NOT IN ({_NO_DATE}) THEN {text} END"
        case Type.TEXT | Type.EMAIL:
            # What our own reports write before a formula, so that they can be read again.
            formula = f"left({text}, 1) = '''' AND substr({text}, 2, 1) IN ('=', '+', '-', '@')"
            return f"CASE WHEN {formula} THEN substr({text}, 2) ELSE {text} END"
    return text


def value(text: str, field: Field) -> str:
    """What ``text``, as ``bare`` gives it, stands for."""
    match field.type:
        case Type.DATE:
            return _date(text)
        case Type.MONEY:
            return _money(text)
        case Type.DOCUMENT:
            valid = document_valid(text)
            return (
                f"CASE WHEN {text} ~ '{DOCUMENT_SHAPE}' THEN CASE WHEN {valid} THEN {text} END END"
            )
        case Type.PHONE:
            digits = f"regexp_replace({text}, '[^0-9]', '', 'g')"
            return (
                f"CASE WHEN {text} !~ '[A-Za-z]' THEN"
                f" substring({digits} from '^(?:0|55|\\+55)?([1-9][0-9]{{9,10}})$') END"
            )
        case Type.CEP:
            return f"CASE WHEN {text} ~ '^[0-9]{{2}}\\.?[0-9]{{3}}-?[0-9]{{3}}$'" + (
                f" THEN translate({text}, '.-', '') END"
            )
        case Type.EMAIL:
            one = "[^@[:space:]<>,;]+"
            return f"CASE WHEN {text} ~ '^{one}@{one}\\.[^@[:space:]<>,;.]+$' THEN {text} END"
        case Type.BOOLEAN:
            return f"({_choice(text, field)})::boolean"
        case Type.CHOICE:
            return _choice(text, field)
    return text


def flaw(text: str, read: str, field: Field) -> str:
    """The code of what is wrong with a cell, by its ``bare`` text and its ``value``; else NULL."""
    cases = []
    if field.required:
        cases.append(f"WHEN {text} IS NULL THEN '{field.name}:missing'")
    if field.type is not Type.TEXT:
        cases.append(f"WHEN {text} IS NOT NULL AND {read} IS NULL THEN '{field.name}:unreadable'")
    if field.length:
        cases.append(f"WHEN length({text}) > {field.length} THEN '{field.name}:long'")
    return f"CASE {' '.join(cases)} END"


def _choice(text: str, field: Field) -> str:
    by_value: dict[str, list[str]] = {}
    for said, meant in field.choices.items():
        by_value.setdefault(meant, []).append(said)
    cases = (
        f"WHEN lower({text}) IN ({', '.join(_quoted(s) for s in said)}) THEN {_quoted(meant)}"
        for meant, said in by_value.items()
    )
    return f"CASE {' '.join(cases)} END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _date(text: str) -> str:
    """``31/12/2026``, ``31.12.2026``, ``31-12-2026`` and ISO, each also with a time behind it."""
    iso = f"substr({text}, 1, 4)", f"substr({text}, 6, 2)", f"substr({text}, 9, 2)"
    parts = f"translate({text}, '.-', '//')"
    local = (
        f"left(split_part({parts}, '/', 3), 4)",
        f"split_part({parts}, '/', 2)",
        f"split_part({parts}, '/', 1)",
    )
    day, month = "(0[1-9]|1[0-9]|2[0-8])", "(0[1-9]|1[0-2])"
    return (
        # What nearly every line says, and no calendar refuses; the others take longer.
        f"CASE WHEN {text} ~ '^{day}/{month}/(19|20)[0-9]{{2}}$' THEN make_date("
        f"substr({text}, 7, 4)::int, substr({text}, 4, 2)::int, substr({text}, 1, 2)::int)"
        f" WHEN {text} ~ '^(19|20)[0-9]{{2}}-{month}-{day}$' THEN {text}::date"
        f" WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T][0-9:.+Z-]*)?$'"
        f" THEN {_day(*iso)}"
        f" WHEN {text} ~ '^[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-][0-9]{{4}}([ T][0-9:.]*)?$'"
        f" THEN {_day(*local)} END"
    )


def _day(year: str, month: str, day: str) -> str:
    """That day, or NULL where the calendar has none: ``make_date`` would raise."""
    y, m, d = f"{year}::int", f"{month}::int", f"{day}::int"
    leap = f"{y} %% 4 = 0 AND ({y} %% 100 <> 0 OR {y} %% 400 = 0)"
    return (
        f"CASE WHEN {y} BETWEEN 1800 AND 2200 AND {m} BETWEEN 1 AND 12 AND {d} >= 1"
        f" AND ({d} <= 28 OR {d} <= CASE WHEN {m} = 2 THEN CASE WHEN {leap} THEN 29 ELSE 28 END"
        f" WHEN {m} IN (4, 6, 9, 11) THEN 30 ELSE 31 END)"
        f" THEN make_date({y}, {m}, {d}) END"
    )


def _money(text: str) -> str:
    """``1.234,56``, ``R$ 1234,5``, ``1234.56``, ``1,234.56``; ``1.234`` is a thousand.

    At most twelve digits before the cents. ``1,234`` could be either, and is not read.
    """
    plain = f"replace(translate({text}, E' \\u00a0', ''), 'R$', '')"
    simple, grouped = (
        "^-?[0-9]{1,12}([.,][0-9]{1,2})?$",
        "^-?[0-9]{1,3}(\\.[0-9]{3}){1,3}(,[0-9]{1,2})?$",
    )
    # Each also without what stands around it, but only where nothing else fits: it takes time.
    cases = [
        f"WHEN {said} ~ '{shape}' THEN {meant.format(said)}::numeric"
        for said in (text, plain)
        for shape, meant in (
            (simple, "replace({}, ',', '.')"),
            (grouped, "replace(replace({}, '.', ''), ',', '.')"),
            ("^-?[0-9]{1,3}(,[0-9]{3}){1,3}\\.[0-9]{1,2}$", "replace({}, ',', '')"),
        )
    ]
    return f"CASE {' '.join(cases)} END"
