import contextlib
import logging
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore2
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regua.bureaus import http
from regua.bureaus.addresses import ForbiddenPeer, check_peer
from regua.bureaus.conformance.doubles import MemoryJournal, MemoryTokenStore
from regua.bureaus.errors import Misconfigured, OutcomeUnknown, Trouble, TryLater
from regua.bureaus.http import HttpClient, check_base_url, parse_retry_after
from regua.bureaus.oauth import ClientCredentialsAuth
from regua.bureaus.reading import MalformedAnswer

from .scripted_server import drip, hang, hang_up, raw, reply

LOST_ANSWERS = {
    "hang up": hang_up,
    "no answer in time": hang(2.0),
    "garbage": raw(b"\x16\x03\x01 nonsense\r\n\r\n"),
    "cut headers": raw(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "cut body": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a": 1'),
    "cut chunks": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a"'),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "bad gzip": reply(200, b"not gzip at all", Content_Encoding="gzip"),
    "dripping body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b" " * 500, 0.004),
}


@pytest.fixture
def client(server, journal):
    with HttpClient(base_url=server.url, journal=journal, timeout=0.5) as client:
        yield client


@pytest.mark.parametrize("step", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())
def test_an_answer_lost_on_a_post_leaves_the_outcome_unknown(client, server, journal, step):
    server.on("/x", step)
    with pytest.raises(OutcomeUnknown) as caught:
        client.post("/x", body={"nome": "Maria"})
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    [entry] = journal.entries
    assert entry.end.http_status is None
    assert entry.end.error
    assert entry.start.body == {"nome": "***"}


@pytest.mark.parametrize("step", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())
def test_an_answer_lost_on_a_get_may_be_asked_again(client, server, step):
    server.on("/x", step)
    with pytest.raises(TryLater):
        client.get("/x")


def test_too_large_an_answer_is_not_read(client, server, monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1000)
    server.on("/x", reply(200, b" " * 1001))
    with pytest.raises(TryLater):
        client.get("/x")
    with pytest.raises(OutcomeUnknown):
        client.post("/x", body={})


def test_a_refused_connection_sent_nothing(journal):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with (
        HttpClient(base_url=f"http://127.0.0.1:{port}", journal=journal, timeout=1) as client,
        pytest.raises(TryLater, match="Nada foi enviado"),
    ):
        client.post("/x", body={})
    assert journal.entries[0].end.error == "conexão não estabelecida"


def test_an_unknown_host_sent_nothing(journal):
    with (
        HttpClient(base_url="https://bureau.invalid", journal=journal, timeout=1) as client,
        pytest.raises(TryLater, match="Nada foi enviado"),
    ):
        client.post("/x", body={})


def test_an_untrusted_certificate_is_a_matter_of_configuration(tmp_path, journal):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    files = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        with (
            HttpClient(base_url=url, journal=journal, timeout=2) as client,
            pytest.raises(Misconfigured, match="Nada foi enviado"),
        ):
            client.post("/x", body={})
        thread.join()


def test_a_plain_server_behind_https_is_a_matter_of_configuration(server, journal):
    server.on("/x", reply(200, {}))
    url = server.url.replace("http://", "https://")
    with (
        HttpClient(base_url=url, journal=journal, timeout=2) as client,
        pytest.raises((Misconfigured, TryLater), match="Nada foi enviado"),
    ):
        client.post("/x", body={})


def test_a_redirect_is_not_followed(client, server):
    server.on("/x", reply(307, {}, Location="/y"))
    assert client.post("/x", body={}).status == 307
    assert not server.calls("/y")


def test_connections_are_kept_alive_and_named(client, server):
    server.on("/x", reply(200, {"a": 1}))
    for _ in range(3):
        assert client.get("/x").payload() == {"a": 1}
    assert server.received[0].headers["user-agent"].startswith("regua/")


def test_the_journal_hears_of_the_call_before_it_leaves_and_may_stop_it(server):
    class FullDisk(MemoryJournal):
        def begin(self, call):
            raise OSError("disk full")

    with (
        HttpClient(base_url=server.url, journal=FullDisk(), timeout=1) as client,
        pytest.raises(OSError, match="disk full"),
    ):
        client.post("/x", body={})
    assert not server.received


def test_a_journal_that_fails_afterwards_does_not_hide_the_answer(server, caplog):
    class Forgetful(MemoryJournal):
        def end(self, handle, outcome):
            raise OSError("52998224725")

    server.on("/x", reply(202, {}))
    with HttpClient(base_url=server.url, journal=Forgetful(), timeout=1) as client:
        assert client.post("/x", body={}).status == 202
    assert "OSError" in caplog.text
    assert "52998224725" not in caplog.text


def test_an_interrupted_call_is_still_ended(server, journal, monkeypatch):
    with HttpClient(base_url=server.url, journal=journal, timeout=1) as client:
        monkeypatch.setattr(
            "httpx2.HTTPTransport.handle_request",
            lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            client.get("/x")
    assert journal.entries[0].end.error == "a chamada foi interrompida"


def test_no_log_line_carries_a_document(client, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.on("/x", reply(200, {}))
    client.get("/x", params={"documento": "52998224725"})
    assert "GET" in caplog.text
    assert "52998224725" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b'{"a": NaN}', b"\xff\xfe{}", b"[" * 100_000, b"{" + b"9" * 9000],
)
def test_a_body_that_is_not_json_is_malformed_and_journalled(client, server, journal, body):
    server.on("/x", reply(200, body, Content_Type="application/json"))
    answer = client.get("/x")
    with pytest.raises(MalformedAnswer):
        answer.payload()
    assert answer.error_payload() == {}
    assert journal.entries[0].end.http_status == 200


def test_what_postgresql_cannot_store_is_dropped(client, server):
    server.on("/x", reply(200, rb'{"a\u0000": ["\ud800x", "\ud83d\ude00"]}'))
    assert client.get("/x").payload() == {"a": ["?x", "😀"]}


def test_binary_bodies_are_journalled_by_size_only(client, server, journal):
    server.on("/x", reply(200, b"%PDF-1.7 52998224725", Content_Type="application/pdf"))
    client.get("/x")
    assert journal.entries[0].end.body == {"content_type": "application/pdf", "bytes": 20}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0.5", 0.5),
        ("Wed, 18 Nov 2026 14:01:00 GMT", 60),
        ("Wed, 18 Nov 2026 13:00:00 GMT", 0),
        ("999999999", http.MAX_RETRY_AFTER),
        ("Wed, 18 Nov 9999 14:01:00 GMT", http.MAX_RETRY_AFTER),
        ("", None),
        ("-5", None),
        ("amanhã", None),
        ("Wed, 99 Nov 2026 14:01:00 GMT", None),
        ("١٢", None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=datetime(2026, 11, 18, 14, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    "url",
    [
        "https://api.bureau.com.br",
        "https://api.bureau.com.br:8443/v2/",
        "http://127.0.0.1:8000",
        "http://localhost:8000/",
        "http://[::1]:8000",
        "https://localhost",
        "https://8.8.8.8",
    ],
)
def test_good_addresses(url):
    assert check_base_url(url) == url.rstrip("/")


@given(
    st.from_regex(r"https?://[ -~]{1,30}", fullmatch=True)
    | st.builds("https://{}{}".format, st.text("abz019.-_:[]%@", max_size=20), st.text("/.%?#a:"))
    | st.text(max_size=30)
)
def test_an_accepted_address_can_be_called(url):
    with contextlib.suppress(Misconfigured):
        accepted = httpx2.URL(check_base_url(url, allow_private=True) + "/v1/x")
        assert accepted.path.endswith("/v1/x")
        assert accepted.host
        assert not accepted.userinfo


PRIVATE = [
    "https://10.0.0.1",
    "https://192.168.0.7:8443",
    "https://169.254.169.254/latest",
    "https://[fd00::1]",
    "https://[::ffff:10.0.0.1]",
    "https://0.0.0.0",
    "https://2130706433",
    "https://0x7f.1",
    "https://bureau",
]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "  ",
        "api.bureau.com.br",
        "http://api.bureau.com.br",
        "ftp://api.bureau.com.br",
        "https://",
        "https://user:pass@api.bureau.com.br",
        "https://api.bureau.com.br?x=1",
        "https://api.bureau.com.br#x",
        "https://api.bureau.com.br:99999",
        "https://[::1",
        "https://api bureau.com.br",
        "https://api.bure\nau.com.br",
        "https://api.bureau.com.br/\tx",
        "https://[::]b",
        "https://api.bureau.com.br\\@evil.com",
        "http://127.0.0.1.evil.com",
        "http://localhost.evil.com",
        *PRIVATE,
    ],
)
def test_bad_addresses(url):
    with pytest.raises(Misconfigured, match="Nada foi enviado"):
        check_base_url(url)


