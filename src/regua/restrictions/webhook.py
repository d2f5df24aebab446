"""Where bureaus deliver their webhooks: verified, written down, answered at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from regua.bureaus.errors import BureauError
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.integrations.vault import VaultError
from regua.restrictions.inbox import delivery_keep

LARGEST_BODY = 64 * 1024


@csrf_exempt
@login_not_required
@require_POST
def bureau_webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """204 for a verified event, known to us or not; else 401 or, too large, 413, saying nothing."""
    integration = Integration.objects.filter(webhook_id=webhook_id, archived_at=None).first()
    try:
        secret = integration.unseal("webhook_secret") if integration else ""
    except VaultError:  # its key is gone: nobody can be believed until it is back
        secret = ""
    if integration is None or not secret:
        return HttpResponse(status=401)
    try:
        too_large = len(request.body) > LARGEST_BODY
    except RequestDataTooBig:
        too_large = True
    if too_large:
        return HttpResponse(status=413)
    try:
        event = provider_of(integration).read_webhook(
            headers=request.headers, body=request.body, secret=secret, now=timezone.now()
        )
    except (BureauError, LookupError):  # the latter: its adapter is not installed any more
        return HttpResponse(status=401)
    delivery_keep(integration=integration, event=event)
    return HttpResponse(status=204)
