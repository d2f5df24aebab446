"""Our PDF of an inquiry, and the bureau's own, against the real sandbox."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.contract import Pending, PendingKind
from regua.inquiries import pdf
from regua.inquiries.models import BureauPdf, Inquiry
from regua.inquiries.selectors import inquiry_report
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.inquiries.verdicts import standing_of
from regua.integrations.models import BureauCall, Integration
from tests import factories
from tests.inquiries.pdfs import missing, pages_of, squeezed
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
PDF_PATH = "^/v1/consultas/.+/pdf$"


@pytest.fixture
def inquiry(integration: Integration, attendant: User) -> Inquiry:
    asked = inquiry_request(
        actor=attendant,
        branch=integration.branch,
        document=factories.cpf_behaving("003"),
        product_code="PF-SCORE",
    )
    inquiries_drain(integration.pk)
    asked.refresh_from_db()
    return asked


def opened(user: User, name: str, inquiry: Inquiry, **options: Any) -> HttpResponse:
    client = Client()
    client.force_login(user)
    answer: HttpResponse = client.get(reverse(name, args=[inquiry.pk]), **options)
    return answer


# --- ours ----------------------------------------------------------------------------------------


def test_ours_says_what_the_page_says(inquiry: Inquiry, attendant: User) -> None:
    answer = opened(attendant, "inquiry_pdf", inquiry)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == f'inline; filename="consulta-{inquiry.pk}.pdf"'
    assert "no-store" in answer.headers["Cache-Control"]
    report = inquiry_report(inquiry)
    assert report
    told = [
        "Provedor de Teste, filial Centro",
        "Score baixo",
        str(inquiry.score),
        f"Faixa {inquiry.band}",
        inquiry.protocol,
        "Finalidade",
        "Proteção do crédito",
        "R$ 7,50",
        f"por {attendant.name}.",
        "Página 1 de",
        *{pending.contract for pending in report.pendings},
    ]
    assert missing(told, answer.content) == []
    assert missing([inquiry.document], answer.content)
    assert inquiry.document.encode() not in answer.content
    assert not missing([inquiry.document[3:6]], answer.content), "masked, not missing"


def test_a_long_report_repeats_the_head_and_counts_its_pages(
    inquiry: Inquiry, attendant: User
) -> None:
    report = inquiry_report(inquiry)
    assert report
    many = tuple(
        Pending(
            kind=PendingKind.DEBT,
            creditor=f"Credor {n} <b> & Łódź ☃ {'x' * 300}",
            amount=Decimal(n),
            occurred_on=date(2025, 1, 1),
            contract="9" * 90,
            origin="",
        )
        for n in range(150)
    )
    content = pdf.inquiry_pdf(
        inquiry,
        replace(report, pendings=many),
        standing=standing_of(inquiry),
        accesses=[],
        bureau="Birô",
        maker=attendant,
        at=timezone.now(),
    )
    pages = pages_of(content)
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert squeezed(f"Página {number} de {len(pages)}") in page
        assert squeezed("Gerado por Régua") in page
    listing = [page for page in pages if "xxx" in page]
    assert len(listing) > 5
    assert all(squeezed("Credor Origem Contrato Data Valor") in page for page in listing)
    assert squeezed("Credor 149 <b> & ódz ?") in listing[-1], "what the font lacks is marked"


def test_ours_after_retention_has_the_summary(inquiry: Inquiry, attendant: User) -> None:
    Inquiry.objects.update(report_sealed="", report_erased_at=timezone.now())
    told = ["apagado em", f"{inquiry.pendings_count} pendências, somando"]
    assert missing(told, opened(attendant, "inquiry_pdf", inquiry).content) == []


def test_a_report_that_cannot_be_opened_is_a_sentence(inquiry: Inquiry, attendant: User) -> None:
    Inquiry.objects.update(report_sealed="v1:sumiu:AAAA:AAAA")
    answer = opened(attendant, "inquiry_pdf", inquiry, follow=True)
    assert "O PDF não foi feito." in answer.content.decode()


# --- the bureau's --------------------------------------------------------------------------------


def test_the_bureaus_is_fetched_once_and_kept_sealed(
    inquiry: Inquiry, attendant: User, manager: User, sandbox: Sandbox
) -> None:
    first = opened(attendant, "inquiry_bureau_pdf", inquiry)
    assert first.headers["Content-Type"] == "application/pdf"
    assert "no-store" in first.headers["Cache-Control"]
    assert inquiry.protocol.encode() in first.content
    call = BureauCall.objects.get(purpose="inquiry_pdf")
    assert (call.subject, call.actor) == (f"inquiry:{inquiry.pk}", attendant)
    assert "%PDF" not in BureauPdf.objects.get().sealed
    Integration.objects.update(base_url="http://127.0.0.1:9")
    second = opened(manager, "inquiry_bureau_pdf", inquiry)
    assert second.content == first.content
    assert BureauCall.objects.filter(purpose="inquiry_pdf").count() == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "status", "status": 404}, "O PDF do birô não veio"),
        ({"kind": "status", "status": 500}, "não entregou o PDF agora"),
        ({"kind": "timeout", "seconds": 0.2}, "não entregou o PDF agora"),
        ({"kind": "drop"}, "não entregou o PDF agora"),
        ({"kind": "garbled"}, "não entregou o PDF agora"),
    ],
)
def test_a_bureau_that_fails_is_a_sentence_on_the_page(
    fault: dict[str, Any], sentence: str, inquiry: Inquiry, attendant: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults({"path": PDF_PATH, **fault})
    answer = opened(attendant, "inquiry_bureau_pdf", inquiry, follow=True)
    assert answer.status_code == 200
    page = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert sentence in page
    assert "PDF da Régua continua disponível" in page
    assert not BureauPdf.objects.exists()
    sandbox.clear_faults()
    again = opened(attendant, "inquiry_bureau_pdf", inquiry)
    assert again.headers["Content-Type"] == "application/pdf", "nothing was left half done"


def test_the_bureaus_is_gone_after_retention(inquiry: Inquiry, attendant: User) -> None:
    opened(attendant, "inquiry_bureau_pdf", inquiry)
    Inquiry.objects.update(report_sealed="", report_erased_at=timezone.now())
    answer = opened(attendant, "inquiry_bureau_pdf", inquiry, follow=True)
    assert "ao fim do prazo de guarda" in answer.content.decode()


def test_a_kept_one_that_cannot_be_opened_is_a_sentence(inquiry: Inquiry, attendant: User) -> None:
    BureauPdf.objects.create(inquiry=inquiry, sealed="v1:sumiu:AAAA:AAAA")
    answer = opened(attendant, "inquiry_bureau_pdf", inquiry, follow=True)
    assert "O PDF do birô não pôde ser aberto." in answer.content.decode()
