"""The credit policy: which rule decides, versions, simulation, a person over it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.inquiries.choices import Outcome, PolicyStatus
from regua.inquiries.models import Inquiry, InquiryTotal
from regua.inquiries.policy.matching import Facts, changed, decide
from regua.inquiries.policy.models import CreditPolicy, Decision, PolicyRule
from regua.inquiries.policy.selectors import policy_simulate
from regua.inquiries.policy.services import (
    SENSIBLE,
    decision_override,
    policy_activate,
    policy_discard,
    policy_draft,
    rule_delete,
    rule_move,
    rule_save,
)
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories

TODAY = date(2026, 11, 24)
NOW = timezone.make_aware(timezone.datetime(2026, 11, 24, 15))  # type: ignore[attr-defined]


def active(branch: Branch, actor: User, *rules: dict[str, Any]) -> CreditPolicy:
    """A policy in force with just these rules."""
    draft = policy_draft(branch=branch, actor=actor)
    for rule in list(draft.rules.all()):
        rule_delete(rule=rule, actor=actor)
    for fields in rules:
        rule_save(policy=draft, actor=actor, **{"reason": "Porque sim.", **fields})
    return policy_activate(policy=draft, actor=actor)


# --- which rule decides --------------------------------------------------------------------------


def _months(since: date | None) -> int | None:
    """Whole months until TODAY, counted one by one."""
    if since is None:
        return None
    whole = (TODAY.year - since.year) * 12 + TODAY.month - since.month
    return whole if TODAY.day >= since.day else whole - 1


def _within(value: Any, low: Any, high: Any) -> bool:
    if low is None and high is None:
        return True
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def reference(rules: list[PolicyRule], facts: Facts) -> int | None:
    """The same question in slow, plain Python."""
    regular = facts.document_status.strip().lower() in {"regular", "ativa", "ativo"}
    kind = "J" if len(facts.document) == 14 else "F"
    for rule in sorted(rules, key=lambda rule: rule.position):
        if (
            rule.person_kind in ("A", kind)
            and (
                rule.document_standing == "any" or (rule.document_standing == "regular") == regular
            )
            and (not rule.without_score or facts.score is None)
            and _within(facts.score, rule.score_from, rule.score_to)
            and _within(facts.pendings_count, rule.pendings_from, rule.pendings_to)
            and _within(facts.pendings_total, rule.amount_from, rule.amount_to)
            and _within(_months(facts.newest_pending_on), rule.newest_from, rule.newest_to)
            and _within(_months(facts.born_or_opened_on), rule.age_from, rule.age_to)
        ):
            return rule.pk
    return None


def _span(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    bound = st.none() | values
    return st.tuples(bound, bound).map(
        lambda pair: pair if None in pair or pair[0] <= pair[1] else (pair[1], pair[0])
    )


@st.composite
def _rule(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "person_kind": draw(st.sampled_from("AAFJ")),
        "document_standing": draw(st.sampled_from(["any", "any", "regular", "irregular"])),
        "outcome": draw(st.sampled_from(["approve", "review", "deny"])),
        "without_score": draw(st.booleans()) and draw(st.booleans()),
    }
    spans = {
        "score": st.integers(0, 1000),
        "pendings": st.integers(0, 5),
        "amount": st.decimals(0, 3000, places=2),
        "newest": st.integers(0, 40),
        "age": st.integers(0, 600),
    }
    for name, values in spans.items():
        if draw(st.booleans()) and not (name == "score" and fields["without_score"]):
            fields[f"{name}_from"], fields[f"{name}_to"] = draw(_span(values))
    return fields


_FACTS = st.builds(
    Facts,
    document=st.sampled_from(["52998224725", "12ABC34501DE35"]),
    document_status=st.sampled_from(["REGULAR", " Ativa ", "SUSPENSA", ""]),
    score=st.none() | st.integers(0, 1000),
    pendings_count=st.integers(0, 5),
    pendings_total=st.decimals(0, 3000, places=2),
    newest_pending_on=st.none() | st.dates(date(2021, 1, 1), TODAY),
    born_or_opened_on=st.none() | st.dates(date(1975, 1, 1), TODAY),
    requested_at=st.just(NOW),
)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rules=st.lists(_rule(), min_size=1, max_size=5), facts=st.lists(_FACTS, max_size=6))
def test_the_sql_decides_as_plain_python_does(
    branch: Branch, administrator: User, rules: list[dict[str, Any]], facts: list[Facts]
) -> None:
    with transaction.atomic():
        policy = active(branch, administrator, *rules)
        stored = list(policy.rules.all())
        for each in facts:
            match = decide(branch.pk, each)
            assert match is not None
            assert match.rule_id == reference(stored, each)
        transaction.set_rollback(True)


def test_no_rule_fits_means_that_a_person_looks(branch: Branch, administrator: User) -> None:
    active(branch, administrator, {"score_from": 900, "outcome": "approve"})
    match = decide(
        branch.pk,
        Facts(
            document="52998224725",
            document_status="Regular",
            score=100,
            pendings_count=0,
            pendings_total=Decimal(0),
            newest_pending_on=None,
            born_or_opened_on=None,
            requested_at=NOW,
        ),
    )
    assert match is not None
    assert (match.rule_id, match.outcome) == (None, Outcome.REVIEW)


def test_a_branch_without_a_policy_decides_nothing(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    active(other_branch, administrator, {"outcome": "deny"})
    facts = Facts(
        document="52998224725",
        document_status="",
        score=None,
        pendings_count=0,
        pendings_total=Decimal(0),
        newest_pending_on=None,
        born_or_opened_on=None,
        requested_at=NOW,
    )
    assert decide(branch.pk, facts) is None


# --- versions ------------------------------------------------------------------------------------


def test_the_first_draft_is_sensible_and_the_next_starts_from_what_holds(
    branch: Branch, manager: User
) -> None:
    first = policy_draft(branch=branch, actor=manager)
    assert first.rules.count() == len(SENSIBLE)
    assert policy_draft(branch=branch, actor=manager) == first
    policy_activate(policy=first, actor=manager, note="A primeira")
    second = policy_draft(branch=branch, actor=manager)
    assert (second.version, second.rules.count()) == (2, len(SENSIBLE))
    rule_save(policy=second, actor=manager, outcome="deny", reason="Sempre.")
    policy_activate(policy=second, actor=manager)
    first.refresh_from_db()
    assert (first.status, first.rules.count()) == (PolicyStatus.RETIRED, len(SENSIBLE))


def test_who_may(branch: Branch, operator: User, outsider: User, manager: User) -> None:
    for nobody in (operator, outsider):
        with pytest.raises(NotAllowed):
            policy_draft(branch=branch, actor=nobody)
    draft = policy_draft(branch=branch, actor=manager)
    with pytest.raises(NotAllowed):
        policy_activate(policy=draft, actor=outsider)


def test_rules_keep_their_order(branch: Branch, manager: User) -> None:
    draft = policy_draft(branch=branch, actor=manager)
    last = draft.rules.order_by("-position")[0]
    before = list(draft.rules.values_list("pk", flat=True))
    rule_move(rule=last, actor=manager, up=False)
    assert list(draft.rules.values_list("pk", flat=True)) == before
    rule_move(rule=last, actor=manager, up=True)
    assert list(draft.rules.values_list("pk", flat=True)) == [*before[:-2], before[-1], before[-2]]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("score_to", {"score_from": 500, "score_to": 100}),
        ("score_from", {"score_from": 1200}),
        ("without_score", {"without_score": True, "score_from": 1}),
        ("outcome", {"outcome": "perhaps"}),
        ("outcome", {"outcome": "conditions"}),
        ("outcome", {"outcome": "deny", "deposit": Decimal(10)}),
        ("reason", {"reason": "  "}),
    ],
)
def test_a_rule_that_makes_no_sense(
    field: str, change: dict[str, Any], branch: Branch, manager: User
) -> None:
    draft = policy_draft(branch=branch, actor=manager)
    with pytest.raises(ValidationError) as refusal:
        rule_save(
            policy=draft, actor=manager, **{"outcome": "deny", "reason": "Porque sim.", **change}
        )
    assert field in refusal.value.message_dict
    assert draft.rules.count() == len(SENSIBLE)


def test_what_was_in_force_does_not_change(branch: Branch, manager: User) -> None:
    policy = policy_activate(policy=policy_draft(branch=branch, actor=manager), actor=manager)
    rule = policy.rules.all()[0]
    for attempt in (
        lambda: rule_save(policy=policy, actor=manager, rule=rule, outcome="deny", reason="x"),
        lambda: rule_delete(rule=rule, actor=manager),
        lambda: policy_discard(policy=policy, actor=manager),
        lambda: policy_activate(policy=policy, actor=manager),
    ):
        with pytest.raises(ValidationError, match="rascunho"):
            attempt()
    for sql in (
        "UPDATE inquiries_policyrule SET outcome = 'deny'",
        "DELETE FROM inquiries_policyrule",
        "UPDATE inquiries_creditpolicy SET status = 'draft'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


# --- with the bureau -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_decided_and_a_person_may_decide_otherwise(
    integration: Integration, branch: Branch, manager: User, attendant: User, outsider: User
) -> None:
    policy = active(
        branch,
        manager,
        {"score_from": 800, "outcome": "approve", "reason": "Score alto."},
        {"outcome": "deny", "reason": "Score baixo."},
    )
    inquiry = inquiry_request(
        actor=attendant, branch=branch, document=factories.cpf_behaving("001")
    )
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.outcome) == ("answered", "approve")
    decision = Decision.objects.get()
    assert decision.rule == policy.rules.get(position=1)
    assert decision.facts["score"] == inquiry.score
    assert InquiryTotal.objects.get(monthly=False).result == "approve"

    for nobody in (attendant, outsider):
        with pytest.raises(NotAllowed):
            decision_override(inquiry=inquiry, actor=nobody, outcome="deny", reason="Não quero.")
    with pytest.raises(ValidationError):
        decision_override(inquiry=inquiry, actor=manager, outcome="deny", reason=" ")
    decision_override(
        inquiry=inquiry,
        actor=manager,
        outcome="conditions",
        reason="Endereço em área sem rede própria.",
        deposit=Decimal("100.00"),
    )
    inquiry.refresh_from_db()
    assert inquiry.outcome == "conditions"
    assert list(
        InquiryTotal.objects.filter(monthly=False)
        .exclude(count=0)
        .values_list("result", "count", "cost")
    ) == [("conditions", 1, inquiry.cost)]
    with pytest.raises(IntegrityError), transaction.atomic():
        inquiry.overrides.update(reason="Outro motivo")


def test_a_simulation_says_what_would_change(branch: Branch, manager: User) -> None:
    integration = factories.integration(branch)
    for score, outcome in ((900, ""), (650, "approve"), (300, "approve"), (None, "review")):
        factories.answered(branch, manager, integration=integration, score=score, outcome=outcome)
    factories.answered(branch, manager, integration=integration, score=100, requested_days_ago=400)
    draft = policy_draft(branch=branch, actor=manager)
    for rule in list(draft.rules.all()):
        rule_delete(rule=rule, actor=manager)
    good = rule_save(policy=draft, actor=manager, score_from=600, outcome="approve", reason="Alto.")
    since = timezone.now() - timedelta(days=90)
    simulation = policy_simulate(draft, actor=manager, since=since)
    assert simulation.total == 4
    assert simulation.before == {"": 1, "approve": 2, "review": 1}
    assert simulation.after == {"approve": 2, "review": 2}
    assert simulation.changed == 2
    assert simulation.by_rule == {good.pk: 2, None: 2}
    moved = changed(draft.pk, branch.pk, since, before="approve")
    assert [(before, after, rule) for _, before, after, rule in moved] == [
        ("approve", "review", None)
    ]
    assert Inquiry.objects.filter(outcome="approve").count() == 2
