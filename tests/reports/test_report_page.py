"""*Relatório de Consultas Análise de Crédito* on screen, and that its files say the same."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.bureaus import registry
from regua.inquiries.filters import RESULTS
from regua.inquiries.models import Inquiry
from regua.integrations.models import Product
from regua.organization.models import Branch
from regua.reports.exports import to_pdf
from regua.reports.exports.run import export_run
from regua.reports.inquiries import REPORT
from regua.reports.models import ReportColumns, ReportExport
from tests import factories
from tests.reports.exported import as_csv

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("report_inquiries")
COLUMNS = reverse("report_columns", args=["consultas"])
EXPORT = reverse("report_export", args=["consultas"])
ALWAYS = f"{PAGE}?since="
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def inquiry(branch: Branch, actor: User, **fields: Any) -> Inquiry:
    integration = branch.integrations.first() or factories.integration(branch)
    return factories.answered(branch, actor, integration=integration, **fields)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(answer.content.decode()).replace("\xa0", " ")


def heads(page: str) -> list[str]:
    return re.findall(r"<th scope=\"col\"[^>]*>([^<]*)</th>", page)


def links(page: str) -> set[int]:
    return {int(pk) for pk in re.findall(r'<td[^>]*><a href="[^"]*?/(\d+)[/"]', page)}


def posted(page: str, action: str) -> dict[str, Any]:
    """What the form with this action sends, without its buttons."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)
    assert form
    query = QueryDict(mutable=True)
    for name, value in re.findall(
        r'<input(?=[^>]*type="(?:hidden|checkbox)")[^>]*name="(\w+)" value="([^"]*)"(?: checked)?>',
        form[0],
    ):
        if name != "csrfmiddlewaretoken":
            query.appendlist(name, value)
    return {name: query.getlist(name) for name in query}


# --- who ------------------------------------------------------------------------------------------


def test_each_sees_the_own_branch_and_the_tools_of_the_role(
    branch: Branch, other_branch: Branch, manager: User, attendant: User, outsider: User
) -> None:
    mine, theirs = inquiry(branch, manager), inquiry(other_branch, outsider)
    for actor, sees in ((manager, mine), (attendant, mine), (outsider, theirs)):
        for address in (PAGE, ALWAYS, f"{ALWAYS}&branch={other_branch.pk}"):
            page = seen(signed_in(actor), address)
            assert links(page) == {sees.pk}
            assert "1 consulta" in page
    assert EXPORT in seen(signed_in(manager), PAGE)
    assert EXPORT not in seen(signed_in(attendant), PAGE), "may not export"
    assert Client().get(PAGE).status_code == 302


