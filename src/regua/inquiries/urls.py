from django.urls import path

from regua.inquiries import party_views, result_views, views
from regua.parties.panels import customer_panels, lead_panels, prospect_panels

urlpatterns = [
    path("consultas/", views.inquiry_list, name="inquiry_list"),
    path("consultas/<int:pk>/", result_views.inquiry_detail, name="inquiry_detail"),
    path("consultas/<int:pk>/situacao/", result_views.inquiry_progress, name="inquiry_progress"),
    path("consultas/<int:pk>/pdf/", result_views.inquiry_pdf, name="inquiry_pdf"),
    path(
        "consultas/<int:pk>/pdf-do-biro/",
        result_views.inquiry_bureau_pdf,
        name="inquiry_bureau_pdf",
    ),
    path("consultas/<int:pk>/decisao/", result_views.inquiry_override, name="inquiry_override"),
    path(
        "consultas/<int:pk>/explicacao/",
        result_views.inquiry_explanation,
        name="inquiry_explanation",
    ),
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
