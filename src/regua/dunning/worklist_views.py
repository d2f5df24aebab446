"""*Cobrança › Rotina de cobrança*: the list, the page of a contact, the customer's tab."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning import contacts, worklist
from regua.dunning.choices import Channel, ContactKind, ContactResult
from regua.dunning.hours import leaves_at
from regua.dunning.models import DunningContact, DunningTask
from regua.dunning.selectors import tasks_visible
from regua.dunning.worklist_forms import ContactForm, PeriodForm, TaskForm, people_choices
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.parties.panels import customer_page
from regua.parties.selectors import customers_visible
from regua.receivables.selectors import overdue_by_customer, receivables_visible
from regua.web import formats, keyset
from regua.web.forms import add_errors

METHODS = ["GET", "HEAD", "POST"]
MINE, FREE, ALL = "minhas", "ninguem", "todas"
_COUNTED = 999
_EMPTY = "Vazio: {day}."
_HINTS: dict[str, str] = {
    ContactResult.RENEGOTIATION: f"{_EMPTY} Prepare a proposta até lá.",
    ContactResult.DISPUTE: "Vazio: quando a contestação tiver de estar decidida; sem título, em "
    "{day}.",
    ContactResult.PAID: f"{_EMPTY} Se o pagamento aparecer antes, ele sai da rotina sozinho.",
    ContactResult.CALL_BACK: _EMPTY,
    ContactResult.NO_ANSWER: _EMPTY,
    ContactResult.WRONG_NUMBER: "Vazio: hoje, com o número certo; sem ele, em {day}.",
    ContactResult.REFUSED: f"{_EMPTY} A régua continua.",
}
"""What happens without a next day, said beside its field."""


@require_GET
def dunning_worklist(request: Request) -> HttpResponse:
    actor = request.user
    require(actor, Permission.VIEW_DUNNING)
    kinds = _kinds(request)
    whose = request.GET.get("quem")
    if whose not in kinds:
        whose = MINE if actor.can(Permission.RECORD_CONTACT) else ALL
    today = timezone.localdate()
    page = _page(request, kinds[whose])
    if contacts.worklist_sweep(today, customer_ids=[task.customer_id for task in page]):
        page = _page(request, kinds[whose])
    context = {
        "tabs": _tabs(request, whose, kinds),
        "page": page,
        "rows": worklist.rows_of(page.items, actor),
        "whose": whose,
        "today": today,
        "may": actor.can(Permission.RECORD_CONTACT),
        "show_branch": not request.branch and len(request.branches) > 1,
        "call_hint": _hours(request.branch) if request.branch else "",
    }
    return render(request, "dunning/worklist_list.html", context)


@require_GET
def dunning_worklist_results(request: Request) -> HttpResponse:
    """*Resultados*: what each operator achieved in a period."""
    actor = request.user
    require(actor, Permission.VIEW_DUNNING)
    form = PeriodForm(request.GET)
    since, until = form.days()
    rows = worklist.achieved(actor, since=since, until=until, branch_ids=_branches(request))
    context = {
        "tabs": _tabs(request, "resultados", _kinds(request)),
        "form": PeriodForm(initial={"de": since, "ate": until}),
        "since": since,
        "until": until,
        "results": ContactResult.choices,
        "rows": [
            (row, [row.results.get(result, 0) for result in ContactResult.values]) for row in rows
        ],
        "promises": [row for row in rows if row.made],
    }
    return render(request, "dunning/worklist_results.html", context)


@require_POST
def dunning_worklist_next(request: Request) -> HttpResponse:
    """*Pegar a próxima*: the most urgent one that nobody has."""
    task = contacts.task_take(actor=request.user, branch_ids=_branches(request))
    if task is None:
        messages.info(request, "Não há contato livre para hoje. Nada mudou.")
        return redirect("dunning_worklist")
    return redirect("dunning_contact", task.customer_id)


@require_http_methods(METHODS)
def dunning_contact(request: Request, pk: int) -> HttpResponse:
    """Who it is, what is owed, what was said before, and what comes of it now."""
    actor = request.user
    require(actor, Permission.VIEW_DUNNING)
    customer = get_object_or_404(customers_visible(actor).select_related("branch"), pk=pk)
    today = timezone.localdate()
    if request.method != "POST":
        contacts.worklist_sweep(today, customer_ids=[pk])
    debts = worklist.debts_of(customer, actor)
    task = worklist.open_task(customer, actor)
    form = None
    if actor.can(Permission.RECORD_CONTACT):
        form = ContactForm(
            request.POST or None,
            debts=[debt.receivable for debt in debts],
            initial={"kind": task.kind if task else ContactKind.PHONE},
        )
    if request.method == "POST":
        require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
        if form is not None and form.is_valid():
            try:
                contact = _record(customer, actor, form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, _recorded(customer, contact))
                return _onwards(request, customer)
    debt = overdue_by_customer([pk], actor=actor).get(pk)
    context = {
        "customer": customer,
        "task": task,
        "form": form,
        "last": worklist.last_contact(customer),
        "results": _results(form, customer),
        "debts": debts,
        "debt": debt,
        "all_contested": bool(debts) and all(row.receivable.disputed for row in debts),
        "story": worklist.story_of(customer, actor),
        "promise": _promise(customer, actor),
        "today": today,
        "mine": task is not None and task.assigned_to_id == actor.pk,
        "phone": _phone(customer),
        "no_whatsapp": worklist.opted_out(customer, Channel.WHATSAPP),
        "call_hint": _hours(customer.branch),
    }
    return render(request, "dunning/contact_page.html", context)


@require_POST
def dunning_task_assign(request: Request, pk: int) -> HttpResponse:
    """Give a contact to somebody, oneself included, or leave it free."""
    task = get_object_or_404(tasks_visible(request.user), pk=pk)
    chosen = request.POST.get("para", "")
    seen = request.POST.get("com", "")
    to = None
    if chosen:
        to = next((p for p in worklist.people_for(task.branch_id) if str(p.pk) == chosen), None)
    try:
        if chosen and to is None:
            raise ValidationError("Escolha alguém que registre contatos desta filial. Nada mudou.")
        contacts.task_assign(
            task=task,
            actor=request.user,
            to=to,
            seen=int(seen) if seen.isdecimal() and len(seen) < 19 else None,
        )
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            f"Contato com {task.customer.name}: agora com {to.name}."
            if to
            else f"Contato com {task.customer.name}: agora livre, qualquer pessoa pode pegar.",
        )
    return redirect(_back(request, task.customer_id))


@require_POST
def dunning_promise_withdraw(request: Request, pk: int) -> HttpResponse:
    contact = get_object_or_404(worklist.contacts_visible(request.user), pk=pk)
    try:
        contacts.promise_withdraw(contact=contact, actor=request.user)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            "Promessa desfeita. A régua volta a valer para este cliente na próxima execução.",
        )
    return redirect(_back(request, contact.customer_id))


@require_http_methods(METHODS)
def customer_dunning(request: Request, pk: int) -> HttpResponse:
    """The customer's tab *Cobrança*."""
    actor = request.user
    require(actor, Permission.VIEW_DUNNING)
    page = customer_page(request, pk, tab="customer_dunning")
    customer = page["customer"]
    if request.method != "POST":
        contacts.worklist_sweep(timezone.localdate(), customer_ids=[pk])
    task = worklist.open_task(customer, actor)
    may = actor.can(Permission.RECORD_CONTACT)
    people = worklist.people_for(customer.branch_id) if may else []
    form = TaskForm(request.POST or None, people=people, initial={"to": actor.pk}) if may else None
    if request.method == "POST":
        require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
        if form is not None and form.is_valid():
            given = form.cleaned_data
            to = next((person for person in people if person.pk == given["to"]), None)
            try:
                opened = contacts.task_open(
                    customer=customer,
                    actor=actor,
                    kind=given["kind"],
                    due_on=given["due_on"],
                    to=to,
                )
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(
                    request, f"{customer.name} está na rotina para {formats.day(opened.due_on)}."
                )
                return redirect(request.path)
    context = {
        **page,
        "task": task,
        "form": None if task else form,
        "may": may,
        "people": people_choices(people),
        "promises": worklist.contacts_visible(actor).filter(
            customer=customer, result=ContactResult.PROMISE
        )[: worklist.SHOWN],
        "story": worklist.story_of(customer, actor),
        "today": timezone.localdate(),
    }
    return render(request, "dunning/contact_customer.html", context)


