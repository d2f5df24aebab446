from django.urls import include, path

from regua.inquiries import budget_views, party_views, views

urlpatterns = [
    path("", include("regua.inquiries.policy.urls")),
    path("orcamento-de-consultas/", budget_views.budget_list, name="budget_list"),
    path("orcamento-de-consultas/<int:pk>/", budget_views.budget_edit, name="budget_edit"),
    path("consultas/", views.inquiry_list, name="inquiry_list"),
    path("consultas/<int:pk>/", views.inquiry_detail, name="inquiry_detail"),
    path("consultas/<int:pk>/situacao/", views.inquiry_progress, name="inquiry_progress"),
    path("clientes/<int:pk>/consultas/", party_views.customer_inquiries, name="customer_inquiries"),
    path("clientes/<int:pk>/consultar/", party_views.customer_ask, name="customer_ask"),
    path("leads/<int:pk>/consultar/", party_views.lead_ask, name="lead_ask"),
    path("prospeccoes/<int:pk>/consultar/", party_views.prospect_ask, name="prospect_ask"),
]
