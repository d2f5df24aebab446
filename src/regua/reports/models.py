"""Files made of reports, kept where every web server and worker can reach them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from regua.reports.choices import UNFINISHED, ExportStatus, Format


class ReportExport(models.Model):
    """Somebody took rows out of the system: the file for a week, this record of it for good."""

    report = models.CharField("relatório", max_length=40)
    """Slug in ``catalogue.REPORTS``."""
    format = models.CharField("formato", max_length=4, choices=Format.choices)
    filters: models.JSONField[Any, Any] = models.JSONField("filtros")
    about = models.CharField("filtros", max_length=500)
    """The filters in words."""
    columns: models.JSONField[Any, Any] = models.JSONField("colunas")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=10, choices=ExportStatus.choices, default=ExportStatus.QUEUED
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    """Counts the runs; only the latest may report or finish."""
    rows_total = models.PositiveIntegerField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(null=True)
    """Bytes of the file."""
    problem = models.TextField(blank=True)
    """Why it was not made: a sentence for the person."""
    cancel_asked = models.BooleanField(default=False)
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    """When the file is deleted; null where there is none."""

    class Meta:
        verbose_name = "exportação"
        verbose_name_plural = "exportações"
        constraints = [
            models.CheckConstraint(condition=Q(format__in=Format.values), name="export_format"),
            models.CheckConstraint(
                condition=Q(status__in=ExportStatus.values), name="export_status"
            ),
            models.CheckConstraint(
                condition=~Q(status="done")
                | Q(size__isnull=False, finished_at__isnull=False, expires_at__isnull=False),
                name="export_done_is_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["requested_by", "-id"], name="export_by_person"),
            models.Index(
                fields=["id"], name="export_unfinished", condition=Q(status__in=UNFINISHED)
            ),
            models.Index(fields=["expires_at"], name="export_expiry", condition=Q(status="done")),
        ]

    def __str__(self) -> str:
        return f"exportação nº {self.pk}"

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_ready(self) -> bool:
        return self.status == ExportStatus.DONE and not self.is_expired


class ReportExportChunk(models.Model):
    """A megabyte of the file. Chunks appear all at once, with the status that says so."""

    export = models.ForeignKey(ReportExport, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="export_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"


class ReportColumns(models.Model):
    """The columns that a person last chose for a report."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    report = models.CharField("relatório", max_length=40)
    """Slug in ``catalogue.REPORTS``."""
    columns: models.JSONField[Any, Any] = models.JSONField("colunas")
    """Keys; those that the report lost meanwhile are left aside."""

    class Meta:
        verbose_name = "colunas de um relatório"
        constraints = [
            models.UniqueConstraint(fields=["person", "report"], name="report_columns_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {', '.join(self.columns)}"
