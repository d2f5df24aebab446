"""The style guide: every component with example data. Only there when DEBUG is on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from regua.web import forms
from regua.web.keyset import CappedCount, KeysetPage
from regua.web.navigation import NAVIGATION, Link, Section
from regua.web.responses import toast
from regua.web.status import STATUSES


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = django_forms.CharField(label="Nome", max_length=120)
    document = forms.DocumentField(
        label="CPF ou CNPJ", help_text="O CNPJ novo pode ter letras.", required=False
    )
    amount = forms.MoneyField(label="Valor da dívida", min_value=Decimal("0.01"))
    due_on = forms.DateField(label="Vencimento")
    cep = forms.CepField(label="CEP", required=False)
    phone = forms.PhoneField(label="Telefone", required=False)
    branch = django_forms.ChoiceField(
        label="Filial", choices=[("", "Escolha…"), ("1", "Centro"), ("2", "Zona Norte")]
    )
    reason = django_forms.ChoiceField(
        label="Código de restrição",
        choices=[("21", "21 · Prestação de serviços"), ("33", "33 · Telecomunicações")],
        widget=django_forms.Select(attrs={"data-select": True}),
    )
    environment = django_forms.ChoiceField(
        label="Ambiente",
        choices=[("production", "Produção"), ("staging", "Homologação")],
        widget=django_forms.RadioSelect,
        initial="production",
        help_text="Em Homologação, nada é enviado sozinho.",
    )
    proof = django_forms.FileField(label="Comprovante da dívida", required=False)
    notes = django_forms.CharField(
        label="Observação", required=False, widget=django_forms.Textarea(attrs={"rows": 3})
    )
    automatic = django_forms.BooleanField(label="Incluir e remover sozinho", required=False)


def _sections() -> list[Section]:
    """The whole menu, so that it can be looked at before the screens exist."""
    sections = [
        Section(
            group.label,
            group.icon,
            [Link(entry.label, "#", entry.icon) for entry in group.entries],
            group.collapsible,
        )
        for group in NAVIGATION
    ]
    sections[1].links[0].active = True
    return sections


def _example() -> dict[str, Any]:
    now = timezone.now()
    rows = [
        {
            "pk": 1000 + number,
            "name": name,
            "document": document,
            "amount": Decimal(amount),
            "due": date(2025, 10, 5) + timedelta(days=number),
            "status": status,
        }
        for number, (name, document, amount, status) in enumerate(
            [
                ("Maria Aparecida dos Santos Oliveira", "52998224725", "1234.56", "notified"),
                ("José Carlos Ferreira", "11144477735", "89.90", "active"),
                ("Padaria Pão de Ouro Ltda.", "12ABC34501DE35", "12480.00", "queued"),
                ("Ana Lúcia Prado", "39053344705", "219.80", "removal_sent"),
                ("Mercado Boa Vista", "11222333000181", "740.15", "unknown"),
            ]
        )
    ]
    return {
        "rows": rows,
        "total_amount": sum(row["amount"] for row in rows),
        "page": KeysetPage(items=rows, next_cursor="exemplo"),
        "total": CappedCount(10_000, exceeded=True),
        "statuses": list(STATUSES),
        "tabs": [
            {"label": "Dados", "url": "#", "active": True},
            {"label": "Títulos", "url": "#", "count": 12},
            {"label": "Consultas de análise de crédito", "url": "#", "count": 3},
            {"label": "Negativações de crédito", "url": "#", "count": 1},
        ],
        "steps": ["Dívida", "Requisitos", "Custo e prazos", "Confirmação"],
        "facts": [
            ("Documento", "***.982.247-**"),
            ("Filial", "Centro"),
            ("Contrato", "2025/00871"),
            ("Cliente desde", "14/03/2021"),
            ("E-mail", ""),
        ],
        "events": [
            {
                "title": "Fica visível se não houver pagamento",
                "at": now.date() + timedelta(days=10),
                "tone": "muted",
                "icon": "eye",
                "future": True,
            },
            {
                "title": "Comunicado enviado",
                "at": now - timedelta(hours=5),
                "tone": "notice",
                "icon": "mail",
                "source": "Informado pelo birô · protocolo 8841-2025",
            },
            {
                "title": "Negativação enviada ao birô",
                "at": now - timedelta(days=1),
                "tone": "sent",
                "icon": "send",
                "text": "Título 2025/00871-3, R$ 1.234,56.",
                "source": "Ana Souza, pela tela do cliente",
            },
        ],
        "now": now,
    }


@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    bound = "erros" in request.GET
    data = {"name": "", "document": "123.456.789-00", "amount": "12,3,4", "due_on": "31/02/2025"}
    form = ExampleForm(data) if bound else ExampleForm(initial={"amount": Decimal("1234.5")})
    if "mensagens" in request.GET:
        messages.success(request, "Negativação pedida para 12 títulos.")
        messages.warning(request, "Dois títulos ficaram de fora: falta o CEP.")
        messages.error(
            request,
            "O birô recusou a negativação: o CEP não confere com a cidade. Nada foi registrado. "
            "Corrija o endereço de Maria e envie de novo.",
        )
    context = {
        **_example(),
        "form": form,
        "shell": {
            "sections": _sections(),
            "search_url": request.path,
            "home_url": "/",
            "sign_out_url": request.path,
            "branch_switch_url": request.path,
            "branches": [{"pk": 1, "name": "Centro"}, {"pk": 2, "name": "Zona Norte"}],
            "branch": {"pk": 1},
        },
    }
    return render(request, "web/styleguide/components.html", context)


@login_not_required
def components_sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "web/styleguide/sign_in.html", {"form": _SignInExample()})


class _SignInExample(forms.Form):
    username = django_forms.EmailField(label="E-mail")
    password = django_forms.CharField(label="Senha", widget=django_forms.PasswordInput)


@login_not_required
def components_toast(_request: HttpRequest) -> HttpResponse:
    return toast(HttpResponse("Atualizado."), "Códigos de restrição atualizados: 42.")


@login_not_required
def components_error(request: HttpRequest, code: int) -> HttpResponse:
    return render(request, f"{code if code in (400, 403, 404, 500) else 404}.html", status=code)
