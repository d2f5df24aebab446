from django.urls import path

from regua.inquiries import party_views, result_views, views

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
    path("clientes/<int:pk>/consultas/", party_views.customer_inquiries, name="customer_inquiries"),
    path("clientes/<int:pk>/consultar/", party_views.customer_ask, name="customer_ask"),
    path("leads/<int:pk>/consultar/", party_views.lead_ask, name="lead_ask"),
    path("prospeccoes/<int:pk>/consultar/", party_views.prospect_ask, name="prospect_ask"),
]