def test_the_branch_on_top_narrows_screen_and_file(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    inquiry(branch, administrator)
    theirs = inquiry(other_branch, administrator)
    client = signed_in(administrator)
    client.post(reverse("branch_switch"), {"branch": other_branch.pk, "next": "/"})
    page = seen(client, f"{PAGE}?branch={branch.pk}")
    assert links(page) == {theirs.pk}
    client.post(EXPORT, {**posted(page, EXPORT), "format": "csv"})
    export = ReportExport.objects.get()
    assert export.filters == {"branch": other_branch.pk}
    assert export_run(export.pk)
    export.refresh_from_db()
    assert len(as_csv(export)) == 2


def test_the_reports_are_listed_for_who_may_see_them(manager: User, attendant: User) -> None:
    for actor, exports in ((manager, True), (attendant, False)):
        page = seen(signed_in(actor), reverse("report_list"))
        assert f'href="{PAGE}"' in page
        assert (reverse("report_export_list") in page) is exports


# --- what is shown --------------------------------------------------------------------------------


def test_an_address_without_parameters_is_the_current_month(branch: Branch, manager: User) -> None:
    now = inquiry(branch, manager, cost=Decimal("1291.60"))
    old = inquiry(branch, manager, requested_days_ago=40, cost=Decimal("5000.00"))
    client = signed_in(manager)
    page = seen(client, PAGE)
    assert links(page) == {now.pk}
    today = timezone.localdate()
    assert f'value="{today:01/%m/%Y}"' in page
    assert f'value="{today:%d/%m/%Y}"' in page
    assert "<strong>1 consulta</strong> · <strong>R$ 1.291,60</strong>" in page
    for query in ("since=", "kind=F", "x=1"):
        page = seen(client, f"{PAGE}?{query}")
        assert links(page) == {now.pk, old.pk}, query
        assert "<strong>2 consultas</strong> · <strong>R$ 6.291,60</strong>" in page


def test_pages_of_the_current_month_stay_in_it(branch: Branch, manager: User) -> None:
    for _ in range(51):
        inquiry(branch, manager)
    old = inquiry(branch, manager, requested_days_ago=40)
    client = signed_in(manager)
    following = re.search(r'rel="next" href="([^"]+)"', seen(client, PAGE))
    assert following
    page = seen(client, PAGE + following[1])
    assert len(links(page)) == 1
    assert old.pk not in links(page)
    assert "51 consultas" in page


def test_it_stands_where_the_documentation_says(branch: Branch, manager: User) -> None:
    page = seen(signed_in(manager), PAGE)
    crumbs = re.search(r'<ol class="breadcrumb">(.*?)</ol>', page)
    assert crumbs
    assert re.sub(r"(<[^>]+>)+", ">", crumbs[1]).strip(">").split(">") == [
        "Relatórios",
        "Relatórios financeiros",
        "Relatórios de Entrada",
        "Relatório de Contas a Receber",
    ]
    labels = re.findall(r'<label class="form-label" for="id_\w+">([^<]+)<', page)
    assert labels == [
        "Integração",
        "Data consulta inicial",
        "Data consulta final",
        "Tipo de consulta",
        "Operador",
        "Resultado",
    ]


def test_every_column_is_written_for_a_person(branch: Branch, manager: User) -> None:
    row = inquiry(
        branch,
        manager,
        customer=factories.customer(branch, name="Cadastro Exemplo"),
        outcome="conditions",
        score=731,
        band="B",
        default_probability=Decimal("0.0525"),
        pendings_total=Decimal("1234.5"),
        requested_at=datetime(2026, 3, 1, 23, 59, 58, tzinfo=SAO_PAULO),
    )
    asked = urlencode({"colunas": [c.key for c in REPORT.columns]}, doseq=True)
    page = seen(signed_in(manager), f"{PAGE}?{asked}")
    assert heads(page) == [column.label for column in REPORT.columns]
    masked = f"***.{row.document[3:6]}.{row.document[6:9]}-**"
    for said in (
        *("01/03/2026 23:59", "Crédito na Medida", "Pessoa física", "Cadastro Exemplo", "5,25%"),
        *("Cliente", "Aprovar com condições", "Respondida", ">731<", "R$ 1.234,50", masked),
    ):
        assert said in page
    assert row.document not in page


def test_a_row_always_leads_to_its_inquiry(branch: Branch, manager: User) -> None:
    row = inquiry(branch, manager)
    page = seen(signed_in(manager), f"{ALWAYS}&colunas=party")
    assert f'<a href="{reverse("inquiry_detail", args=[row.pk])}">nº {row.pk}</a>' in page


def test_unfinished_and_refused_show_where_they_stand(branch: Branch, manager: User) -> None:
    refused = inquiry(branch, manager, status="refused")
    waiting = inquiry(branch, manager)
    Inquiry.objects.filter(pk=waiting.pk).update(
        status="queued", due_at=timezone.now(), problem="O birô não respondeu."
    )
    client = signed_in(manager)
    page = seen(client, f"{ALWAYS}&result=unfinished")
    assert links(page) == {waiting.pk}
    assert "Esperando o birô" in page
    page = seen(client, f"{ALWAYS}&result=refused")
    assert links(page) == {refused.pk}
    assert "Sem decisão" not in page
    assert "R$ 0,00" in page


def test_nothing_to_show_says_why(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    assert "Nenhuma consulta neste mês" in seen(client, PAGE)
    assert "Nenhuma consulta ainda" in seen(client, ALWAYS)
    page = seen(client, f"{PAGE}?kind=J")
    assert "Nenhuma consulta com estes filtros" in page
    assert EXPORT not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=31/02/2026", "Escreva a data como dd/mm/aaaa."),
        ("until=01/01/1000", "Escreva um ano entre 2000 e 2100."),
        ("since=02/01/2026&until=01/01/2026", "A data final vem antes da inicial."),
        ("kind=Z&result=x", "Faça uma escolha válida"),
        ("integration=99999999999999999999&requested_by=%00&branch=x", "Faça uma escolha válida"),
        ("cursor=%00&colunas=%00&colunas=segredo", "Este endereço pede uma coluna"),
        ("colunas=number&colunas=report_sealed", "Este endereço pede uma coluna"),
    ],
)
def test_bad_input_is_said_and_shows_the_rest(
    branch: Branch, manager: User, query: str, said: str
) -> None:
    row = inquiry(branch, manager)
    client = signed_in(manager)
    page = seen(client, f"{PAGE}?{query}")
    assert said in page
    assert links(page) == {row.pk}
    client.post(EXPORT, {**posted(page, EXPORT), "format": "csv"})
    assert ReportExport.objects.get().status == "queued", "what is shown can be exported"
    assert client.get(f"{PAGE}?{query}", headers={"HX-Request": "true"}).status_code == 200


