"""When the term of a report ends it is deleted; what the company did with it stays."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.inquiries import jobs, retention
from regua.inquiries.models import BureauPdf, Inquiry, InquiryTotal
from regua.inquiries.retention import reports_forget
from regua.inquiries.selectors import inquiry_report
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 90


@pytest.fixture
def term(administrator: User) -> None:
    parameters_update(actor=administrator, report_retention_days=DAYS)


def aged(branch: Branch, actor: User, days: float) -> Inquiry:
    integration = Integration.objects.first() or factories.integration(branch)
    inquiry = factories.answered(
        branch,
        actor,
        integration=integration,
        score=700,
        outcome="approve",
        born_or_opened_on=date(1990, 1, 2),
        newest_pending_on=date(2026, 1, 2),
    )
    BureauPdf.objects.create(inquiry=inquiry, sealed="x")
    Inquiry.objects.filter(pk=inquiry.pk).update(answered_at=timezone.now() - timedelta(days=days))
    return inquiry


def test_only_what_is_older_than_the_term_goes(branch: Branch, attendant: User, term: None) -> None:
    old, kept = aged(branch, attendant, DAYS + 0.01), aged(branch, attendant, DAYS - 0.01)
    totals = list(InquiryTotal.objects.values())
    assert reports_forget() == 1
    old.refresh_from_db()
    kept.refresh_from_db()
    assert (old.report_sealed, old.born_or_opened_on) == ("", None)
    assert old.report_erased_at is not None
    assert (old.score, old.outcome, old.name, old.requested_by, old.status) == (
        700,
        "approve",
        "Pessoa Exemplo",
        attendant,
        "answered",
    )
    assert (kept.report_sealed, kept.report_erased_at) == ("x", None)
    assert [pdf.pk for pdf in BureauPdf.objects.all()] == [kept.pk]
    assert list(InquiryTotal.objects.values()) == totals


def test_a_second_run_does_nothing(branch: Branch, attendant: User, term: None) -> None:
    old = aged(branch, attendant, DAYS + 1)
    assert reports_forget() == 1
    old.refresh_from_db()
    first = old.report_erased_at
    assert reports_forget() == 0
    old.refresh_from_db()
    assert old.report_erased_at == first


def test_a_batch_is_one_statement_and_the_oldest_go_first(
    branch: Branch, attendant: User, term: None
) -> None:
    newer, oldest, old = (aged(branch, attendant, DAYS + days) for days in (1, 3, 2))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert reports_forget(limit=2) == 2
    writes = [q["sql"] for q in captured if "inquiries_" in q["sql"]]
    assert len(writes) == 1
    assert set(Inquiry.objects.exclude(report_erased_at=None)) == {oldest, old}
    assert reports_forget(limit=2) == 1
    newer.refresh_from_db()
    assert newer.report_sealed == ""


def test_it_looks_only_at_what_is_due(branch: Branch, attendant: User, term: None) -> None:
    aged(branch, attendant, 1)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan TO off")
        cursor.execute(
            f"EXPLAIN {retention._FORGET}", {"before": timezone.now(), "limit": retention.BATCH}
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "inquiry_report_kept" in plan


def test_the_nightly_job_goes_on_until_none_is_left(
    branch: Branch, attendant: User, term: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(1, 6):
        aged(branch, attendant, DAYS + days)
    monkeypatch.setattr(reports_forget, "__defaults__", (2,))
    jobs.forget.func(SimpleNamespace(should_abort=lambda: True), timestamp=0)
    assert not Inquiry.objects.exclude(report_erased_at=None).exists()
    jobs.forget.func(SimpleNamespace(should_abort=lambda: False), timestamp=0)
    assert not Inquiry.objects.filter(report_erased_at=None).exists()
    assert not BureauPdf.objects.exists()


def test_the_page_says_since_when_and_why(
    integration: Integration, branch: Branch, attendant: User, term: None
) -> None:
    inquiry = inquiry_request(
        actor=attendant, branch=branch, document=factories.cpf_behaving("003")
    )
    inquiries_drain(integration.pk)
    client = Client()
    client.force_login(attendant)
    address = reverse("inquiry_detail", args=[inquiry.pk])
    inquiry.refresh_from_db()
    report = inquiry_report(inquiry)
    assert report is not None
    creditor = report.pendings[0].creditor
    assert creditor in client.get(address).content.decode()

    Inquiry.objects.update(answered_at=timezone.now() - timedelta(days=DAYS + 1))
    assert reports_forget() == 1
    inquiry.refresh_from_db()
    assert inquiry_report(inquiry) is None
    page = client.get(address).content.decode()
    assert f"O relatório do birô foi apagado em {timezone.localdate():%d/%m/%Y}" in page
    assert "ao fim do prazo de guarda" in page
    assert "pendências" in page
    assert inquiry.protocol in page
    assert creditor not in page
