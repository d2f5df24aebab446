from __future__ import annotations

from django.urls import path

from regua.dunning import message_customer_views as customer
from regua.dunning import message_views as views

_PARAMETERS = "configuracoes/parametros/cobranca/"

urlpatterns = [
    path(f"{_PARAMETERS}mensagens/", views.message_template_list, name="message_template_list"),
    path(f"{_PARAMETERS}mensagens/nova/", views.message_template_edit, name="message_template_new"),
    path(
        f"{_PARAMETERS}mensagens/previa/",
        views.message_template_preview,
        name="message_template_preview",
    ),
    path(
        f"{_PARAMETERS}mensagens/<int:pk>/",
        views.message_template_edit,
        name="message_template_edit",
    ),
    path(f"{_PARAMETERS}canais/", views.message_gateway_list, name="message_gateway_list"),
    path(
        f"{_PARAMETERS}canais/<str:channel>/",
        views.message_gateway_edit,
        name="message_gateway_edit",
    ),
    path("cobranca/mensagens/", customer.message_trouble_list, name="message_trouble_list"),
    path(
        "cobranca/mensagens/<int:pk>/enviar-de-novo/",
        customer.message_resend,
        name="message_resend",
    ),
    path("cobranca/mensagens/<int:pk>/deixar-assim/", customer.message_leave, name="message_leave"),
    path("clientes/<int:pk>/mensagens/", customer.customer_messages, name="customer_messages"),
    path(
        "clientes/<int:pk>/mensagens/dispensa/<str:channel>/",
        customer.customer_opt_out,
        name="customer_opt_out",
    ),
    path("sem-mensagens/<str:token>/", customer.message_opt_out, name="message_opt_out"),
]
