from django.urls import path

from regua.reports import breach_views, export_views, inquiry_views, restriction_views, views

_RECEIVABLES = "relatorios/financeiros/entrada/contas-a-receber/"

urlpatterns = [
    path("", views.home, name="home"),
    path("relatorios/", views.report_list, name="report_list"),
    path(f"{_RECEIVABLES}consultas/", inquiry_views.report_inquiries, name="report_inquiries"),
    path(
        f"{_RECEIVABLES}negativacoes/",
        restriction_views.report_restrictions,
        name="report_restrictions",
    ),
    path(f"{_RECEIVABLES}prazos-de-baixa/", breach_views.report_breaches, name="report_breaches"),
    path("relatorios/<slug:slug>/colunas", views.report_columns, name="report_columns"),
    path("relatorios/<slug:slug>/exportar", export_views.report_export, name="report_export"),
    path("relatorios/exportacoes", export_views.report_export_list, name="report_export_list"),
    path(
        "relatorios/exportacoes/<int:pk>/andamento",
        export_views.report_export_progress,
        name="report_export_progress",
    ),
    path(
        "relatorios/exportacoes/<int:pk>/cancelar",
        export_views.report_export_cancel,
        name="report_export_cancel",
    ),
    path(
        "relatorios/exportacoes/<int:pk>/baixar",
        export_views.report_export_download,
        name="report_export_download",
    ),
]
