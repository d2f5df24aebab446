"""The filters of the Central and the report, and the totals that must agree with the rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.filters import RESULTS, InquiryFilter
from regua.inquiries.models import Inquiry, InquiryTotal
from regua.inquiries.selectors import inquiries_visible
from regua.integrations.models import Product
from regua.organization.models import Branch
from tests import factories

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def many(branch: Branch, other_branch: Branch, manager: User, outsider: User) -> list[Inquiry]:
    """Inquiries of two branches over four months, every result and kind among them."""
    random = Random(5)
    rows = []
    integrations = {b.pk: factories.integration(b) for b in (branch, other_branch)}
    for number in range(150):
        where = random.choice([branch, branch, other_branch])
        fields: dict[str, Any] = {
            "integration": integrations[where.pk],
            "document": factories.ordinary_document(company=random.random() < 0.3),
            "cost": Decimal(random.randint(100, 900)) / 100,
            "outcome": random.choice(["", "approve", "conditions", "review", "deny"]),
            # Near midnight, so that the day depends on whose clock is asked.
            "requested_at": datetime(2026, 8, 1, random.choice([0, 2, 23]), 30, tzinfo=SAO_PAULO)
            + timedelta(days=random.randint(0, 115)),
        }
        match number % 10:
            case 0:
                fields |= {"status": "refused", "outcome": "", "charge_unsure": number % 20 == 0}
            case 1:
                fields |= {"status": "queued", "due_at": timezone.now(), "outcome": ""}
        by = random.choice([manager, outsider])
        rows.append(factories.answered(where, by, **fields))
    return rows


def filtered(actor: User, branches: list[Branch], **query: Any) -> InquiryFilter:
    return InquiryFilter(query, actor=actor, branches=branches, branch=None)


def test_totals_are_those_of_the_rows(
    many: list[Inquiry], branch: Branch, other_branch: Branch, manager: User, administrator: User
) -> None:
    random = Random(11)
    integration = many[0].integration
    choices: dict[str, list[Any]] = {
        "since": ["", *(date(2026, m, d) for m, d in ((8, 1), (8, 14), (9, 1), (10, 31), (11, 2)))],
        "until": [
            "",
            *(date(2026, m, d) for m, d in ((8, 14), (8, 31), (9, 30), (10, 1), (11, 20))),
        ],
        "kind": ["", "F", "J", "Q"],
        "branch": ["", str(branch.pk), "999"],
        "requested_by": ["", str(manager.pk)],
        "integration": ["", str(integration.pk)],
        "result": [value for value, _ in RESULTS],
    }
    seen = set()
    for _ in range(100):
        query = {
            name: random.choice(values) if random.random() < 0.35 else ""
            for name, values in choices.items()
        }
        query = {name: f"{v:%d/%m/%Y}" if isinstance(v, date) else v for name, v in query.items()}
        for actor in (administrator, manager):
            filters = filtered(actor, [branch, other_branch], **query)
            rows = filters.narrow(inquiries_visible(actor))
            charged = rows.exclude(status="refused", charge_unsure=False)
            totals = filters.totals(actor)
            assert totals.count == rows.count(), query
            assert totals.cost == (charged.aggregate(Sum("cost"))["cost__sum"] or 0), query
            shown, _ = filters.search(inquiries_visible(actor), actor)
            assert set(shown) == set(rows), query
            seen.add(totals.count)
    assert len(seen) > 20, "the filters hardly narrow anything"


def test_totals_follow_what_becomes_of_an_inquiry(branch: Branch, manager: User) -> None:
    row = factories.answered(branch, manager, integration=factories.integration(branch))

    def counted() -> dict[str, int]:
        kept = InquiryTotal.objects.filter(monthly=False).exclude(count=0)
        return dict(kept.values_list("result", "count"))

    assert counted() == {"answered": 1}
    Inquiry.objects.filter(pk=row.pk).update(outcome="deny")
    assert counted() == {"deny": 1}
    row.delete()
    assert counted() == {}


def test_what_cannot_be_read_is_said_and_ignored(
    many: list[Inquiry], branch: Branch, manager: User
) -> None:
    filters = filtered(
        manager,
        [branch],
        since="31/02/2026",
        until="01/01/1000",
        kind="x",
        result="x",
        requested_by="x",
        integration="x",
    )
    assert filters.chosen == {}
    assert set(filters.errors) == {
        "since",
        "until",
        "kind",
        "result",
        "requested_by",
        "integration",
    }
    assert filters.totals(manager).count == inquiries_visible(manager).count()


def test_a_period_that_ends_before_it_begins(branch: Branch, manager: User) -> None:
    filters = filtered(manager, [branch], since="10/11/2026", until="01/11/2026")
    assert "until" in filters.errors
    assert filters.chosen == {"since": date(2026, 11, 10)}


def test_kinds_are_kinds_of_person_unless_the_bureau_says_products(
    branch: Branch, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = factories.integration(branch)
    Product.objects.create(
        integration=integration, code="TOP", name="Crednet Top", person_kind="A", price=9
    )
    filters = filtered(manager, [branch], integration=str(integration.pk))
    assert [label for _, label in filters.fields["kind"].choices] == [  # type: ignore[attr-defined]
        "Ambos",
        "Pessoa física",
        "Pessoa jurídica",
    ]
    from dataclasses import replace

    from regua.bureaus import registry

    provider = registry.get("credito_na_medida")
    monkeypatch.setattr(
        type(provider), "capabilities", replace(provider.capabilities, typed_by_product=True)
    )
    factories.answered(branch, manager, integration=integration)
    filters = filtered(manager, [branch], integration=str(integration.pk), kind="p:TOP")
    assert ("p:TOP", "Crednet Top") in filters.fields["kind"].choices  # type: ignore[attr-defined]
    assert filters.totals(manager).count == 0
    assert not filters.narrow(inquiries_visible(manager)).exists()


def test_only_ones_own_people_and_integrations_are_offered(
    many: list[Inquiry], branch: Branch, other_branch: Branch
) -> None:
    auditor = factories.user(Role.AUDIT, branch)
    filters = filtered(auditor, [branch])
    offered = filters.fields["integration"].queryset  # type: ignore[attr-defined]
    assert {row.branch_id for row in offered} == {branch.pk}
