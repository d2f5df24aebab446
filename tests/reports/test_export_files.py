"""What the files say: every format read back, with awkward names and amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.organization.models import Branch
from regua.reports.definition import Kind
from regua.reports.exports import to_pdf, to_xlsx
from regua.reports.inquiries import REPORT
from tests import factories
from tests.reports.exported import as_csv, as_pages, as_sheets, asked, content, export_run, made

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = [column.key for column in REPORT.columns]
AWKWARD = '  Ação & <Cia>; "Irmãos" \\ 100%\n_x0041_'


def inquiry(branch: Branch, actor: User, **fields: object) -> Inquiry:
    return factories.answered(branch, actor, integration=branch.integrations.get(), **fields)


@pytest.fixture
def branch(branch: Branch) -> Branch:
    factories.integration(branch)
    return branch


@pytest.fixture
def one(branch: Branch, manager: User) -> Inquiry:
    """One inquiry with every column filled; asked just before midnight in São Paulo."""
    found = inquiry(
        branch,
        manager,
        document=factories.ordinary_document(company=True),
        customer=factories.customer(branch, name="Cadastro Exemplo"),
        score=731,
        band="B",
        default_probability=Decimal("0.0525"),
        pendings_count=2,
        pendings_total=Decimal("1234567.89"),
        cost=Decimal("1004.90"),
        outcome="conditions",
    )
    Inquiry.objects.filter(pk=found.pk).update(
        requested_at=datetime(2026, 3, 2, 2, 59, 58, tzinfo=UTC),
        answered_at=datetime(2026, 3, 2, 3, 0, 1, tzinfo=UTC),
        name=AWKWARD,
    )
    found.refresh_from_db()
    return found


def test_csv_opens_in_a_brazilian_spreadsheet(one: Inquiry, manager: User) -> None:
    export = made(manager, "csv", EVERYTHING)
    head, row = as_csv(export)
    assert head == [column.label for column in REPORT.columns]
    said = dict(zip(EVERYTHING, row, strict=True))
    assert said == {
        "number": str(one.pk),
        "requested_at": "01/03/2026 23:59:58",
        "branch": "Centro",
        "integration": str(one.integration_id),
        "provider": "Crédito na Medida",
        "person_kind": "Pessoa jurídica",
        "document": f"{one.document[:2]}.***.***/****-{one.document[-2:]}",
        "name": AWKWARD,
        "party_kind": "Cliente",
        "party": "Cadastro Exemplo",
        "product": "PF com score",
        "operator": manager.name,
        "status": "Respondida",
        "outcome": "Aprovar com condições",
        "score": "731",
        "band": "B",
        "probability": "5,25%",
        "pendings": "2",
        "pendings_total": "1234567,89",
        "cost": "1004,90",
        "protocol": one.protocol,
        "purpose": "Venda",
        "answered_at": "02/03/2026 00:00:01",
    }
    assert (export.rows_done, export.rows_total) == (1, 1)


def test_xlsx_has_real_numbers_and_dates(one: Inquiry, manager: User) -> None:
    sheet = as_sheets(made(manager, "xlsx", EVERYTHING)).active
    head, row = sheet.iter_rows(values_only=True)
    assert list(head) == [column.label for column in REPORT.columns]
    said = dict(zip(EVERYTHING, row, strict=True))
    assert said["number"] == one.pk
    assert said["requested_at"] == datetime(2026, 3, 1, 23, 59, 58)  # noqa: DTZ001
    # Excel reads _x005F_ as _; openpyxl leaves it.
    assert said["name"].strip() == AWKWARD.strip().replace("_x0041_", "_x005F_x0041_")
    assert said["document"].endswith(f"/****-{one.document[-2:]}")
    assert (said["score"], said["pendings"]) == (731, 2)
    assert (said["cost"], said["pendings_total"]) == (1004.9, 1234567.89)
    assert said["probability"] == pytest.approx(0.0525)
    assert said["outcome"] == "Aprovar com condições"
    formats = {key: sheet.cell(2, place).number_format for place, key in enumerate(EVERYTHING, 1)}
    assert formats["cost"] == "R$ #,##0.00"
    assert formats["requested_at"] == "dd/mm/yyyy hh:mm:ss"
    assert formats["probability"] == "0.00%"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(2, len(EVERYTHING)).coordinate}"
    assert sheet.cell(1, 1).font.bold
    assert sheet.column_dimensions["B"].width > 15


def test_pdf_names_company_filters_totals_and_pages(branch: Branch, manager: User) -> None:
    protocols = [inquiry(branch, manager, cost=Decimal("2.50")).protocol for _ in range(75)]
    pages = as_pages(made(manager, "pdf", ["protocol", "name", "cost"], result="answered"))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert "Provedor de Teste · Consultas Análise de Crédito" in page
        assert f"Página {number} de {len(pages)}" in page
        assert "Protocolo" in page, "the header row is on every page"
    assert "Resultado: Respondida sem política" in pages[0]
    assert "75 linhas · Custo: R$ 187,50" in pages[0].replace("\xa0", " ")
    words = "\n".join(pages).split()
    assert [word for word in words if word in protocols] == protocols[::-1]


@pytest.mark.parametrize("format", ["csv", "xlsx", "pdf"])
def test_a_report_without_rows_is_a_file_that_says_so(
    branch: Branch, manager: User, format: str
) -> None:
    export = made(manager, format)
    assert (export.rows_total, export.rows_done) == (0, 0)
    if format == "csv":
        assert len(as_csv(export)) == 1
    elif format == "xlsx":
        assert as_sheets(export).active.max_row == 1
    else:
        assert "Nenhuma linha com estes filtros." in as_pages(export)[0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_is_no_formula(branch: Branch, manager: User, start: str) -> None:
    harmful = f'{start}HYPERLINK("http://exemplo.test";"x")'
    Inquiry.objects.filter(pk=inquiry(branch, manager).pk).update(name=harmful)
    assert as_csv(made(manager, "csv", ["name"]))[1] == ["'" + harmful]
    cell = as_sheets(made(manager, "xlsx", ["name"])).active["A2"]
    assert cell.data_type == "s", "text, never evaluated"


def test_an_amount_below_zero_is_no_formula_and_stays_a_number() -> None:
    money = next(column for column in REPORT.columns if column.kind is Kind.MONEY)
    from regua.reports.exports.to_csv import _cell

    assert "''''" not in _cell(money, "r.c_cost")


@given(
    name=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_name_comes_back(branch: Branch, manager: User, name: str) -> None:
    Inquiry.objects.all().delete()
    Inquiry.objects.filter(pk=inquiry(branch, manager).pk).update(name=name)
    [read] = as_csv(made(manager, "csv", ["cost", "name"]))[1:]
    assert read[1].removeprefix("'") == name.removeprefix("'")
    shown = as_sheets(made(manager, "xlsx", ["name", "cost"])).active
    assert shown["B2"].value == 4.9
    assert content(made(manager, "pdf", ["name", "cost"])).startswith(b"%PDF")


def test_what_does_not_fit_on_a_sheet_goes_on_in_the_next(
    branch: Branch, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_xlsx, "SHEET_ROWS", 3)
    numbers = [inquiry(branch, manager).pk for _ in range(9)]
    book = as_sheets(made(manager, "xlsx", ["number", "name"]))
    assert book.sheetnames == ["Dados 1", "Dados 2", "Dados 3"]
    read = []
    for sheet in book:
        head, *rows = sheet.iter_rows(values_only=True)
        assert head == ("Nº", "Nome")
        assert len(rows) == 3
        read += [row[0] for row in rows]
    assert read == numbers[::-1]


def test_a_format_that_cannot_hold_it_says_what_to_do(
    branch: Branch, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_pdf, "PDF_ROWS", 2)
    monkeypatch.setattr(to_xlsx, "SHEET_BYTES", 200)
    for _ in range(3):
        inquiry(branch, manager)
    for format, columns, said in (
        ("pdf", ["number"], "O PDF vai até 2 linhas, e este relatório tem 3."),
        ("xlsx", EVERYTHING, "O Excel não comporta tanto texto numa planilha."),
    ):
        export = asked(manager, format, columns)
        assert export_run(export.pk)
        export.refresh_from_db()
        assert (export.status, export.chunks.count()) == ("failed", 0)
        assert export.problem.startswith(said)
        assert "Nenhum arquivo foi gerado." in export.problem


def test_the_filters_narrow(branch: Branch, manager: User, operator: User) -> None:
    old = inquiry(branch, operator, requested_days_ago=40)
    company = inquiry(
        branch, manager, document=factories.ordinary_document(company=True), outcome="deny"
    )
    refused = inquiry(branch, manager)
    Inquiry.objects.filter(pk=refused.pk).update(status="refused")

    def numbers(**filters: object) -> list[int]:
        return [int(row[0]) for row in as_csv(made(manager, "csv", ["number"], **filters))[1:]]

    assert numbers() == [refused.pk, company.pk, old.pk]
    assert numbers(kind="J") == [company.pk]
    assert numbers(kind="F", requested_by=operator.pk) == [old.pk]
    assert numbers(result="deny") == [company.pk]
    assert numbers(result="answered") == [old.pk]
    assert numbers(result="refused") == [refused.pk]
    assert numbers(result="unfinished") == []
    day = timezone.localdate() - timedelta(days=30)
    assert numbers(until=day) == [old.pk]
    assert numbers(since=day) == [refused.pk, company.pk]
    costs = as_csv(made(manager, "csv", ["cost"]))[1:]
    assert costs == [["0,00"], ["4,90"], ["4,90"]], "what was refused cost nothing"
