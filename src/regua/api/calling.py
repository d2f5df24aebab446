"""Whose program calls, and whether it may now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from regua.accounts.models import User
from regua.api.models import ApiToken
from regua.api.scopes import permissions_of
from regua.api.services import digest_of
from regua.web import sql
from regua.web.problems import Problem

_COUNT = f"""
INSERT INTO api_apiusage AS usage (token_id, minute, calls)
VALUES (%(token)s::bigint, date_trunc('minute', clock_timestamp()), 1)
ON CONFLICT (token_id) DO UPDATE SET
    calls = CASE WHEN usage.minute = excluded.minute THEN usage.calls + 1 ELSE 1 END,
    minute = excluded.minute
RETURNING calls, minute,
    ceil(60 - extract(second FROM clock_timestamp()))::int, {sql.LAZILY}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a token's minute."""

    limit: int
    calls: int
    reset: int
    """Seconds until the next minute begins."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.calls)),
            "RateLimit-Reset": str(self.reset),
        }


def caller(request: HttpRequest) -> tuple[ApiToken, User]:
    """The token that came with the request, and its person narrowed to it. Raises ``Problem``."""
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    token = None
    if scheme.lower() == "bearer" and plain:
        token = (
            ApiToken.objects.select_related("owner")
            .filter(
                Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
                digest=digest_of(plain.strip()),
                revoked_at=None,
                owner__is_active=True,
            )
            .first()
        )
    if token is None:
        raise Problem(
            "unauthenticated",
            "Mande o token em Authorization: Bearer. Se mandou, ele não existe, venceu ou foi "
            "revogado. Nada foi feito. Peça outro ao administrador.",
            headers={"WWW-Authenticate": 'Bearer realm="Regua"'},
        )
    user = token.owner
    user.narrow(permissions_of(token.scopes), list(token.branches.values_list("pk", flat=True)))
    return token, user


def counted(token: ApiToken) -> Allowance:
    """Count this call in the token's minute, in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"token": token.pk})
        calls, minute, reset, _ = cursor.fetchone()
    if calls == 1:
        _used(token, minute)
    return Allowance(token.calls_per_minute, calls, max(1, reset))


def _used(token: ApiToken, at: datetime) -> None:
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
