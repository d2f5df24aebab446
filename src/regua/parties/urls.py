from django.urls import path

from regua.parties import group_views, views
from regua.parties.kinds import LEAD, PROSPECT
from regua.parties.panels import customer_panels, lead_panels, prospect_panels
from regua.parties.potential_views import (
    potential_convert,
    potential_edit,
    potential_list,
    potential_new,
)

urlpatterns = [
    path("clientes/", views.customer_list, name="customer_list"),
    path("clientes/<int:pk>/editar/", views.customer_edit, name="customer_edit"),
    path("configuracoes/grupos-de-clientes/", group_views.group_list, name="customer_group_list"),
    path(
        "configuracoes/grupos-de-clientes/<int:pk>/",
        group_views.group_edit,
        name="customer_group_edit",
    ),
    path(
        "configuracoes/grupos-de-clientes/<int:pk>/excluir/",
        group_views.group_remove,
        name="customer_group_remove",
    ),
]
for place, kind in (("leads/", LEAD), ("prospeccoes/", PROSPECT)):
    name, given = kind.panels.kind, {"kind": kind}
    urlpatterns += [
        path(place, potential_list, given, name=f"{name}_list"),
        path(f"{place}novo/", potential_new, given, name=f"{name}_new"),
        path(f"{place}<int:pk>/editar/", potential_edit, given, name=f"{name}_edit"),
        path(f"{place}<int:pk>/converter/", potential_convert, given, name=f"{name}_convert"),
    ]
for place, panels in (
    ("clientes/", customer_panels),
    ("leads/", lead_panels),
    ("prospeccoes/", prospect_panels),
):
    name, of = panels.kind, {"panels": panels}
    urlpatterns += [
        path(f"{place}<int:pk>/", views.party_detail, of, name=f"{name}_detail"),
        path(f"{place}<int:pk>/documento/", views.party_reveal, of, name=f"{name}_reveal"),
    ]
