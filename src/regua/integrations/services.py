"""Registering, linking and feeding integrations. See the seed's "Processo de Integração"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus import registry
from regua.bureaus.addresses import check_base_url
from regua.bureaus.contract import Environment, FormField, Provider
from regua.bureaus.errors import BureauError
from regua.integrations import gateway
from regua.integrations.catalogue import CatalogueDiff, codes_store, products_store
from regua.integrations.choices import CatalogueKind, ChangeKind, CodeKind, Reason
from regua.integrations.diagnosis import ConnectionCheck, clock_warning, problem_of
from regua.integrations.models import CatalogueChange, Integration, ReasonCode
from regua.integrations.outbox import wake
from regua.integrations.vault import VaultError
from regua.organization.models import Branch

SECRETS = ("client_id", "client_secret", "webhook_secret")
_LIMIT = "calls_per_second"
_MAX_PRICE = 1_000_000
"""Reais: what the column can hold."""
CONNECTION = ("base_url", *SECRETS)
"""What every bureau may ask; anything else that a provider declares is its own setting."""
PLAIN = (
    "environment",
    "base_url",
    "automatic",
    _LIMIT,
    "listing_price",
    "restriction_code",
    "company_restriction_code",
    "removal_code",
)


def constraint_of(error: IntegrityError) -> str:
    """The name of the database constraint that ``error`` reports, or ''."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def integration_create(*, actor: User, branch: Branch, provider: str, **fields: Any) -> Integration:
    """Register a branch's integration.

    ``fields`` are those of ``SECRETS`` and ``PLAIN`` and the provider's own (``form_fields``).

    An empty ``base_url`` becomes the provider's own for the environment.
    Raises ``ValidationError`` with a sentence per field; a branch that has one already is named.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=branch.pk)
    _check_free(branch)
    integration = Integration(branch=branch, provider=provider)
    try:
        with transaction.atomic():
            _apply(integration, fields, creating=True)
    except IntegrityError as error:
        if constraint_of(error) == "integration_once_per_branch":
            _check_free(branch)
        raise
    return integration


def integration_update(*, integration: Integration, actor: User, **fields: Any) -> Integration:
    """Change an integration; a secret left empty stays as it is."""
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    with transaction.atomic():
        locked = Integration.objects.select_for_update().get(pk=integration.pk)
        _apply(locked, fields, creating=False)
        wake(locked.pk)
    return locked


def integration_link(*, integration: Integration, actor: User, linked: bool = True) -> None:
    """Put an integration to use in its branch, or take it out (Filiais > aba Integrações).

    What has not left yet waits while it is out; removals and what must be settled go on.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    Integration.objects.filter(pk=integration.pk).update(
        linked_at=timezone.now() if linked else None
    )
    integration.refresh_from_db()
    if linked:
        wake(integration.pk)


def _check_free(branch: Branch) -> None:
    existing = Integration.objects.filter(branch=branch, archived_at=None).first()
    if existing is not None:
        name = gateway.provider_of(existing).name
        raise ValidationError(
            {
                "branch": f"A filial {branch} já tem a integração nº {existing.pk} ({name}). "
                f"Cada filial aceita uma só; edite a nº {existing.pk} ou escolha outra filial."
            }
        )


def _apply(integration: Integration, fields: dict[str, Any], *, creating: bool) -> None:
    problems: dict[str, str] = {}
    provider: Provider | None = None
    try:
        provider = registry.get(integration.provider)
    except LookupError as error:
        problems["provider"] = str(error)
    declared = provider.form_fields if provider else ()
    unknown = set(fields) - {*SECRETS, *PLAIN, *(field.name for field in declared)}
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    if provider and creating:
        fields = {_LIMIT: provider.capabilities.calls_per_second} | fields
    before = (integration.base_url, integration.environment)
    for name in PLAIN:
        if name in fields:
            setattr(integration, name, fields[name])
    if provider and not integration.base_url:
        integration.base_url = provider.default_base_url.get(
            Environment(integration.environment), ""
        )
    try:
        integration.clean_fields(exclude={f.name for f in Integration._meta.fields} - {_LIMIT})
    except ValidationError:
        problems[_LIMIT] = "Informe um número inteiro de 1 a 1.000 chamadas por segundo."
    if integration.listing_price is not None and not 0 <= integration.listing_price < _MAX_PRICE:
        problems["listing_price"] = "Escreva um preço a partir de R$ 0,00, ou deixe vazio."
    try:
        check_base_url(integration.base_url, allow_private=settings.CONFIG.allow_private_bureau)
    except BureauError as error:
        problems["base_url"] = error.message
    kept, own = _own_settings(integration, declared, fields)
    for field in declared:
        given = fields.get(field.name) or own.get(field.name)
        if not given and field.name in SECRETS:
            given = getattr(integration, f"{field.name}_sealed")
        if field.required and not given and field.name != "base_url":
            problems[field.name] = f"Falta {field.label}. Preencha com o que o birô forneceu."
    if problems:
        raise ValidationError(problems)
    if creating:
        integration.save()  # a secret is bound to its row's number
    changed = [name for name in SECRETS if fields.get(name)]
    for name in changed:
        integration.seal(name, fields[name])
    if own != kept:
        integration.seal(
            "settings", json.dumps(own, ensure_ascii=False) if any(own.values()) else ""
        )
    moved = before != (integration.base_url, integration.environment)
    if moved or own != kept or {"client_id", "client_secret"} & set(changed):
        # A token opens one door only.
        integration.token_sealed, integration.token_expires_at = "", None
    integration.problem = ""
    integration.save()


