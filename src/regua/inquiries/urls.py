from django.urls import path

from regua.inquiries import party_views, views

urlpatterns = [
    path("consultas/", views.inquiry_list, name="inquiry_list"),
    path("consultas/<int:pk>/", views.inquiry_detail, name="inquiry_detail"),
    path("consultas/<int:pk>/usar/", views.inquiry_use, name="inquiry_use"),
    path("consultas/<int:pk>/situacao/", views.inquiry_progress, name="inquiry_progress"),
    path("clientes/<int:pk>/consultas/", party_views.customer_inquiries, name="customer_inquiries"),
    path("clientes/<int:pk>/consultar/", party_views.customer_ask, name="customer_ask"),
    path("leads/<int:pk>/consultar/", party_views.lead_ask, name="lead_ask"),
    path("prospeccoes/<int:pk>/consultar/", party_views.prospect_ask, name="prospect_ask"),
]
