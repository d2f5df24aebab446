from django.urls import path

from regua.reports import views

urlpatterns = [path("", views.home, name="home")]
