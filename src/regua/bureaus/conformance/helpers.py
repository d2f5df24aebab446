"""Short ways of saying what the tests of the suite say often."""

# ruff: noqa: S101

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from time import monotonic, sleep
from typing import TypeVar

from regua.bureaus.contract import (
    BureauClient,
    InquiryPending,
    InquiryReport,
    ListingRecord,
    ListingRequest,
    ListingStatus,
    Removal,
    WebhookEvent,
)
from regua.bureaus.errors import BureauError

from .bureau import BureauUnderTest, Delivery

PATIENCE_SECONDS = 10.0

T = TypeVar("T")


def new_key() -> str:
    return uuid.uuid4().hex


def find(client: BureauClient, request: ListingRequest) -> list[ListingRecord]:
    return client.find_listings(document=request.debtor.document, contract=request.contract)


def remove(client: BureauClient, bureau: BureauUnderTest, protocol: str) -> Removal:
    return client.remove(
        protocol,
        removal_code=bureau.removal_code,
        on=date.today(),  # noqa: DTZ011
        idempotency_key=new_key(),
    )


def read(bureau: BureauUnderTest, delivery: Delivery) -> WebhookEvent:
    return bureau.provider.read_webhook(
        headers=delivery.headers,
        body=delivery.body,
        secret=delivery.secret,
        now=delivery.received_at,
    )


def assert_same_debt(record: ListingRecord, request: ListingRequest) -> None:
    assert record.document == request.debtor.document
    assert record.contract == request.contract
    assert record.amount == request.amount
    assert record.due_date == request.due_date


def assert_nothing_personal(error: BureauError, request: ListingRequest) -> None:
    shown = f"{error!r} {error} {vars(error)}"
    assert error.message
    for value in personal_data(request):
        assert value not in shown


def personal_data(request: ListingRequest) -> set[str]:
    debtor = request.debtor
    values = {debtor.document, debtor.name, debtor.mobile, debtor.email, debtor.address.street}
    return {value for value in values if value and len(value) > 3}


def finished(answer: InquiryReport | InquiryPending) -> InquiryReport | None:
    return answer if isinstance(answer, InquiryReport) else None


def in_status(record: ListingRecord, status: ListingStatus) -> ListingRecord | None:
    return record if record.status == status else None


def patiently(ask: Callable[[], T | None], complaint: str) -> T:
    """Ask until there is an answer, or fail with the complaint."""
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        sleep(0.02)
    raise AssertionError(complaint)
