import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from regua.bureaus import oauth
from regua.bureaus.conformance.doubles import MemoryJournal, MemoryTokenStore
from regua.bureaus.connection import Token
from regua.bureaus.errors import Misconfigured, TryLater
from regua.bureaus.http import HttpClient
from regua.bureaus.oauth import ClientCredentialsAuth

from .scripted_server import hang, hang_up, raw, reply

NOW = datetime(2026, 11, 18, 14, tzinfo=UTC)
TOKEN = "/oauth/token"


def open_client(server, tokens, journal=None, timeout=5.0):
    auth = ClientCredentialsAuth(
        token_url=server.url + TOKEN,
        client_id="açaí",
        client_secret="s3cret:o",
        tokens=tokens,
        now=lambda: NOW,
    )
    return HttpClient(
        base_url=server.url, journal=journal or MemoryJournal(), timeout=timeout, auth=auth
    )


def granted(value="t1", **fields):
    return reply(200, {"access_token": value, "token_type": "Bearer", **fields})


def test_the_first_call_fetches_a_token_and_the_next_ones_use_it(server, tokens, journal):
    server.on(TOKEN, granted(expires_in=900))
    server.on("/x", reply(200, {}))
    with open_client(server, tokens, journal) as client:
        client.get("/x")
        client.get("/x")
    [fetch] = server.calls(TOKEN)
    assert fetch.headers["authorization"] == "Basic " + b64encode("açaí:s3cret:o".encode()).decode()
    assert fetch.headers["content-type"] == "application/x-www-form-urlencoded"
    assert fetch.body == b"grant_type=client_credentials"
    assert {call.headers["authorization"] for call in server.calls("/x")} == {"Bearer t1"}
    assert tokens.token == Token("t1", NOW + timedelta(seconds=900))
    assert [entry.start.path for entry in journal.entries] == [TOKEN, "/x", "/x"]
    assert journal.entries[0].end.body["access_token"] == "***"
    assert "t1" not in repr(journal.entries)
    assert "s3cret" not in repr(journal.entries)


def test_fifty_threads_fetch_one_token(server):
    tokens = MemoryTokenStore()
    server.on(TOKEN, granted(expires_in=900))
    server.on("/x", reply(200, {}))
    together = threading.Barrier(50)

    def call(_):
        with open_client(server, tokens) as client:
            together.wait(10)
            return client.get("/x").status

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(call, range(50))) == {200}
    assert len(server.calls(TOKEN)) == 1


def test_fifty_threads_with_a_short_lived_token_still_share_it(server):
    stale = Token("old", NOW + timedelta(seconds=5))
    tokens = MemoryTokenStore(stale)
    server.on(TOKEN, granted(expires_in=10))
    server.on("/x", reply(200, {}))
    together = threading.Barrier(50)
    seen_by_all = threading.Barrier(50)
    first_look = threading.local()
    get = tokens.get

    def get_together():
        token = get()
        if not hasattr(first_look, "done"):
            first_look.done = True
            seen_by_all.wait(10)
        return token

    tokens.get = get_together

    def call(_):
        with open_client(server, tokens) as client:
            together.wait(10)
            return client.get("/x").status

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(call, range(50))) == {200}
    assert len(server.calls(TOKEN)) == 1


@pytest.mark.parametrize(("seconds_left", "fetches"), [(31, 0), (29, 1), (-1, 1)])
def test_a_token_is_renewed_shortly_before_its_end(server, seconds_left, fetches):
    tokens = MemoryTokenStore(Token("t0", NOW + timedelta(seconds=seconds_left)))
    server.on("/x", reply(200, {}))
    with open_client(server, tokens) as client:
        client.get("/x")
    assert len(server.calls(TOKEN)) == fetches


def test_a_revoked_token_is_replaced_once_and_the_call_repeated_once(server, journal):
    tokens = MemoryTokenStore(Token("revoked", NOW + timedelta(hours=1)))
    server.on(TOKEN, granted("fresh", expires_in=900))
    server.on("/x", reply(401, {"codigo": "AUTH"}), reply(202, {"ok": True}))
    with open_client(server, tokens, journal) as client:
        assert client.post("/x", body={"a": 1}).payload() == {"ok": True}
    first, second = server.calls("/x")
    assert (first.headers["authorization"], second.headers["authorization"]) == (
        "Bearer revoked",
        "Bearer fresh",
    )
    assert first.body == second.body
    assert [entry.start.path for entry in journal.entries] == ["/x", TOKEN, "/x"]
    assert [entry.end.http_status for entry in journal.entries] == [401, 200, 202]


