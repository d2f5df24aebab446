from django.contrib.auth.views import LogoutView
from django.urls import path

from regua.accounts import views

urlpatterns = [
    path("entrar/", views.SignIn.as_view(), name="sign_in"),
    path("sair/", LogoutView.as_view(), name="sign_out"),
    path("filial/", views.branch_switch, name="branch_switch"),
]
