"""Giving programs access and taking it back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.api.models import ApiToken
from regua.api.scopes import Scope
from regua.organization.models import Branch

PREFIX = "regua_"


def token_create(
    *,
    actor: User,
    application: str,
    owner: User,
    scopes: Iterable[str],
    branches: Iterable[Branch] = (),
    expires_at: datetime | None = None,
    calls_per_minute: int = 600,
) -> tuple[ApiToken, str]:
    """Give a program access in ``owner``'s name; the token itself is returned once and not kept.

    Raises ``ValidationError`` with a sentence per field, or ``NotAllowed``.
    """
    require(actor, Permission.MANAGE_API)
    scopes = [scope.value for scope in Scope if scope in set(scopes)]
    problems = {}
    if not scopes:
        problems["scopes"] = "Marque ao menos um escopo."
    if expires_at is not None and expires_at <= timezone.now():
        problems["expires_at"] = "Escolha um dia no futuro."
    if not owner.is_active:
        problems["owner"] = f"O acesso de {owner.name} está desativado. Escolha outra pessoa."
    if problems:
        raise ValidationError(problems)
    plain = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        application=application.strip(),
        owner=owner,
        prefix=plain[: len(PREFIX) + 6],
        digest=digest_of(plain),
        scopes=scopes,
        expires_at=expires_at,
        calls_per_minute=calls_per_minute,
        created_by=actor,
    )
    token.full_clean(exclude=["created_at", "last_used_at", "revoked_at", "revoked_by"])
    with transaction.atomic():
        token.save()
        token.branches.set(branches)
    return token, plain


def token_revoke(*, token: ApiToken, actor: User) -> None:
    """End a program's access at once; a second time changes nothing."""
    require(actor, Permission.MANAGE_API)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=actor
    )
    token.refresh_from_db()


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
