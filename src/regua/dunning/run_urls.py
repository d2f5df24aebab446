from __future__ import annotations

from django.urls import URLPattern, path

from regua.dunning import recovery_views, run_views

urlpatterns: list[URLPattern] = [
    path("cobranca/regua/", recovery_views.dunning_recovery, name="dunning_recovery"),
    path("cobranca/execucoes/", run_views.dunning_run_list, name="dunning_run_list"),
    path("cobranca/execucoes/simular/", run_views.dunning_run_create, name="dunning_run_create"),
    path("cobranca/execucoes/<int:pk>/", run_views.dunning_run, name="dunning_run"),
    path(
        "cobranca/execucoes/<int:pk>/andamento/",
        run_views.dunning_run_live,
        name="dunning_run_live",
    ),
    path(
        "cobranca/execucoes/<int:pk>/titulos/",
        run_views.dunning_run_items,
        name="dunning_run_items",
    ),
    path(
        "cobranca/execucoes/<int:pk>/aprovar/",
        run_views.dunning_run_approve,
        name="dunning_run_approve",
    ),
    path(
        "cobranca/execucoes/<int:pk>/<slug:change>/",
        run_views.dunning_run_change,
        name="dunning_run_change",
    ),
    path("cobranca/retidos/", run_views.dunning_hold_list, name="dunning_hold_list"),
]
