"""What people find on the first day: a debt that was paid and is still listed, and a request that
waits for another person's approval.

All of it through the services. The first one goes to the sandbox bureau at once, because only what
the bureau has can be paid and forgotten there.
"""

from __future__ import annotations

from django.utils import timezone

from regua.accounts.models import User
from regua.cli.demo.data import DEAR, NEEDS_APPROVAL, PEOPLE
from regua.compliance.selectors import evaluate
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from regua.restrictions.choices import AT_BUREAU
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from regua.sandbox import people

_WEIGHED = 40
"""How many debts the legal gate is asked about at once; most of them can be listed."""


def begin() -> None:
    """Make both, in an installation that has just been filled (``data.seed``)."""
    integration = Integration.objects.get()
    admin, _, collector, *_ = (User.objects.get(email=email) for email, *_ in PEOPLE)
    parameters_update(actor=admin, approval_amount=NEEDS_APPROVAL)
    overdue = Receivable.objects.filter(
        branch=integration.branch, status=Receivable.Status.OPEN, due_date__lt=timezone.localdate()
    ).order_by("-due_date", "pk")
    restriction_request(receivable=overdue.filter(amount=DEAR)[0], actor=collector)
    ordinary = list(overdue.exclude(amount=DEAR).select_related("customer")[:_WEIGHED])
    findings = evaluate([debt.pk for debt in ordinary])
    debt = next(
        debt
        for debt in ordinary
        if people.behaviour_of(debt.customer.document) is people.ORDINARY
        and not any(finding.blocks for finding in findings[debt.pk])
    )
    row = restriction_request(receivable=debt, actor=collector)
    restrictions_drain(integration.pk)
    row.refresh_from_db()
    if row.status in AT_BUREAU:  # otherwise the bureau is away, and nothing was listed
        payment_record(
            receivable=debt,
            actor=collector,
            amount=debt.open_amount,
            paid_on=timezone.localdate(),
        )
