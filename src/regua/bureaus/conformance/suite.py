"""The tests together. Each says in its name what Régua relies on."""

# ruff: noqa: S101

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from regua.bureaus.contract import BureauClient, InquiryReport

from .bureau import BureauUnderTest
from .doubles import MemoryJournal, MemoryTokenStore
from .failures import FailureTests
from .helpers import find, new_key, personal_data, remove
from .inquiries import InquiryTests
from .listings import ListingTests

Connect = Callable[..., BureauClient]


class ConformanceSuite(InquiryTests, ListingTests, FailureTests):
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
