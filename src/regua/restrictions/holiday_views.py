"""*Configurações › Feriados*, and where a branch stands."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.organization.models import Holiday
from regua.parties.models import STATES
from regua.restrictions import holidays
from regua.web import formats, forms
from regua.web.forms import add_errors


class HolidayForm(forms.Form):
    """A day and where it does not count: only where there is a branch."""

    day = forms.DateField(label="Dia")
    name = django_forms.CharField(label="Nome", max_length=80)
    place = django_forms.ChoiceField(
        label="Onde vale",
        error_messages={"invalid_choice": "Escolha um dos lugares da lista."},
    )

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].field_class = "short"  # type: ignore[attr-defined]
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            (f"{state}/{city}", in_words(state, city)) for state, city in places
        ]


class PlaceForm(forms.Form):
    postal_code = forms.CepField(label="CEP", required=False)
    street = django_forms.CharField(label="Endereço", required=False, max_length=120)
    number = django_forms.CharField(
        label="Número", required=False, max_length=10, help_text="Se não houver, escreva S/N."
    )
    district = django_forms.CharField(label="Bairro", required=False, max_length=60)
    state = django_forms.ChoiceField(
        label="UF", required=False, choices=[("", "Não informada"), *STATES]
    )
    city = django_forms.CharField(
        label="Município",
        required=False,
        max_length=60,
        help_text="Como está nos feriados municipais. Deixe vazio para só contar os do estado.",
    )


class YearForm(forms.Form):
    ano = django_forms.IntegerField(
        required=False, validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )


def in_words(state: str, city: str) -> str:
    return f"{city}/{state}" if city else f"{dict(STATES)[state]} (todo o estado)"


@require_http_methods(["GET", "HEAD", "POST"])
def holiday_list(request: Request) -> HttpResponse:
    """Everybody may see which days do not count; who may change it, changes it."""
    manages = request.user.can(Permission.MANAGE_PARAMETERS)
    if not manages or request.method == "POST":
        needed = Permission.MANAGE_PARAMETERS if request.method == "POST" else None
        require(request.user, needed or Permission.VIEW_RESTRICTIONS)
    asked = YearForm(request.GET)
    year = (asked.cleaned_data["ano"] if asked.is_valid() else None) or timezone.localdate().year
    places = holidays.branch_places()
    form = HolidayForm(request.POST or None, places=places)
    if form.is_bound and form.is_valid():
        state, _, city = form.cleaned_data["place"].partition("/")
        try:
            added = holidays.holiday_add(
                actor=request.user,
                day=form.cleaned_data["day"],
                name=form.cleaned_data["name"],
                state=state,
                city=city,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                f"{added.name}, {formats.day(added.day)}, deixa de contar nos prazos que começarem "
                "de agora em diante. Os que já correm ficam como estavam.",
            )
            return redirect(f"{reverse('holiday_list')}?ano={added.day.year}")
    rows = [
        {"holiday": row, "place": in_words(row.state, row.city)}
        for row in holidays.holidays_counted(year=year)
    ]
    offered = [
        {"day": day, "name": name, "place": in_words(state, ""), "value": f"{state}/"}
        for day, name, state in holidays.holidays_offered(year=year)
    ]
    context = {
        "form": form,
        "places": places,
        "year": year,
        "years": [year - 1, year + 1],
        "rows": rows,
        "offered": offered,
        "removed": [
            {"holiday": row, "place": in_words(row.state, row.city)}
            for row in holidays.holidays_removed()
        ],
        "manages": manages,
    }
    return render(request, "restrictions/holiday_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def holiday_remove(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.MANAGE_PARAMETERS)
    holiday = get_object_or_404(Holiday, pk=pk)
    back = f"{reverse('holiday_list')}?ano={holiday.day.year}"
    if request.method != "POST":
        context = {
            "heading": f"Retirar {holiday.name} dos feriados?",
            "question": "O dia volta a contar. Os prazos de baixa em aberto que ele tinha "
            "alongado ficam mais curtos na mesma hora; algum pode passar a vencer antes de hoje.",
            "facts": [
                ("Dia", formats.day(holiday.day)),
                ("Onde vale", in_words(holiday.state, holiday.city)),
                ("Incluído por", holiday.created_by.name),
            ],
            "confirm_label": "Retirar",
            "cancel_url": back,
            "undoable": True,
        }
        return render(request, "restrictions/holiday_remove.html", context)
    try:
        shorter = holidays.holiday_remove(holiday=holiday, actor=request.user)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, f"{holiday.name} voltou a contar. {_shortened(shorter)}")
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def branch_place(request: Request, pk: int) -> HttpResponse:
    """Where a branch stands decides which local holidays its deadlines leave out."""
    branch = get_object_or_404(branches_visible(request.user), pk=pk)
    require(request.user, Permission.MANAGE_PARAMETERS, branch_id=branch.pk)
    initial = {name: getattr(branch, name) for name in ("state", "city", *holidays.ADDRESS)}
    form = PlaceForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            shorter = holidays.branch_place_set(
                branch=branch, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Endereço da filial {branch} gravado. {_shortened(shorter)}")
            return redirect("branch_detail", branch.pk)
    return render(request, "restrictions/branch_place.html", {"branch": branch, "form": form})


def _shortened(count: int) -> str:
    if not count:
        return "Nenhum prazo de baixa em aberto mudou."
    if count == 1:
        return "1 prazo de baixa em aberto ficou mais curto."
    return f"{formats.number(count)} prazos de baixa em aberto ficaram mais curtos."
