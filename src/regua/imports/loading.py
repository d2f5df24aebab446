"""Lines into the staging table: ``COPY``, in blocks, whatever they come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from regua.imports import staging
from regua.imports.choices import State
from regua.imports.models import ImportBatch

Row = Sequence[str | None]
BLOCK = 2000
"""Lines that are written at once."""
MAX_COLUMNS = 200
MAX_LINES = 5_000_000
MAX_CELL = 32_767
"""Characters; what a spreadsheet holds."""


def load(batch: ImportBatch, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Put ``rows`` into the batch's staging table, in place of what was there; return how many.

    ``columns`` are the headers of ``rows``. A batch without a mapping takes those that are called
    as the kind's fields are. Lines without any content are left out, but counted in the numbering.
    Raises ``ValidationError`` with a sentence; nothing is loaded then.
    """
    if not columns or len(columns) > MAX_COLUMNS:
        raise ValidationError(
            f"O arquivo tem {len(columns)} colunas e aqui cabem de 1 a {MAX_COLUMNS}. "
            "Nada foi importado."
        )
    if not batch.mapping:
        names = {field.name for field in batch.what.fields}
        batch.mapping = {name: place for place, name in enumerate(columns) if name in names}
    if missing := batch.what.missing(batch.mapping):
        raise ValidationError(
            f"Falta a coluna {missing[0]}, e sem ela não dá para importar {batch.what.label}. "
            "Nada foi importado."
            if len(missing) == 1
            else f"Faltam as colunas {', '.join(missing)}. Nada foi importado."
        )
    with transaction.atomic():
        staging.drop(batch)
        staging.create(batch, len(columns))
        batch.lines = _copy(batch, rows, len(columns))
        batch.columns, batch.state = list(columns), State.LOADED
        batch.save(update_fields=["columns", "mapping", "lines", "state"])
    return batch.lines


def _copy(batch: ImportBatch, rows: Iterable[Row], width: int) -> int:
    count = 0
    source = iter(rows)
    after = batch.first_line
    buffer = io.StringIO()
    # Both of its characters: Python 3.11 would leave a lone one of the others without quotes.
    write = csv.writer(buffer, lineterminator="\r\n").writerows
    with (
        connection.cursor() as cursor,
        # FREEZE: the table is ours alone and new, its rows need no second look.
        cursor.copy(
            f"COPY {staging.raw(batch)} FROM STDIN (FORMAT csv, FREEZE, ENCODING 'UTF8')"
        ) as copy,
    ):
        while block := list(islice(source, BLOCK)):
            kept = list(_numbered(block, after, width))
            write(kept)
            count += len(kept)
            after += len(block)
            if count > MAX_LINES:
                raise ValidationError(
                    f"Há mais de {MAX_LINES} linhas. Nada foi importado. Divida em partes."
                )
            try:
                text = buffer.getvalue().encode()
            except UnicodeEncodeError:
                text = b"\0"
            if b"\0" in text:
                raise ValidationError(
                    f"Há caracteres impossíveis entre as linhas {after - len(block)} e "
                    f"{after - 1}. Nada foi importado. Salve o arquivo de novo em UTF-8."
                )
            copy.write(text)
            buffer.seek(0)
            buffer.truncate()
    return count


def _numbered(block: Sequence[Row], first: int, width: int) -> Iterator[tuple[object, ...]]:
    """Each line with its number and, where it has not ``width`` cells, how many it has."""
    for line, row in enumerate(block, first):
        cells = len(row)
        if cells == width:
            if any(row):
                yield (line, None, *row)
        elif any(row):
            filled = cells
            while filled > width and not row[filled - 1]:
                filled -= 1  # separators at the end say nothing
            wrong = None if filled == width else cells
            yield (line, wrong, *row[:width], *(None,) * (width - cells))
