"""Evidence: what is taken, what is refused, who sees it, and what never goes away."""

from __future__ import annotations

import re
from datetime import date, timedelta
from hashlib import sha256
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.compliance import files
from regua.compliance.models import Evidence, EvidenceContent, EvidenceKind
from regua.compliance.selectors import State, evaluate
from regua.compliance.services import evidence_add, evidence_withdraw
from regua.organization.models import Branch
from regua.receivables.models import Impediment, Receivable
from tests import factories
from tests.compliance import uploads
from tests.compliance.cases import Given, make

pytestmark = pytest.mark.django_db
NOTHING: dict[str, dict[str, Any] | None] = dict.fromkeys(
    ("debt_document", "overdue_notice", "rescission_proof")
)
TODAY = timezone.localdate()
PDF = uploads.pdf()


@pytest.fixture
def debt(branch: Branch, manager: User) -> Receivable:
    """Of a telecommunications contract with nothing on file; due 100 days ago."""
    return make(
        Given(proofs=NOTHING, debt={"due_date": TODAY - timedelta(days=100)}), branch, manager
    )


def add(debt: Receivable, actor: User, **changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "customer": debt.customer,
        "actor": actor,
        "kind": EvidenceKind.DEBT_DOCUMENT,
        "data": PDF,
        "filename": "contrato.pdf",
        "receivable": debt,
    }
    return evidence_add(**{**values, **changes})


def state_of(code: str, debt: Receivable) -> State:
    return next(f.state for f in evaluate([debt.pk])[debt.pk] if f.rule.code == code)


@pytest.mark.parametrize(
    ("data", "content_type", "name"),
    [
        (PDF, "application/pdf", "foto.pdf"),
        (uploads.PNG, "image/png", "foto.png"),
        (uploads.JPEG, "image/jpeg", "foto.jpg"),
        (uploads.WEBP, "image/webp", "foto.webp"),
        (uploads.EMAIL, "message/rfc822", "foto.eml"),
        (uploads.TEXT, "text/plain", "foto.txt"),
    ],
)
def test_the_content_tells_the_type_and_not_the_name(
    debt: Receivable, operator: User, data: bytes, content_type: str, name: str
) -> None:
    kept = add(debt, operator, data=data, filename="foto.exe")
    assert (kept.content_type, kept.filename) == (content_type, name)
    assert bytes(kept.content.data) == data
    assert (kept.content_id, kept.size) == (sha256(data).hexdigest(), len(data))
    assert kept.content_type in files.TYPES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00\x03\x00\x00\x00",
        b"PK\x03\x04" + bytes(30),
        PDF[: len(PDF) // 2],
        uploads.PNG[:-20],
        uploads.JPEG[:-2],
        uploads.WEBP[:-1],
        b"<html><script>alert(1)</script></html>",
        b"  <svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "café".encode("latin-1"),
        b"texto\x00com zero",
        b"%PDF-1.7\n" + bytes(files.MAX_BYTES),
    ],
)
def test_what_is_not_taken(debt: Receivable, operator: User, data: bytes) -> None:
    with pytest.raises(ValidationError) as caught:
        add(debt, operator, data=data, filename="contrato.pdf")
    assert list(caught.value.message_dict) == ["file"]
    assert not Evidence.objects.exists()
    assert not EvidenceContent.objects.exists()


def test_the_largest_file(debt: Receivable, operator: User) -> None:
    head, tail = b"%PDF-1.7\n", b"\n%%EOF\n"
    whole = head + bytes(files.MAX_BYTES - len(head) - len(tail)) + tail
    assert add(debt, operator, data=whole).size == files.MAX_BYTES


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\Documentos\contrato.PDF", "contrato.pdf"),
        ("nota\u202egpj.exe", "notagpj.pdf"),
        ("a\r\nContent-Type: text/html.pdf", "a Content-Type text html.pdf".replace(" html", "")),
        ("", "documento.pdf"),
        ("...", "documento.pdf"),
        (".pdf", "documento.pdf"),
        ("x" * 400 + ".pdf", "x" * 144 + ".pdf"),
        ("Aviso de atraso — João.pdf", "Aviso de atraso — João.pdf"),
    ],
)
def test_names_are_cleaned(name: str, clean: str) -> None:
    found = files.clean_name(name, files.PDF)
    assert len(found) <= files.NAME_LENGTH
    assert not re.search(r"[\x00-\x1f/\\<>:\"|?*\u202e]", found)
    if "\r" not in name:
        assert found == clean


