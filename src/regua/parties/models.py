"""People and companies: those who are customers, and those who may become one."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import cached_property

from regua import documents
from regua.organization.models import Branch


class Sex(models.TextChoices):
    FEMALE = "F", "Feminino"
    MALE = "M", "Masculino"


_STATES = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"
STATES = [(uf, uf) for uf in _STATES.split()]

DOCUMENT_SHAPE = r"^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$"


NAME_WORDS = SearchVector("search_name", config="simple")
"""What the name indexes hold; a search must use this very expression to be served by them."""


def search_key(text: str) -> str:
    """Lower-case without accents: what names are searched and sorted by on every server."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


class Party(models.Model):
    """What a customer, a lead and a prospect have in common; every field a bureau may ask for."""

    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name="filial", related_name="+")
    external_id = models.CharField(  # noqa: DJ001 -- unique, so "" would be one of them
        "identificador externo", max_length=64, null=True, blank=True, editable=False
    )
    """What the system that it came from calls it; None for what was written here."""
    name = models.CharField("nome ou razão social", max_length=120)
    search_name = models.CharField(max_length=240, editable=False)
    sex = models.CharField("sexo", max_length=1, choices=Sex.choices, blank=True)
    birth_date = models.DateField("data de nascimento", null=True, blank=True)
    mobile = models.CharField("telefone celular", max_length=11, blank=True)
    email = models.EmailField("e-mail", max_length=254, blank=True)
    postal_code = models.CharField("CEP", max_length=8, blank=True)
    street = models.CharField("endereço", max_length=120, blank=True)
    number = models.CharField("número", max_length=10, blank=True)
    complement = models.CharField("complemento", max_length=60, blank=True)
    district = models.CharField("bairro", max_length=60, blank=True)
    city = models.CharField("cidade", max_length=60, blank=True)
    state = models.CharField("UF", max_length=2, choices=STATES, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    document: models.CharField[str, str]

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="%(class)s_named"),
            models.CheckConstraint(
                condition=Q(sex__in=["", *Sex.values]), name="%(class)s_sex_known"
            ),
            models.CheckConstraint(
                condition=Q(postal_code__regex=r"^([0-9]{8})?$"),
                name="%(class)s_cep_shape",
                violation_error_message="O CEP tem 8 números.",
            ),
            models.CheckConstraint(
                condition=Q(mobile__regex=r"^([0-9]{10,11})?$"),
                name="%(class)s_mobile_shape",
                violation_error_message="O celular tem DDD e 8 ou 9 números.",
            ),
            models.UniqueConstraint(
                fields=["branch", "external_id"],
                condition=Q(external_id__isnull=False),
                name="%(class)s_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_name = search_key(self.name)
        super().save(*args, **kwargs)

    @property
    def is_company(self) -> bool:
        return len(self.document) == 14

    @property
    def masked_document(self) -> str:
        return documents.parse(self.document).masked if self.document else ""


class CustomerGroup(models.Model):
    """Customers who are treated alike (*grupo de clientes*): a *régua* of their own, for one."""

    name = models.CharField("nome", max_length=60, unique=True)

    class Meta:
        verbose_name = "grupo de clientes"
        verbose_name_plural = "grupos de clientes"
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="customer_group_named")]

    def __str__(self) -> str:
        return self.name


class Customer(Party):
    """Someone with a contract; the only kind of party that can be listed."""

    document = models.CharField("CPF ou CNPJ", max_length=14)
    active = models.BooleanField("ativo", default=True)
    group = models.ForeignKey(
        CustomerGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="grupo",
    )
    dunned = models.BooleanField(
        "considera na cobrança automatizada", default=True, db_default=True
    )
    """*Não*: no step of the régua is taken by itself for this customer."""
    deceased_on = models.DateField("falecimento", null=True, blank=True)

    class Meta(Party.Meta):
        verbose_name = "cliente"
        constraints = [
            *Party.Meta.constraints,
            models.UniqueConstraint(fields=["branch", "document"], name="customer_once_per_branch"),
            models.CheckConstraint(
                condition=Q(document__regex=DOCUMENT_SHAPE), name="customer_document_shape"
            ),
        ]
        indexes = [
            models.Index(fields=["document"], name="customer_document"),
            models.Index(fields=["search_name", "id"], name="customer_by_name"),
            GinIndex(NAME_WORDS, name="customer_name_words"),
        ]

    @cached_property
    def prospect_ids(self) -> list[int]:
        """The prospects that became this customer."""
        return list(self.prospects.values_list("pk", flat=True))

    @cached_property
    def lead_ids(self) -> list[int]:
        """The leads that those came from."""
        if not self.prospect_ids:
            return []
        return list(
            Lead.objects.filter(prospect__in=self.prospect_ids).values_list("pk", flat=True)
        )


