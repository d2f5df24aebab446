"""Connections with billing systems, what each reading of them brought, and what was wrong."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from regua.imports import wording
from regua.imports.kinds import BY_SLUG, KINDS
from regua.integrations import vault
from regua.organization.models import Branch

_REFERENCES = {"customer_external_id": "Cliente", "contract_external_id": "Contrato"}


class Connection(models.Model):
    """The billing system that a branch's customers and receivables come from."""

    branch = models.OneToOneField(Branch, models.PROTECT, related_name="+", verbose_name="filial")
    connector = models.SlugField("sistema", max_length=20)
    base_url = models.URLField("endereço", max_length=200)
    settings_sealed = models.TextField(editable=False)
    """What the connector's form asks, a JSON object."""
    active = models.BooleanField("ler sozinho", default=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    """Who wrote it down last: the readings are made in this person's name."""
    cursors: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    """Kind → where its reading goes on; written with the rows that came before it."""
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    """When it is read next."""
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    """Consecutive readings that failed."""
    problem = models.TextField(blank=True, editable=False)
    """The sentence of the last failure, empty once a reading went well."""
    last_run_at = models.DateTimeField(null=True, editable=False)
    """When a reading last came to its end."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "conexão com o sistema de gestão"
        verbose_name_plural = "conexões com sistemas de gestão"

    def __str__(self) -> str:
        return f"conexão nº {self.pk}"

    def seal(self, values: dict[str, str]) -> None:
        """Set the encrypted settings; the row must be saved before, and after by the caller."""
        if self.pk is None:
            raise ValueError("a secret is bound to its row: save the connection first")
        self.settings_sealed = vault.seal(json.dumps(values), self._context)

    def unseal(self) -> dict[str, str]:
        """Raises ``VaultError``."""
        if not self.settings_sealed:
            return {}
        return dict(json.loads(vault.unseal(self.settings_sealed, self._context)))

    @property
    def _context(self) -> str:
        return vault.context(self._meta.db_table, "settings_sealed", self.pk)


class ConnectionRun(models.Model):
    """One reading: what came and what became of it."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs", db_index=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    """Null where it was made because its time had come."""
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Kind → ``read``, ``created``, ``updated``, ``unchanged``, ``refused``."""
    problem = models.TextField(blank=True)
    """Why it stopped before its end: a sentence."""

    class Meta:
        verbose_name = "leitura do sistema de gestão"
        verbose_name_plural = "leituras do sistema de gestão"
        indexes = [models.Index(fields=["connection", "-id"], name="connection_run_by_connection")]

    def __str__(self) -> str:
        return f"leitura nº {self.pk}"

    @property
    def lines(self) -> list[tuple[str, dict[str, int]]]:
        """The counts with the names of the kinds, in their order."""
        return [(kind.label, self.counts[kind.slug]) for kind in KINDS if kind.slug in self.counts]

    def total(self, name: str) -> int:
        return sum(counts.get(name, 0) for counts in self.counts.values())

    @property
    def read(self) -> int:
        return self.total("read")

    @property
    def changed(self) -> int:
        return self.total("created") + self.total("updated")

    @property
    def refused(self) -> int:
        return self.total("refused")


class ConnectionProblem(models.Model):
    """One thing that kept one line of the billing system out. Its value is not kept."""

    run = models.ForeignKey(ConnectionRun, models.CASCADE, related_name="problems")
    kind = models.CharField(max_length=12)
    external_id = models.CharField("ID lá", max_length=64)
    field = models.CharField("campo", max_length=40)
    code = models.CharField(max_length=20)

    class Meta:
        verbose_name = "problema de uma leitura"
        verbose_name_plural = "problemas de leituras"

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}: {self.field}, {self.code}"

    @property
    def what(self) -> str:
        return BY_SLUG[self.kind].one

    @property
    def label(self) -> str:
        return _REFERENCES.get(self.field) or wording.label(BY_SLUG[self.kind], self.field)

    @property
    def wrong(self) -> str:
        if (self.field, self.code) in (("document", "repeated"), ("external_id", "other")):
            return "Outro cadastro de lá tem o mesmo CPF ou CNPJ, e aqui cada filial tem um só."
        if self.code == "unknown":
            return "Refere-se a um cadastro que ficou de fora ou não existe nesta filial."
        return wording.sentences(BY_SLUG[self.kind], self.field, self.code)[0]
