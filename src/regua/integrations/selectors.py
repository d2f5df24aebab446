"""Reading integrations, their catalogue and their calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.bureaus import registry
from regua.bureaus.errors import TryLater
from regua.integrations.choices import DEFAULT_CODES, CodeKind, Environment, PersonKind
from regua.integrations.models import (
    BureauCall,
    CatalogueChange,
    Integration,
    Product,
    ReasonCode,
)
from regua.organization.models import Branch, GeneralParameters
from regua.web import sql

SWITCHED_OFF = "A análise de crédito está desligada nos Parâmetros gerais."


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


def integrations_listed(actor: User) -> QuerySet[Integration]:
    """The grid's rows: the visible ones with ``provider_name`` and ``lost_…`` (``lost_codes``)."""
    names = [When(provider=p.slug, then=Value(p.name)) for p in registry.all()]
    return with_lost_codes(integrations_visible(actor)).annotate(
        provider_name=Case(*names, default=F("provider"), output_field=CharField())
    )


def with_lost_codes(rows: QuerySet[Integration]) -> QuerySet[Integration]:
    """Annotate ``lost_<field>``: that default is no code which the bureau lets us use today."""
    for name, default in DEFAULT_CODES.items():
        usable = ReasonCode.objects.filter(
            integration=OuterRef("pk"),
            kind=default.kind,
            code=OuterRef(name),
            gone_at=None,
            bureau_only=False,
        )
        if default.person:
            usable = usable.filter(person_kind__in=[default.person, PersonKind.ANY])
        lost = ~Q(**{name: ""}) & Q(codes_synced_at__isnull=False) & ~Exists(usable)
        rows = rows.annotate(**{f"lost_{name}": Case(When(lost, then=True), default=False)})
    return rows


TROUBLED = ~Q(problem="") | Q(*((f"lost_{name}", True) for name in DEFAULT_CODES), _connector=Q.OR)
"""On ``integrations_listed``: somebody has to look at it."""


def lost_codes(integration: Integration) -> dict[str, str]:
    """The defaults that the bureau no longer offers: the field's name → the code."""
    row = integration
    if not hasattr(row, "lost_removal_code"):
        row = with_lost_codes(Integration.objects.filter(pk=integration.pk)).get()
    return {name: getattr(row, name) for name in DEFAULT_CODES if getattr(row, f"lost_{name}")}


def automatic_obstacles(integration: Integration, *, removing: bool = False) -> dict[str, str]:
    """Why nothing may be listed automatically: code → a sentence; empty where all is ready.

    Whatever acts by itself asks here first. With ``removing`` it is why nothing may be removed:
    removals have a legal term, so that neither the general switch nor a default code, which only
    listings need, holds them up.
    """
    found = {}
    if not removing and not GeneralParameters.current().credit_analysis:
        found["switch.general"] = SWITCHED_OFF
    if integration.archived_at is not None:
        found["switch.archived"] = "A integração foi arquivada."
    if integration.environment == Environment.STAGING:
        found["switch.environment"] = (
            "O ambiente é Homologação, em que nada é incluído nem removido sozinho."
        )
    if integration.linked_at is None:
        found["switch.link"] = "A integração não está vinculada à filial."
    if not integration.automatic:
        found["switch.automatic"] = "Incluir/Remover automaticamente está em Não."
    if integration.codes_synced_at is None:
        return found | {"switch.codes": "Os códigos ainda não foram buscados no birô."}
    if removing:
        return found
    lost = lost_codes(integration)
    for name, default in DEFAULT_CODES.items():
        if name in lost:
            found[f"switch.{name}"] = (
                f"O birô não oferece mais o código {lost[name]} ({default.label})."
            )
        elif not getattr(integration, name) and not _stood_in_for(integration, name):
            found[f"switch.{name}"] = f"Falta o {default.label}."
    return found


def _stood_in_for(integration: Integration, name: str) -> bool:
    """Companies are listed with the general code where the bureau takes it for them too."""
    return (
        name == "company_restriction_code"
        and codes_for(integration, CodeKind.RESTRICTION)
        .filter(code=integration.restriction_code, person_kind=PersonKind.ANY)
        .exists()
    )


def catalogue_changes(integration: Integration) -> QuerySet[CatalogueChange]:
    """What became different in the bureau's tables, newest first."""
    return integration.catalogue_changes.select_related("actor")


def last_changes(integration: Integration) -> list[CatalogueChange]:
    """What the last synchronisation changed, in the order of the tables."""
    if integration.codes_synced_at is None:
        return []
    return list(integration.catalogue_changes.filter(at=integration.codes_synced_at).order_by("id"))


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
    interval_days: int | None
    """How long another inquiry about the same document has to wait (*Parâmetros gerais*)."""


def offer_in_use(branch_id: int, document: str, product_code: str = "") -> Offer:
    """``integration_in_use`` with the product for ``document``, in one query.

    It is the product with ``product_code``, or the cheapest. Raises ``NoIntegration``.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT parameters.credit_analysis, parameters.inquiry_interval_days,
                {sql.columns(Integration, "integration")}, {sql.columns(Product, "product")}
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
        )
        row = cursor.fetchone()
    on, days, *values = row or (True, None)
    integration, product = sql.read(values, Integration, Product) if row else (None, None)
    if integration is None or integration.linked_at is None or on is False:
        integration = integration_in_use(branch_id)  # says what is missing
    return Offer(integration, product, days)


def check_linked(integration: Integration) -> None:
    """Raise ``TryLater`` while nothing new may leave, for whoever was about to send it."""
    if integration.linked_at is None:
        raise TryLater(
            f"A integração nº {integration.pk} não está mais vinculada à filial. Nada foi enviado. "
            "O pedido espera até ela ser vinculada de novo em Filiais > aba Integrações."
        )


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
    return _calls(BureauCall.objects.filter(subject=subject).order_by("id"), actor)


def calls_of(integration: Integration, *, actor: User) -> QuerySet[BureauCall]:
    """Every call made through an integration, redacted, with who asked for it."""
    return _calls(integration.calls.select_related("actor"), actor)


def _calls(rows: QuerySet[BureauCall], actor: User) -> QuerySet[BureauCall]:
    return visible(
        rows,
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
