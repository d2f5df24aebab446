from django.urls import path

from regua.imports import views

_HERE = "ferramentas/importacoes/"

urlpatterns = [
    path(_HERE, views.import_list, name="import_list"),
    path(f"{_HERE}nova/", views.import_new, name="import_new"),
    path(f"{_HERE}modelo/<slug:kind>.csv", views.import_template, name="import_template"),
    path(f"{_HERE}<int:pk>/", views.import_detail, name="import_detail"),
    path(f"{_HERE}<int:pk>/andamento", views.import_live, name="import_live"),
    path(f"{_HERE}<int:pk>/importar", views.import_go, name="import_go"),
    path(f"{_HERE}<int:pk>/cancelar", views.import_cancel, name="import_cancel"),
    path(f"{_HERE}<int:pk>/problemas.csv", views.import_report, name="import_report"),
]
