"""Registering, linking and feeding integrations. See the seed's "Processo de Integração"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus import registry
from regua.bureaus.contract import BureauCode
from regua.bureaus.errors import BureauError
from regua.bureaus.http import check_base_url
from regua.integrations import gateway
from regua.integrations.choices import CodeKind
from regua.integrations.models import Integration, Product, ReasonCode
from regua.integrations.outbox import wake
from regua.organization.models import Branch

SECRETS = ("client_id", "client_secret", "webhook_secret")
PLAIN = (
    "environment",
    "base_url",
    "automatic",
    "restriction_code",
    "company_restriction_code",
    "removal_code",
)


def constraint_of(error: IntegrityError) -> str:
    """The name of the database constraint that ``error`` reports, or ''."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def integration_create(*, actor: User, branch: Branch, provider: str, **fields: Any) -> Integration:
    """Register a branch's integration. ``fields`` are those of ``SECRETS`` and ``PLAIN``.

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
    """Put an integration to use in its branch, or take it out (Filiais > aba Integrações)."""
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    Integration.objects.filter(pk=integration.pk).update(
        linked_at=timezone.now() if linked else None
    )
    integration.refresh_from_db()


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
    unknown = set(fields) - {*SECRETS, *PLAIN}
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    moved = any(
        name in fields and fields[name] != getattr(integration, name)
        for name in ("base_url", "environment")
    )
    for name in PLAIN:
        if name in fields:
            setattr(integration, name, fields[name])
    problems = {}
    try:
        registry.get(integration.provider)
    except LookupError as error:
        problems["provider"] = str(error)
    try:
        check_base_url(integration.base_url)
    except BureauError as error:
        problems["base_url"] = error.message
    for name, label in (("client_id", "Client ID"), ("client_secret", "Client Secret")):
        if creating and not fields.get(name):
            problems[name] = f"Informe o {label} recebido do birô."
    if problems:
        raise ValidationError(problems)
    integration.save()
    changed = [name for name in SECRETS if fields.get(name)]
    for name in changed:
        integration.seal(name, fields[name])
    if moved or {"client_id", "client_secret"} & set(changed):  # a token opens one door only
        integration.token_sealed, integration.token_expires_at = "", None
    integration.problem = ""
    integration.save()


def connection_test(*, integration: Integration, actor: User) -> int:
    """Ask the bureau for its products and change nothing; return how many it sells.

    Raises ``BureauError`` where it does not answer as it should.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    with gateway.line(
        integration, purpose="test", subject=f"integration:{integration.pk}", actor=actor
    ) as client:
        return len(client.products())


def catalogue_sync(*, integration: Integration, actor: User | None) -> dict[str, int]:
    """Bring products, restriction and removal codes from the bureau (*Atualizar códigos*).

    What the bureau no longer lists is kept and marked gone. Returns how many of each there are now.
    Raises ``BureauError``; nothing is changed then.
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
        _store_products(integration, products, now)
        for kind, rows in codes.items():
            _store_codes(integration, kind, rows, now)
        integration.codes_synced_at = now
        integration.save(update_fields=["codes_synced_at"])
    return {
        "products": len(products),
        **{kind.value: len(rows) for kind, rows in codes.items()},
    }


def _store_products(integration: Integration, products: list[Any], now: datetime) -> None:
    Product.objects.bulk_create(
        [
            Product(
                integration=integration,
                code=product.code,
                name=product.name,
                person_kind=product.person_kind.value,
                price=product.price,
            )
            for product in products
        ],
        update_conflicts=True,
        unique_fields=["integration", "code"],
        update_fields=["name", "person_kind", "price", "gone_at"],
    )
    Product.objects.filter(integration=integration, gone_at=None).exclude(
        code__in=[product.code for product in products]
    ).update(gone_at=now)


def _store_codes(
    integration: Integration, kind: CodeKind, codes: list[BureauCode], now: datetime
) -> None:
    ReasonCode.objects.bulk_create(
        [
            ReasonCode(
                integration=integration,
                kind=kind,
                code=code.code,
                description=code.description,
                person_kind=code.person_kind.value,
                reason=code.reason.value if code.reason else "",
                bureau_only=code.bureau_only,
            )
            for code in codes
        ],
        update_conflicts=True,
        unique_fields=["integration", "kind", "code"],
        update_fields=["description", "person_kind", "bureau_only", "gone_at"],
    )
    ReasonCode.objects.filter(integration=integration, kind=kind, gone_at=None).exclude(
        code__in=[code.code for code in codes]
    ).update(gone_at=now)