# --- kinds by provider ----------------------------------------------------------------------------


@pytest.fixture
def by_product(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of an integration whose bureau names its inquiries by product."""
    integration = factories.integration(branch)
    Product.objects.create(
        integration=integration, code="PF-SCORE", name="Crednet Top", person_kind="A", price=9
    )
    provider = registry.get(integration.provider)
    monkeypatch.setattr(
        type(provider), "capabilities", replace(provider.capabilities, typed_by_product=True)
    )
    return str(integration.pk)


def test_the_kinds_follow_the_integration(branch: Branch, manager: User, by_product: str) -> None:
    client = signed_in(manager)

    def kinds(query: str, **headers: str) -> list[str]:
        answer = client.get(f"{PAGE}?{query}", headers=headers)  # type: ignore[arg-type]
        select = re.search(r'<select name="kind".*?</select>', answer.content.decode(), re.DOTALL)
        assert select
        assert ("<html" in answer.content.decode()) is not bool(headers)
        return re.findall(r">\s*([^<>\n]+?)\s*</option>", select[0])

    of_persons, of_products = (
        ["Ambos", "Pessoa física", "Pessoa jurídica"],
        ["Todos", "Crednet Top"],
    )
    assert kinds("integration=") == of_persons
    assert kinds(f"integration={by_product}") == of_products, "without scripts, by submitting"
    partial = {"HX-Request": "true"}
    assert kinds(f"integration={by_product}", **partial) == of_products
    assert kinds("integration=", **partial) == of_persons


def test_a_kind_that_the_other_bureau_lacks_is_given_up(
    branch: Branch, manager: User, by_product: str
) -> None:
    client = signed_in(manager)
    partial = client.get(
        f"{PAGE}?integration=&kind=p:PF-SCORE&result=deny", headers={"HX-Request": "true"}
    ).content.decode()
    assert "is-invalid" not in partial
    assert '<option value="deny" selected' in partial


def test_a_product_as_kind_is_exported_alike(
    branch: Branch, manager: User, by_product: str
) -> None:
    row = inquiry(branch, manager)
    Inquiry.objects.filter(pk=inquiry(branch, manager).pk).update(product_code="OUTRO")
    client = signed_in(manager)
    page = seen(client, f"{PAGE}?integration={by_product}&kind=p:PF-SCORE")
    client.post(EXPORT, {**posted(page, EXPORT), "format": "csv"})
    export = ReportExport.objects.get()
    assert "Produto PF-SCORE" in export.about
    assert export_run(export.pk)
    export.refresh_from_db()
    assert [int(line[0]) for line in as_csv(export)[1:]] == [row.pk]


# --- columns --------------------------------------------------------------------------------------


def test_columns_are_remembered_and_kept_in_the_address(
    branch: Branch, manager: User, operator: User
) -> None:
    inquiry(branch, manager)
    client = signed_in(manager)
    usual = [column.label for column in REPORT.chosen([])]
    page = seen(client, PAGE)
    assert heads(page) == usual
    back = posted(page, COLUMNS)["next"][0]
    assert "since=01" in back, "the period stays when the columns change"
    answer = client.post(COLUMNS, {"columns": ["cost", "protocol", "name"], "next": back})
    address = answer.headers["Location"]
    assert address == f"{back}&colunas=cost&colunas=protocol&colunas=name"
    mine = ["Nome", "Custo", "Protocolo"]
    assert heads(seen(client, address)) == mine
    again = signed_in(manager)  # signed out and in
    assert heads(seen(again, PAGE)) == mine
    assert heads(seen(again, f"{ALWAYS}&colunas=number")) == ["Nº"], "the address wins"
    assert heads(seen(signed_in(operator), PAGE)) == usual
    page = seen(again, address)
    assert '<input type="hidden" name="colunas" value="protocol">' in page, "filtering keeps them"
    again.post(EXPORT, {**posted(page, EXPORT), "format": "csv"})
    assert ReportExport.objects.get().columns == ["name", "cost", "protocol"]
    assert (
        again.post(COLUMNS, {"usual": "1", "columns": ["cost"], "next": back})["Location"] == back
    )
    assert heads(seen(again, PAGE)) == usual


def test_columns_that_do_not_exist_are_not_remembered(
    branch: Branch, manager: User, attendant: User
) -> None:
    inquiry(branch, manager)
    client = signed_in(manager)
    answer = client.post(COLUMNS, {"columns": ["report_sealed"], "next": PAGE}, follow=True)
    assert "não tem uma das colunas pedidas" in answer.content.decode()
    assert not ReportColumns.objects.exists()
    ReportColumns.objects.create(person=manager, report="consultas", columns=["gone", "cost"])
    assert heads(seen(client, PAGE)) == ["Custo"], "lost meanwhile: left aside"
    answer = client.post(COLUMNS, {"columns": ["cost"], "next": "https://exemplo.test/"})
    assert answer.headers["Location"] == reverse("report_list")
    nowhere = reverse("report_columns", args=["segredos"])
    assert client.post(nowhere, {"next": PAGE}).status_code == 404
    assert client.get(COLUMNS).status_code == 405


# --- files ----------------------------------------------------------------------------------------


def test_more_than_a_pdf_holds_is_said_beforehand(
    branch: Branch, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry(branch, manager)
    client = signed_in(manager)
    assert "O PDF vai até" not in seen(client, PAGE)
    monkeypatch.setattr(to_pdf, "PDF_ROWS", 0)
    page = seen(client, PAGE)
    assert "O PDF vai até 0 linhas, e este relatório tem 1." in page
    assert re.search(r'value="pdf" disabled', page)


def test_more_columns_than_a_page_is_wide_is_said_beforehand(branch: Branch, manager: User) -> None:
    inquiry(branch, manager)
    asked = urlencode({"colunas": [c.key for c in REPORT.columns]}, doseq=True)
    page = seen(signed_in(manager), f"{PAGE}?{asked}")
    assert "colunas não cabem na largura de uma página. Escolha menos colunas" in page
    assert re.search(r'value="pdf" disabled', page)


def test_asked_for_on_the_page_lands_on_its_progress(branch: Branch, manager: User) -> None:
    inquiry(branch, manager)
    client = signed_in(manager)
    page = seen(client, PAGE)
    answer = client.post(EXPORT, {**posted(page, EXPORT), "format": "xlsx"}, follow=True)
    assert answer.redirect_chain == [(reverse("report_export_list"), 302)]
    assert "Na fila" in answer.content.decode()


def test_file_and_screen_have_the_same_rows(
    branch: Branch, other_branch: Branch, manager: User, outsider: User, administrator: User
) -> None:
    random = Random(3)
    for number in range(120):
        where = random.choice([branch, branch, other_branch])
        fields: dict[str, Any] = {
            "document": factories.ordinary_document(company=random.random() < 0.3),
            "outcome": random.choice(["", "approve", "conditions", "review", "deny"]),
            "requested_at": datetime(2026, 8, 1, random.choice([0, 2, 23]), 30, tzinfo=SAO_PAULO)
            + timedelta(days=random.randint(0, 100)),
        }
        match number % 10:
            case 0:
                fields |= {"status": "refused", "outcome": ""}
            case 1:
                fields |= {"status": "queued", "due_at": timezone.now(), "outcome": ""}
        inquiry(where, random.choice([manager, outsider]), **fields)
    integration = branch.integrations.get()
    choices: dict[str, list[str]] = {
        "since": ["01/08/2026", "14/08/2026", "01/10/2026", "x"],
        "until": ["31/08/2026", "01/10/2026", "05/11/2026"],
        "kind": ["F", "J", "p:PF-SCORE"],
        "branch": [str(branch.pk), str(other_branch.pk), "999"],
        "requested_by": [str(manager.pk), str(outsider.pk)],
        "integration": [str(integration.pk), "999"],
        "result": [value for value, _ in RESULTS],
    }
    counts = set()
    for _ in range(40):
        query = {n: random.choice(v) for n, v in choices.items() if random.random() < 0.3}
        actor = random.choice([administrator, manager])
        client = signed_in(actor)
        answer = client.get(PAGE, {"x": "1", **query})
        count = answer.context["totals"].count
        page = answer.content.decode()
        if not count:
            assert EXPORT not in page
            continue
        client.post(EXPORT, {**posted(html.unescape(page), EXPORT), "format": "csv"})
        export = ReportExport.objects.latest("pk")
        assert export_run(export.pk)
        export.refresh_from_db()
        rows = as_csv(export)[1:]
        assert len(rows) == count, query
        assert links(page) == {int(row[0]) for row in rows[:50]}, query
        counts.add(count)
    assert len(counts) > 10, "the filters hardly narrow anything"


def test_it_costs_the_same_for_one_and_for_many(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    asked = urlencode({"colunas": [c.key for c in REPORT.columns]}, doseq=True)
    address = f"{PAGE}?{asked}"

    def queries(more: Callable[[], Any]) -> int:
        more()
        client.get(address)
        with CaptureQueriesContext(connection) as taken:
            client.get(address)
        return len(taken)

    def some(count: int) -> None:
        for _ in range(count):
            inquiry(
                branch, factories.user(Role.SERVICE, branch), customer=factories.customer(branch)
            )

    assert queries(lambda: some(1)) == queries(lambda: some(12))
