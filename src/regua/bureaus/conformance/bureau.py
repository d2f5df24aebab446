"""What the suite needs to know of a bureau, and must be able to make it do."""

# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Never

import pytest

from regua.bureaus.connection import CallJournal, Connection, TokenStore
from regua.bureaus.contract import InquiryRequest, ListingRequest, Provider


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as it reached the callback."""

    headers: Mapping[str, str]
    body: bytes
    secret: str
    received_at: datetime


def cannot(what: str) -> Never:
    """Skip a test that needs what this bureau cannot be made to do."""
    pytest.skip(f"this bureau cannot {what}")


class BureauUnderTest:
    """Override everything your bureau can do; the rest skips the tests that need it."""

    provider: Provider
    removal_code: str
    """A code that the creditor may send to remove a paid debt."""
    unknown_protocol: str
    """Well formed, and not the protocol of anything."""

    def connection(
        self,
        *,
        tokens: TokenStore,
        journal: CallJournal,
        timeout: float = 10.0,
        client_secret: str | None = None,
        base_url: str | None = None,
    ) -> Connection:
        """Return a working connection, apart from what the arguments spoil."""
        raise NotImplementedError

    # Requests: a new person or a new debt at every call.

    def inquiry_request(self) -> InquiryRequest:
        """Return a question that is answered at once."""
        raise NotImplementedError

    def listing_request(self) -> ListingRequest:
        """Return a debt that the bureau accepts."""
        raise NotImplementedError

    def slow_inquiry_request(self) -> InquiryRequest:
        """Return a question that is answered only when asked again."""
        cannot("take its time over an inquiry")

    def refused_listing_request(self) -> ListingRequest:
        """Return a debt with at least two fields that the bureau refuses."""
        cannot("refuse fields")

    def listing_request_with_co_debtor(self) -> ListingRequest:
        """Return a debt that the bureau accepts, with a second person who answers for it."""
        cannot("list a co-debtor")

    # What the bureau has on its books.

    def co_debtor_of(self, request: ListingRequest) -> str | None:
        """The co-debtor's document in this debt's listing, None where it has none."""
        cannot("tell who else answers for a debt")

    def count_listings(self, request: ListingRequest) -> int:
        """How often this debt is listed, removed or not."""
        cannot("tell what it has listed")

    def count_inquiries(self, request: InquiryRequest) -> int:
        """How often this question was charged."""
        cannot("tell what it has charged")

    # Misbehaviour: the next call, and that one only.

    def lose_next_answer(self) -> None:
        """Carry the call out and cut the connection instead of answering."""
        cannot("lose an answer")

    def drop_next_call(self) -> None:
        """Cut the connection without carrying the call out."""
        cannot("drop a call")

    def ignore_next_call(self) -> None:
        """Keep the connection open and never answer."""
        cannot("keep silent")

    def garble_next_answer(self) -> None:
        """Carry the call out and answer something that is not the wire's."""
        cannot("answer garbage")

    def answer_next(
        self, status: int, *, done: bool = False, retry_after: int | None = None
    ) -> None:
        """Answer with this status; ``done`` says whether the call is carried out all the same."""
        cannot(f"answer {status}")

    def revoke_tokens(self) -> None:
        cannot("revoke tokens")

    # News.

    def deliver_webhook(self, protocol: str) -> Delivery:
        """Make the bureau tell a change of this listing; return what reached the callback."""
        cannot("deliver a webhook")