def test_the_same_bytes_are_stored_once(debt: Receivable, operator: User) -> None:
    first, second = add(debt, operator), add(debt, operator, filename="outra.pdf")
    assert first.content_id == second.content_id
    assert EvidenceContent.objects.count() == 1


def test_what_it_is_of(debt: Receivable, operator: User, branch: Branch, manager: User) -> None:
    assert add(debt, operator).contract == debt.contract
    of_contract = add(debt, operator, receivable=None, contract=debt.contract)
    assert (of_contract.contract, of_contract.receivable) == (debt.contract, None)
    contest = Impediment.objects.create(
        receivable=debt, kind="contest", told_on=TODAY, text="Não reconhece.", opened_by=operator
    )
    kept = add(debt, operator, kind=EvidenceKind.CONTEST, receivable=None, impediment=contest)
    assert (kept.impediment, kept.receivable, kept.contract) == (contest, debt, debt.contract)
    of_customer = add(debt, operator, kind=EvidenceKind.OTHER, receivable=None)
    assert (of_customer.contract, of_customer.receivable) == (None, None)

    with pytest.raises(ValidationError, match="de qual contrato"):
        add(debt, operator, receivable=None)
    stranger = factories.receivable(factories.customer(branch))
    for wrong in ({"receivable": stranger}, {"receivable": None, "contract": stranger.contract}):
        with pytest.raises(ValidationError, match="outro cliente"):
            add(debt, operator, **wrong)
    assert Evidence.objects.count() == 4


@pytest.mark.parametrize("kind", [EvidenceKind.OVERDUE_NOTICE, EvidenceKind.RESCISSION_PROOF])
@pytest.mark.parametrize("day", [None, TODAY + timedelta(days=1), date(1900, 1, 1)])
def test_the_day_of_the_fact(
    debt: Receivable, operator: User, kind: EvidenceKind, day: date | None
) -> None:
    with pytest.raises(ValidationError) as caught:
        add(debt, operator, kind=kind, dated_on=day)
    assert list(caught.value.message_dict) == ["dated_on"]
    assert add(debt, operator, kind=kind, dated_on=TODAY).dated_on == TODAY


def test_a_notice_of_a_debt_comes_after_its_due_date(debt: Receivable, operator: User) -> None:
    kind = EvidenceKind.OVERDUE_NOTICE
    with pytest.raises(ValidationError, match="vem depois"):
        add(debt, operator, kind=kind, dated_on=debt.due_date)
    add(debt, operator, kind=kind, dated_on=debt.due_date + timedelta(days=1))


