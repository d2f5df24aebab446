"""What a provider says of itself, its catalogue and its reports."""

# ruff: noqa: S101, S106

from __future__ import annotations

from collections.abc import Callable

import pytest

from regua.bureaus.contract import BureauClient, InquiryPending, InquiryReport
from regua.bureaus.errors import OutcomeUnknown
from regua.bureaus.registry import problem_with

from .bureau import BureauUnderTest, cannot
from .doubles import MemoryJournal, MemoryTokenStore
from .helpers import finished, new_key, patiently

Connect = Callable[..., BureauClient]


class InquiryTests:
    """Part of the ``ConformanceSuite``."""

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
