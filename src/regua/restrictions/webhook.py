"""Where bureaus deliver their webhooks: verified, applied, answered at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from regua.bureaus.errors import BureauError
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.restrictions.sync import webhook_receive

LARGEST_BODY = 64 * 1024


@csrf_exempt
@login_not_required
@require_POST
def bureau_webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """204 for a verified event, known to us or not; 401 for anything else, without saying why."""
    integration = Integration.objects.filter(webhook_id=webhook_id, archived_at=None).first()
    secret = integration.unseal("webhook_secret") if integration else ""
    if integration is None or not secret or len(request.body) > LARGEST_BODY:
        return HttpResponse(status=401)
    try:
        event = provider_of(integration).read_webhook(
            headers=request.headers, body=request.body, secret=secret, now=timezone.now()
        )
    except BureauError:
        return HttpResponse(status=401)
    webhook_receive(integration=integration, event=event)
    return HttpResponse(status=204)
