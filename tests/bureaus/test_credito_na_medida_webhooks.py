import json
from datetime import UTC, datetime, timedelta

import pytest

from regua.bureaus.errors import Misconfigured, Refused
from regua.bureaus.providers.credito_na_medida import provider
from regua.bureaus.providers.credito_na_medida.payloads import sign
from regua.bureaus.providers.credito_na_medida.webhooks import REPLAY_WINDOW

from .wire_samples import CPF, listing_row

SECRET = "segredo-dos-avisos"
NOW = datetime(2026, 11, 18, 14, tzinfo=UTC)


def body(**changes):
    event = {
        "evento_id": "E-1",
        "tipo": "negativacao.alterada",
        "ocorrido_em": "2026-11-18T10:59:00-03:00",
        "negativacao": listing_row(),
    }
    return json.dumps(event | changes, ensure_ascii=False).encode()


def read(content, *, header=None, moment=NOW, secret=SECRET, name="X-CNM-Assinatura", now=NOW):
    unix = int(moment.timestamp())
    if header is None:
        header = f"t={unix},v1={sign(secret=SECRET, moment=unix, body=content)}"
    return provider.read_webhook(headers={name: header}, body=content, secret=secret, now=now)


@pytest.mark.parametrize("name", ["X-CNM-Assinatura", "x-cnm-assinatura", "X-Cnm-Assinatura"])
def test_a_genuine_delivery_is_read(name):
    event = read(body(campo_novo=1), name=name)
    assert event.event_id == "E-1"
    assert event.occurred_at == datetime(2026, 11, 18, 13, 59, tzinfo=UTC)
    assert event.listing.protocol == "N-1"


def test_the_signature_is_the_contracts():
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac s
    assert sign(secret="s", moment=1700000000, body=b"{}") == (
        "e9232c9945da8456c2dea6b39da7786c07b00bca7a64d5dd1283674713a7b72a"
    )


@pytest.mark.parametrize(
    "away", [REPLAY_WINDOW + timedelta(seconds=1), -REPLAY_WINDOW - timedelta(seconds=1)]
)
def test_a_delivery_signed_too_far_from_now_is_refused(away):
    with pytest.raises(Refused, match="tempo demais"):
        read(body(), moment=NOW + away)
    assert read(body(), moment=NOW + away * 0.99)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1,v1=",
        "v1=" + "a" * 64,
        "t=1795010400",
        "t=١,v1=" + "a" * 64,
        "t=1795010400,v1=" + "é" * 64,
        "t=1795010400,v1=" + "0" * 64,
        "t=1795010400,t=1,v1=" + "0" * 64,
        "t=99999999999999999999,v1=" + "0" * 64,
        "t=999999999999,v1=" + "0" * 64,
        "garbage",
    ],
)
def test_a_false_signature_is_refused(header):
    with pytest.raises(Refused):
        read(body(), header=header)


def test_a_delivery_without_a_signature_is_refused():
    with pytest.raises(Refused):
        provider.read_webhook(headers={}, body=body(), secret=SECRET, now=NOW)


def test_the_wrong_secret_is_refused():
    with pytest.raises(Refused):
        read(body(), secret="outro")


def test_without_a_secret_nothing_can_be_checked():
    with pytest.raises(Misconfigured):
        read(body(), secret="")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        body(tipo="outra.coisa"),
        body(evento_id=None),
        body(ocorrido_em="ontem"),
        body(negativacao=None),
        body(negativacao=listing_row(versao="x")),
    ],
)
def test_a_genuine_but_unreadable_delivery_is_refused(content):
    with pytest.raises(Refused, match="não pôde ser lido") as caught:
        read(content)
    assert CPF not in repr(caught.value)


def test_an_endless_delivery_is_not_even_signed():
    with pytest.raises(Refused, match="grande demais"):
        read(b" " * 300_000)
