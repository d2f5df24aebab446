"""*Relatórios › Exportações*, asked for, watched, cancelled and downloaded."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.reports.exports.run import export_run
from regua.reports.models import ReportExport
from tests import factories
from tests.reports.exported import asked, content, made

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("report_export_list")
ASK = reverse("report_export", args=["consultas"])


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def branch(branch: Branch, administrator: User) -> Branch:
    factories.answered(branch, administrator, integration=factories.integration(branch))
    return branch


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_asked_for_watched_and_downloaded(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    assert "Nenhuma exportação ainda" in client.get(LIST).content.decode()
    sent = {
        "format": "xlsx",
        "columns": ["number", "cost"],
        "filters": "?since=01/01/2026&cursor=x",
    }
    answer = client.post(ASK, sent, follow=True)
    export = ReportExport.objects.get()
    assert (export.columns, export.filters) == (["number", "cost"], {"since": "2026-01-01"})
    page = answer.content.decode()
    assert "Na fila" in page
    assert "Desde 01/01/2026" in page
    address = re.search(r'hx-get="([^"]+)"', page)
    assert address
    assert client.get(address[1]).status_code == 204, "nothing new yet"

    export_run(export.pk)
    row = client.get(address[1]).content.decode()
    assert "Pronta" in row
    assert "hx-get" not in row, "it polls no longer"
    link = re.search(r'href="([^"]+/baixar)"', row)
    assert link
    file = client.get(link[1])
    export.refresh_from_db()
    assert file.getvalue() == content(export)
    assert file["Content-Length"] == str(export.size)
    assert re.fullmatch(
        r'attachment; filename="consultas-[\d-]+\.xlsx"', file["Content-Disposition"]
    )
    assert "no-store" in file["Cache-Control"]


def test_a_large_file_is_sent_in_pieces(branch: Branch, manager: User) -> None:
    export = made(manager, "csv")
    export.chunks.all().delete()
    pieces = [bytes([n]) * 1_000 for n in range(3)]
    for number, data in enumerate(pieces):
        export.chunks.create(number=number, data=data)
    ReportExport.objects.update(size=3_000)
    answer = signed_in(manager).get(reverse("report_export_download", args=[export.pk]))
    assert answer.streaming
    assert list(answer.streaming_content) == pieces  # type: ignore[attr-defined]


def test_another_persons_export_does_not_exist(
    branch: Branch, manager: User, administrator: User, operator: User
) -> None:
    export = made(manager, "csv")
    for other in (administrator, operator):
        client = signed_in(other)
        assert str(export.about) not in client.get(LIST).content.decode()
        for name in ("report_export_download", "report_export_progress"):
            assert client.get(reverse(name, args=[export.pk])).status_code == 404
        assert client.post(reverse("report_export_cancel", args=[export.pk])).status_code == 404


def test_without_the_permission_there_is_nothing(branch: Branch, attendant: User) -> None:
    client = signed_in(attendant)
    assert client.get(LIST).status_code == 403
    assert client.post(ASK, {"format": "csv"}).status_code == 403
    assert "Exportações" not in client.get(reverse("home")).content.decode()
    assert not ReportExport.objects.exists()


def test_who_lost_the_permission_cannot_download(branch: Branch, manager: User) -> None:
    export = made(manager, "csv")
    User.objects.filter(pk=manager.pk).update(role=Role.SERVICE)
    answer = signed_in(manager).get(reverse("report_export_download", args=[export.pk]))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"format": "doc"}, "Os formatos são CSV, Excel e PDF."),
        ({"format": "csv", "columns": ["segredo"]}, "não tem uma das colunas pedidas"),
        ({"format": "csv", "filters": "since=99/99/9999"}, "Não entendemos estes filtros"),
        ({"format": "csv", "filters": "branch=99999999999999999999"}, ""),
        ({"format": "csv", "filters": "kind=p:%00"}, "Não entendemos"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(
    branch: Branch, manager: User, sent: dict[str, str], sentence: str
) -> None:
    answer = signed_in(manager).post(ASK, {**sent, "next": reverse("home")}, follow=True)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    if sentence:
        assert answer.redirect_chain == [(reverse("home"), 302)]
        assert not ReportExport.objects.exists()


def test_a_flood_of_filters_is_turned_away(branch: Branch, manager: User) -> None:
    flood = "&".join(f"a{n}=1" for n in range(2_000))
    assert signed_in(manager).post(ASK, {"format": "csv", "filters": flood}).status_code == 400


def test_it_never_leads_away_from_the_site(branch: Branch, manager: User) -> None:
    sent = {"format": "doc", "next": "https://exemplo.test/"}
    assert signed_in(manager).post(ASK, sent).headers["Location"] == LIST


def test_an_unknown_report_is_not_found(manager: User) -> None:
    address = reverse("report_export", args=["segredos"])
    assert signed_in(manager).post(address, {"format": "csv"}).status_code == 404


def test_the_branch_on_top_counts_unless_the_filter_names_one(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    client = signed_in(administrator)
    client.post(reverse("branch_switch"), {"branch": branch.pk, "next": "/"})
    client.post(ASK, {"format": "csv"})
    client.post(ASK, {"format": "csv", "filters": f"branch={other_branch.pk}"})
    chosen = [export.filters["branch"] for export in ReportExport.objects.order_by("pk")]
    assert chosen == [branch.pk, other_branch.pk]


def test_cancelled_on_screen(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    waiting, running = asked(manager, "csv"), asked(manager, "pdf")
    ReportExport.objects.filter(pk=running.pk).update(
        status="running", attempt=1, rows_total=1000, rows_done=400, started_at=timezone.now()
    )
    page = client.get(LIST).content.decode()
    assert "400 de 1.000" in page
    answer = client.post(
        reverse("report_export_cancel", args=[waiting.pk]), headers={"HX-Request": "true"}
    )
    assert "Cancelada" in answer.content.decode()
    answer = client.post(reverse("report_export_cancel", args=[running.pk]), follow=True)
    assert "Cancelando" in answer.content.decode()


def test_an_expired_file_says_so(branch: Branch, manager: User) -> None:
    export = made(manager, "csv")
    ReportExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client = signed_in(manager)
    page = client.get(LIST).content.decode()
    assert "Expirada" in page
    assert "/baixar" not in page
    answer = client.get(reverse("report_export_download", args=[export.pk]), follow=True)
    assert "cada um fica guardado por 7 dias" in answer.content.decode()


def test_it_costs_the_same_for_one_and_for_many(
    branch: Branch, manager: User, django_assert_max_num_queries: object
) -> None:
    from django.test.utils import CaptureQueriesContext

    client = signed_in(manager)
    asked(manager, "csv")
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for column in ("number", "name", "cost"):
        asked(manager, "csv", [column])
    with CaptureQueriesContext(connection) as more:
        client.get(LIST)
    assert len(more) == len(few)
