from django.urls import path

from regua.restrictions import customer_views, detail_views, impediment_views, midlife_views, views

urlpatterns = [
    path("buscar/", views.search, name="search"),
    path("negativacoes/", views.restriction_list, name="restriction_list"),
    path("negativacoes/pagos/", views.overdue_removals, name="restriction_overdue_removals"),
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
        "negativacoes/<int:pk>/corrigir/<slug:kind>/",
        midlife_views.correction_create,
        name="correction_create",
    ),
    path(
        "negativacoes/<int:pk>/correcao/cancelar/",
        midlife_views.correction_cancel,
        name="correction_cancel",
    ),
    path("negativacoes/<int:pk>/titularidade/", midlife_views.holder_change, name="holder_change"),
    path("negativacoes/<int:pk>/endereco/", midlife_views.letter_returned, name="letter_returned"),
    path("titulos/<int:pk>/contestacao/", impediment_views.contest_create, name="contest_create"),
    path(
        "titulos/<int:pk>/ordem-judicial/",
        impediment_views.court_order_create,
        name="court_order_create",
    ),
    path("impedimentos/<int:pk>/", impediment_views.impediment_detail, name="impediment_detail"),
    path(
        "clientes/<int:pk>/falecimento/", midlife_views.customer_deceased, name="customer_deceased"
    ),
    path(
        "clientes/<int:pk>/negativacoes/",
        customer_views.customer_restrictions,
        name="customer_restrictions",
    ),
    path(
        "clientes/<int:pk>/negativar/",
        customer_views.restriction_create,
        name="restriction_create",
    ),
]