def _record(customer: Customer, actor: User, given: dict[str, Any]) -> DunningContact:
    receivable = None
    if given["receivable"]:
        receivable = receivables_visible(actor).filter(pk=given["receivable"]).first()
    return contacts.contact_record(
        customer=customer, actor=actor, **{**given, "receivable": receivable}
    )


def _recorded(customer: Customer, contact: DunningContact) -> str:
    if contact.next_on is None:
        return f"Contato gravado. {customer.name} não tem nada vencido e saiu da rotina."
    back = f"{customer.name} volta à rotina em {formats.day(contact.next_on)}"
    if contact.promised_on:
        return (
            f"Promessa gravada. Até {formats.day(contact.promised_on)} nenhum passo automático é "
            f"dado; se não pagar, {back}."
        )
    return f"Contato gravado. {back}."


def _onwards(request: Request, customer: Customer) -> HttpResponse:
    """To the next one where that was asked for: one's own that is due, else a free one."""
    if request.POST.get("depois") != "proxima":
        return redirect("customer_dunning", customer.pk)
    own = _kinds(request)[MINE].filter(due_on__lte=timezone.localdate())
    task = own.exclude(customer=customer).order_by("due_on", "pk").first()
    task = task or contacts.task_take(actor=request.user, branch_ids=_branches(request))
    if task is None:
        messages.info(request, "Era o último de hoje: não há mais contato seu nem livre.")
        return redirect("dunning_worklist")
    return redirect("dunning_contact", task.customer_id)


