"""A program with every scope, and everything that the API shows, in two branches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.api.scopes import Scope
from regua.api.services import token_create
from regua.organization.models import Branch
from regua.receivables.models import Impediment, Receivable
from tests import factories
from tests.restrictions import bare

_keys = count(1)


@dataclass
class Program:
    """Calls the API as another system does: with a token, in JSON."""

    token: str

    def __call__(
        self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str
    ) -> HttpResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            sent["Idempotency-Key"] = key or f"teste-{next(_keys)}"
        response: HttpResponse = Client().generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            data=b"" if body is None else body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers=sent | headers,
        )
        return response

    def get(self, path: str) -> Any:
        response = self("GET", path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)


def program(
    administrator: User,
    owner: User,
    *,
    scopes: Iterable[str] = Scope.values,
    branches: Iterable[Branch] = (),
    **fields: Any,
) -> Program:
    _, plain = token_create(
        actor=administrator,
        application="ERP",
        owner=owner,
        scopes=scopes,
        branches=branches,
        calls_per_minute=fields.pop("calls_per_minute", 100_000),
        **fields,
    )
    return Program(plain)


@pytest.fixture
def erp(administrator: User, branch: Branch) -> Program:
    """Acts for an administrator, in one branch only."""
    return program(administrator, administrator, branches=[branch])


@pytest.fixture
def things() -> Callable[[Branch, User], dict[str, int]]:
    """Something of each kind in a branch: its kind → its id."""

    def make(branch: Branch, actor: User) -> dict[str, int]:
        integration = bare.integration(branch, client_id_sealed="x")
        customer = factories.customer(branch)
        debt = factories.receivable(customer)
        listed = factories.receivable(customer)
        impediment = Impediment.objects.create(
            receivable=factories.receivable(customer),
            kind="contest",
            told_on=debt.due_date,
            text="Diz que pagou.",
            opened_by=actor,
        )
        return {
            "branches": branch.pk,
            "customers": customer.pk,
            "leads": factories.lead(branch).pk,
            "prospects": factories.prospect(branch).pk,
            "contracts": debt.contract_id,
            "receivables": debt.pk,
            "impediments": impediment.pk,
            "inquiries": factories.answered(branch, actor, integration=integration).pk,
            "restrictions": bare.listing(listed, actor=actor).pk,
            "dunning-runs": _run(branch, actor),
            "integrations": integration.pk,
        }

    return make


def _run(branch: Branch, actor: User) -> int:
    from regua.dunning.models import DunningRun

    run = DunningRun.objects.create(
        branch=branch, day=factories.timezone.localdate(), state="paused", requested_by=actor
    )
    return run.pk


@pytest.fixture
def clean_queue(transactional_db: None) -> None:
    with connection.cursor() as cursor:  # Django flushes only the tables it manages
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def debt(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch))


@pytest.fixture
def other_manager(other_branch: Branch) -> User:
    return factories.user(Role.FINANCE_MANAGER, other_branch)