def test_the_database_asks_for_the_day_too(debt: Receivable, operator: User) -> None:
    kept = add(debt, operator, kind=EvidenceKind.OVERDUE_NOTICE, dated_on=TODAY)
    for change in ({"dated_on": None}, {"withdrawn_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Evidence.objects.filter(pk=kept.pk).update(**change)


def test_withdrawn_and_still_there(debt: Receivable, operator: User, manager: User) -> None:
    kept = add(debt, operator)
    assert state_of("evidence.debt_document", debt) is State.PASS
    evidence_withdraw(evidence=kept, actor=manager)
    assert state_of("evidence.debt_document", debt) is State.WARN
    first = kept.withdrawn_at
    assert kept.withdrawn_by == manager
    evidence_withdraw(evidence=kept, actor=operator)
    assert (kept.withdrawn_by, kept.withdrawn_at) == (manager, first)
    assert EvidenceContent.objects.filter(pk=kept.content_id).exists()


def test_who_may(debt: Receivable, operator: User, attendant: User, outsider: User) -> None:
    for stranger in (attendant, outsider, factories.user(Role.AUDIT)):
        with pytest.raises(NotAllowed):
            add(debt, stranger)
    kept = add(debt, operator)
    for stranger in (attendant, outsider, factories.user(Role.AUDIT)):
        with pytest.raises(NotAllowed):
            evidence_withdraw(evidence=kept, actor=stranger)
    kept.refresh_from_db()
    assert kept.withdrawn_at is None


@pytest.mark.django_db(transaction=True)
def test_two_people_attach_the_same_file_at_once(debt: Receivable, operator: User) -> None:
    together = Barrier(2)

    def attach() -> None:
        try:
            together.wait(10)
            add(debt, operator)
        finally:
            connection.close()

    threads = [Thread(target=attach) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Evidence.objects.count(), EvidenceContent.objects.count()) == (2, 1)


# --- Screens ------------------------------------------------------------------------------------


def tab(debt: Receivable) -> str:
    return reverse("customer_evidence", args=[debt.customer_id])


def page(debt: Receivable, query: str = "") -> str:
    return reverse("evidence_add", args=[debt.customer_id]) + query


def sent(debt: Receivable, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "overdue_notice",
        "subject": f"titulo-{debt.pk}",
        "dated_on": f"{TODAY:%d/%m/%Y}",
        "file": SimpleUploadedFile("aviso.pdf", PDF, "application/x-msdownload"),
        **changes,
    }


def test_attach_from_the_wizard_and_go_back_to_it(
    client: Client, debt: Receivable, operator: User
) -> None:
    client.force_login(operator)
    back = f"/clientes/{debt.customer_id}/negativar/?titulo={debt.pk}"
    query = f"?titulo={debt.pk}&tipo=overdue_notice&proximo={back}"
    form = client.get(page(debt, query)).context["form"]
    assert form.initial == {"kind": "overdue_notice", "subject": f"titulo-{debt.pk}"}
    answer = client.post(page(debt), sent(debt, proximo=back))
    assert (answer.status_code, answer["Location"]) == (302, back)
    kept = Evidence.objects.get()
    assert (kept.receivable, kept.uploaded_by, kept.filename) == (debt, operator, "aviso.pdf")
    assert state_of("telecom.notice", debt) is State.PASS


@pytest.mark.parametrize("target", ["https://mau.test/", "//mau.test", "javascript:alert(1)"])
def test_it_goes_back_only_to_our_own_pages(
    client: Client, debt: Receivable, operator: User, target: str
) -> None:
    client.force_login(operator)
    assert target not in client.get(page(debt), {"proximo": target}).content.decode()
    assert client.post(page(debt), sent(debt, proximo=target))["Location"] == tab(debt)


def test_the_proof_of_rescission_is_offered_for_the_contract(
    client: Client, debt: Receivable, operator: User
) -> None:
    client.force_login(operator)
    query = {"titulo": debt.pk, "tipo": "rescission_proof"}
    form = client.get(page(debt), query).context["form"]
    assert form.initial["subject"] == f"contrato-{debt.contract_id}"
    for odd in ({"titulo": "²"}, {"titulo": "9" * 30}, {"tipo": "x"}, {"contrato": "0"}):
        assert client.get(page(debt), odd).context["form"].initial == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""),
        ("kind", "x"),
        ("kind", "\x00"),
        ("subject", ""),
        ("subject", "titulo-0"),
        ("subject", "cliente"),
        ("dated_on", ""),
        ("dated_on", "31/02/2026"),
        ("dated_on", "01/01/2999"),
        ("file", ""),
        ("file", SimpleUploadedFile("vazio.pdf", b"")),
        ("file", SimpleUploadedFile("virus.pdf", b"MZ\x90\x00")),
        ("file", SimpleUploadedFile("grande.pdf", b"%PDF-" + bytes(files.MAX_BYTES))),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    client: Client, debt: Receivable, operator: User, field: str, value: Any
) -> None:
    client.force_login(operator)
    answer = client.post(page(debt), sent(debt, **{field: value}))
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not Evidence.objects.exists()


