from django.urls import path

from regua.restrictions import approval_views, customer_views, detail_views, views, wizard_views

urlpatterns = [
    path("buscar/", views.search, name="search"),
    path("negativacoes/", views.restriction_list, name="restriction_list"),
    path("negativacoes/pagos/", views.overdue_removals, name="restriction_overdue_removals"),
    path(
        "negativacoes/aprovar/", approval_views.restriction_approvals, name="restriction_approvals"
    ),
    path("negativacoes/<int:pk>/", detail_views.restriction_detail, name="restriction_detail"),
    path(
        "negativacoes/<int:pk>/andamento/", detail_views.restriction_live, name="restriction_live"
    ),
    path("negativacoes/<int:pk>/baixa/", detail_views.removal_create, name="removal_create"),
    path(
        "negativacoes/<int:pk>/cancelar/",
        detail_views.restriction_cancel,
        name="restriction_cancel",
    ),
    path(
        "clientes/<int:pk>/negativacoes/",
        customer_views.customer_restrictions,
        name="customer_restrictions",
    ),
    path(
        "clientes/<int:pk>/negativar/",
        wizard_views.restriction_create,
        name="restriction_create",
    ),
]
