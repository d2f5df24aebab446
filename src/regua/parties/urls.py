from django.urls import path

from regua.parties import views

urlpatterns = [
    path("clientes/", views.customer_list, name="customer_list"),
    path("clientes/<int:pk>/", views.customer_detail, name="customer_detail"),
    path("clientes/<int:pk>/editar/", views.customer_edit, name="customer_edit"),
    path("clientes/<int:pk>/documento/", views.customer_reveal, name="customer_reveal"),
]
