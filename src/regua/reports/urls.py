from django.urls import path

from regua.reports import export_views, views

urlpatterns = [
    path("", views.home, name="home"),
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
