"""From what a browser sends to a batch with its file: looked at, made CSV, kept in the database."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import psycopg
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction

from regua.accounts.models import User
from regua.imports import csv_files, xlsx_files
from regua.imports.csv_files import Scanner
from regua.imports.models import ImportBatch, ImportChunk, ImportMapping
from regua.imports.services import batch_start, headers_key
from regua.organization.models import Branch

MAX_BYTES = 300 * 1024 * 1024
PLACE = "/ferramentas/importacoes/nova/"
"""Where files are sent to; nowhere else may a request be as large."""
CHUNK = 1 << 20


def batch_upload(*, actor: User, kind: str, branch: Branch, file: UploadedFile) -> ImportBatch:
    """Keep an uploaded CSV or XLSX as a new import, its columns recognised.

    Raises ``ValidationError`` with a sentence, and ``NotAllowed``; nothing is kept then.
    """
    if not file.size:
        raise ValidationError("O arquivo está vazio. Nada foi importado.")
    if file.size > MAX_BYTES:
        raise ValidationError(
            "O arquivo tem mais de 300 MB. Nada foi importado. Divida-o em partes."
        )
    with transaction.atomic():
        batch = batch_start(actor=actor, kind=kind, branch=branch, source="file")
        batch.file_name, batch.file_size = _name(file.name or ""), file.size
        head = file.read(8)
        file.seek(0)
        if xlsx_files.is_old(head):
            raise xlsx_files.refuse_old()
        if xlsx_files.is_zip(head):
            xlsx_files.guard(cast(BinaryIO, file.file), file.size)
            file.seek(0)
            with tempfile.TemporaryDirectory(prefix="regua-import-") as folder:
                path = Path(folder) / "planilha.xlsx"
                with path.open("wb") as copy:
                    for block in file.chunks(CHUNK):
                        copy.write(block)
                _keep(batch, xlsx_files.as_csv(path))
            batch.reading = {"encoding": "utf-8", "delimiter": ",", "spreadsheet": True}
        else:
            scanner = _keep(batch, file.chunks(CHUNK))
            encoding = scanner.encoding
            delimiter = csv_files.delimiter_of(scanner.head, encoding)
            batch.reading = {"encoding": encoding, "delimiter": delimiter}
        header, batch.columns = csv_files.head_of(records(batch))
        batch.reading["header"] = header
        batch.mapping = _remembered(batch) or batch.what.recognise(batch.columns)
        batch.save()
    return batch


def records(
    batch: ImportBatch, reader: psycopg.Connection[Any] | None = None
) -> Iterator[list[str]]:
    """Every record of the batch's file."""
    reading = batch.reading
    chunks = _chunks(batch, reader or connection.connection)
    return csv_files.read(chunks, reading["encoding"], reading["delimiter"])


def lines(batch: ImportBatch, reader: psycopg.Connection[Any] | None = None) -> Iterator[list[str]]:
    """The records after the header. ``reader`` is another connection than Django's, which is busy
    while ``COPY`` takes them."""
    found = records(batch, reader)
    for _ in range(batch.reading["header"]):
        next(found, None)
    return found


@contextmanager
def own_connection() -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of its own."""
    wrapper = connection.copy()
    try:
        wrapper.ensure_connection()
        yield wrapper.connection
    finally:
        wrapper.close()


def _chunks(batch: ImportBatch, reader: psycopg.Connection[Any]) -> Iterator[bytes]:
    number = 0
    cursor = psycopg.Cursor(reader)
    select = f"SELECT data FROM {ImportChunk._meta.db_table} WHERE batch_id = %s AND number = %s"  # noqa: S608
    while found := cursor.execute(select, [batch.pk, number], binary=True).fetchone():
        yield bytes(found[0])
        number += 1


def _keep(batch: ImportBatch, blocks: Iterable[bytes]) -> Scanner:
    """Store the blocks as they come, a megabyte at a time."""
    scanner = Scanner()
    buffer, number = bytearray(), 0
    # Django's own cursors write parameters into the text; a megabyte goes better beside it.
    cursor = psycopg.Cursor(connection.connection)
    insert = (
        f"INSERT INTO {ImportChunk._meta.db_table} (batch_id, number, data)"  # noqa: S608
        " VALUES (%s, %s, %b)"
    )
    for block in blocks:
        scanner.feed(block)
        buffer += block
        while len(buffer) >= CHUNK:
            cursor.execute(insert, [batch.pk, number, bytes(buffer[:CHUNK])])
            del buffer[:CHUNK]
            number += 1
    if buffer:
        cursor.execute(insert, [batch.pk, number, bytes(buffer)])
    return scanner


def _remembered(batch: ImportBatch) -> dict[str, int]:
    """The mapping that these headers had the last time, if any."""
    found = ImportMapping.objects.filter(kind=batch.kind, headers=headers_key(batch.columns))
    return dict(found.values_list("mapping", flat=True).first() or {})


def _name(name: str) -> str:
    """A name to show: no folders, nothing invisible."""
    bare = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    shown = "".join(c for c in bare if unicodedata.category(c)[0] != "C")
    return shown[:150].strip() or "arquivo"
