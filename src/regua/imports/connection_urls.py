from django.urls import path

from regua.imports import connection_views as views

_BASE = "configuracoes/integracoes/sistema-de-gestao/"

urlpatterns = [
    path(_BASE, views.connection_list, name="connection_list"),
    path(f"{_BASE}novo/<slug:connector>/", views.connection_new, name="connection_new"),
    path(f"{_BASE}<int:pk>/", views.connection_detail, name="connection_detail"),
    path(f"{_BASE}<int:pk>/testar/", views.connection_try, name="connection_try"),
    path(f"{_BASE}<int:pk>/sincronizar/", views.connection_pull_now, name="connection_pull_now"),
    path(f"{_BASE}<int:pk>/leituras/<int:run>/", views.connection_run, name="connection_run"),
]
