"""Where each debt stands in the régua and what comes next, on its customer's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Prefetch
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.models import DunningHold, DunningPolicy, DunningStanding, DunningStep
from regua.dunning.reasons import sentence
from regua.dunning.selectors import policy_for
from regua.receivables.models import Receivable
from regua.receivables.panels import RowNote
from regua.web import formats


def next_step(
    steps: Sequence[DunningStep], *, due: date, standing: DunningStanding | None, today: date
) -> tuple[DunningStep, date] | None:
    """The step that a debt takes next and on which day, if nothing holds it.

    ``steps`` are those of its policy, by their days. The rule is that of ``sql/due.sql``: a
    debt found late begins at the latest step that it has reached, but passes over none that is
    required, and keeps the distance between the steps from there on.
    """
    begins = due
    if standing is not None:
        begins = max(due, standing.on - timedelta(days=standing.days))
        steps = [step for step in steps if step.days > standing.days]
    for place, step in enumerate(steps):
        day = max(today, begins + timedelta(days=step.days))
        late = place + 1 < len(steps) and (day - begins).days >= steps[place + 1].days
        if step.required or not late:
            return step, day
    return None


def notes(receivables: Sequence[Receivable], actor: User) -> dict[int, RowNote]:
    """For the customer's page: what is owed, where it stands, what comes next or holds it."""
    owed = [row for row in receivables if row.is_owed and not row.renegotiated]
    if not owed or not actor.can(Permission.VIEW_DUNNING):
        return {}
    ids = [receivable.pk for receivable in owed]
    standings = DunningStanding.objects.in_bulk(ids)
    holds = DunningHold.objects.select_related("step").in_bulk(ids)
    in_use = DunningStep.objects.filter(archived_at=None).order_by("days")
    policies = list(
        DunningPolicy.objects.filter(active=True).prefetch_related(
            Prefetch("steps", queryset=in_use)
        )
    )
    today = timezone.localdate()
    found = {}
    for receivable in owed:
        standing, hold = standings.get(receivable.pk), holds.get(receivable.pk)
        lines = []
        if standing is not None:
            lines.append(f"Régua: {standing.get_stage_display()} desde {formats.day(standing.on)}")
        if hold is not None:
            lines.append(f"Retido em {hold.step.name} desde {formats.day(hold.since)}:")
            lines += [sentence(code) for code in hold.reasons]
        else:
            policy = policy_for(receivable, policies)
            after = policy and next_step(
                list(policy.steps.all()), due=receivable.due_date, standing=standing, today=today
            )
            if after:
                step, day = after
                when = "na próxima execução" if day == today else f"em {formats.day(day)}"
                lines.append(f"Próximo passo: {step.name}, {when}")
        if lines:
            found[receivable.pk] = RowNote(lines=tuple(lines))
    return found