def test_a_body_too_large_is_refused_unread(
    client: Client, debt: Receivable, operator: User
) -> None:
    client.force_login(operator)
    huge = SimpleUploadedFile("grande.pdf", b"%PDF-" + bytes(13 * 1024 * 1024))
    answer = client.post(page(debt), sent(debt, file=huge))
    assert answer.status_code == 413
    assert "até 10 MB" in answer.content.decode()


def test_it_is_handed_out_to_be_saved_and_never_shown(
    client: Client, debt: Receivable, operator: User
) -> None:
    hostile = b"From: a@b.test\nDate: x\nContent-Type: text/html\n\n<script>alert(1)</script>"
    kept = add(debt, operator, data=hostile, filename='aviso "João"\r\n.html')
    client.force_login(operator)
    answer = client.get(reverse("evidence_download", args=[kept.pk]))
    assert answer.content == hostile
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]


def test_who_sees_what_is_on_file(
    client: Client,
    debt: Receivable,
    operator: User,
    attendant: User,
    outsider: User,
    django_assert_max_num_queries: Any,
) -> None:
    kept = add(debt, operator)
    file, away = (reverse(f"evidence_{n}", args=[kept.pk]) for n in ("download", "withdraw"))
    assert client.get(file).status_code == 302  # to sign in
    audit = factories.user(Role.AUDIT)
    for actor, sees, changes in (
        (operator, 200, 200),
        (audit, 200, 403),
        (attendant, 403, 404),
        (outsider, 404, 404),
    ):
        client.force_login(actor)
        assert client.get(tab(debt)).status_code == sees
        assert client.get(file).status_code == sees
        assert client.get(away).status_code == changes
        assert client.post(away).status_code == (302 if changes == 200 else changes)
        Evidence.objects.update(withdrawn_at=None, withdrawn_by=None)
    for actor, status in ((audit, 403), (attendant, 403), (outsider, 404)):
        client.force_login(actor)
        assert client.get(page(debt)).status_code == status
        assert client.post(page(debt), sent(debt)).status_code == status
    assert Evidence.objects.count() == 1


def test_the_tab_says_what_is_there(
    client: Client, debt: Receivable, operator: User, manager: User
) -> None:
    client.force_login(operator)
    empty = client.get(tab(debt)).content.decode()
    assert "Nenhum documento guardado" in empty
    assert page(debt) in empty
    kept = add(debt, operator, kind=EvidenceKind.OVERDUE_NOTICE, dated_on=date(2026, 9, 1))
    old = add(debt, manager, kind=EvidenceKind.OTHER, receivable=None, filename="velho.pdf")
    client.post(reverse("evidence_withdraw", args=[old.pk]))
    text = client.get(tab(debt)).content.decode()
    for said in (
        "Aviso de atraso ao cliente",
        f"Título {debt.number}",
        "01/09/2026",
        "contrato.pdf",
        kept.content_id[:12],
        operator.name,
        "Retirado",
        "velho.pdf",
    ):
        assert said in text
    again = client.post(reverse("evidence_withdraw", args=[old.pk]), follow=True)
    assert "já tinha sido retirado" in again.content.decode()


def test_the_tab_costs_the_same_for_one_and_for_many(
    client: Client, debt: Receivable, operator: User, django_assert_max_num_queries: Any
) -> None:
    add(debt, operator)
    client.force_login(operator)
    client.get(tab(debt))
    with django_assert_max_num_queries(40) as few:
        client.get(tab(debt))
    for _ in range(6):
        add(debt, operator)
        factories.receivable(debt.customer)
    with django_assert_max_num_queries(len(few)):
        client.get(tab(debt))
