from django.urls import path

from regua.inquiries import party_views, views
from regua.parties.panels import customer_panels, lead_panels, prospect_panels

urlpatterns = [
    path("consultas/", views.inquiry_list, name="inquiry_list"),
    path("consultas/<int:pk>/", views.inquiry_detail, name="inquiry_detail"),
    path("consultas/<int:pk>/situacao/", views.inquiry_progress, name="inquiry_progress"),
]
for place, panels in (
    ("clientes/", customer_panels),
    ("leads/", lead_panels),
    ("prospeccoes/", prospect_panels),
):
    kind, given = panels.kind, {"panels": panels}
    urlpatterns += [
        path(
            f"{place}<int:pk>/consultas/",
            party_views.party_inquiries,
            given,
            name=f"{kind}_inquiries",
        ),
        path(f"{place}<int:pk>/consultar/", party_views.party_ask, given, name=f"{kind}_ask"),
    ]
