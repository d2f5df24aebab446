"""Every address of the product."""

from django.urls import include, path

from regua.project import health
from regua.restrictions.webhook import bureau_webhook

urlpatterns = [
    path("saude/vivo", health.alive, name="health_alive"),
    path("saude/pronto", health.ready, name="health_ready"),
    path("webhooks/biro/<uuid:webhook_id>", bureau_webhook, name="bureau_webhook"),
    path("", include("regua.accounts.urls")),
    path("", include("regua.reports.urls")),
    path("", include("regua.parties.urls")),
    path("", include("regua.receivables.urls")),
    path("", include("regua.integrations.urls")),
    path("", include("regua.imports.connection_urls")),
    path("", include("regua.compliance.urls")),
    path("", include("regua.inquiries.urls")),
    path("", include("regua.restrictions.urls")),
    path("", include("regua.dunning.urls")),
    path("", include("regua.imports.urls")),
    path("", include("regua.webhooks.urls")),
    path("", include("regua.api.urls")),
    path("", include("regua.web.urls")),
]
