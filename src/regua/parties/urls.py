from django.urls import path

from regua.parties import views
from regua.parties.kinds import LEAD, PROSPECT
from regua.parties.panels import customer_panels, lead_panels, prospect_panels
from regua.parties.potential_views import (
    potential_convert,
    potential_detail,
    potential_edit,
    potential_list,
    potential_new,
)

urlpatterns = [
    path("clientes/", views.customer_list, name="customer_list"),
    path("clientes/<int:pk>/", views.customer_detail, name="customer_detail"),
    path("clientes/<int:pk>/editar/", views.customer_edit, name="customer_edit"),
]
for place, kind in (("leads/", LEAD), ("prospeccoes/", PROSPECT)):
    name, given = kind.panels.kind, {"kind": kind}
    urlpatterns += [
        path(place, potential_list, given, name=f"{name}_list"),
        path(f"{place}novo/", potential_new, given, name=f"{name}_new"),
        path(f"{place}<int:pk>/", potential_detail, given, name=f"{name}_detail"),
        path(f"{place}<int:pk>/editar/", potential_edit, given, name=f"{name}_edit"),
        path(f"{place}<int:pk>/converter/", potential_convert, given, name=f"{name}_convert"),
    ]
for place, panels in (
    ("clientes/", customer_panels),
    ("leads/", lead_panels),
    ("prospeccoes/", prospect_panels),
):
    urlpatterns.append(
        path(
            f"{place}<int:pk>/documento/",
            views.party_reveal,
            {"panels": panels},
            name=f"{panels.kind}_reveal",
        )
    )
