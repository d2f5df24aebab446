"""Letting a rule pass with a reason, and the gate's answers as a person reads them."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.compliance.models import RuleOverride
from regua.compliance.rules import RULES
from regua.compliance.selectors import State, evaluate
from regua.compliance.services import override_add, override_withdraw
from regua.compliance.wording import Line, findings_lines
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from tests import factories
from tests.compliance.cases import Given, make

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
REASON = "A suspensão foi por outra dívida, avisada antes."
RULE = "telecom.suspended"
BACK = "/clientes/1/negativar/?titulo=1"


@pytest.fixture
def debt(branch: Branch, manager: User) -> Receivable:
    """Of a contract suspended too soon and rescinded tomorrow, of somebody without a mobile."""
    due = TODAY - timedelta(days=120)
    return make(
        Given(
            debt={"due_date": due},
            customer={"mobile": ""},
            contract={
                "started_on": due - timedelta(days=400),
                "suspended_on": due + timedelta(days=20),
                "ended_on": TODAY + timedelta(days=1),
            },
            proofs={
                "overdue_notice": {"dated_on": due + timedelta(days=10)},
                "rescission_proof": None,
            },
        ),
        branch,
        manager,
    )


def state_of(code: str, debt: Receivable) -> State:
    return next(f.state for f in evaluate([debt.pk])[debt.pk] if f.rule.code == code)


def lines(debt: Receivable, actor: User) -> list[Line]:
    return findings_lines(evaluate([debt.pk])[debt.pk], debt, actor, BACK)


def page(debt: Receivable, code: str = RULE) -> str:
    return f"{reverse('rule_override', args=[debt.pk, code])}?proximo={BACK}"


def test_let_pass_and_taken_back(debt: Receivable, manager: User, operator: User) -> None:
    given = override_add(receivable=debt, rule=RULE, actor=manager, reason=f"  {REASON}\n")
    assert (given.reason, given.actor) == (REASON, manager)
    assert state_of(RULE, debt) is State.OVERRIDDEN
    with pytest.raises(ValidationError, match="já está liberada"):
        override_add(receivable=debt, rule=RULE, actor=manager, reason=REASON)
    with pytest.raises(NotAllowed):
        override_withdraw(override=given, actor=operator)
    override_withdraw(override=given, actor=manager)
    assert state_of(RULE, debt) is State.FAIL
    override_add(receivable=debt, rule=RULE, actor=manager, reason=REASON)
    assert RuleOverride.objects.count() == 2


@pytest.mark.parametrize("rule", [r.code for r in RULES if not r.overridable] + ["nada", ""])
def test_what_the_law_leaves_no_choice_about(rule: str, debt: Receivable, manager: User) -> None:
    with pytest.raises(ValidationError, match="não admite liberação"):
        override_add(receivable=debt, rule=rule, actor=manager, reason=REASON)
    assert not RuleOverride.objects.exists()


def test_only_where_it_stands_in_the_way(branch: Branch, debt: Receivable, manager: User) -> None:
    for rule in ("debt.min_days", "evidence.debt_document", "telecom.notice"):
        with pytest.raises(ValidationError, match="não há o que liberar"):
            override_add(receivable=debt, rule=rule, actor=manager, reason=REASON)
    other = factories.receivable(factories.customer(branch))
    with pytest.raises(ValidationError, match="não se aplica"):
        override_add(receivable=other, rule=RULE, actor=manager, reason=REASON)
    with pytest.raises(ValidationError, match="não há o que liberar"):  # a warning is no obstacle
        override_add(receivable=other, rule="evidence.debt_document", actor=manager, reason=REASON)


@pytest.mark.parametrize("reason", ["", "ok", "   curto    "])
def test_a_reason_that_says_something(reason: str, debt: Receivable, manager: User) -> None:
    with pytest.raises(ValidationError) as caught:
        override_add(receivable=debt, rule=RULE, actor=manager, reason=reason)
    assert list(caught.value.message_dict) == ["reason"]


def test_who_may(
    client: Client, debt: Receivable, operator: User, attendant: User, outsider: User
) -> None:
    stranger = factories.user(Role.FINANCE_MANAGER, factories.branch("Serra"))
    for actor, status in ((operator, 403), (outsider, 404), (attendant, 404), (stranger, 404)):
        with pytest.raises(NotAllowed):
            override_add(receivable=debt, rule=RULE, actor=actor, reason=REASON)
        client.force_login(actor)
        assert client.get(page(debt)).status_code == status
        assert client.post(page(debt), {"reason": REASON}).status_code == status
    assert not RuleOverride.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once(debt: Receivable, manager: User, administrator: User) -> None:
    together, refused = Barrier(2), []

    def let_pass(actor: User) -> None:
        try:
            together.wait(10)
            override_add(receivable=debt, rule=RULE, actor=actor, reason=REASON)
        except ValidationError as error:
            refused.append(error.messages)
        finally:
            connection.close()

    threads = [Thread(target=let_pass, args=[actor]) for actor in (manager, administrator)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RuleOverride.objects.count() == 1
    assert len(refused) == 1


def test_the_page_asks_says_and_goes_back(client: Client, debt: Receivable, manager: User) -> None:
    client.force_login(manager)
    shown = client.get(page(debt)).content.decode()
    rule = next(r for r in RULES if r.code == RULE)
    for said in (rule.failure, rule.citation, debt.number, debt.customer.name):
        assert escape(said) in shown
    short = client.post(page(debt), {"reason": "ok"})
    assert list(short.context["form"].errors) == ["reason"]
    answer = client.post(page(debt), {"reason": REASON, "proximo": BACK})
    assert answer["Location"] == BACK
    again = client.get(page(debt), follow=False)
    assert again["Location"] == BACK
    given = RuleOverride.objects.get()
    away = reverse("rule_override_withdraw", args=[given.pk])
    assert REASON in client.get(away).content.decode()
    assert client.post(away, {"proximo": BACK})["Location"] == BACK
    assert client.post(away, {"proximo": "//mau.test"})["Location"].startswith("/clientes/")
    given.refresh_from_db()
    assert given.withdrawn_by == manager
    assert client.get(page(debt, "nada")).status_code == 404
    assert client.get(page(debt, "debt.open"))["Location"] == BACK
    assert client.post(page(debt), {"reason": "x" * 3000}).status_code == 200
    assert client.post(page(debt), {"reason": "zero\x00" * 5}).status_code == 200


def test_lines_say_what_stands_in_the_way_first_and_how_to_mend_it(
    client: Client, debt: Receivable, manager: User
) -> None:
    found = lines(debt, manager)
    order = [line.state for line in found]
    assert order == sorted(order, key=["fail", "missing", "warn", "overridden", "pass"].index)
    mend = {remedy.label: remedy.url for line in found for remedy in line.remedies if not line.note}
    assert set(mend) == {
        "Preencher telefone celular",
        "Juntar o comprovante da rescisão",
        "Escrever as datas do contrato",
        "Liberar esta regra, com um motivo",
    }
    client.force_login(manager)
    for url in mend.values():
        assert client.get(url.partition("#")[0]).status_code == 200, url
        assert "proximo=%2Fclientes%2F1%2Fnegativar%2F%3Ftitulo%3D1" in url
    rescinded = next(line for line in found if line.note)
    tomorrow = TODAY + timedelta(days=1)
    assert rescinded.note == f"A partir de {tomorrow:%d/%m/%Y} (amanhã)."
    others = [line for line in found if "outros dados do cliente" in line.sentence]
    assert [line.state for line in others] == ["pass"]
    debt.customer.mobile = "11987654321"
    debt.customer.save()
    whole = [line for line in lines(debt, manager) if "todos os dados" in line.sentence]
    assert [line.state for line in whole] == ["pass"]


def test_lines_offer_a_person_only_what_they_may(
    debt: Receivable, operator: User, attendant: User
) -> None:
    labels = {r.label for line in lines(debt, operator) for r in line.remedies}
    assert "Liberar esta regra, com um motivo" not in labels
    assert "Juntar o comprovante da rescisão" in labels
    for line in lines(debt, attendant):
        for remedy in line.remedies:
            assert remedy.url == ""
            assert "peça" in remedy.label


def test_lines_say_who_let_a_rule_pass(
    debt: Receivable, manager: User, operator: User, django_assert_num_queries: Any
) -> None:
    override_add(receivable=debt, rule=RULE, actor=manager, reason=REASON)
    findings = evaluate([debt.pk])[debt.pk]
    with django_assert_num_queries(1):
        found = findings_lines(findings, debt, manager, BACK)
    line = next(line for line in found if line.state == "overridden")
    assert manager.name in line.note
    assert line.note.endswith(REASON)
    assert f"{timezone.localtime():%d/%m/%Y}" in line.note
    assert [remedy.label for remedy in line.remedies] == ["Retirar a liberação"]
    seen = next(line for line in lines(debt, operator) if line.state == "overridden")
    assert (seen.note, seen.remedies) == (line.note, ())


def test_lines_are_drawn(debt: Receivable, manager: User) -> None:
    from django.template.loader import render_to_string

    override_add(receivable=debt, rule=RULE, actor=manager, reason="<b>porque sim, senhor</b>")
    drawn = render_to_string("compliance/_findings.html", {"lines": lines(debt, manager)})
    for state in ("fail", "missing", "overridden", "pass"):
        assert f"rule-{state}" in drawn
    assert "&lt;b&gt;porque sim" in drawn
    assert "Liberada por alguém" in drawn