class PotentialParty(Party):
    """A lead or a prospect: the document may not be known yet."""

    document = models.CharField("CPF ou CNPJ", max_length=14, blank=True)

    class Meta(Party.Meta):
        abstract = True
        constraints = [
            *Party.Meta.constraints,
            models.CheckConstraint(
                condition=Q(document="") | Q(document__regex=DOCUMENT_SHAPE),
                name="%(class)s_document_shape",
            ),
        ]


class Prospect(PotentialParty):
    """A *prospecção*: further than a lead, not yet a customer."""

    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="prospects",
        db_index=False,
    )
    """Whom it became."""
    converted_at = models.DateTimeField(null=True, blank=True)

    class Meta(PotentialParty.Meta):
        abstract = False
        verbose_name = "prospecção"
        verbose_name_plural = "prospecções"
        constraints = [
            *PotentialParty.Meta.constraints,
            models.CheckConstraint(
                condition=Q(customer=None, converted_at=None)
                | Q(customer__isnull=False, converted_at__isnull=False),
                name="prospect_converted_into",
            ),
        ]
        indexes = [
            models.Index(fields=["search_name", "id"], name="prospect_by_name"),
            GinIndex(NAME_WORDS, name="prospect_name_words"),
            models.Index(fields=["document"], name="prospect_document", condition=~Q(document="")),
            models.Index(
                fields=["search_name", "id"],
                name="prospect_open_by_name",
                condition=Q(converted_at=None),
            ),
            models.Index(
                fields=["search_name", "id"],
                name="prospect_converted_by_name",
                condition=Q(converted_at__isnull=False),
            ),
            models.Index(
                fields=["customer"],
                name="prospect_by_customer",
                condition=Q(customer__isnull=False),
            ),
        ]

    @property
    def became(self) -> Customer | None:
        return self.customer

    @cached_property
    def lead_ids(self) -> list[int]:
        """The leads that became this prospect."""
        return list(self.leads.values_list("pk", flat=True))


class Lead(PotentialParty):
    """An opportunity (*lead/oportunidade*)."""

    prospect = models.ForeignKey(
        Prospect, models.PROTECT, null=True, blank=True, related_name="leads", db_index=False
    )
    """What it became."""
    converted_at = models.DateTimeField(null=True, blank=True)

    class Meta(PotentialParty.Meta):
        abstract = False
        verbose_name = "lead"
        constraints = [
            *PotentialParty.Meta.constraints,
            models.CheckConstraint(
                condition=Q(prospect=None, converted_at=None)
                | Q(prospect__isnull=False, converted_at__isnull=False),
                name="lead_converted_into",
            ),
        ]
        indexes = [
            models.Index(fields=["search_name", "id"], name="lead_by_name"),
            GinIndex(NAME_WORDS, name="lead_name_words"),
            models.Index(fields=["document"], name="lead_document", condition=~Q(document="")),
            models.Index(
                fields=["search_name", "id"],
                name="lead_open_by_name",
                condition=Q(converted_at=None),
            ),
            models.Index(
                fields=["search_name", "id"],
                name="lead_converted_by_name",
                condition=Q(converted_at__isnull=False),
            ),
            models.Index(
                fields=["prospect"], name="lead_by_prospect", condition=Q(prospect__isnull=False)
            ),
        ]

    @property
    def became(self) -> Prospect | None:
        return self.prospect


class DocumentReveal(models.Model):
    """Somebody looked at a whole CPF or CNPJ. Append-only."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=40)
    """Whose it is, as ``customer:12`` or ``lead:7``."""
    document = models.CharField("CPF ou CNPJ", max_length=14)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "documento mostrado"
        verbose_name_plural = "documentos mostrados"
        indexes = [
            models.Index(fields=["subject", "at"], name="reveal_by_subject"),
            models.Index(fields=["actor", "at"], name="reveal_by_actor"),
        ]

    def __str__(self) -> str:
        return f"documento mostrado nº {self.pk}"
