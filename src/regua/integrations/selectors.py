"""Reading integrations, their catalogue and their calls."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.models import Prefetch, QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.integrations import sql
from regua.integrations.choices import CodeKind, PersonKind
from regua.integrations.models import BureauCall, Integration, Product, ReasonCode
from regua.organization.models import Branch


class NoIntegration(Exception):
    """The branch cannot reach a bureau; the text is a sentence for the person."""


def integrations_visible(actor: User) -> QuerySet[Integration]:
    return visible(
        Integration.objects.filter(archived_at=None).select_related("branch"),
        actor=actor,
        permission=Permission.VIEW_INTEGRATIONS,
    )


def integration_in_use(branch_id: int) -> Integration:
    """The integration linked to a branch. Raises ``NoIntegration`` saying what is missing."""
    return _linked(Integration.objects.filter(branch_id=branch_id, archived_at=None).first())


def offer_in_use(
    branch_id: int, document: str, product_code: str = ""
) -> tuple[Integration, Product | None]:
    """``integration_in_use`` and, in the same query, the product for ``document``: the one with
    ``product_code``, or the cheapest. Raises ``NoIntegration``."""
    with connection.cursor() as cursor:
        cursor.execute(
            _offer_sql(), {"branch": branch_id, "kinds": _kinds(document), "code": product_code}
        )
        values = cursor.fetchone()
    integration, product = sql.read(values, Integration, Product) if values else (None, None)
    return _linked(integration), product


@cache
def _offer_sql() -> str:
    return f"""
        SELECT {sql.columns(Integration, "integration")}, {sql.columns(Product, "product")}
        FROM {Integration._meta.db_table} AS integration
        LEFT JOIN LATERAL (
            SELECT * FROM {Product._meta.db_table} AS sold
            WHERE sold.integration_id = integration.id AND sold.gone_at IS NULL
                AND sold.person_kind = ANY(%(kinds)s) AND %(code)s IN ('', sold.code)
            ORDER BY sold.price, sold.code LIMIT 1
        ) AS product ON true
        WHERE integration.branch_id = %(branch)s AND integration.archived_at IS NULL
        """  # noqa: S608


def _linked(integration: Integration | None) -> Integration:
    if integration is None:
        raise NoIntegration(
            "Esta filial ainda não tem integração de análise de crédito. Nada foi enviado. "
            "Cadastre uma em Configurações > Integrações > Integrações de Análise de Crédito."
        )
    if integration.linked_at is None:
        raise NoIntegration(
            f"A integração nº {integration.pk} está cadastrada, mas não vinculada à filial. "
            "Nada foi enviado. Vincule em Configurações > Empresa > Filiais > aba Integrações."
        )
    return integration


def branches_ready(branch_ids: Iterable[int]) -> set[int]:
    """Those of these branches that have an integration in use."""
    return set(
        Integration.objects.filter(
            branch__in=list(branch_ids), archived_at=None, linked_at__isnull=False
        ).values_list("branch_id", flat=True)
    )


def branches_with_integration(actor: User) -> QuerySet[Branch]:
    """The branches that ``actor`` sees, each with its integration in ``live_integrations``."""
    return branches_visible(actor).prefetch_related(
        Prefetch(
            "integrations",
            queryset=Integration.objects.filter(archived_at=None),
            to_attr="live_integrations",
        )
    )


def integration_of(branch: Branch) -> Integration | None:
    """The branch's registered integration, linked or not."""
    return Integration.objects.filter(branch=branch, archived_at=None).first()


def reason_codes_of(integration: Integration) -> list[ReasonCode]:
    """Every code the bureau ever listed, also those it no longer does."""
    return list(integration.reason_codes.all())


def last_call(integration: Integration) -> BureauCall | None:
    """The newest finished or unfinished call, for the integration's state panel."""
    return (
        BureauCall.objects.filter(integration=integration)
        .only("id", "started_at", "duration_ms", "outcome", "http_status")
        .order_by("-started_at")
        .first()
    )


def products_for(integration: Integration, document: str) -> QuerySet[Product]:
    """The products that the bureau sells for this kind of document, cheapest first."""
    return integration.products.filter(gone_at=None, person_kind__in=_kinds(document))


def _kinds(document: str) -> list[str]:
    kind = PersonKind.COMPANY if len(document) == 14 else PersonKind.PERSON
    return [kind.value, PersonKind.ANY.value]


def codes_for(
    integration: Integration, kind: CodeKind, *, document: str | None = None
) -> QuerySet[ReasonCode]:
    """The codes of ``kind`` that we may use now, for this kind of document where given."""
    codes = integration.reason_codes.filter(kind=kind, gone_at=None, bureau_only=False)
    if document:
        codes = codes.filter(person_kind__in=_kinds(document))
    return codes


def calls_about(subject: str, *, actor: User) -> QuerySet[BureauCall]:
    """The redacted calls made for one inquiry or restriction, oldest first."""
    return visible(
        BureauCall.objects.filter(subject=subject).order_by("id"),
        actor=actor,
        permission=Permission.VIEW_BUREAU_CALLS,
        branch="integration__branch",
    )


def integrations_in_use(actor: User) -> QuerySet[Integration]:
    """The linked integrations that this person may synchronise."""
    return visible(
        Integration.objects.filter(archived_at=None, linked_at__isnull=False).select_related(
            "branch"
        ),
        actor=actor,
        permission=Permission.SYNCHRONISE,
    )
