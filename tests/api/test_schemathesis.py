"""The whole OpenAPI, put to the test by Schemathesis: no 5xx, no undocumented answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from regua.accounts.models import User
from regua.api.router import api
from regua.organization.models import Branch
from regua.project.wsgi import application
from tests.api.conftest import Program

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_keys = count(1)
QUICK = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
Things = Callable[[Branch, User], dict[str, int]]


class Known:
    """The description, who calls, and something of each kind to call about."""

    def __init__(self, erp: Program, ids: dict[str, int]) -> None:
        self.headers = {"Authorization": f"Bearer {erp.token}", "Host": "localhost"}
        self.ids = ids
        self.schema: Any = schemathesis.openapi.from_wsgi(
            "/api/v1/openapi.json", application, headers={"Host": "localhost"}
        )

    def meant(self, case: Any) -> Any:
        """The same, in a branch that is there, with a key of its own, of what was read last."""
        if isinstance(case.body, dict) and "branch_id" in case.body:
            case.body["branch_id"] = self.ids["branches"]
        for name, value in (("Idempotency-Key", f"k{next(_keys)}"), ("If-Match", "*")):
            if name in case.headers:
                case.headers[name] = value
        return case

    def there(self, path: str) -> dict[str, Any] | None:
        return {"id": self.ids[path.split("/")[3]]} if "{id}" in path else None


@pytest.fixture
def known(erp: Program, branch: Branch, administrator: User, things: Things) -> Known:
    return Known(erp, things(branch, administrator))


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A request's end leaves the test's connection, and so its transaction, open."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.mark.django_db(transaction=True)
def test_every_operation_answers_as_documented(clean_queue: None, known: Known) -> None:
    """Sense and nonsense, of what is there and of what is not."""
    count = 0
    for found in known.schema.get_all_operations():
        operation = found.ok()
        count += 1
        strategies = [
            operation.as_strategy(path_parameters=known.there(operation.path)).map(known.meant),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ]

        @QUICK
        @given(case=one_of(strategies))
        def answers(case: Any) -> None:
            case.call_and_validate(headers=known.headers, checks=CHECKS)

        answers()
    assert count == sum(len(methods) for methods in api.get_openapi_schema()["paths"].values())


@pytest.mark.django_db
def test_what_links_lead_to_answers_as_documented(one_connection: None, known: Known) -> None:
    """Each walk begins with the same rows: what one did is undone before the next."""

    class Following(known.schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.start = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.start)

        def before_call(self, case: Any) -> None:
            known.meant(case)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": known.headers}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Following.run(settings=settings(QUICK, max_examples=8, stateful_step_count=6))
