from django.urls import path

from regua.webhooks import views

_HERE = "configuracoes/integracoes/webhooks/"

urlpatterns = [
    path(_HERE, views.webhook_list, name="webhook_list"),
    path(f"{_HERE}novo/", views.webhook_new, name="webhook_new"),
    path(f"{_HERE}<int:pk>/", views.webhook_detail, name="webhook_detail"),
    path(f"{_HERE}<int:pk>/alterar/", views.webhook_edit, name="webhook_edit"),
    path(f"{_HERE}<int:pk>/segredo/", views.webhook_secret, name="webhook_secret"),
    path(f"{_HERE}<int:pk>/trocar-segredo/", views.webhook_rotate, name="webhook_rotate"),
    path(f"{_HERE}<int:pk>/testar/", views.webhook_test, name="webhook_test"),
    path(f"{_HERE}<int:pk>/ativar/", views.webhook_enable, name="webhook_enable"),
    path(f"{_HERE}<int:pk>/desativar/", views.webhook_disable, name="webhook_disable"),
    path(f"{_HERE}<int:pk>/reenviar/", views.webhook_replay_failed, name="webhook_replay_failed"),
    path(
        f"{_HERE}<int:pk>/entregas/<int:delivery>/",
        views.webhook_delivery,
        name="webhook_delivery",
    ),
    path(
        f"{_HERE}<int:pk>/entregas/<int:delivery>/reenviar/",
        views.webhook_replay,
        name="webhook_replay",
    ),
]
