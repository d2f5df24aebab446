from django.urls import path

from regua.parties import lead_views, views

urlpatterns = [
    path("leads/", lead_views.lead_list, name="lead_list"),
    path("prospeccoes/", lead_views.prospect_list, name="prospect_list"),
    path("clientes/", views.customer_list, name="customer_list"),
    path("clientes/<int:pk>/", views.customer_detail, name="customer_detail"),
    path("clientes/<int:pk>/editar/", views.customer_edit, name="customer_edit"),
    path("clientes/<int:pk>/documento/", views.customer_reveal, name="customer_reveal"),
]
