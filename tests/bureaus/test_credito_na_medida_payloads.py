"""Whatever a bureau answers, reading it ends in a record or in a ``BureauError``."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regua.bureaus.contract import InquiryReport
from regua.bureaus.errors import BureauError
from regua.bureaus.http import Answer
from regua.bureaus.providers.credito_na_medida import payloads
from regua.bureaus.providers.credito_na_medida.client import _read
from regua.bureaus.providers.credito_na_medida.failures import Action, failure_of
from regua.bureaus.reading import MalformedAnswer, Record

from .wire_samples import CPF, NAME, listing_row, report

READERS = [
    payloads.read_products,
    payloads.read_restriction_codes,
    payloads.read_removal_codes,
    payloads.read_protocol,
    payloads.read_inquiry,
    payloads.read_listing,
    payloads.read_listings,
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-W01-1"])
    | st.sampled_from(["1e999", "-0.00", "٣.00", "129.90", "NaN", "F", "ATIVA", CPF])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def spoiled(sample):
    """A body like the real one, some of whose fields hold anything or are missing."""
    changes = st.dictionaries(st.sampled_from(sorted(sample)), json_values, max_size=3)
    missing = st.sets(st.sampled_from(sorted(sample)), max_size=1)
    return st.builds(
        lambda more, less: {k: v for k, v in (sample | more).items() if k not in less},
        changes,
        missing,
    )


def answer(body, status=200, read_only=False):
    return Answer(
        status=status,
        content_type="application/json",
        content=b"",
        retry_after=None,
        read_only=read_only,
        parsed=body,
    )


bodies = (
    json_values
    | st.lists(spoiled(listing_row()), max_size=2)
    | spoiled(listing_row())
    | spoiled(report())
    | st.builds(lambda rows: {"itens": rows}, st.lists(spoiled(listing_row()), max_size=2))
)


@given(bodies, st.sampled_from(READERS), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_json_is_read_or_is_a_bureau_error(body, reader, read_only):
    failure = None
    try:
        _read(answer(body, read_only=read_only), reader)
    except BureauError as error:
        failure = error
    if failure is not None:
        assert (failure.__cause__, failure.__context__) == (None, None)
        assert CPF not in f"{failure!r} {vars(failure)}"
        assert NAME not in f"{failure!r} {vars(failure)}"


@given(
    json_values
    | st.fixed_dictionaries(
        {"codigo": scalars, "mensagem": scalars, "campos": json_values, "protocolo": scalars}
    )
    | st.fixed_dictionaries(
        {"campos": st.lists(st.fixed_dictionaries({"campo": scalars, "codigo": scalars}))}
    ),
    st.integers(100, 599),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_any_failure_has_a_sentence(body, status, read_only):
    action = Action("a baixa", "Nada mudou.", by_protocol=True)
    failure = failure_of(answer(body, status, read_only), action, personal=[CPF, NAME])
    assert isinstance(failure, BureauError)
    assert failure.message.endswith(".")
    assert CPF not in f"{failure!r} {vars(failure)}"


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_webhook_body_is_read_or_malformed(body):
    with pytest.raises(MalformedAnswer):
        payloads.read_event(body)


@given(st.decimals(min_value=0, max_value="999999999999.99", places=2))
def test_money_is_exact(amount):
    assert Record({"valor": f"{amount:.2f}"}).money("valor") == amount


@pytest.mark.parametrize("value", [129.9, 129, "129,90", "1.234", "1e2", "", None, "٣.00", " 1"])
def test_what_is_not_exact_money(value):
    with pytest.raises(MalformedAnswer):
        Record({"valor": value}).money("valor")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-18", date(2026, 11, 18)),
        ("2026-11-18T01:00:00Z", date(2026, 11, 17)),
        ("2026-11-18T01:00:00-03:00", date(2026, 11, 18)),
        ("2026-11-18T01:00:00", date(2026, 11, 18)),
    ],
)
def test_days_are_the_bureaus_own(text, day):
    assert Record({"em": text}).day("em") == day


def test_an_instant_without_an_offset_is_the_bureaus_own_clock():
    record = Record({"em": "2026-11-18T12:00:00"})
    assert record.instant("em") == datetime(2026, 11, 18, 15, tzinfo=UTC)


def test_documents_come_out_in_upper_case():
    assert payloads.read_listing(listing_row(documento="12abc34501de35")).document.isupper()


@given(st.text(max_size=30))
def test_what_is_sent_in_a_path_stays_in_its_segment(protocol):
    if payloads.is_protocol(protocol):
        path = payloads.removal_path(protocol)
        assert path.count("/") == 4
        assert protocol != ".."
        assert "?" not in path


def test_a_whole_report_survives_a_round_through_json():
    read = payloads.read_inquiry(json.loads(json.dumps(report())))
    assert isinstance(read, InquiryReport)
    assert read.pendings_total == Decimal("1000.10")
