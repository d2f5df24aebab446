"""The tests. Each says in its name what Régua relies on."""

# ruff: noqa: S101, S105, S106

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from regua.bureaus.contract import (
    BureauClient,
    InquiryPending,
    InquiryReport,
    ListingStatus,
)
from regua.bureaus.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from regua.bureaus.registry import problem_with

from .bureau import BureauUnderTest, cannot
from .doubles import MemoryJournal, MemoryTokenStore
from .helpers import (
    assert_nothing_personal,
    assert_same_debt,
    find,
    finished,
    in_status,
    new_key,
    patiently,
    personal_data,
    read,
    remove,
)

SERVER_ERRORS = (500, 502, 503, 504)
SHORT_TIMEOUT = 0.4

Connect = Callable[..., BureauClient]


class ConformanceSuite:
    """Inherit it in a class named ``Test…`` and provide the fixture ``bureau``."""

    @pytest.fixture
    def bureau(self) -> BureauUnderTest:
        raise NotImplementedError("override this fixture with your BureauUnderTest")

    @pytest.fixture
    def journal(self) -> MemoryJournal:
        return MemoryJournal()

    @pytest.fixture
    def tokens(self) -> MemoryTokenStore:
        return MemoryTokenStore()

    @pytest.fixture
    def connect(
        self, bureau: BureauUnderTest, journal: MemoryJournal, tokens: MemoryTokenStore
    ) -> Iterator[Connect]:
        with ExitStack() as opened:

            def connect(**spoiled: Any) -> BureauClient:
                connection = bureau.connection(journal=journal, tokens=tokens, **spoiled)
                return opened.enter_context(bureau.provider.connect(connection))

            yield connect

    @pytest.fixture
    def client(self, connect: Connect) -> BureauClient:
        """A line that has spoken already, so that the next call needs no token."""
        client = connect()
        client.products()
        return client

    # --- what a provider says of itself ---

    def test_a_provider_declares_what_the_registry_needs(self, bureau: BureauUnderTest) -> None:
        assert problem_with(bureau.provider, slug=bureau.provider.slug) == ""

    def test_secrets_do_not_show_in_a_connection(
        self, bureau: BureauUnderTest, journal: MemoryJournal, tokens: MemoryTokenStore
    ) -> None:
        connection = bureau.connection(
            journal=journal, tokens=tokens, client_secret="never-seen-secret"
        )
        client = bureau.provider.connect(connection)
        with client:
            assert "never-seen-secret" not in f"{connection!r} {client!r}"

    # --- catalogue ---

    def test_the_catalogue_can_be_read(self, bureau: BureauUnderTest, client: BureauClient) -> None:
        products = client.products()
        assert products
        assert all(product.price >= 0 for product in products)
        assert client.restriction_codes()
        removal_codes = {code.code: code for code in client.removal_codes()}
        assert not removal_codes[bureau.removal_code].bureau_only

    # --- inquiries ---

    def test_an_inquiry_brings_a_report_on_the_document_asked_for(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.inquiry_request()
        report = client.inquire(request, idempotency_key=new_key())
        assert isinstance(report, InquiryReport)
        assert report.document == request.document
        assert report.generated_at.tzinfo is not None
        again = client.inquiry(report.protocol)
        assert isinstance(again, InquiryReport)
        assert again.document == request.document

    def test_the_same_key_is_never_charged_twice(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request, key = bureau.inquiry_request(), new_key()
        first = client.inquire(request, idempotency_key=key)
        assert client.inquire(request, idempotency_key=key).protocol == first.protocol
        assert bureau.count_inquiries(request) == 1

    def test_a_lost_report_is_had_again_with_the_same_key(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request, key = bureau.inquiry_request(), new_key()
        bureau.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            client.inquire(request, idempotency_key=key)
        assert isinstance(client.inquire(request, idempotency_key=key), InquiryReport)
        assert bureau.count_inquiries(request) == 1

    def test_a_report_that_takes_its_time_is_asked_for_again(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        asked = client.inquire(bureau.slow_inquiry_request(), idempotency_key=new_key())
        assert isinstance(asked, InquiryPending)
        report = patiently(
            lambda: finished(client.inquiry(asked.protocol)), "the report never came"
        )
        assert report.protocol == asked.protocol

    def test_a_report_can_be_printed(self, bureau: BureauUnderTest, client: BureauClient) -> None:
        if not bureau.provider.capabilities.inquiry_pdf:
            cannot("print")
        report = client.inquire(bureau.inquiry_request(), idempotency_key=new_key())
        assert client.inquiry_pdf(report.protocol).startswith(b"%PDF-")

    # --- listings ---

    def test_a_listing_is_taken_and_can_be_read_back(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.listing_request()
        taken = client.list_debt(request, idempotency_key=new_key())
        assert not taken.already_there
        record = client.listing(taken.protocol)
        assert record.protocol == taken.protocol
        assert_same_debt(record, request)

    def test_the_same_key_lists_once(self, bureau: BureauUnderTest, client: BureauClient) -> None:
        request, key = bureau.listing_request(), new_key()
        first = client.list_debt(request, idempotency_key=key)
        assert client.list_debt(request, idempotency_key=key).protocol == first.protocol
        assert bureau.count_listings(request) == 1

    def test_already_listed_is_a_success_that_adopts_the_record(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.listing_request()
        first = client.list_debt(request, idempotency_key=new_key())
        again = client.list_debt(
            dataclasses.replace(request, reference=f"{request.reference}-2"),
            idempotency_key=new_key(),
        )
        assert (again.protocol, again.already_there) == (first.protocol, True)
        assert bureau.count_listings(request) == 1

    def test_a_refusal_tells_every_field_and_nothing_personal(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        request = bureau.refused_listing_request()
        with pytest.raises(Refused) as refused:
            client.list_debt(request, idempotency_key=new_key())
        assert len(refused.value.fields) >= 2
        assert all(problem.field and problem.message for problem in refused.value.fields)
        assert_nothing_personal(refused.value, request)
        assert bureau.count_listings(request) == 0

    def test_a_co_debtor_is_listed_with_the_debt(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        if not bureau.provider.capabilities.co_debtor:
            cannot("list a co-debtor")
        alone, request = bureau.listing_request(), bureau.listing_request_with_co_debtor()
        assert request.co_debtor is not None
        for asked in (alone, request):
            client.list_debt(asked, idempotency_key=new_key())
        assert bureau.co_debtor_of(alone) is None
        assert bureau.co_debtor_of(request) == request.co_debtor.document

    def test_a_co_debtor_who_is_the_debtor_is_refused(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        if not bureau.provider.capabilities.co_debtor:
            cannot("list a co-debtor")
        request = bureau.listing_request()
        request = dataclasses.replace(request, co_debtor=request.debtor)
        with pytest.raises(Refused) as refused:
            client.list_debt(request, idempotency_key=new_key())
        assert len(refused.value.fields) == 1
        assert_nothing_personal(refused.value, request)
        assert bureau.count_listings(request) == 0

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

    # --- protocols and removals ---

    def test_an_unknown_protocol_is_said_to_be_unknown(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        with pytest.raises(NotFound):
            client.listing(bureau.unknown_protocol)
        with pytest.raises(NotFound):
            client.inquiry(bureau.unknown_protocol)
        with pytest.raises(NotFound):
            remove(client, bureau, bureau.unknown_protocol)

    @pytest.mark.parametrize("protocol", ["", ".", "..", "../produtos", "a/b", "x?y", "é"])
    def test_a_protocol_never_becomes_another_address(
        self, client: BureauClient, protocol: str
    ) -> None:
        with pytest.raises(NotFound):
            client.listing(protocol)

    def test_a_removal_is_taken_once_and_then_there_is_nothing_left(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        taken = client.list_debt(bureau.listing_request(), idempotency_key=new_key())
        removal = remove(client, bureau, taken.protocol)
        assert (removal.protocol, removal.already_gone) == (taken.protocol, False)
        record = patiently(
            lambda: in_status(client.listing(taken.protocol), ListingStatus.REMOVED),
            "the listing was never removed",
        )
        assert record.removal_code == bureau.removal_code
        assert record.removed_on is not None
        assert remove(client, bureau, taken.protocol).already_gone is True

    def test_a_removal_whose_answer_was_lost_can_be_looked_up(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        taken = client.list_debt(bureau.listing_request(), idempotency_key=new_key())
        bureau.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            remove(client, bureau, taken.protocol)
        assert client.listing(taken.protocol).status in (
            ListingStatus.REMOVAL_RECEIVED,
            ListingStatus.REMOVED,
        )

    # --- news ---

    def test_the_change_feed_misses_nothing(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        if not bureau.provider.capabilities.change_feed:
            cannot("tell changes")
        protocols = {
            client.list_debt(bureau.listing_request(), idempotency_key=new_key()).protocol
            for _ in range(5)
        }
        since = min(client.listing(protocol).changed_at for protocol in protocols)
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(200):
            page = client.changes(since=since - timedelta(hours=1), cursor=cursor, limit=2)
            seen |= {record.protocol for record in page.items}
            cursor = page.next_cursor
            if cursor is None:
                break
        assert cursor is None
        assert protocols <= seen

    def test_a_record_never_gets_an_older_version(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        taken = client.list_debt(bureau.listing_request(), idempotency_key=new_key())
        before = client.listing(taken.protocol)
        remove(client, bureau, taken.protocol)
        assert client.listing(taken.protocol).version > before.version

    def test_a_genuine_webhook_is_read_and_a_false_one_is_not(
        self, bureau: BureauUnderTest, client: BureauClient
    ) -> None:
        if not bureau.provider.capabilities.webhooks:
            cannot("deliver a webhook")
        taken = client.list_debt(bureau.listing_request(), idempotency_key=new_key())
        delivery = bureau.deliver_webhook(taken.protocol)
        event = read(bureau, delivery)
        assert event.event_id
        assert event.listing.protocol == taken.protocol

        shouted = {name.upper(): value for name, value in delivery.headers.items()}
        assert read(bureau, dataclasses.replace(delivery, headers=shouted)) == event
        later = delivery.received_at + timedelta(days=1)
        for false in (
            dataclasses.replace(delivery, body=delivery.body + b" "),
            dataclasses.replace(delivery, secret=delivery.secret + "x"),
            dataclasses.replace(delivery, headers={}),
            dataclasses.replace(delivery, received_at=later),
        ):
            with pytest.raises(Refused):
                read(bureau, false)

    # --- the journal ---

    def test_every_exchange_is_told_to_the_journal_without_personal_data(
        self, bureau: BureauUnderTest, client: BureauClient, journal: MemoryJournal
    ) -> None:
        inquiry, listing = bureau.inquiry_request(), bureau.listing_request()
        report = client.inquire(inquiry, idempotency_key=new_key())
        protocol = client.list_debt(listing, idempotency_key=new_key()).protocol
        client.listing(protocol)
        if bureau.provider.capabilities.find_by_debt:
            find(client, listing)
        remove(client, bureau, protocol)
        assert len(journal.entries) >= 5
        assert all(entry.end is not None for entry in journal.entries)
        told = repr(journal.entries)
        for value in personal_data(listing) | {inquiry.document}:
            assert value not in told
        if isinstance(report, InquiryReport) and report.name:
            assert report.name not in told
