"""A correction that raises what the bureau shows waits for another person; the wrong listing stays
as it is meanwhile, and its five business days run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.contract import ListingStatus
from regua.calendar import business_day_after
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.organization.selectors import days_off
from regua.receivables.models import Receivable
from regua.receivables.services import receivable_correct
from regua.restrictions.approvals import restriction_approve, restriction_reject
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.corrections import (
    correction_cancel,
    correction_request,
    replacements_sweep,
)
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.selectors import (
    awaiting_approval,
    latest_by_receivable,
    live_by_receivable,
)
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_cancel, restriction_request
from tests import factories
from tests.restrictions import bare
from tests.restrictions.test_approvals import _again, together
from tests.restrictions.test_life import settle
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/negativacoes/aprovar/"
LIMIT = Decimal("150.00")


@pytest.fixture(autouse=True)
def _limit(branch: Branch) -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"approval_amount": LIMIT})


@pytest.fixture
def queued(integration: Integration, branch: Branch, operator: User) -> Restriction:
    return restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )


@pytest.fixture
def active(queued: Restriction, integration: Integration) -> Restriction:
    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    return queued


@pytest.fixture
def listed(integration: Integration, branch: Branch, operator: User) -> Restriction:
    """Active here; the bureau has not heard of it."""
    return bare.listing(
        factories.receivable(factories.customer(branch)),
        actor=operator,
        bureau_status=ListingStatus.ACTIVE.value,
    )


def raised(row: Restriction, actor: User, amount: str = "200.00", **fields: object) -> Restriction:
    return correction_request(
        restriction=row,
        actor=actor,
        kind="amount",
        changes={"amount": Decimal(amount)},
        **fields,  # type: ignore[arg-type]
    )


def duty_of(row: Restriction) -> RemovalDuty:
    return RemovalDuty.objects.get(restriction=row, ended_at=None)


def test_nothing_leaves_until_another_person_approves_and_then_all_goes_on(
    active: Restriction,
    branch: Branch,
    integration: Integration,
    operator: User,
    manager: User,
    sandbox: Sandbox,
) -> None:
    told_on = timezone.localdate() - timedelta(days=2)
    new = raised(active, operator, told_on=told_on)
    assert (new.status, new.awaits_approval, new.amount) == (Status.DRAFT, True, Decimal("200.00"))
    assert (active.status, active.removal_requested_at) == (Status.ACTIVE, None)
    assert list(awaiting_approval(Restriction.objects.all())) == [new]
    duty = duty_of(active)
    assert (duty.cause, duty.starts_on) == (DutyCause.CORRECTION, told_on)
    assert duty.due_on == business_day_after(told_on, 5, days_off(branch))
    assert restrictions_drain(integration.pk) == 0
    assert replacements_sweep() == 0
    assert [(line["situacao"], line["valor"]) for line in sandbox.ledger()] == [("ATIVA", "129.90")]

    restriction_approve(restriction=new, actor=manager)
    active.refresh_from_db()
    assert (active.status, active.removal_reason) == (Status.REMOVAL_QUEUED, "data_correction")
    assert (new.status, new.awaits_approval, new.approved_by) == (Status.DRAFT, False, manager)
    assert duty_of(active) == duty, "the clock is the first one"
    with pytest.raises(ValidationError, match=f"já foi aprovada por {manager.name}"):
        restriction_approve(restriction=new, actor=manager)

    settle(integration, new, lambda: new.status == Status.ACTIVE)
    active.refresh_from_db()
    assert active.status == Status.REMOVED
    duty.refresh_from_db()
    assert duty.outcome == "met"
    assert {line["referencia"]: line["valor"] for line in sandbox.ledger()} == {
        str(active.idempotency_key): "129.90",
        str(new.idempotency_key): "200.00",
    }


def test_nobody_approves_their_own(listed: Restriction, manager: User) -> None:
    new = raised(listed, manager)
    with pytest.raises(ValidationError, match="outra pessoa precisa aprovar"):
        restriction_approve(restriction=new, actor=manager)
    listed.refresh_from_db()
    assert listed.status == Status.ACTIVE


def test_refused_nothing_happens_and_the_clock_runs_on(
    listed: Restriction, operator: User, manager: User
) -> None:
    new = raised(listed, operator)
    duty = duty_of(listed)
    restriction_reject(restriction=new, actor=manager, reason="Confira o valor.")
    assert new.status == Status.CANCELLED
    assert new.problem == (
        f"{manager.name} não aprovou: Confira o valor. A nº {listed.pk} continua no birô como "
        "estava."
    )
    listed.refresh_from_db()
    assert (listed.status, listed.problem) == (Status.ACTIVE, "")
    last = listed.events.last()
    assert last is not None
    assert "não foi aprovada" in last.text
    assert duty_of(listed) == duty
    # The debt's row shows what is at the bureau, not what was refused.
    shown = latest_by_receivable([listed.receivable_id], actor=operator)
    assert shown == {listed.receivable_id: listed}
    # It may be asked for anew, and it may come off.
    again = raised(listed, operator, "201.00")
    assert again.awaits_approval
    removal_request(restriction=listed, actor=operator, reason="data_correction")


@pytest.mark.parametrize("amount", ["160.00", "129.90", "149.00", "20.00"])
def test_what_is_no_more_than_is_shown_or_than_the_limit_needs_nobody(
    listed: Restriction, operator: User, amount: str
) -> None:
    Restriction.objects.filter(pk=listed.pk).update(amount=Decimal("160.00"))
    listed.refresh_from_db()
    new = raised(listed, operator, amount)
    assert (new.approval_reason, new.awaits_approval) == ("", False)
    listed.refresh_from_db()
    assert listed.status == Status.REMOVAL_QUEUED


def test_whoever_asked_may_take_it_back(listed: Restriction, operator: User) -> None:
    new = raised(listed, operator)
    with pytest.raises(ValidationError, match="desista da correção"):
        restriction_cancel(restriction=new, actor=operator)
    correction_cancel(restriction=new, actor=operator)
    listed.refresh_from_db()
    assert (listed.status, new.status) == (Status.ACTIVE, Status.CANCELLED)
    assert duty_of(listed).cause == DutyCause.AMOUNT_CHANGED, "the debt is another than is shown"
    receivable_correct(receivable=listed.receivable, actor=operator, amount=listed.amount)
    assert not RemovalDuty.objects.filter(ended_at=None).exists()


def test_a_wrong_one_that_has_not_left_does_not_leave(
    queued: Restriction,
    integration: Integration,
    operator: User,
    manager: User,
    sandbox: Sandbox,
) -> None:
    new = raised(queued, operator)
    assert (queued.status, new.status, new.awaits_approval) == (
        Status.CANCELLED,
        Status.DRAFT,
        True,
    )
    restrictions_drain(integration.pk)
    assert sandbox.ledger() == []
    assert replacements_sweep() == 0, "it is not forgotten: it waits for a person"
    restriction_approve(restriction=new, actor=manager)
    assert new.status == Status.QUEUED
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    assert [line["valor"] for line in sandbox.ledger()] == ["200.00"]


def test_that_one_is_taken_back_like_any_request(queued: Restriction, operator: User) -> None:
    new = raised(queued, operator)
    restriction_cancel(restriction=new, actor=operator)
    assert new.status == Status.CANCELLED


def test_the_old_one_goes_before_the_approval(
    active: Restriction, integration: Integration, operator: User, manager: User, sandbox: Sandbox
) -> None:
    new = raised(active, operator)
    removal_request(restriction=active, actor=operator, reason="court_order")
    settle(integration, active, lambda: active.status == Status.REMOVED)
    new.refresh_from_db()
    assert new.status == Status.CANCELLED
    assert "saiu do birô antes da aprovação" in new.problem
    with pytest.raises(ValidationError, match="não espera aprovação"):
        restriction_approve(restriction=new, actor=manager)
    assert len(sandbox.ledger()) == 1


def test_approved_while_the_old_one_is_on_its_way_out(
    active: Restriction, integration: Integration, operator: User, manager: User, sandbox: Sandbox
) -> None:
    new = raised(active, operator)
    removal_request(restriction=active, actor=operator, reason="data_correction")
    restriction_approve(restriction=new, actor=manager)
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    assert len(sandbox.ledger()) == 2


def test_what_was_approved_is_what_is_listed(
    active: Restriction, integration: Integration, operator: User, manager: User
) -> None:
    new = raised(active, operator)
    restriction_approve(restriction=new, actor=manager)
    # Fine and interest would make it more by the time the old one is off.
    GeneralParameters.objects.update(
        amount_updated=True, fine_percent=Decimal(2), interest_percent=Decimal(1)
    )
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    assert new.amount == Decimal("200.00")


def test_a_debt_that_grows_after_the_approval_is_not_listed(
    active: Restriction, integration: Integration, operator: User, manager: User, sandbox: Sandbox
) -> None:
    new = raised(active, operator)
    restriction_approve(restriction=new, actor=manager)
    receivable_correct(receivable=active.receivable, actor=operator, amount=Decimal("300.00"))
    settle(integration, new, lambda: new.status == Status.CANCELLED)
    assert "aumentou depois do pedido" in new.problem
    assert [line["situacao"] for line in sandbox.ledger()] == ["BAIXADA"]


def test_one_at_a_time(listed: Restriction, operator: User) -> None:
    new = raised(listed, operator)
    with pytest.raises(ValidationError, match=f"correção nº {new.pk}, que espera a aprovação"):
        raised(listed, operator, "220.00")
    listed.receivable.refresh_from_db()
    assert listed.receivable.amount == Decimal("200.00")
    assert listed.replacements.count() == 1


def test_a_routine_asks_nobody(listed: Restriction) -> None:
    Receivable.objects.filter(pk=listed.receivable_id).update(
        amount=Decimal("200.00"), open_amount=Decimal("200.00")
    )
    with pytest.raises(ValidationError, match="outra pessoa aprova"):
        correction_request(restriction=listed, actor=None, kind="amount")
    assert Restriction.objects.count() == 1
    assert not RemovalDuty.objects.exists()


def test_the_gate_is_asked_again(listed: Restriction, operator: User, manager: User) -> None:
    new = raised(listed, operator)
    Receivable.objects.filter(pk=listed.receivable_id).update(disputed=True)
    with pytest.raises(ValidationError, match="contesta"):
        restriction_approve(restriction=new, actor=manager)
    listed.refresh_from_db()
    new.refresh_from_db()
    assert (listed.status, new.awaits_approval) == (Status.ACTIVE, True)


def test_a_correction_of_a_correction_waits_behind_what_is_listed(
    listed: Restriction, operator: User
) -> None:
    Restriction.objects.filter(pk=listed.pk).update(
        status=Status.REMOVED, removed_on=timezone.localdate()
    )
    second = bare.listing(listed.receivable, replaces=listed, protocol="P-2")
    third = raised(second, operator)
    assert third.replaces == second
    keys = [listed.receivable_id]
    assert live_by_receivable(keys) == {listed.receivable_id: second}
    assert latest_by_receivable(keys, actor=operator) == {listed.receivable_id: second}


@pytest.mark.parametrize("other", ["cancel", "remove"])
def test_approval_and_another_act_at_once(
    listed: Restriction, operator: User, manager: User, other: str
) -> None:
    new = raised(listed, operator)
    acts: dict[str, Callable[[], object]] = {
        "cancel": lambda: correction_cancel(restriction=_again(new), actor=operator),
        "remove": lambda: removal_request(
            restriction=_again(listed), actor=operator, reason="data_correction"
        ),
    }
    said = together(
        lambda: restriction_approve(restriction=_again(new), actor=manager), acts[other]
    )
    assert len(said) == 2, "neither failed otherwise, nor waited for ever"
    new.refresh_from_db()
    listed.refresh_from_db()
    if other == "cancel":
        # Approved first, it may still be given up, the removal not having left.
        assert (new.status, listed.status) == (Status.CANCELLED, Status.ACTIVE)
    else:
        assert (new.status, listed.status) == (Status.DRAFT, Status.REMOVAL_QUEUED)
        assert new.approved_by == manager


def words(html: bytes) -> str:
    return " ".join(html.decode().replace("\xa0", " ").split())


def test_the_screens_say_the_deadline_and_what_stays(
    client: Client, listed: Restriction, branch: Branch, operator: User, manager: User
) -> None:
    client.force_login(operator)
    url = reverse("correction_create", args=[listed.pk, "amount"])
    assert "outra pessoa aprova antes; até lá" in words(client.get(url).content)
    today = timezone.localdate()
    answer = client.post(url, {"amount": "200,00", "told_on": f"{today:%d/%m/%Y}"}, follow=True)
    page = words(answer.content)
    assert "espera a aprovação de outra pessoa. Até lá" in page
    new = Restriction.objects.get(replaces=listed)
    last = f"{business_day_after(today, 5, days_off(branch)):%d/%m/%Y}"
    hint = (
        f"Até a correção nº {new.pk} ser aprovada, a nº {listed.pk} continua no birô com o dado "
        f"errado, e o prazo da lei corre. Retirar até {last}"
    )
    assert hint in page
    assert "Aguarda aprovação" in page
    assert "Cancelar correção" in page
    assert "Cancelar pedido" not in page
    old = words(client.get(reverse("restriction_detail", args=[listed.pk])).content)
    assert hint in old
    assert "espera aprovação" in old
    assert "Pedir baixa" in old
    assert url not in old, "one correction at a time"

    client.force_login(manager)
    page = words(client.get(PLACE).content)
    assert f"Prazo da lei: {last}" in page
    assert f"nº {listed.pk}</a>, de R$ 129,90 (valor)" in page
    chosen = {"pk": [new.pk], "decisao": "rejeitar"}
    look = words(client.post(PLACE, chosen).content)
    assert "Rejeitar uma correção não conserta o dado errado" in look
    assert f"Prazo da lei: {last}" in look
    assert "que é baixada antes" in words(
        client.post(PLACE, {**chosen, "decisao": "aprovar"}).content
    )
    done = client.post(
        PLACE, {**chosen, "confirmado": "sim", "motivo": "Confira o valor"}, follow=True
    )
    said = words(done.content)
    assert "1 negativação rejeitada." in said
    assert f"Continua no birô com o dado errado: nº {listed.pk} ({last})." in said
    old = words(client.get(reverse("restriction_detail", args=[listed.pk])).content)
    assert f"o birô mostra R$ 129,90. Corrija o valor até {last}" in old


def test_approved_on_the_screen(
    client: Client, listed: Restriction, operator: User, manager: User
) -> None:
    new = raised(listed, operator)
    client.force_login(manager)
    chosen = {"pk": [new.pk], "decisao": "aprovar", "confirmado": "sim"}
    assert "1 negativação aprovada." in words(client.post(PLACE, chosen, follow=True).content)
    page = words(client.get(reverse("restriction_detail", args=[new.pk])).content)
    assert f"Espera a baixa da nº {listed.pk}." in page
    assert new.pk not in [row["restriction"].pk for row in client.get(PLACE).context["rows"]]


def test_an_approved_one_may_still_be_given_up_before_the_removal_leaves(
    listed: Restriction, operator: User, manager: User
) -> None:
    new = raised(listed, operator)
    restriction_approve(restriction=_again(new), actor=manager)
    correction_cancel(restriction=_again(new), actor=operator)
    new.refresh_from_db()
    listed.refresh_from_db()
    assert (new.status, listed.status) == (Status.CANCELLED, Status.ACTIVE)
