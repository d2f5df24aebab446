"""Lines become rows, once, with all that follows from them; or nothing does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.imports import services
from regua.imports.loading import load
from regua.imports.models import ImportBatch
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.services import lead_convert
from regua.receivables.models import Contract, Payment, Receivable, ReceivableCancellation
from regua.restrictions.models import RemovalDuty
from tests import factories
from tests.imports.bring import bring, counts, loaded, said
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
_CUSTOMER = "external_id document name birth_date mobile"
_DEBT = "external_id customer_document number our_number due_date amount"


def test_customers_come_once_and_change(branch: Branch, manager: User) -> None:
    cpf, cnpj = factories.ordinary_document(), factories.ordinary_document(company=True)
    rows = [
        ["1", cpf, " João Ávila ", "12/04/1985", "(11) 98765-4321"],
        ["2", cnpj, "Comércio & Cia", "2001-01-01", ""],
    ]
    assert counts(bring("customers", _CUSTOMER, *rows, actor=manager, branch=branch)) == (
        2,
        0,
        0,
        0,
    )
    joao, company = Customer.objects.order_by("external_id")
    assert (joao.name, joao.search_name, joao.mobile) == ("João Ávila", "joao avila", "11987654321")
    assert (joao.sex, joao.email, joao.active, joao.dunned) == ("", "", True, True)
    assert company.birth_date is None
    joao.full_clean()

    assert counts(bring("customers", _CUSTOMER, *rows, actor=manager, branch=branch)) == (
        0,
        0,
        2,
        0,
    )
    rows[0][2] = "João Ávila Filho"
    again = bring("customers", _CUSTOMER, *rows, actor=manager, branch=branch)
    assert counts(again) == (0, 1, 1, 0)
    joao.refresh_from_db()
    assert (joao.name, joao.search_name) == ("João Ávila Filho", "joao avila filho")


def test_a_known_document_learns_its_external_id(branch: Branch, manager: User) -> None:
    known = factories.customer(branch, email="fica@exemplo.test")
    done = bring(
        "customers", "external_id document name", ["7", known.document, "Outro Nome"],
        actor=manager, branch=branch,
    )  # fmt: skip
    assert counts(done) == (0, 1, 0, 0)
    known.refresh_from_db()
    # What has no column stays.
    assert (known.external_id, known.name, known.email) == ("7", "Outro Nome", "fica@exemplo.test")


def test_every_problem_has_its_line_and_its_sentence(branch: Branch, manager: User) -> None:
    cpf = factories.ordinary_document()
    factories.customer(branch, external_id="5")
    other = factories.customer(branch, external_id="4")
    batch = bring(
        "customers",
        _CUSTOMER,
        ["1", "12345678900", "", "31/02/1990", "12"],
        ["2", cpf, "Ana", "", ""],
        ["2", factories.ordinary_document(), "Bia", "", ""],
        ["", "", "", "", ""],
        ["5", factories.ordinary_document(), "Caio", "", ""],
        ["6", other.document, "Davi", "", ""],
        actor=manager,
        branch=branch,
    )
    assert said(batch) == [
        (1, "document", "unreadable"),
        (1, "name", "missing"),
        (1, "birth_date", "unreadable"),
        (1, "mobile", "unreadable"),
        (2, "external_id", "repeated"),
        (3, "external_id", "repeated"),
        (5, "document", "other"),
        (6, "external_id", "other"),
    ]
    assert counts(batch) == (0, 0, 0, 5)
    first = batch.problems.first()
    assert first is not None
    assert (first.label, first.value) == ("CPF ou CNPJ", "12345678900")
    assert "CPF" in first.wrong
    assert first.mend
    assert Customer.objects.count() == 2


def test_all_or_nothing(branch: Branch, manager: User) -> None:
    rows = (["1", factories.ordinary_document(), "Ana", "", ""], ["2", "1", "Bia", "", ""])
    batch = bring(
        "customers", _CUSTOMER, *rows, actor=manager, branch=branch, mode="all_or_nothing"
    )
    assert (batch.state, counts(batch)) == ("refused", (0, 0, 0, 1))
    assert not Customer.objects.exists()
    batch = bring("customers", _CUSTOMER, *rows, actor=manager, branch=branch)
    assert (batch.state, counts(batch)) == ("done", (1, 0, 0, 1))
    with pytest.raises(ValidationError):
        services.batch_apply(batch)


def test_leads_and_prospects(branch: Branch, manager: User) -> None:
    cpf = factories.ordinary_document()
    for kind, model in (("leads", Lead), ("prospects", Prospect)):
        columns = "external_id document name"
        rows = (["1", "", "Sem documento"], ["", cpf, "Com documento"], ["", "", "Sem nada"])
        first = bring(kind, columns, *rows, actor=manager, branch=branch)
        assert counts(first) == (2, 0, 0, 1)
        assert said(first) == [(3, "line", "unidentified")]
        assert counts(bring(kind, columns, *rows, actor=manager, branch=branch)) == (0, 0, 2, 1)
        assert model.objects.count() == 2
    lead = Lead.objects.get(external_id="1")
    lead_convert(lead=lead, actor=manager)
    row = ["1", "", "Outro nome"]
    batch = bring("leads", "external_id document name", row, actor=manager, branch=branch)
    assert said(batch) == [(1, "line", "converted")]


def test_contracts_keep_who_wrote_their_dates(branch: Branch, manager: User) -> None:
    customer = factories.customer(branch)
    columns = "external_id customer_document number started_on suspended_on ended_on"
    row = ["9", customer.document, "C9", "01/02/2020", "01/03/2026", ""]
    assert counts(bring("contracts", columns, row, actor=manager, branch=branch)) == (1, 0, 0, 0)
    contract = Contract.objects.get()
    assert contract.dates_changes.count() == 1
    assert counts(bring("contracts", columns, row, actor=manager, branch=branch)) == (0, 0, 1, 0)
    row[4:] = ["", "02/04/2026"]
    assert counts(bring("contracts", columns, row, actor=manager, branch=branch)) == (0, 1, 0, 0)
    change = contract.dates_changes.first()
    assert change is not None
    assert change.actor == manager
    assert change.suspended_before is not None
    assert change.suspended_on is None
    row[5] = "01/01/2019"
    wrong = bring("contracts", columns, row, actor=manager, branch=branch)
    assert said(wrong) == [(1, "ended_on", "before_start")]
    row[1] = factories.ordinary_document()
    assert said(bring("contracts", columns, row, actor=manager, branch=branch)) == [
        (1, "customer_document", "unknown"),
        (1, "ended_on", "before_start"),
    ]


def test_receivables(branch: Branch, manager: User) -> None:
    customer = factories.customer(branch)
    Contract.objects.create(customer=customer, number="C1")
    row = ["1", customer.document, "T1", "001", "10/10/2026", "R$ 1.129,90"]
    assert counts(bring("receivables", _DEBT, row, actor=manager, branch=branch)) == (1, 0, 0, 0)
    debt = Receivable.objects.get()
    assert (debt.amount, debt.open_amount, debt.status) == (
        Decimal("1129.90"), Decimal("1129.90"), "open",
    )  # fmt: skip
    assert counts(bring("receivables", _DEBT, row, actor=manager, branch=branch)) == (0, 0, 1, 0)
    row[5] = "1000"
    assert counts(bring("receivables", _DEBT, row, actor=manager, branch=branch)) == (0, 1, 0, 0)
    debt.refresh_from_db()
    assert (debt.amount, debt.open_amount, debt.status) == (1000, 1000, "open")
    Contract.objects.create(customer=customer, number="C2")
    other = ["2", customer.document, "T2", "002", "10/10/2026", "10"]
    batch = bring("receivables", _DEBT, other, actor=manager, branch=branch)
    assert said(batch) == [(1, "line", "no_contract")]


def _listed(branch: Branch, manager: User, amount: str = "100") -> Receivable:
    bare.integration(branch)
    debt = factories.receivable(factories.customer(branch), amount=Decimal(amount))
    bare.listing(debt, actor=manager)
    return debt


def test_a_payment_starts_the_removal_deadline(branch: Branch, manager: User) -> None:
    debt = _listed(branch, manager)
    paid, available = timezone.localdate() - timedelta(9), timezone.localdate() - timedelta(7)
    columns = "external_id our_number amount paid_on available_on"
    rows = (
        ["1", debt.our_number, "40,00", f"{paid:%d/%m/%Y}", ""],
        ["2", debt.our_number, "60,00", f"{paid:%d/%m/%Y}", f"{available:%d/%m/%Y}"],
    )
    assert counts(bring("payments", columns, *rows, actor=manager, branch=branch)) == (2, 0, 0, 0)
    debt.refresh_from_db()
    assert (debt.status, debt.open_amount) == ("received", 0)
    duty = RemovalDuty.objects.get()
    assert (duty.cause, duty.starts_on, duty.ended_at) == ("paid", available, None)
    assert Payment.objects.filter(recorded_by=manager).count() == 2
    assert counts(bring("payments", columns, *rows, actor=manager, branch=branch)) == (0, 0, 2, 0)
    over = ["3", debt.our_number, "1", f"{paid}", ""]
    batch = bring("payments", columns, over, actor=manager, branch=branch)
    assert said(batch) == [(1, "our_number", "closed")]


def test_payments_never_pass_what_is_owed(branch: Branch, manager: User) -> None:
    debt = _listed(branch, manager)
    today = f"{timezone.localdate()}"
    columns = "external_id our_number amount paid_on"
    rows = [[str(n), debt.our_number, "60", today] for n in range(2)]
    batch = bring("payments", columns, *rows, actor=manager, branch=branch)
    assert said(batch) == [(1, "amount", "above"), (2, "amount", "above")]
    assert not Payment.objects.exists()
    # Without the other system's id two alike cannot be told apart; one can be brought twice.
    same = ["", debt.our_number, "10", today]
    assert said(bring("payments", columns, same, same, actor=manager, branch=branch)) == [
        (1, "line", "repeated"), (2, "line", "repeated")
    ]  # fmt: skip
    for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
        batch = bring("payments", columns, same, actor=manager, branch=branch)
        assert counts(batch) == expected


def test_a_receivable_that_was_paid_elsewhere(branch: Branch, manager: User) -> None:
    debt = _listed(branch, manager)
    paid = timezone.localdate() - timedelta(3)
    columns = f"{_DEBT} status open_amount paid_on"
    row = [
        *("1", debt.customer.document, debt.number, debt.our_number, f"{debt.due_date}", "100.00"),
        *("R", "0.00", ""),
    ]
    batch = bring("receivables", columns, row, actor=manager, branch=branch)
    assert said(batch) == [(1, "paid_on", "needed")]
    row[-1] = f"{paid}"
    batch = bring("receivables", columns, row, actor=manager, branch=branch)
    assert counts(batch) == (0, 1, 0, 0)
    assert RemovalDuty.objects.get().starts_on == paid
    assert Payment.objects.get().amount == 100
    assert counts(bring("receivables", columns, row, actor=manager, branch=branch)) == (0, 0, 1, 0)
    row[-3:-1] = ["A", "100"]
    batch = bring("receivables", columns, row, actor=manager, branch=branch)
    assert said(batch) == [(1, "open_amount", "reversed")]


def test_a_receivable_that_was_cancelled_elsewhere(branch: Branch, manager: User) -> None:
    debt = _listed(branch, manager)
    columns = f"{_DEBT} status"
    row = [
        *("1", debt.customer.document, debt.number, debt.our_number, f"{debt.due_date}", "100.00"),
        "C",
    ]
    for expected in ((0, 1, 0, 0), (0, 0, 1, 0)):
        batch = bring("receivables", columns, row, actor=manager, branch=branch)
        assert counts(batch) == expected
    debt.refresh_from_db()
    assert debt.status == "cancelled"
    cancellation = ReceivableCancellation.objects.get()
    assert (cancellation.amount, cancellation.actor) == (100, manager)
    assert RemovalDuty.objects.get().cause == "debt_cancelled"


def test_an_amount_that_was_mended_must_be_corrected_at_the_bureau(
    branch: Branch, manager: User
) -> None:
    debt = _listed(branch, manager)
    Receivable.objects.update(disputed=True)
    row = ["1", debt.customer.document, debt.number, debt.our_number, f"{debt.due_date}", "90"]
    assert counts(bring("receivables", _DEBT, row, actor=manager, branch=branch)) == (0, 1, 0, 0)
    debt.refresh_from_db()
    assert (debt.open_amount, debt.disputed) == (90, False)
    assert RemovalDuty.objects.get().cause == "amount_changed"


def test_checking_imports_nothing_and_leaves_counts(branch: Branch, manager: User) -> None:
    batch = loaded(
        "customers", _CUSTOMER, ["1", factories.ordinary_document(), "Ana", "", ""],
        actor=manager, branch=branch,
    )  # fmt: skip
    assert counts(services.batch_check(batch)) == (1, 0, 0, 0)
    assert (batch.state, Customer.objects.count()) == ("checked", 0)
    assert services.batch_apply(batch).state == "done"
    assert Customer.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'imports_%%_' || %s",
                       [str(batch.pk)])  # fmt: skip
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("name", ["a\rb", "a\nb", 'a"b', "a,b", "\\.", "\\N", "a\tb"])
def test_any_text_arrives_as_it_was(branch: Branch, manager: User, name: str) -> None:
    row = [factories.ordinary_document(), name]
    assert bring("customers", "document name", row, actor=manager, branch=branch).created == 1
    assert Customer.objects.get().name == name


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_what_no_text_can_hold_is_refused(branch: Branch, manager: User, name: str) -> None:
    row = [factories.ordinary_document(), name]
    with pytest.raises(ValidationError, match="caracteres impossíveis"):
        bring("customers", "document name", row, actor=manager, branch=branch)
    assert not Customer.objects.exists()


def test_lines_of_the_wrong_width(branch: Branch, manager: User) -> None:
    batch = services.batch_start(
        actor=manager, kind="customers", branch=branch, source="api", mode="skip_bad"
    )
    cpf = factories.ordinary_document()
    load(batch, ["document", "name"], [[cpf, "Ana", ""], [cpf], ["1", "2", "3"], [None, None]])
    services.batch_apply(batch)
    assert (2, "line", "width") in said(batch)
    assert (3, "line", "width") in said(batch)
    assert batch.created == 0 or Customer.objects.count() == batch.created


def test_who_may_import(
    branch: Branch, manager: User, operator: User, outsider: User, other_branch: Branch
) -> None:
    for actor, where in ((operator, branch), (manager, other_branch), (outsider, branch)):
        with pytest.raises(NotAllowed):
            services.batch_start(
                actor=actor, kind="customers", branch=where, source="api", mode="skip_bad"
            )
    assert not ImportBatch.objects.exists()


def test_what_cannot_be_loaded_is_refused_with_a_sentence(branch: Branch, manager: User) -> None:
    batch = services.batch_start(
        actor=manager, kind="receivables", branch=branch, source="api", mode="skip_bad"
    )
    with pytest.raises(ValidationError, match="Vencimento"):
        load(batch, ["amount", "our_number", "customer_document"], [])
    with pytest.raises(ValidationError):
        services.batch_apply(batch)
