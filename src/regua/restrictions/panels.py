"""What restrictions add to the customer page, to the customers' list and to receivables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.selectors import customer_gaps, evaluate
from regua.integrations import subjects
from regua.integrations.selectors import (
    CreditAnalysisOff,
    NoIntegration,
    automatic_obstacles,
    integration_in_use,
)
from regua.integrations.switch import off_obstacle
from regua.parties.models import Customer
from regua.parties.panels import Action, Column, Fact, Situation, customer_panels
from regua.receivables.models import Impediment, Receivable
from regua.receivables.panels import RowNote, receivable_panels
from regua.restrictions import selectors
from regua.restrictions.choices import AT_BUREAU, LIVE, Status
from regua.restrictions.models import Restriction
from regua.web import formats, navigation
from regua.web.obstacle import Obstacle
from regua.web.status import STATUSES, Icon
from regua.web.templatetags.regua import status_badge

_WORST_FIRST = (
    "active",
    "unknown",
    "unavailable",
    "notified",
    "sent",
    "queued",
    "awaiting_approval",
    "draft",
    "removal_queued",
    "removal_sent",
    "awaiting_removal",
    "draft",
)


def _count(customer: Customer, actor: User) -> int:
    return selectors.restrictions_visible(actor).filter(customer=customer).count()


def _live_fact(customer: Customer, actor: User) -> Fact | None:
    if not actor.can(Permission.VIEW_RESTRICTIONS):
        return None
    live = selectors.live_by_customer([customer.pk], actor=actor).get(customer.pk, [])
    if not live:
        return Fact(label="Negativações em curso", value="0", hint="Nada negativado", icon="ban")
    worst = _worst(live)
    hint = STATUSES[worst.shown_status].label
    if worst.status in (Status.NOTIFIED, Status.ACTIVE) and worst.visible_on:
        since = "visível em" if worst.status == Status.NOTIFIED else "visível desde"
        hint = f"{hint}; {since} {formats.day(worst.visible_on)}"
    return Fact(
        label="Negativações em curso",
        value=str(len(live)),
        hint=hint,
        icon="ban",
        tone=str(STATUSES[worst.shown_status].tone),
        url=reverse("customer_restrictions", args=[customer.pk]),
    )


def _death_fact(customer: Customer, actor: User) -> Fact | None:
    """Where a death is written down, and where a mistake about it is undone."""
    if customer.deceased_on is None:
        return None
    return Fact(
        label="Falecimento",
        value=formats.day(customer.deceased_on),
        hint="Nada deste cliente pode ser negativado",
        icon="user-circle",
        url=reverse("customer_deceased", args=[customer.pk])
        if actor.can(Permission.EDIT_PARTIES)
        else "",
    )


def _worst(restrictions: Sequence[Restriction]) -> Restriction:
    return min(restrictions, key=lambda r: _WORST_FIRST.index(r.shown_status))


def _live_column(customer_ids: Sequence[int], actor: User) -> dict[int, SafeString]:
    found = selectors.live_by_customer(customer_ids, actor=actor)
    return {pk: _live_badge(live) for pk, live in found.items()}


def _live_badge(live: Sequence[Restriction]) -> SafeString:
    shown = STATUSES[_worst(live).shown_status]
    badge = status_badge(shown.label, shown.tone, shown.icon)
    if len(live) == 1:
        return badge
    more = len(live) - 1
    return format_html(
        '{} <span class="text-secondary" title="Mais {} negativações em curso">+{}</span>',
        badge,
        more,
        more,
    )


def _list_action(customer: Customer, actor: User) -> Action | None:
    if not actor.can(Permission.REQUEST_RESTRICTION):
        return None
    obstacle = _why_not(customer, actor)
    return Action(
        label="Negativar",
        url=reverse("restriction_create", args=[customer.pk]),
        icon=Icon("ban"),
        primary=True,
        reason=obstacle.reason,
        reason_url=obstacle.url,
    )


def _why_not(customer: Customer, actor: User) -> Obstacle:
    try:
        integration_in_use(customer.branch_id)
    except CreditAnalysisOff:
        return off_obstacle(actor)
    except NoIntegration:
        return Obstacle(f"A filial {customer.branch.name} não tem integração vinculada.")
    if customer.deceased_on is not None:
        url = reverse("customer_deceased", args=[customer.pk])
        return Obstacle(
            "Consta que este cliente faleceu.",
            url if actor.can(Permission.EDIT_PARTIES) else "",
        )
    some, free = selectors.overdue_not_listed(customer, actor=actor)
    if not some:
        return Obstacle("Nenhum título vencido e em aberto.")
    return Obstacle("" if free else "Os títulos vencidos já estão negativados.")


def _gaps(customer: Customer) -> dict[str, str]:
    return {
        rule.field: "O birô pede um celular, com DDD e 9 números."
        if rule.field == "mobile" and customer.mobile
        else "Falta para negativar."
        for rule in customer_gaps(customer.pk)
    }


def _receivable_notes(receivables: Sequence[Receivable], actor: User) -> dict[int, RowNote]:
    ids = [receivable.pk for receivable in receivables]
    latest = selectors.latest_by_receivable(ids, actor=actor)
    may = actor.can(Permission.REQUEST_RESTRICTION) and bool(receivables)
    off = None
    if may:
        try:
            integration_in_use(receivables[0].branch_id)
        except CreditAnalysisOff:
            off = off_obstacle(actor)
        except NoIntegration:
            may = False
    findings = evaluate(ids) if may else {}
    may_remove = actor.can(Permission.REQUEST_REMOVAL)
    notes: dict[int, RowNote] = {}
    for receivable in receivables:
        row = latest.get(receivable.pk)
        live = row is not None and row.status in LIVE
        action = None
        if may and not live and receivable.is_owed:
            refusals = [f.rule for f in findings[receivable.pk] if f.blocks and not f.rule.field]
            if not refusals and off:
                action = Action(label="Negativar", reason=off.reason, reason_url=off.url)
            elif not refusals:
                query = urlencode({"titulo": receivable.pk})
                url = reverse("restriction_create", args=[receivable.customer_id])
                action = Action(label="Negativar", url=f"{url}?{query}", icon=Icon("ban"))
            elif refusals[0].code != "debt.overdue":
                action = Action(label="Negativar", reason=refusals[0].failure)
        if row is not None and not receivable.is_owed and may_remove and row.status in AT_BUREAU:
            url = reverse("removal_create", args=[row.pk])
            action = Action(label="Pedir baixa", url=url, icon=Icon("eraser"))
        if row is None and action is None:
            continue
        notes[receivable.pk] = RowNote(
            badge=row.shown_status if row else "",
            url=reverse("restriction_detail", args=[row.pk]) if row else "",
            action=action,
            notice=f"O título {receivable.number} tem a negativação nº {row.pk} "
            f"({row.get_status_display().lower()})."
            if row and live
            else "",
            after_payment=_after_payment(row) if row and live else "",
            after_cancellation=_after_cancellation(row) if row and live else "",
        )
    return notes


def _after_payment(row: Restriction) -> str:
    if automatic_obstacles(row.integration, removing=True):
        return "Pagar não tira a negativação: com o título quitado, peça a baixa."
    return (
        "Pagar não tira a negativação na hora: a baixa é pedida sozinha com o título quitado e o "
        "dinheiro disponível."
    )


def _after_cancellation(row: Restriction) -> str:
    if row.status in (Status.REMOVAL_QUEUED, Status.REMOVAL_SENT):
        return "A baixa dela já foi pedida."
    if row.status not in AT_BUREAU and not row.unknown:
        return "Ela não saiu para o birô e, com o título cancelado, não sai mais."
    if automatic_obstacles(row.integration, removing=True):
        return (
            "Cancelar o título não tira a negativação: peça a baixa. O prazo é de cinco dias "
            "úteis, a contar de hoje."
        )
    return "Cancelar o título não tira a negativação na hora: a baixa é pedida sozinha logo depois."


def _impediment_notes(receivables: Sequence[Receivable], actor: User) -> dict[int, RowNote]:
    """A contest or an order that is open, to be decided; and where one is written down."""
    opened = {
        i.receivable_id: i
        for i in Impediment.objects.filter(
            receivable_id__in=[r.pk for r in receivables], closed_at=None
        )
    }
    may = actor.can(Permission.MANAGE_IMPEDIMENTS)
    notes: dict[int, RowNote] = {}
    for receivable in receivables:
        found = opened.get(receivable.pk)
        if found is not None:
            url = reverse("impediment_detail", args=[found.pk])
            label = found.get_kind_display()
            notes[receivable.pk] = RowNote(
                action=Action(label=label, url=url, icon=Icon("message-circle")),
                notice=f"O título {receivable.number} tem uma {label.lower()} em aberto.",
            )
        elif may and receivable.is_owed and receivable.due_date < timezone.localdate():
            url = reverse("contest_create", args=[receivable.pk])
            notes[receivable.pk] = RowNote(
                action=Action(label="Anotar contestação", url=url, icon=Icon("message-circle"))
            )
    return notes


def _called_for(ids: Collection[int], actor: User) -> dict[int, subjects.Subject]:
    rows = selectors.restrictions_visible(actor).filter(pk__in=ids)
    return {
        pk: subjects.Subject(f"Negativação nº {pk}", reverse("restriction_detail", args=[pk]), name)
        for pk, name in rows.values_list("pk", "customer__name")
    }


def _waiting(actor: User) -> int:
    found = selectors.awaiting_approval(selectors.restrictions_visible(actor))
    return found.exclude(requested_by=actor).count()


def register() -> None:
    navigation.COUNTS["restriction_approvals"] = _waiting
    subjects.register("restriction", "Negativação", _called_for)
    customer_panels.tab(
        "customer_restrictions",
        "Negativações de crédito",
        permission=Permission.VIEW_RESTRICTIONS,
        count=_count,
        order=40,
    )
    customer_panels.fact(_live_fact, order=20)
    customer_panels.fact(_death_fact, order=25)
    customer_panels.action(_list_action, order=20)
    customer_panels.field_notes(_gaps)
    customer_panels.column(
        Column(
            label="Negativação",
            values=_live_column,
            permission=Permission.VIEW_RESTRICTIONS,
            order=20,
        )
    )
    customer_panels.situation(
        Situation(
            value="negativado",
            label="Negativado",
            condition=selectors.customer_has_live,
            permission=Permission.VIEW_RESTRICTIONS,
        )
    )
    receivable_panels.notes(_receivable_notes)
    receivable_panels.notes(_impediment_notes)
