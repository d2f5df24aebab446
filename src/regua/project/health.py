"""Is it alive, and can it work?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


@login_not_required
def alive(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"situacao": "vivo"})


@login_not_required
def ready(_request: HttpRequest) -> JsonResponse:
    """The database answers too; ``trabalho_de_fundo`` counts workers with a recent heartbeat."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM procrastinate_workers "
                "WHERE last_heartbeat > now() - interval '30 seconds'"
            )
            workers = cursor.fetchone()[0]
    except Error:
        return JsonResponse({"situacao": "sem banco de dados"}, status=503)
    return JsonResponse({"situacao": "pronto", "trabalho_de_fundo": workers})
