"""What holds for every request: tokens, problems, pages, conditions, once-only POSTs, rates."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.api import idempotency
from regua.api.models import ApiAnswer, ApiToken, ApiUsage
from regua.api.services import token_create, token_revoke
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead
from regua.receivables.models import Payment, Receivable
from tests import factories
from tests.api.conftest import Program, program

pytestmark = pytest.mark.django_db


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json", response.content
    found: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, found["status"], found["code"]) == (status, status, code), found
    assert found["detail"].endswith((".", "Allow."))
    return found


# --- Tokens -------------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_hash_and_ends(administrator: User, branch: Branch) -> None:
    token, plain = token_create(
        actor=administrator, application="ERP", owner=administrator, scopes=["branches:read"]
    )
    assert plain not in str(ApiToken.objects.values().get())
    caller = Program(plain)
    assert caller.get("branches")["items"][0]["id"] == branch.pk
    token.refresh_from_db()
    first_use = token.last_used_at
    assert first_use is not None
    assert first_use.second == 0, "right to the minute: not written at every call"

    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    problem(caller("GET", "branches"), 401, "unauthenticated")
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    caller.get("branches")
    token_revoke(token=token, actor=administrator)
    refused = caller("GET", "branches")
    problem(refused, 401, "unauthenticated")
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_a_token_can_no_more_than_its_person(
    administrator: User, branch: Branch, other_branch: Branch
) -> None:
    operator = factories.user(Role.COLLECTIONS, branch)
    caller = program(administrator, operator, branches=[branch, other_branch])
    assert [row["id"] for row in caller.get("branches")["items"]] == [branch.pk]
    operator.is_active = False
    operator.save()
    problem(caller("GET", "branches"), 401, "unauthenticated")


def test_the_screen_gives_shows_once_and_takes_back(administrator: User, manager: User) -> None:
    client = Client()
    client.force_login(manager)
    assert client.get(reverse("api_token_list")).status_code == 403
    client.force_login(administrator)
    shown = client.post(
        reverse("api_token_new"),
        {
            "application": "Site",
            "owner": manager.pk,
            "scopes": ["parties:read"],
            "calls_per_minute": "60",
        },
    )
    token = ApiToken.objects.get()
    text = shown.content.decode()
    plain = text.split('value="regua_')[1].split('"')[0]
    assert Program(f"regua_{plain}")("GET", "customers").status_code == 200
    listed = client.get(reverse("api_token_list")).content.decode()
    assert token.prefix in listed
    assert plain not in listed
    client.post(reverse("api_token_revoke", args=[token.pk]))
    assert Program(f"regua_{plain}")("GET", "customers").status_code == 401
    nothing = client.post(reverse("api_token_new"), {"application": "", "scopes": ["tudo"]})
    assert nothing.status_code == 200
    assert ApiToken.objects.count() == 1


def test_the_documentation_is_a_page_of_ours(administrator: User) -> None:
    client = Client()
    assert client.get("/api/v1/openapi.json").json()["openapi"] == "3.1.0"
    client.force_login(administrator)
    page = client.get("/api/v1/").content.decode()
    assert "payment_record" in page
    assert "Idempotency-Key: $(uuidgen)" in page


# --- Problems -----------------------------------------------------------------------------------

DEEP = b"[" * 100_000
BAD_BODIES = {
    "not json": (b"{", 400, "unreadable_body"),
    "not utf-8": (b'{"name": "\xff"}', 400, "unreadable_body"),
    "deep": (DEEP, 400, "unreadable_body"),
    "endless number": (b'{"branch_id": ' + b"9" * 5000 + b"}", 400, "unreadable_body"),
    "huge number": (b'{"branch_id": ' + b"9" * 30 + b', "name": "a"}', 422, "invalid_request"),
    "nothing": (b"", 422, "invalid_request"),
    "a list": (b"[]", 422, "invalid_request"),
    "NUL": (b'{"branch_id": 1, "name": "a\\u0000b"}', 422, "invalid_request"),
    "half a character": (b'{"branch_id": 1, "name": "\\ud800"}', 422, "invalid_request"),
    "unknown field": (b'{"branch_id": 1, "name": "a", "cor": 1}', 422, "invalid_request"),
    "too large": (b'"' + b"a" * (8 * 1024 * 1024) + b'"', 413, "body_too_large"),
}


def test_bad_bodies_are_told_apart_and_do_nothing(erp: Program) -> None:
    for name, (body, status, code) in BAD_BODIES.items():
        found = problem(erp("POST", "leads", body), status, code)
        assert (code == "invalid_request") == bool(found["errors"]), name
    assert not Lead.objects.exists()


def test_failures_found_outside_the_handlers_are_problems_too(erp: Program) -> None:
    problem(erp("GET", "nada"), 404, "not_found")
    not_allowed = erp("DELETE", "leads")
    problem(not_allowed, 405, "method_not_allowed")
    assert set(not_allowed["Allow"].split(", ")) == {"GET", "POST"}
    plain = Client().post(
        "/api/v1/leads",
        b"name=a",
        content_type="text/plain",
        headers={"Authorization": f"Bearer {erp.token}", "Idempotency-Key": "a"},
    )
    problem(plain, 415, "unsupported_media_type")
    for path in (
        "leads?q=%00%ff",
        "receivables?our_number=%00",
        "restrictions?q=%00",
        f"leads?branch_id={'9' * 18}",
    ):
        assert erp("GET", path, Accept="image/*;q=nada").status_code == 200, path
    problem(erp("GET", f"leads/{'9' * 30}"), 422, "invalid_request")
    problem(erp("GET", "leads?limit=201"), 422, "invalid_request")


def test_fields_are_named_in_portuguese(erp: Program, branch: Branch) -> None:
    sent = {"branch_id": branch.pk, "name": "", "birth_date": "31/02/2020", "state": "XX"}
    found = problem(erp("POST", "leads", sent), 422, "invalid_request")
    assert {error["field"] for error in found["errors"]} == {"name", "birth_date"}
    refused = problem(
        erp("POST", "leads", {"branch_id": branch.pk, "name": "Ana", "state": "XX"}), 422, "refused"
    )
    assert [error["field"] for error in refused["errors"]] == ["state"]


# --- Pages and conditions -----------------------------------------------------------------------


def test_pages_by_key_lose_and_repeat_nothing(erp: Program, branch: Branch) -> None:
    made = {factories.lead(branch, name=f"Pessoa {n % 3}").pk for n in range(7)}
    seen: list[int] = []
    path = "leads?limit=3"
    while True:
        page = erp.get(path)
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"leads?limit=3&cursor={page['next_cursor']}"
    assert len(seen) == 7
    assert set(seen) == made
    other = erp.get("inquiries?limit=1")["next_cursor"]
    assert other is None
    for bad in ("nada", page["next_cursor"] or "a:b", path.rpartition("=")[2][:-2] + "xx"):
        problem(erp("GET", f"leads?cursor={bad}"), 422, "invalid_cursor")


def test_updates_take_the_tag_of_what_was_read(erp: Program, branch: Branch) -> None:
    customer = factories.customer(branch)
    path = f"customers/{customer.pk}"
    tag = erp("GET", path)["ETag"]
    problem(erp("PATCH", path, {"city": "Santos"}), 428, "precondition_required")
    updated = erp("PATCH", path, {"city": "Santos"}, **{"If-Match": tag})
    assert json.loads(updated.content)["city"] == "Santos"
    problem(erp("PATCH", path, {"city": "Osasco"}, **{"If-Match": tag}), 412, "precondition_failed")
    assert updated["ETag"] == erp("GET", path)["ETag"] != tag
    customer.refresh_from_db()
    assert customer.city == "Santos"
    assert customer.street == factories.ADDRESS["street"], "what was not sent stays"


# --- Once only ----------------------------------------------------------------------------------


def test_a_post_repeated_is_done_once(erp: Program, debt: Receivable) -> None:
    path = f"receivables/{debt.pk}/payments"
    sent = {"amount": "10.00", "paid_on": str(timezone.localdate())}
    problem(Client().post(f"/api/v1/{path}"), 401, "unauthenticated")
    problem(erp("POST", path, sent, key="com espaço"), 400, "idempotency_key_missing")
    first = erp("POST", path, sent, key="k1")
    again = erp("POST", path, sent, key="k1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert Payment.objects.count() == 1
    problem(erp("POST", path, sent | {"amount": "11.00"}, key="k1"), 422, "idempotency_key_reused")

    refused = sent | {"amount": "1000000.00"}
    problem(erp("POST", path, refused, key="k2"), 422, "refused")
    assert erp("POST", path, sent, key="k2").status_code == 201, "a refusal frees the key"
    assert Payment.objects.count() == 2

    ApiAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget() == 2


def test_another_token_has_its_own_keys(erp: Program, administrator: User, branch: Branch) -> None:
    other = program(administrator, administrator, branches=[branch])
    for caller, name in ((erp, "Ana"), (other, "Bia")):
        sent = {"branch_id": branch.pk, "name": name}
        assert caller("POST", "leads", sent, key="a").status_code == 201
    assert Lead.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_post_at_the_same_moment_is_done_once(erp: Program, debt: Receivable) -> None:
    """The first holds the debt's row until the others have had their answers."""
    path = f"receivables/{debt.pk}/payments"
    sent = {"amount": "10.00", "paid_on": str(timezone.localdate())}
    answers: list[Any] = []

    def call() -> None:
        try:
            answers.append(erp("POST", path, sent, key="juntos"))
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM receivables_receivable WHERE id = %s FOR UPDATE", [debt.pk])
        first = threading.Thread(target=call)
        first.start()
        while True:  # until the first one waits for the row
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                break
        for _ in range(3):
            other = threading.Thread(target=call)
            other.start()
            other.join(30)
        cursor.execute("COMMIT")
    first.join(30)
    assert [response.status_code for response in answers] == [409, 409, 409, 201]
    problem(answers[0], 409, "request_under_way")
    assert erp("POST", path, sent, key="juntos").content == answers[-1].content
    assert Payment.objects.count() == 1


# --- Rates --------------------------------------------------------------------------------------


def test_a_token_may_call_so_often_a_minute(administrator: User, branch: Branch) -> None:
    caller = program(administrator, administrator, calls_per_minute=3)
    assert caller("GET", "branches")["RateLimit-Remaining"] == "2"
    for _ in range(3):  # the minute may turn between the two lines
        ApiUsage.objects.update(calls=3)
        refused = caller("GET", "branches")
        if refused.status_code == 429:
            break
    problem(refused, 429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"
    ApiUsage.objects.update(minute=timezone.now() - timedelta(minutes=2))
    assert caller("GET", "branches")["RateLimit-Remaining"] == "2"


def test_documents_are_masked_until_somebody_who_may_looks(
    erp: Program, administrator: User, branch: Branch
) -> None:
    customer: Customer = factories.customer(branch)
    row = erp.get(f"customers/{customer.pk}")
    assert customer.document not in json.dumps(row)
    shown = json.loads(erp("POST", f"customers/{customer.pk}/document").content)
    assert shown == {"document": customer.document}
    assert erp.get(f"customers?q={customer.document}")["items"][0]["id"] == customer.pk
