"""*Relatório de Negativações de Crédito* on screen, and that its files say the same."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.reports.exports.run import export_run
from regua.reports.models import ReportExport
from regua.reports.restrictions import REPORT
from regua.restrictions.choices import Form, Status
from regua.restrictions.models import Restriction
from regua.web.formats import SAO_PAULO
from tests import factories
from tests.reports.exported import as_csv, as_pages, as_sheets
from tests.reports.test_report_page import heads, links, posted, seen, signed_in
from tests.restrictions import bare

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("report_restrictions")
COLUMNS = reverse("report_columns", args=["negativacoes"])
EXPORT = reverse("report_export", args=["negativacoes"])
ALWAYS = f"{PAGE}?since="


@pytest.fixture(autouse=True)
def _branches(branch: Branch, other_branch: Branch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    bare.integration(branch)
    bare.integration(other_branch)


def listed(branch: Branch, status: Status = Status.ACTIVE, **fields: Any) -> Restriction:
    customer = factories.customer(branch, name=fields.pop("name", "Maria Exemplo"))
    return bare.listing(factories.receivable(customer), status, **fields)


def exported(client: Client, page: str, format: str) -> ReportExport:
    client.post(EXPORT, {**posted(page, EXPORT), "format": format})
    export = ReportExport.objects.latest("pk")
    assert export_run(export.pk)
    export.refresh_from_db()
    assert export.status == "done", export.problem
    return export


def test_each_sees_the_own_branch_and_the_tools_of_the_role(
    branch: Branch, other_branch: Branch, manager: User, attendant: User, outsider: User
) -> None:
    mine, theirs = listed(branch), listed(other_branch)
    for actor, sees in ((manager, mine), (outsider, theirs)):
        for address in (PAGE, ALWAYS, f"{ALWAYS}&branch={other_branch.pk}"):
            page = seen(signed_in(actor), address)
            assert links(page) == {sees.pk}
            assert "<strong>1 negativação</strong> · <strong>R$ 129,90</strong>" in page
    assert EXPORT in seen(signed_in(manager), PAGE)
    assert f'href="{PAGE}"' in seen(signed_in(manager), reverse("report_list"))
    assert Client().get(PAGE).status_code == 302


def test_who_may_not_see_listings_is_not_shown_the_way(branch: Branch, attendant: User) -> None:
    listed(branch)
    client = signed_in(attendant)
    assert client.get(PAGE).status_code == 403
    for address in (reverse("report_list"), reverse("report_inquiries")):
        assert PAGE not in seen(client, address)
    assert client.post(EXPORT, {"format": "csv"}).status_code == 403
    assert not ReportExport.objects.exists()


def test_the_branch_on_top_narrows_screen_and_file(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    listed(branch)
    theirs = listed(other_branch)
    client = signed_in(administrator)
    client.post(reverse("branch_switch"), {"branch": other_branch.pk, "next": "/"})
    page = seen(client, f"{PAGE}?branch={branch.pk}")
    assert links(page) == {theirs.pk}
    export = exported(client, page, "csv")
    assert export.filters == {"branch": other_branch.pk}
    assert [row[0] for row in as_csv(export)[1:]] == [str(theirs.pk)]


def test_it_stands_beside_the_inquiries_under_the_documentations_path(
    branch: Branch, manager: User
) -> None:
    listed(branch)
    page = seen(signed_in(manager), PAGE)
    crumbs = re.search(r'<ol class="breadcrumb">(.*?)</ol>', page)
    assert crumbs
    assert re.sub(r"(<[^>]+>)+", ">", crumbs[1]).strip(">").split(">") == [
        "Relatórios",
        "Relatórios financeiros",
        "Relatórios de Entrada",
        "Relatório de Contas a Receber",
    ]
    assert f'href="{reverse("report_inquiries")}"' in page
    assert re.findall(r'<label class="form-label" for="id_\w+">([^<]+)<', page) == [
        *("Integração", "Situação", "Forma", "Período de", "Data inicial", "Data final"),
        *("Motivo da baixa", "Valor mínimo", "Valor máximo", "Operador"),
    ]


def test_an_address_without_parameters_is_the_current_month(branch: Branch, manager: User) -> None:
    now = listed(branch, amount=Decimal("1291.60"))
    old = listed(branch, Status.REMOVED, requested_at=timezone.now() - timedelta(days=40))
    client = signed_in(manager)
    page = seen(client, PAGE)
    assert links(page) == {now.pk}
    assert "<strong>1 negativação</strong> · <strong>R$ 1.291,60</strong>" in page
    page = seen(client, ALWAYS)
    assert links(page) == {now.pk, old.pk}
    assert "<strong>2 negativações</strong> · <strong>R$ 1.421,50</strong>" in page
    parts = re.search(r'<ul class="report-parts".*?</ul>', page, re.DOTALL)
    assert parts
    assert re.sub(r"\s*<[^>]+>\s*", " ", parts[0]).split() == (
        "Ativa 1 · R$ 1.291,60 Baixada 1 · R$ 129,90".split()
    )


def test_a_period_is_about_the_date_chosen(branch: Branch, manager: User) -> None:
    row = listed(
        branch,
        Status.REMOVED,
        requested_at=datetime(2026, 8, 1, 23, 30, tzinfo=SAO_PAULO),
        sent_at=datetime(2026, 8, 2, 0, 10, tzinfo=SAO_PAULO),
        visible_on=date(2026, 8, 14),
        removed_on=date(2026, 9, 30),
    )
    listed(branch, Status.QUEUED)
    client = signed_in(manager)
    for about, day in (
        ("requested", "01/08/2026"),
        ("sent", "02/08/2026"),
        ("visible", "14/08/2026"),
        ("removed", "30/09/2026"),
    ):
        page = seen(client, f"{PAGE}?about={about}&since={day}&until={day}")
        assert links(page) == {row.pk}, about
        next_day = day[:2] + "/10/2026"
        assert not links(seen(client, f"{PAGE}?about={about}&since={next_day}&until={next_day}"))


def test_amounts_are_summed_once_the_page_is_there(branch: Branch, manager: User) -> None:
    for amount in ("99.90", "150", "1000"):
        listed(branch, amount=Decimal(amount))
    client = signed_in(manager)
    query = f"{ALWAYS}&minimum=99,91&maximum=1.000,00"
    page = seen(client, query)
    assert len(links(page)) == 2
    asked = re.search(r'class="report-sums" hx-get="([^"]+)" hx-trigger="load"', page)
    assert asked
    answer = client.get(PAGE + html.unescape(asked[1]), headers={"HX-Request": "true"})
    sums = answer.content.decode().replace("\xa0", " ")
    assert "<strong>2 negativações</strong> · <strong>R$ 1.150,00</strong>" in sums
    assert "<html" not in sums
    assert "R$ 1.150,00" in seen(client, f"{query}&somar=1"), "without scripts, by its link"
    assert len(as_csv(exported(client, page, "csv"))) == 3


def test_every_column_is_written_for_a_person_and_in_the_files(
    branch: Branch, manager: User, operator: User
) -> None:
    row = listed(
        branch,
        Status.REMOVED,
        name="Cadastro Exemplo",
        actor=operator,
        amount=Decimal("1234.50"),
        fine=Decimal("20"),
        interest=Decimal("3.21"),
        form=Form.AUTOMATIC,
        requested_at=datetime(2026, 3, 1, 23, 59, 58, tzinfo=SAO_PAULO),
        sent_at=datetime(2026, 3, 2, 0, 0, 1, tzinfo=SAO_PAULO),
        notified_on=date(2026, 3, 4),
        visible_on=date(2026, 3, 14),
        removal_reason="renegotiated",
        removal_code="19",
        removal_form=Form.MANUAL,
        removal_requested_at=datetime(2026, 4, 5, 9, 8, 7, tzinfo=SAO_PAULO),
        removal_requested_by=manager,
        removed_on=date(2026, 4, 6),
    )
    client = signed_in(manager)
    keys = [column.key for column in REPORT.columns]
    page = seen(client, f"{ALWAYS}&{urlencode({'colunas': keys}, doseq=True)}")
    assert heads(page) == [column.label for column in REPORT.columns]
    document = row.customer.document
    said = {
        "number": str(row.pk),
        "requested_at": "01/03/2026 23:59:58",
        "name": "Cadastro Exemplo",
        "document": f"***.{document[3:6]}.{document[6:9]}-**",
        "branch": branch.name,
        "integration": str(row.integration_id),
        "provider": "Crédito na Medida",
        "title": row.receivable.number,
        "our_number": row.our_number,
        "contract": row.contract_number,
        "due_date": row.due_date.strftime("%d/%m/%Y"),
        "amount": "1234,50",
        "fine": "20,00",
        "interest": "3,21",
        "status": "Baixada",
        "form": "Automática",
        "code": "TI",
        "protocol": row.protocol,
        "operator": operator.name,
        "sent_at": "02/03/2026 00:00:01",
        "notified_on": "04/03/2026",
        "visible_on": "14/03/2026",
        "reason": "Renegociação",
        "removal_code": "19",
        "removal_form": "Manual",
        "removal_requested_at": "05/04/2026 09:08:07",
        "removal_operator": manager.name,
        "removed_on": "06/04/2026",
    }
    for key, text in said.items():
        shown = {"amount": "R$ 1.234,50"}.get(key, text[:16] if key.endswith("_at") else text)
        assert shown in page, key
    assert document not in page
    head, line = as_csv(exported(client, page, "csv"))
    assert dict(zip(head, line, strict=True)) == {
        column.label: said[column.key] for column in REPORT.columns
    }
    sheet = as_sheets(exported(client, page, "xlsx")).active
    cells = dict(zip(keys, [cell.value for cell in sheet[2]], strict=True))
    assert (cells["amount"], cells["status"]) == (1234.5, "Baixada")
    [text] = as_pages(exported(client, seen(client, ALWAYS), "pdf"))
    assert "Cadastro Exemplo" in text
    assert "1.234,50" in text
    assert document not in text


def test_doubtful_ones_are_shown_as_such_on_screen_and_in_files(
    branch: Branch, manager: User
) -> None:
    doubtful = listed(
        branch, Status.QUEUED, unknown=True, attempts=1, problem="O birô não respondeu."
    )
    listed(branch, unavailable=True)
    client = signed_in(manager)
    page = seen(client, f"{ALWAYS}&status=esclarecer")
    assert links(page) == {doubtful.pk}
    export = exported(client, seen(client, ALWAYS), "csv")
    place = as_csv(export)[0].index("Situação")
    assert {row[place] for row in as_csv(export)[1:]} == {"A esclarecer", "Birô não informa"}


def test_columns_are_remembered(branch: Branch, manager: User, operator: User) -> None:
    listed(branch)
    client = signed_in(manager)
    back = posted(seen(client, PAGE), COLUMNS)["next"][0]
    client.post(COLUMNS, {"columns": ["amount", "protocol"], "next": back})
    assert heads(seen(client, PAGE)) == ["Valor", "Protocolo"]
    assert heads(seen(signed_in(operator), PAGE)) == [c.label for c in REPORT.chosen([])]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=31/02/2026", "Escreva a data como dd/mm/aaaa."),
        ("until=01/01/1000", "Escreva um ano entre 2000 e 2100."),
        ("since=02/01/2026&until=01/01/2026", "A data final vem antes da inicial."),
        ("minimum=muito&maximum=NaN", "Escreva um valor em reais"),
        ("minimum=-1", "O valor precisa ser de pelo menos 0."),
        ("minimum=2&maximum=1", "O valor máximo é menor que o mínimo."),
        ("maximum=1" + "0" * 40, "dígitos"),
        ("status=x&form=y&about=z&removal_reason=%00", "Faça uma escolha válida"),
        ("integration=99999999999999999999&requested_by=%00&branch=x", "Faça uma escolha válida"),
        ("cursor=%00&colunas=%00&colunas=debtor", "Este endereço pede uma coluna"),
    ],
)
def test_bad_input_is_said_and_never_breaks(
    branch: Branch, manager: User, query: str, said: str
) -> None:
    listed(branch)
    client = signed_in(manager)
    page = seen(client, f"{PAGE}?{query}")
    assert said in page
    assert client.get(f"{PAGE}?{query}", headers={"HX-Request": "true"}).status_code == 200
    if links(page):
        client.post(EXPORT, {**posted(page, EXPORT), "format": "csv"})
        assert ReportExport.objects.get().status == "queued", "what is shown can be exported"


def test_it_costs_the_same_for_one_and_for_many(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    keys = urlencode({"colunas": [c.key for c in REPORT.columns]}, doseq=True)

    def queries(more: int) -> int:
        for _ in range(more):
            listed(branch)
        client.get(f"{ALWAYS}&{keys}")
        with CaptureQueriesContext(connection) as taken:
            client.get(f"{ALWAYS}&{keys}")
        return len(taken)

    assert queries(1) == queries(10)
