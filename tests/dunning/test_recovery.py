"""What each step brought: which payment is whose, what it cost, and the page that says so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.models import (
    DunningPolicy,
    MessageGateway,
)
from regua.dunning.recovery import recovery
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Payment, Receivable
from tests import factories
from tests.dunning.conftest import executed
from tests.dunning.test_run_views import RECOVERY, signed_in, text
from tests.dunning.test_runs import debt

pytestmark = pytest.mark.django_db


def pay(row: Receivable, amount: str, days: int) -> None:
    day = timezone.localdate() + timedelta(days=days)
    Payment.objects.create(receivable=row, amount=Decimal(amount), paid_on=day, available_on=day)


def test_a_payment_belongs_to_the_last_step_before_it(branch: Branch, late: DunningPolicy) -> None:
    today = timezone.localdate()
    MessageGateway.objects.create(channel="sms", url="https://x.test", body="{}", cost="0.10")
    late.steps.filter(stage="AC").update(channel="sms")
    soon, twice, never, before = (debt(branch, 6, amount=Decimal(100)) for _ in range(4))
    pay(before, "10.00", -1)
    executed(branch, today)
    executed(branch, today + timedelta(days=15))
    pay(soon, "40.00", 2)
    pay(soon, "60.00", 20)
    pay(twice, "30.00", 14)
    pay(never, "100.00", 70)
    Receivable.objects.filter(pk=soon.pk).update(status="received", open_amount=0)

    def figures(until: int = 15, window: int = 30) -> dict[str, tuple[object, ...]]:
        found = recovery([branch], since=today, until=today + timedelta(days=until), window=window)
        return {
            line.step.stage: (line.debts, line.owed, line.paid, line.recovered, line.median)
            for line in found.lines
        }

    assert figures() == {
        "AC": (4, 3, 2, Decimal("70.00"), 2),
        "IP": (4, 3, 1, Decimal("60.00"), 5),
    }
    assert figures(until=0) == {"AC": (4, 3, 2, Decimal("70.00"), 2)}, "a later step has its own"
    assert figures(window=60)["IP"][3] == Decimal("160.00")
    assert figures(window=15)["AC"][3] == Decimal("70.00")
    found = recovery([branch], since=today, until=today, window=30)
    assert found.cost == Decimal("0.40")
    assert found.lines[0].spread == [1, 0, 1, 0, 0]
    assert not recovery(
        [branch], since=today - timedelta(9), until=today - timedelta(1), window=30
    ).lines


def test_the_page_says_how_the_figures_are_counted(
    branch: Branch, other_branch: Branch, late: DunningPolicy, manager: User, outsider: User
) -> None:
    row = debt(branch, 6, amount=Decimal(100))
    executed(branch)
    pay(row, "25.00", 0)
    page = text(signed_in(manager).get(RECOVERY))
    assert "Recuperado R$ 25,00" in page
    assert "Cada pagamento conta para um passo só" in page
    assert "ainda não completaram 30 dias" in page
    assert "Recuperado R$ 25,00" in text(signed_in(manager).get(f"{RECOVERY}?de=&prazo=60"))
    assert "Nenhum passo dado neste período" in text(signed_in(outsider).get(RECOVERY))
    everywhere = signed_in(factories.user(Role.FINANCE_MANAGER))
    day = timezone.localdate().isoformat()
    for pk, seen in ((branch.pk, True), (other_branch.pk, False)):
        asked = f"{RECOVERY}?de={day}&ate={day}&prazo=15&filial={pk}"
        assert ("Recuperado R$ 25,00" in text(everywhere.get(asked))) is seen


@pytest.mark.parametrize(
    "query",
    [
        "de=x&ate=y&prazo=30",
        "de=02/01/2026&ate=01/01/2026&prazo=30",
        "de=01/01/2020&ate=01/01/2026&prazo=30",
        "de=01/01/0001&ate=01/01/0001&prazo=30",
        "de=01/01/2026&ate=02/01/2026&prazo=31",
        "de=01/01/2026&ate=02/01/2026&prazo=30&filial=99999",
    ],
)
def test_a_period_that_cannot_be_read_shows_why_and_no_figures(
    policy: DunningPolicy, query: str
) -> None:
    answer = signed_in(factories.user(Role.AUDIT)).get(f"{RECOVERY}?{query}")
    assert answer.status_code == 200
    page = text(answer)
    assert "Corrija o período" in page or "Nenhum passo dado neste período" in page


def test_a_listing_without_a_price_has_no_cost_per_real(
    branch: Branch, late: DunningPolicy, manager: User
) -> None:
    Integration.objects.update(listing_price=None)
    pay(debt(branch, 120), "10.00", 1)
    executed(branch)
    page = text(signed_in(manager).get(RECOVERY))
    assert "Custo por real recuperado Não informado" in page