@pytest.mark.parametrize("url", PRIVATE)
def test_the_internal_network_may_be_allowed(url):
    assert check_base_url(url, allow_private=True) == url
    with pytest.raises(Misconfigured):
        check_base_url(url.replace("https", "http"), allow_private=True)


def refused(exc_type, url, journal):
    with (
        HttpClient(base_url=url, journal=journal, timeout=1) as client,
        pytest.raises(exc_type) as caught,
    ):
        client.get("/x")
    return caught.value.trouble


def test_what_is_wrong_with_the_address_can_be_told_apart(server, journal):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert refused(TryLater, f"http://127.0.0.1:{port}", journal) == Trouble.NOTHING_LISTENS
    assert refused(TryLater, "https://bureau.invalid", journal) == Trouble.UNKNOWN_HOST
    server.on("/x", hang(2.0))
    assert refused(TryLater, server.url, journal) == Trouble.TIMEOUT
    server.on("/x", hang_up)
    assert refused(TryLater, server.url, journal) is None


@pytest.mark.parametrize(("shift", "expected"), [(0, 0), (300, 300), (-7200, -7200)])
def test_the_bureaus_clock_is_measured(client, server, journal, shift, expected):
    moment = datetime.now(UTC) + timedelta(seconds=shift)
    server.on("/x", reply(200, {}, Date=format_datetime(moment, usegmt=True)))
    client.get("/x")
    assert journal.entries[0].end.clock_ahead == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("value", ["", "ontem", "Wed, 99 Nov 2026 14:01:00 GMT"])
