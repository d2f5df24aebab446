from __future__ import annotations

from django.urls import path

from regua.dunning import worklist_views as views

urlpatterns = [
    path("cobranca/rotina/", views.dunning_worklist, name="dunning_worklist"),
    path(
        "cobranca/rotina/resultados/",
        views.dunning_worklist_results,
        name="dunning_worklist_results",
    ),
    path("cobranca/rotina/proxima/", views.dunning_worklist_next, name="dunning_worklist_next"),
    path("cobranca/rotina/clientes/<int:pk>/", views.dunning_contact, name="dunning_contact"),
    path("cobranca/rotina/<int:pk>/com/", views.dunning_task_assign, name="dunning_task_assign"),
    path(
        "cobranca/promessas/<int:pk>/desfazer/",
        views.dunning_promise_withdraw,
        name="dunning_promise_withdraw",
    ),
    path("clientes/<int:pk>/cobranca/", views.customer_dunning, name="customer_dunning"),
]
