"""Imports: who brought in what, and what was wrong with which line."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.imports import wording
from regua.imports.choices import FINISHED, UNFINISHED, Mode, State
from regua.imports.fields import Kind
from regua.imports.kinds import KINDS
from regua.organization.models import Branch


class ImportBatch(models.Model):
    """Lines of one kind for one branch, from a file or from another system.

    While it lasts the lines are in a table of its own (``staging``), the file in ``chunks``.
    """

    kind = models.CharField("o quê", max_length=12, choices=[(k.slug, k.label) for k in KINDS])
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="filial")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    source = models.CharField("de onde", max_length=40)
    """``file``, or the name of what sends: ``api``, a connector."""
    file_name = models.CharField("arquivo", max_length=150, blank=True)
    file_size = models.PositiveBigIntegerField(null=True)
    """Bytes."""
    reading: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """How the file is read: ``encoding`` and ``delimiter``, or ``sheet``."""
    columns: models.JSONField[Any, Any] = models.JSONField(default=list)
    """The headers, as they came."""
    mapping: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Field → place of its column among ``columns``."""
    mode = models.CharField("modo", max_length=14, choices=Mode.choices)
    state = models.CharField("situação", max_length=10, choices=State.choices, default=State.NEW)
    attempt = models.PositiveSmallIntegerField(default=0)
    """Counts the workers' runs; only the latest may report or finish."""
    lines = models.PositiveIntegerField(default=0)
    """So many are in the staging table; while it is read, so far."""
    created = models.PositiveIntegerField(default=0)
    """Until it is applied this and the next three say what would be done."""
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    """Lines with a problem."""
    problem = models.TextField(blank=True)
    """Why it was not made: a sentence for the person."""
    cancel_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "importação"
        verbose_name_plural = "importações"
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="import_mode_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="import_state_known"),
        ]
        indexes = [
            models.Index(fields=["branch", "-id"], name="import_by_branch"),
            models.Index(fields=["started_at"], name="import_by_age"),
        ]

    def __str__(self) -> str:
        return f"importação nº {self.pk}"

    @property
    def what(self) -> Kind:
        return next(kind for kind in KINDS if kind.slug == self.kind)

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def first_line(self) -> int:
        """What the first line is called: in a file the header comes before it."""
        return int(self.reading.get("header", 0)) + 1


class ImportChunk(models.Model):
    """A megabyte of the file that was uploaded, where every worker can read it."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="import_chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"


class ImportProblem(models.Model):
    """One thing that is wrong with one line."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="problems", db_index=False)
    line = models.PositiveIntegerField("linha")
    """As a spreadsheet counts: the header is line 1."""
    field = models.CharField("campo", max_length=40)
    """Name of the kind's field; ``line`` where it is about the line as a whole."""
    value = models.CharField("valor", max_length=200)
    code = models.CharField(max_length=20)
    """In ``wording.SENTENCES``."""

    class Meta:
        verbose_name = "problema de uma importação"
        verbose_name_plural = "problemas de importações"
        indexes = [models.Index(fields=["batch", "line", "id"], name="import_problem_by_line")]

    def __str__(self) -> str:
        return f"linha {self.line}: {self.field}, {self.code}"

    @property
    def label(self) -> str:
        """What the field is called on screen."""
        return wording.label(self.batch.what, self.field)

    @property
    def wrong(self) -> str:
        """What is wrong, in a sentence."""
        return wording.sentences(self.batch.what, self.field, self.code)[0]

    @property
    def mend(self) -> str:
        """How to mend it, in a sentence."""
        return wording.sentences(self.batch.what, self.field, self.code)[1]


class ImportMapping(models.Model):
    """Which column was which, the last time that these headers came for this kind."""

    kind = models.CharField(max_length=12)
    headers = models.CharField(max_length=64)
    """SHA-256 of the headers."""
    mapping: models.JSONField[Any, Any] = models.JSONField()
    """As of ``ImportBatch``."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "headers"], name="import_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.headers[:8]}"


# Django looks for models here only.
from regua.imports.connection_models import (  # noqa: E402
    Connection as Connection,
)
from regua.imports.connection_models import (  # noqa: E402
    ConnectionProblem as ConnectionProblem,
)
from regua.imports.connection_models import (  # noqa: E402
    ConnectionRun as ConnectionRun,
)