def test_a_clock_that_cannot_be_read_is_not_measured(client, server, journal, value):
    server.on("/x", reply(200, {}, Date=value))
    client.get("/x")
    assert journal.entries[0].end.clock_ahead is None


# --- where a name leads ---------------------------------------------------------------------------

SPELT_STRANGELY = "127.1"
"""The resolver makes 127.0.0.1 of it, and it is not one of this machine's own names: what a
hostile name server could answer, without one."""


def signed_elsewhere(server, journal, **options):
    """A client whose token address nobody checked when it was typed."""
    port = server.url.rpartition(":")[2]
    auth = ClientCredentialsAuth(
        token_url=f"http://{SPELT_STRANGELY}:{port}/oauth/token",
        client_id="a",
        client_secret="b",
        tokens=MemoryTokenStore(),
    )
    return HttpClient(base_url=server.url, journal=journal, timeout=2, auth=auth, **options)


def test_a_name_that_leads_to_this_machine_is_not_called(server, journal):
    with signed_elsewhere(server, journal) as client, pytest.raises(Misconfigured) as caught:
        client.get("/x")
    assert caught.value.trouble == Trouble.PRIVATE_NETWORK
    assert "Nada foi enviado" in caught.value.message
    assert not server.received
    assert journal.entries[0].end.error == "endereço da rede interna"


def test_the_operator_may_allow_it(server, journal):
    server.on("/x", reply(200, {}))
    with signed_elsewhere(server, journal, allow_private=True) as client:
        assert client.get("/x").status == 200


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "10.0.0.1", False),
        ("api.bureau.com.br", "8.8.8.8", True),
        ("api.bureau.com.br", "2001:4860:4860::8888", True),
        ("api.bureau.com.br", "127.0.0.1", False),
        ("api.bureau.com.br", "10.1.2.3", False),
        ("api.bureau.com.br", "100.64.0.1", False),
        ("api.bureau.com.br", "169.254.169.254", False),
        ("api.bureau.com.br", "::1", False),
        ("api.bureau.com.br", "fe80::1%eth0", False),
        ("api.bureau.com.br", "fd00::1", False),
        ("api.bureau.com.br", "::ffff:192.168.0.1", False),
        ("api.bureau.com.br", "64:ff9b::a00:1", False),
        ("api.bureau.com.br", "2002:a00:1::1", False),
        ("api.bureau.com.br", "224.0.0.1", False),
    ],
)
def test_who_may_answer_for_a_name(host, address, allowed):
    if allowed:
        check_peer(host, address)
    else:
        with pytest.raises(ForbiddenPeer):
            check_peer(host, address)


def test_a_name_that_moved_between_two_looks_is_hung_up_on(server):
    """The second look is at the socket itself: here a real one, to a server on this machine."""
    port = int(server.url.rpartition(":")[2])
    stream = httpcore2.SyncBackend().connect_tcp("127.0.0.1", port)
    with pytest.raises(ForbiddenPeer):
        http._guard(
            "api.bureau.com.br", "connection.connect_tcp.complete", {"return_value": stream}
        )
    with pytest.raises((OSError, httpcore2.WriteError)):
        stream.write(b"GET / HTTP/1.1\r\n\r\n")
    assert not server.received