def _kinds(request: Request) -> dict[str, QuerySet[DunningTask]]:
    found = worklist.tasks_open(request.user, _only(request))
    return {
        MINE: found.filter(assigned_to=request.user),
        FREE: found.filter(assigned_to=None),
        ALL: found,
    }


def _page(request: Request, found: QuerySet[DunningTask]) -> keyset.KeysetPage[DunningTask]:
    return keyset.paginate(found, ordering=("due_on", "pk"), cursor=request.GET.get("cursor"))


def _tabs(
    request: Request, active: str, kinds: dict[str, QuerySet[DunningTask]]
) -> list[dict[str, Any]]:
    here = reverse("dunning_worklist")
    names = {MINE: "Minhas", FREE: "De ninguém", ALL: "Todas"}
    if not request.user.can(Permission.RECORD_CONTACT):
        del names[MINE]
    today = timezone.localdate()
    tabs: list[dict[str, Any]] = [
        {
            "label": label,
            "url": f"{here}?quem={name}",
            "active": name == active,
            "count": keyset.capped_count(
                kinds[name].select_related(None).filter(due_on__lte=today), _COUNTED
            ),
        }
        for name, label in names.items()
    ]
    tabs.append(
        {
            "label": "Resultados",
            "url": reverse("dunning_worklist_results"),
            "active": active == "resultados",
        }
    )
    return tabs


def _only(request: Request) -> list[int] | None:
    """The branches that the top bar asks for; None where it asks for all that one sees."""
    return [request.branch.pk] if request.branch else None


def _branches(request: Request) -> list[int]:
    return _only(request) or [branch.pk for branch in request.branches]


def _back(request: Request, customer_id: int) -> str:
    match request.POST.get("voltar"):
        case "contato":
            return reverse("dunning_contact", args=[customer_id])
        case "cliente":
            return reverse("customer_dunning", args=[customer_id])
    return f"{reverse('dunning_worklist')}?quem={FREE}"


def _results(form: ContactForm | None, customer: Customer) -> list[dict[str, Any]]:
    """The big buttons, each with the key that presses it and what it will lead to."""
    if form is None:
        return []
    chosen = form["result"].value()
    today = timezone.localdate()
    return [
        {
            "value": value,
            "label": label,
            "icon": worklist.LOOKS[value][0],
            "key": str(place),
            "chosen": chosen == value,
            "hint": _HINTS[value].format(
                day=formats.day(contacts.next_day(customer.branch, value, today))
            )
            if value in _HINTS
            else "",
        }
        for place, (value, label) in enumerate(ContactResult.choices, start=1)
    ]


def _promise(customer: Customer, actor: User) -> DunningContact | None:
    """The promise that still runs."""
    return (
        worklist.contacts_visible(actor)
        .filter(
            customer=customer,
            result=ContactResult.PROMISE,
            withdrawn_at=None,
            promised_on__gte=timezone.localdate(),
        )
        .first()
    )


def _phone(customer: Customer) -> dict[str, str]:
    digits = customer.mobile
    if not digits:
        return {}
    whatsapp = f"https://wa.me/55{digits}" if len(digits) == 11 else ""
    return {"shown": formats.phone(digits), "tel": f"tel:+55{digits}", "whatsapp": whatsapp}


def _hours(branch: Branch) -> str:
    """Why not to call just now, with when to; empty within the hours."""
    now = timezone.now()
    opens = leaves_at(branch, now=now)
    if opens <= now:
        return ""
    return (
        f"Agora está fora do horário de cobrança. Ligue a partir de {formats.instant(opens)}: "
        "quem deve não pode ser incomodado no descanso (CDC, art. 42)."
    )
