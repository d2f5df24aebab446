from django.urls import path

from regua.restrictions import (
    approval_views,
    customer_views,
    detail_views,
    holiday_views,
    impediment_views,
    ledger_views,
    midlife_views,
    views,
    wizard_views,
    worklist_views,
)

urlpatterns = [
    path("buscar/", views.search, name="search"),
    path("negativacoes/", views.restriction_list, name="restriction_list"),
    path(
        "negativacoes/aprovar/", approval_views.restriction_approvals, name="restriction_approvals"
    ),
    path(
        "negativacoes/pagos/",
        worklist_views.overdue_removals,
        name="restriction_overdue_removals",
    ),
    path("configuracoes/feriados/", holiday_views.holiday_list, name="holiday_list"),
    path(
        "configuracoes/feriados/<int:pk>/remover/",
        holiday_views.holiday_remove,
        name="holiday_remove",
    ),
    path(
        "configuracoes/empresa/filiais/<int:pk>/local/",
        holiday_views.branch_place,
        name="branch_place",
    ),
    path("negativacoes/sincronizar/", ledger_views.sync_create, name="restriction_sync"),
    path(
        "negativacoes/sincronizar/<int:pk>/",
        ledger_views.sync_state,
        name="restriction_sync_state",
    ),
    path(
        "negativacoes/conciliacao/",
        ledger_views.reconciliation,
        name="restriction_reconciliation",
    ),
    path(
        "negativacoes/conciliacao/<int:pk>/andamento/",
        ledger_views.reconciliation_live,
        name="restriction_reconciliation_live",
    ),
    path(
        "negativacoes/conciliacao/<int:pk>/iniciar/",
        ledger_views.reconciliation_start,
        name="restriction_reconciliation_start",
    ),
    path(
        "negativacoes/conciliacao/<int:pk>/remedio/",
        ledger_views.remedy_create,
        name="restriction_remedy",
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
        "impedimentos/<int:pk>/valor/", impediment_views.contested_amount, name="contested_amount"
    ),
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
        wizard_views.restriction_create,
        name="restriction_create",
    ),
]