def test_a_bureau_that_refuses_every_token_is_asked_twice_only(server, tokens):
    server.on("/x", reply(401, {"codigo": "AUTH"}))
    with open_client(server, tokens) as client:
        assert client.get("/x").status == 401
    assert len(server.calls("/x")) == 2
    assert len(server.calls(TOKEN)) == 2


def test_after_a_401_a_token_fetched_by_somebody_else_is_used(server):
    revoked = Token("revoked", NOW + timedelta(hours=1))
    tokens = MemoryTokenStore(revoked)
    server.on("/x", reply(401, {}), reply(200, {}))
    original = tokens.invalidate

    def invalidate(token):
        original(token)
        tokens.save(Token("theirs", NOW + timedelta(hours=1)))

    tokens.invalidate = invalidate
    with open_client(server, tokens) as client:
        assert client.get("/x").status == 200
    assert not server.calls(TOKEN)
    assert server.calls("/x")[1].headers["authorization"] == "Bearer theirs"


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [
        (900, timedelta(seconds=900)),
        ("900", timedelta(seconds=900)),
        (10**30, oauth.MAX_LIFETIME),
        (None, oauth.UNKNOWN_LIFETIME),
        (0, oauth.UNKNOWN_LIFETIME),
        (-5, oauth.UNKNOWN_LIFETIME),
        (True, oauth.UNKNOWN_LIFETIME),
        ("never", oauth.UNKNOWN_LIFETIME),
        ([], oauth.UNKNOWN_LIFETIME),
    ],
)
def test_lifetimes(server, tokens, expires_in, lifetime):
    server.on(TOKEN, granted(expires_in=expires_in))
    server.on("/x", reply(200, {}))
    with open_client(server, tokens) as client:
        client.get("/x")
    assert tokens.token.expires_at == NOW + lifetime


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        (reply(400, {"error": "invalid_client"}), Misconfigured),
        (reply(401, {"codigo": "AUTH", "mensagem": "s3cret:o"}), Misconfigured),
        (reply(403, {}), Misconfigured),
        (reply(404, {}), Misconfigured),
        (reply(302, {}, Location="/login"), Misconfigured),
        (reply(429, {}, Retry_After="9"), TryLater),
        (reply(500, {}), TryLater),
        (reply(503, b"<html>"), TryLater),
        (reply(200, {}), TryLater),
        (reply(200, {"access_token": ""}), TryLater),
        (reply(200, {"access_token": "a\r\nX: y"}), TryLater),
        (reply(200, {"access_token": ["t"]}), TryLater),
        (reply(200, b"<html>"), TryLater),
        (hang_up, TryLater),
        (raw(b"garbage"), TryLater),
    ],
)
def test_a_token_that_does_not_come_means_that_nothing_was_sent(server, tokens, step, failure):
    server.on(TOKEN, step)
    with open_client(server, tokens) as client, pytest.raises(failure) as caught:
        client.post("/x", body={})
    assert not server.calls("/x")
    assert "s3cret" not in f"{caught.value!r} {vars(caught.value)}"
    assert tokens.token is None
    with tokens.lock():
        pass


def test_a_token_endpoint_that_keeps_silent_is_not_waited_for_for_ever(server, tokens, journal):
    server.on(TOKEN, hang(1.5))
    with open_client(server, tokens, journal, timeout=0.2) as client, pytest.raises(TryLater):
        client.post("/x", body={})
    assert journal.entries[0].end.error == "tempo esgotado"


def test_a_token_call_told_to_wait_passes_the_wait_on(server, tokens):
    server.on(TOKEN, reply(429, {}, Retry_After="9"))
    with open_client(server, tokens) as client, pytest.raises(TryLater) as caught:
        client.get("/x")
    assert caught.value.retry_after == 9
