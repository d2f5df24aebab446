from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, path

from regua.web import views

urlpatterns: list[URLPattern] = []

if settings.DEBUG:
    urlpatterns += [
        path("_componentes/", views.components, name="web_components"),
        path("_componentes/entrar/", views.components_sign_in, name="web_components_sign_in"),
        path("_componentes/toast/", views.components_toast, name="web_components_toast"),
        path("_componentes/erro/<int:code>/", views.components_error, name="web_components_error"),
    ]