def _own_settings(
    integration: Integration, declared: Iterable[FormField], fields: dict[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """The provider's own fields as they are kept and as they become; an empty secret stays."""
    try:
        kept = integration.provider_settings() if integration.pk else {}
    except VaultError:  # the key is gone: all of it is asked anew
        kept = {}
    own = {}
    for field in declared:
        if field.name in CONNECTION:
            continue
        given = fields.get(field.name, "" if field.secret else kept.get(field.name, ""))
        own[field.name] = given or (kept.get(field.name, "") if field.secret else "")
    return kept, own


def connection_test(*, integration: Integration, actor: User) -> ConnectionCheck:
    """Sign in at the bureau anew and ask for its products; say in a sentence what is wrong.

    Also while the breaker is open, which an answer closes.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    # A token that is still good would hide credentials that no longer are.
    integration.token_sealed, integration.token_expires_at = "", None
    integration.save(update_fields=["token_sealed", "token_expires_at"])
    problem, products = "", 0
    try:
        with gateway.line(
            integration,
            purpose="test",
            subject=f"integration:{integration.pk}",
            actor=actor,
            forced=True,
        ) as client:
            products = len(client.products())
    except (BureauError, LookupError) as error:
        problem = problem_of(error, integration)
    return ConnectionCheck(
        problem=problem,
        warning=clock_warning(gateway.clock_ahead(integration)),
        products=products,
    )


def catalogue_sync(*, integration: Integration, actor: User | None) -> CatalogueDiff:
    """Bring products, restriction and removal codes from the bureau (*Atualizar códigos*).

    What the bureau no longer lists is kept and marked gone. Returns what became different, which
    is kept too (``CatalogueChange``). Raises ``BureauError``; nothing is changed then.
    """
    if actor is not None:
        require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    with gateway.line(
        integration, purpose="catalogue", subject=f"integration:{integration.pk}", actor=actor
    ) as client:
        products = client.products()
        codes = {
            CodeKind.RESTRICTION: client.restriction_codes(),
            CodeKind.REMOVAL: client.removal_codes(),
        }
    now = timezone.now()
    with transaction.atomic():
        Integration.objects.select_for_update().get(pk=integration.pk)
        changes = products_store(integration, products, now)
        for kind, rows in codes.items():
            changes += codes_store(integration, kind, rows, now)
        for change in changes:
            change.actor = actor
        CatalogueChange.objects.bulk_create(changes)
        integration.codes_synced_at = now
        integration.save(update_fields=["codes_synced_at"])
    return CatalogueDiff(
        products=len(products),
        restriction_codes=len(codes[CodeKind.RESTRICTION]),
        removal_codes=len(codes[CodeKind.REMOVAL]),
        changes=tuple(changes),
    )


def reasons_map(*, integration: Integration, actor: User, reasons: Mapping[str, str]) -> int:
    """Say which neutral reason each removal code stands for: code → ``Reason`` value or ''.

    Codes that only the bureau may use, or that it no longer lists, stay as they are. Returns how
    many changed; each change is kept in the history with who made it. Raises ``ValidationError``.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    if not set(reasons.values()) <= {"", *Reason.values}:
        raise ValidationError("Escolha um motivo da lista. Nada foi gravado.")
    now = timezone.now()
    with transaction.atomic():
        rows = ReasonCode.objects.select_for_update().filter(
            integration=integration,
            kind=CodeKind.REMOVAL,
            bureau_only=False,
            gone_at=None,
            code__in=list(reasons),
        )
        changed = [row for row in rows if row.reason != reasons[row.code]]
        CatalogueChange.objects.bulk_create(
            [
                CatalogueChange(
                    integration=integration,
                    at=now,
                    actor=actor,
                    kind=CatalogueKind.REMOVAL,
                    code=row.code,
                    change=ChangeKind.MAPPED,
                    before={"name": row.description, "reason": row.reason},
                    after={"name": row.description, "reason": reasons[row.code]},
                )
                for row in changed
            ]
        )
        for row in changed:
            row.reason = reasons[row.code]
        ReasonCode.objects.bulk_update(changed, ["reason"])
    return len(changed)
