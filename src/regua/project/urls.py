"""Every address of the product."""

from django.urls import include, path

from regua.project import health
from regua.restrictions.webhook import bureau_webhook

urlpatterns = [
    path("saude/vivo", health.alive, name="health_alive"),
    path("saude/pronto", health.ready, name="health_ready"),
    path("webhooks/biro/<uuid:webhook_id>", bureau_webhook, name="bureau_webhook"),
    path("", include("regua.web.urls")),
]
