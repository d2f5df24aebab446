"""Every operation, found in the router itself, against strangers: none can be forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.api.openapi import example
from regua.api.router import api
from regua.api.scopes import Scope
from regua.organization.models import Branch
from tests import factories
from tests.api.conftest import Program, program

pytestmark = pytest.mark.django_db
SCHEMA: Any = api.get_openapi_schema()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]
Things = Callable[[Branch, User], dict[str, int]]


def body_of(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return content and example(content["schema"], SCHEMA["components"]["schemas"])


def send(caller: Program, method: str, path: str, operation: dict[str, Any], body: Any) -> Any:
    headers = {"If-Match": "*"} if method == "PATCH" else {}
    return caller(method, path, body, **headers)


def code_of(response: Any) -> str:
    assert response["Content-Type"] == "application/problem+json"
    found: str = json.loads(response.content)["code"]
    return found


def test_nothing_is_told_without_a_token() -> None:
    for method, path, operation in OPERATIONS:
        address = path.replace("{id}", "1")
        for token in ("", "regua_de-ninguem"):
            response = send(Program(token), method, address, operation, body_of(operation))
            assert (response.status_code, code_of(response)) == (401, "unauthenticated"), path


def test_each_operation_takes_its_scope(administrator: User) -> None:
    for scope in Scope.values:
        others = [other for other in Scope.values if other != scope]
        caller = program(administrator, administrator, scopes=others)
        for method, path, operation in OPERATIONS:
            if operation["x-scope"] == scope:
                address = path.replace("{id}", "1")
                response = send(caller, method, address, operation, body_of(operation))
                assert (response.status_code, code_of(response)) == (403, "missing_scope"), path


def test_what_is_of_another_branch_does_not_exist(
    erp: Program, branch: Branch, other_branch: Branch, administrator: User, things: Things
) -> None:
    theirs = things(other_branch, administrator)
    for method, path, operation in OPERATIONS:
        body = body_of(operation)
        if "{id}" in path:
            kind = path.split("/")[3]
            there, nowhere = (path.replace("{id}", str(pk)) for pk in (theirs[kind], 10**15))
            found = send(erp, method, there, operation, body)
            missing = send(erp, method, nowhere, operation, body)
            assert (found.status_code, missing.status_code) == (404, 404), path
            assert found.content == missing.content
        elif method == "POST":
            if "receivable_ids" in body:
                body["receivable_ids"] = [theirs["receivables"]]
            if "branch_id" in body:
                body["branch_id"] = other_branch.pk
            assert send(erp, method, path, operation, body).status_code == 404, path
        elif operation["operationId"] != "report_list":  # what reports there are is no secret
            rows = erp.get(path)
            if operation["operationId"] == "branch_list":
                assert [row["id"] for row in rows["items"]] == [branch.pk]
                continue
            assert rows["items"] == [], path
            assert rows.get("count") in (None, 0)


def test_what_writes_takes_a_role_that_may(
    branch: Branch, administrator: User, things: Things
) -> None:
    """An auditor only reads: so do the programs that act for one, whatever their scopes."""
    caller = program(administrator, factories.user(Role.AUDIT, branch))
    ours = things(branch, administrator)
    chosen = {
        "branch_id": branch.pk,
        "receivable_ids": [ours["receivables"]],
        **dict.fromkeys(("customer_id", "lead_id", "prospect_id", "join_id", "group_id")),
    }
    for method, path, operation in OPERATIONS:
        if method != "GET":
            body = body_of(operation)
            if body:
                body |= {name: chosen[name] for name in chosen.keys() & body.keys()}
            address = path.replace("{id}", str(ours.get(path.split("/")[3], 1)))
            response = send(caller, method, address, operation, body)
            assert (response.status_code, code_of(response)) == (403, "not_allowed"), path


def test_every_scope_is_asked_for_by_something() -> None:
    assert {operation["x-scope"] for _, _, operation in OPERATIONS} == set(Scope.values)


def test_every_operation_is_described_in_portuguese() -> None:
    for _, _, operation in OPERATIONS:
        assert re.search(r"[a-zà-ú]{3}", operation["summary"])
        assert not re.search(r"\b(usuário|registro|processar)\b", operation["summary"])
