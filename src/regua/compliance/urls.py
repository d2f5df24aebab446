from django.urls import path

from regua.compliance import override_views, views

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
]
