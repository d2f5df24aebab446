from django.urls import path

from regua.api import views
from regua.api.router import api

_TOKENS = "configuracoes/integracoes/api/"

urlpatterns = [
    path("api/v1/", views.documentation, name="api_documentation"),
    path("api/v1/openapi.json", views.description, name="api_description"),
    path("api/v1/", api.urls),
    path(_TOKENS, views.token_list, name="api_token_list"),
    path(f"{_TOKENS}novo/", views.token_new, name="api_token_new"),
    path(f"{_TOKENS}<int:pk>/revogar/", views.token_end, name="api_token_revoke"),
]
