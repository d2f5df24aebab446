from __future__ import annotations

from django.urls import URLPattern, path

from regua.dunning import policy_step_views as steps
from regua.dunning import policy_views as views

_HERE = "configuracoes/parametros/cobranca/"
_POLICIES = f"{_HERE}reguas/"

urlpatterns: list[URLPattern] = [
    path(_HERE, views.parameters_dunning, name="parameters_dunning"),
    path(_POLICIES, views.policy_list, name="dunning_policy_list"),
    path(f"{_POLICIES}nova/", views.policy_new, name="dunning_policy_new"),
    path(f"{_POLICIES}padrao/", views.policy_default, name="dunning_policy_default"),
    path(f"{_POLICIES}<int:pk>/", views.policy_detail, name="dunning_policy"),
    path(f"{_POLICIES}<int:pk>/editar/", views.policy_edit, name="dunning_policy_edit"),
    path(f"{_POLICIES}<int:pk>/passos/novo/", steps.step_new, name="dunning_step_new"),
    path(f"{_POLICIES}passos/<int:pk>/", steps.step_edit, name="dunning_step_edit"),
    path(f"{_POLICIES}passos/<int:pk>/retirar/", steps.step_remove, name="dunning_step_remove"),
    path(f"{_HERE}negativacao-automatica/", views.switch_list, name="dunning_switch_list"),
    path(f"{_HERE}negativacao-automatica/<int:pk>/", views.switches, name="dunning_switches"),
]
