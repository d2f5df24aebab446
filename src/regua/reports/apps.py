from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "regua.reports"
