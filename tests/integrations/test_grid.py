"""The grid of integrations: narrowed, sorted, paged by key under every order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.choices import Environment
from regua.integrations.filters import COLUMNS
from regua.integrations.models import Integration
from regua.web import keyset
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("integration_list")
NUMBER = 11


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rows(db: None) -> list[Integration]:
    """Integrations that agree in some things, lack some, and differ in others."""
    now = timezone.now()
    made = []
    for n in range(NUMBER):
        made.append(
            Integration.objects.create(
                provider="credito_na_medida",
                branch=factories.branch(f"Filial {(n * 7) % NUMBER:02}"),
                environment=Environment.STAGING if n % 3 == 0 else Environment.PRODUCTION,
                base_url="https://biro.example",
                client_id_sealed="x",
                client_secret_sealed="x",
                linked_at=now - timedelta(days=n) if n % 2 else None,
                last_sync_at=now - timedelta(minutes=n % 4) if n % 5 else None,
                token_expires_at=None if n % 4 else now,
                problem="O birô não respondeu." if n == 4 else "",
            )
        )
    return made


def walk(client: Client, monkeypatch: pytest.MonkeyPatch, **asked: str) -> list[int]:
    """Every row, page by page, and back again."""
    monkeypatch.setattr(
        keyset.paginate,
        "__kwdefaults__",
        {**(keyset.paginate.__kwdefaults__ or {}), "page_size": 4},
    )
    found: list[int] = []
    pages: list[list[int]] = []
    cursor = ""
    while True:
        page = client.get(LIST, {**asked, "cursor": cursor}).context["page"]
        pages.append([row.pk for row in page])
        found += pages[-1]
        if not page.has_next:
            break
        cursor = page.next_cursor
    for before in reversed(pages[:-1]):
        page = client.get(LIST, {**asked, "cursor": page.previous_cursor}).context["page"]
        assert [row.pk for row in page] == before
    return found


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("key", [column.key for column in COLUMNS])
def test_every_header_sorts_and_pages(
    key: str,
    sign: str,
    rows: list[Integration],
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = walk(signed_in(administrator), monkeypatch, ordem=f"{sign}{key}")
    assert sorted(found) == sorted(row.pk for row in rows), "none lost, none twice"
    [column] = [column for column in COLUMNS if column.key == key]
    if column.by not in (("provider_name",),):
        by = [f"{sign}{column.by[0]}", f"{sign}pk"]
        assert found == list(Integration.objects.order_by(*by).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"ambiente": "staging"}, lambda row: row.environment == "staging"),
        ({"vinculo": "sim"}, lambda row: row.linked_at),
        ({"vinculo": "nao"}, lambda row: not row.linked_at),
        ({"problema": "sim"}, lambda row: row.problem),
        ({"problema": "nao"}, lambda row: not row.problem),
        ({"intermediador": "credito_na_medida", "vinculo": "sim"}, lambda row: row.linked_at),
        ({"ambiente": "lua", "ordem": "x; drop", "filial": "99999999999999999999"}, lambda _: True),
    ],
)
def test_filters_are_kept_while_paging(
    asked: dict[str, str],
    expected: Any,
    rows: list[Integration],
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = walk(signed_in(administrator), monkeypatch, **asked)
    assert sorted(found) == sorted(row.pk for row in rows if expected(row))


def test_a_branch(rows: list[Integration], administrator: User) -> None:
    wanted = rows[3]
    page = signed_in(administrator).get(LIST, {"filial": str(wanted.branch_id)}).context["page"]
    assert [row.pk for row in page] == [wanted.pk]


def test_links_keep_filters_and_order(
    rows: list[Integration], administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        keyset.paginate,
        "__kwdefaults__",
        {**(keyset.paginate.__kwdefaults__ or {}), "page_size": 4},
    )
    asked = {"vinculo": "sim", "ordem": "filial"}
    shown = signed_in(administrator).get(LIST, asked).content.decode()
    assert 'aria-sort="ascending"' in shown
    assert "vinculo=sim&amp;ordem=-filial" in shown, "a second click turns it round"
    assert "vinculo=sim&amp;ordem=id" in shown
    assert "vinculo=sim&amp;ordem=filial&amp;cursor=" in shown
    assert '<input type="hidden" name="ordem" value="filial"' in shown


def test_nothing_found(rows: list[Integration], administrator: User) -> None:
    Integration.objects.update(problem="")
    shown = signed_in(administrator).get(LIST, {"problema": "sim"}).content.decode()
    assert "Nenhuma integração assim" in shown
    assert "Limpar" in shown


def test_another_branch_is_not_seen(rows: list[Integration], outsider: User) -> None:
    stranger = factories.user(Role.FINANCE_MANAGER, outsider.branches.get())
    for order in COLUMNS:
        answer = signed_in(stranger).get(LIST, {"ordem": order.key})
        assert list(answer.context["page"]) == []


def test_it_costs_the_same_however_long(
    rows: list[Integration],
    administrator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(administrator)
    with django_assert_max_num_queries(10):
        client.get(LIST, {"problema": "nao", "ordem": "-sincronizacao"})
