"""Listings, their removals, and what is told of them."""

# ruff: noqa: S101

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from regua.bureaus.contract import BureauClient, ListingStatus
from regua.bureaus.errors import NotFound, OutcomeUnknown, Refused

from .bureau import BureauUnderTest, cannot
from .helpers import (
    assert_nothing_personal,
    assert_same_debt,
    in_status,
    new_key,
    patiently,
    read,
    remove,
)


class ListingTests:
    """Part of the ``ConformanceSuite``."""

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
