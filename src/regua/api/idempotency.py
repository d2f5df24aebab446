"""A POST sent twice is done once.

The answer is written in the transaction that did what was asked: both are there or neither. A lock
of the database session tells a request that is under way, also one whose process was killed: then
it is free again. What was refused did nothing, so that its key stays free.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from regua.api.models import ApiAnswer, ApiToken
from regua.web.problems import Problem

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,120}")
_REPEATED = ("Content-Type", "ETag", "Location")
"""The headers that belong to the answer, not to the moment."""


def once(
    request: HttpRequest, token: ApiToken, do: Callable[[], HttpResponse], *, calls_out: bool
) -> HttpResponse:
    """``do`` what the request asks, or repeat what it was answered. Raises ``Problem``.

    What ``calls_out`` to a bureau is not done in a transaction: killed at the wrong moment it may
    be done again, which changes nothing there.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise Problem(
            "idempotency_key_missing",
            "Mande em Idempotency-Key um texto seu de até 120 caracteres sem espaços, diferente "
            "para cada pedido e igual ao repetir o mesmo. Nada foi feito.",
        )
    digest = _digest(request)
    with _alone(token, key) as alone:
        if not alone:
            raise Problem(
                "request_under_way",
                "O mesmo pedido ainda está em andamento. Espere e repita com a mesma chave.",
                headers={"Retry-After": "1"},
            )
        if kept := _kept(token, key):
            return _repeat(kept, digest)
        if calls_out:
            response = do()
            _keep(token, key, digest, response)
            return response
        with transaction.atomic():
            response = do()
            if response.status_code < 400:
                _keep(token, key, digest, response)
            else:
                transaction.set_rollback(True)
        return response


def forget() -> int:
    """Delete the answers older than ``KEPT``; how many."""
    count, _ = ApiAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count


def _digest(request: HttpRequest) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()


@contextmanager
def _alone(token: ApiToken, key: str) -> Iterator[bool]:
    name = [f"api:{token.pk}:{key}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
        [alone] = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def _kept(token: ApiToken, key: str) -> ApiAnswer | None:
    oldest = timezone.now() - KEPT
    ApiAnswer.objects.filter(token=token, key=key, created_at__lt=oldest).delete()
    return ApiAnswer.objects.filter(token=token, key=key).first()


def _repeat(kept: ApiAnswer, digest: str) -> HttpResponse:
    if kept.request_digest != digest:
        raise Problem(
            "idempotency_key_reused",
            "Esta chave já foi usada em outro pedido. Nada foi feito. Use uma chave nova.",
            errors=[(HEADER, "Já usada com outro corpo ou endereço.")],
        )
    return HttpResponse(
        bytes(kept.body), status=kept.status, headers=kept.headers | {"Idempotent-Replayed": "true"}
    )


def _keep(token: ApiToken, key: str, digest: str, response: HttpResponse) -> None:
    if response.status_code >= 400:
        return
    ApiAnswer.objects.create(
        token=token,
        key=key,
        request_digest=digest,
        status=response.status_code,
        headers={name: response[name] for name in _REPEATED if name in response},
        body=response.content,
    )
