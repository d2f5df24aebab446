from django.urls import path

from regua.reports import inquiry_views, views

_RECEIVABLES = "relatorios/financeiros/entrada/contas-a-receber/"

urlpatterns = [
    path("", views.home, name="home"),
    path("relatorios/", views.report_list, name="report_list"),
    path(f"{_RECEIVABLES}consultas/", inquiry_views.report_inquiries, name="report_inquiries"),
]
