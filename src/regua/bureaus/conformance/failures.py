"""What goes wrong on the way, and what may be said of it afterwards."""

# ruff: noqa: S101, S105

from __future__ import annotations

import socket
from collections.abc import Callable
from time import monotonic

import pytest

from regua.bureaus.contract import BureauClient
from regua.bureaus.errors import Misconfigured, OutcomeUnknown, TryLater

from .bureau import BureauUnderTest
from .doubles import MemoryTokenStore
from .helpers import assert_nothing_personal, assert_same_debt, find, new_key

SERVER_ERRORS = (500, 502, 503, 504)
SHORT_TIMEOUT = 0.4

Connect = Callable[..., BureauClient]


class FailureTests:
    """Part of the ``ConformanceSuite``."""

    # --- the answer that never came ---

    def test_a_listing_whose_answer_was_lost_is_found_again(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request, key = bureau.listing_request(), new_key()
        bureau.lose_next_answer()
        with pytest.raises(OutcomeUnknown) as unknown:
            client.list_debt(request, idempotency_key=key)
        assert_nothing_personal(unknown.value, request)
        if bureau.provider.capabilities.find_by_debt:
            [record] = find(client, request)
            assert_same_debt(record, request)
            assert record.reference == request.reference
        assert client.list_debt(request, idempotency_key=key).protocol
        assert bureau.count_listings(request) == 1

    def test_a_listing_that_was_dropped_is_not_found(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.listing_request()
        bureau.drop_next_call()
        with pytest.raises(OutcomeUnknown):
            client.list_debt(request, idempotency_key=new_key())
        if bureau.provider.capabilities.find_by_debt:
            assert find(client, request) == []

    def test_a_silent_bureau_leaves_the_outcome_unknown(
        self, bureau: BureauUnderTest, connect: Connect
    ) -> None:
        client = connect(timeout=SHORT_TIMEOUT)
        client.products()
        bureau.ignore_next_call()
        started = monotonic()
        with pytest.raises(OutcomeUnknown):
            client.list_debt(bureau.listing_request(), idempotency_key=new_key())
        assert monotonic() - started < 10 * SHORT_TIMEOUT

    def test_an_answer_nobody_can_read_leaves_the_outcome_unknown(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request, key = bureau.listing_request(), new_key()
        bureau.garble_next_answer()
        with pytest.raises(OutcomeUnknown):
            client.list_debt(request, idempotency_key=key)
        assert client.list_debt(request, idempotency_key=key).protocol
        assert bureau.count_listings(request) == 1

    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    @pytest.mark.parametrize("status", SERVER_ERRORS)
    def test_a_server_error_leaves_a_listing_unknown(
        self, bureau: BureauUnderTest, client: BureauClient, status: int, done: bool
    ) -> None:
        request = bureau.listing_request()
        bureau.answer_next(status, done=done)
        with pytest.raises(OutcomeUnknown) as unknown:
            client.list_debt(request, idempotency_key=new_key())
        assert unknown.value.http_status == status
        if bureau.provider.capabilities.find_by_debt:
            assert len(find(client, request)) == int(done)

    @pytest.mark.parametrize("status", SERVER_ERRORS)
    def test_a_server_error_on_a_reading_is_only_a_delay(
        self, bureau: BureauUnderTest, client: BureauClient, status: int
    ) -> None:
        bureau.answer_next(status)
        with pytest.raises(TryLater):
            client.products()
        assert client.products()

    def test_a_bureau_that_cannot_be_reached_was_sent_nothing(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        with pytest.raises(TryLater):
            connect(base_url=f"http://127.0.0.1:{port}").products()

    # --- limits, contract and credentials ---

    def test_told_to_wait_nothing_was_done(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.listing_request()
        bureau.answer_next(429, retry_after=7)
        with pytest.raises(TryLater) as later:
            client.list_debt(request, idempotency_key=new_key())
        assert later.value.retry_after == 7
        assert client.list_debt(request, idempotency_key=new_key()).already_there is False

    @pytest.mark.parametrize("status", [402, 403])
    def test_a_matter_of_contract_is_not_the_requests_fault(
        self, bureau: BureauUnderTest, client: BureauClient, status: int
    ) -> None:
        bureau.answer_next(status)
        with pytest.raises(Misconfigured):
            client.inquire(bureau.inquiry_request(), idempotency_key=new_key())

    def test_revoked_tokens_are_replaced_unnoticed(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.listing_request()
        bureau.revoke_tokens()
        assert client.list_debt(request, idempotency_key=new_key()).already_there is False
        assert bureau.count_listings(request) == 1

    def test_one_token_serves_every_line(self, connect: Connect, tokens: MemoryTokenStore) -> None:
        connect().restriction_codes()
        connect().removal_codes()
        assert len(tokens.saved) <= 1

    def test_wrong_credentials_are_a_matter_of_configuration(self, connect: Connect) -> None:
        secret = "a-wrong-secret"
        with pytest.raises(Misconfigured) as refused:
            connect(client_secret=secret).products()
        assert secret not in f"{refused.value!r} {vars(refused.value)}"
