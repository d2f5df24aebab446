from django.urls import path

from regua.compliance import override_views, term_views, views

_TERMS = "configuracoes/parametros/prazos-do-comunicado/"

urlpatterns = [
    path("clientes/<int:pk>/provas/", views.customer_evidence, name="customer_evidence"),
    path("clientes/<int:pk>/provas/juntar/", views.evidence_add, name="evidence_add"),
    path("provas/<int:pk>/arquivo/", views.evidence_download, name="evidence_download"),
    path("provas/<int:pk>/retirar/", views.evidence_withdraw, name="evidence_withdraw"),
    path(
        "titulos/<int:pk>/regras/<str:code>/liberar/",
        override_views.rule_override,
        name="rule_override",
    ),
    path(
        "liberacoes/<int:pk>/retirar/",
        override_views.rule_override_withdraw,
        name="rule_override_withdraw",
    ),
    path(_TERMS, term_views.notice_term_list, name="notice_term_list"),
    path(f"{_TERMS}novo/", term_views.notice_term_edit, name="notice_term_new"),
    path(f"{_TERMS}<int:pk>/", term_views.notice_term_edit, name="notice_term_edit"),
    path(f"{_TERMS}<int:pk>/retirar/", term_views.notice_term_delete, name="notice_term_delete"),
]
