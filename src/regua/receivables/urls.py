from django.urls import path

from regua.receivables import contract_views, views

urlpatterns = [
    path("clientes/<int:pk>/titulos/", views.customer_receivables, name="customer_receivables"),
    path("contratos/<int:pk>/coobrigado/", views.co_debtor_edit, name="co_debtor_edit"),
    path("titulos/<int:pk>/pagamento/", views.payment_create, name="payment_create"),
    path("titulos/<int:pk>/cancelamento/", views.receivable_cancel, name="receivable_cancel"),
    path("contratos/<int:pk>/datas/", contract_views.contract_dates, name="contract_dates"),
]
