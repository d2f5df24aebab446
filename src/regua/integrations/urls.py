from django.urls import path

from regua.integrations import (
    branch_views,
    call_views,
    catalogue_views,
    parameter_views,
    views,
)

_INTEGRATIONS = "configuracoes/integracoes/analise-de-credito/"
_BRANCHES = "configuracoes/empresa/filiais/"

urlpatterns = [
    path(_INTEGRATIONS, views.integration_list, name="integration_list"),
    path(f"{_INTEGRATIONS}nova/", views.integration_new, name="integration_new"),
    path(f"{_INTEGRATIONS}<int:pk>/", views.integration_detail, name="integration_detail"),
    path(
        f"{_INTEGRATIONS}<int:pk>/atualizar-codigos/",
        views.integration_sync_codes,
        name="integration_sync_codes",
    ),
    path(f"{_INTEGRATIONS}<int:pk>/testar/", views.integration_test, name="integration_test"),
    path(
        f"{_INTEGRATIONS}<int:pk>/motivos/",
        catalogue_views.integration_reasons,
        name="integration_reasons",
    ),
    path(
        f"{_INTEGRATIONS}<int:pk>/historico/",
        catalogue_views.integration_history,
        name="integration_history",
    ),
    path(
        f"{_INTEGRATIONS}<int:pk>/chamadas/", call_views.integration_calls, name="integration_calls"
    ),
    path(
        f"{_INTEGRATIONS}<int:pk>/chamadas/<int:call>/",
        call_views.integration_call,
        name="integration_call",
    ),
    path(
        "configuracoes/parametros/gerais/",
        parameter_views.parameters_general,
        name="parameters_general",
    ),
    path("chamadas-ao-biro/<str:subject>/", call_views.bureau_calls, name="bureau_calls"),
    path(_BRANCHES, branch_views.branch_list, name="branch_list"),
    path(f"{_BRANCHES}<int:pk>/", branch_views.branch_detail, name="branch_detail"),
    path(
        f"{_BRANCHES}<int:pk>/integracoes/",
        branch_views.branch_integrations,
        name="branch_integrations",
    ),
]
