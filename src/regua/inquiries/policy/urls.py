from django.urls import path

from regua.inquiries.policy import draft_views, views

urlpatterns = [
    path("politica-de-credito/", views.policy_list, name="policy_list"),
    path("politica-de-credito/filiais/<int:pk>/", views.policy_branch, name="policy_branch"),
    path(
        "politica-de-credito/filiais/<int:pk>/rascunho/",
        draft_views.policy_draft_open,
        name="policy_draft_open",
    ),
    path("politica-de-credito/<int:pk>/", views.policy_detail, name="policy_detail"),
    path("politica-de-credito/<int:pk>/retirar/", views.policy_retire, name="policy_retire"),
    path("politica-de-credito/<int:pk>/simular/", views.policy_simulate, name="policy_simulate"),
    path(
        "politica-de-credito/<int:pk>/ativar/", draft_views.policy_activate, name="policy_activate"
    ),
    path(
        "politica-de-credito/<int:pk>/descartar/",
        draft_views.policy_discard,
        name="policy_discard",
    ),
    path("politica-de-credito/<int:pk>/regras/nova/", draft_views.rule_new, name="rule_new"),
    path("politica-de-credito/regras/<int:pk>/", draft_views.rule_edit, name="rule_edit"),
    path("politica-de-credito/regras/<int:pk>/mover/", draft_views.rule_move, name="rule_move"),
    path(
        "politica-de-credito/regras/<int:pk>/excluir/", draft_views.rule_delete, name="rule_delete"
    ),
]
