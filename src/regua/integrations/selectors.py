"""Reading integrations, their catalogue and their calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.integrations.choices import CodeKind, PersonKind
from regua.integrations.models import BureauCall, Integration, Product, ReasonCode
from regua.organization.models import Branch, GeneralParameters
from regua.web import sql


class NoIntegration(Exception):
    """The branch cannot reach a bureau; the text is a sentence for the person."""


class CreditAnalysisOff(NoIntegration):
    """*Utilizar integração com análise de crédito* is Não."""

    def __init__(self) -> None:
        super().__init__(
            "A análise de crédito está desligada nos Parâmetros gerais: ninguém consulta nem "
            "negativa. Nada foi enviado. As baixas continuam, porque têm prazo."
        )


def integrations_visible(actor: User) -> QuerySet[Integration]:
    return visible(
        Integration.objects.filter(archived_at=None).select_related("branch"),
        actor=actor,
        permission=Permission.VIEW_INTEGRATIONS,
    )


def integration_in_use(branch_id: int) -> Integration:
    """The integration linked to a branch. Raises ``NoIntegration`` saying what is missing."""
    if not GeneralParameters.current().credit_analysis:
        raise CreditAnalysisOff
    integration = Integration.objects.filter(branch_id=branch_id, archived_at=None).first()
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


@dataclass(frozen=True, slots=True)
class Offer:
    """What asking about a document in a branch would use."""

    integration: Integration
    product: Product | None
    """None where the bureau does not sell it, or nothing for that kind of document."""
    parameters: GeneralParameters


def offer_in_use(branch_id: int, document: str, product_code: str = "") -> Offer:
    """``integration_in_use`` with the product for ``document``, in one query.

    It is the product with ``product_code``, or the cheapest. Raises ``NoIntegration``.
    """
    integration, product, parameters = sql.first(
        f"""
        SELECT {sql.columns(Integration, "integration")}, {sql.columns(Product, "product")},
            {sql.columns(GeneralParameters, "parameters")}
        FROM integrations_integration AS integration
        LEFT JOIN LATERAL (
            SELECT * FROM integrations_product AS sold
            WHERE sold.integration_id = integration.id AND sold.gone_at IS NULL
                AND sold.person_kind = ANY(%(kinds)s) AND %(code)s IN ('', sold.code)
            ORDER BY sold.price, sold.code LIMIT 1
        ) AS product ON true
        LEFT JOIN organization_generalparameters AS parameters ON parameters.id = 1
        WHERE integration.branch_id = %(branch)s AND integration.archived_at IS NULL
        """,  # noqa: S608
        {"branch": branch_id, "kinds": _kinds(document), "code": product_code},
        Integration,
        Product,
        GeneralParameters,
    )
    parameters = parameters or GeneralParameters(pk=1)
    if integration is None or integration.linked_at is None or not parameters.credit_analysis:
        integration = integration_in_use(branch_id)  # says what is missing
    return Offer(integration, product, parameters)


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


def integrations_of_branches(branch_ids: Iterable[int]) -> QuerySet[Integration]:
    """Every integration that these branches have or had, to choose among in a filter."""
    return Integration.objects.filter(branch__in=list(branch_ids)).select_related("branch")


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
