from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from regua.bureaus.connection import Connection
from regua.bureaus.contract import (
    Environment,
    InquiryPending,
    InquiryReport,
    ListingStatus,
    PendingKind,
    Removal,
    Submission,
)
from regua.bureaus.errors import (
    BureauError,
    FieldProblem,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from regua.bureaus.providers.credito_na_medida import provider
from regua.bureaus.providers.credito_na_medida.codes import EXPLANATIONS, FIELDS
from regua.bureaus.providers.credito_na_medida.payloads import listing_body

from .scripted_server import reply
from .wire_samples import CNPJ, CPF, INQUIRY, LISTING, NAME, listing_row, report

INQUIRIES = "/v1/consultas"
LISTINGS = "/v1/negativacoes"
REMOVAL = f"{LISTINGS}/N-1/baixa"


@pytest.fixture
def client(connect):
    return connect()


def list_debt(client):
    return client.list_debt(LISTING, idempotency_key="k-1")


def remove(client, protocol="N-1"):
    return client.remove(protocol, removal_code="01", on=date(2026, 11, 20), idempotency_key="k-2")


CALLS = {
    "list_debt": (LISTINGS, list_debt),
    "remove": (REMOVAL, remove),
    "inquire": (INQUIRIES, lambda client: client.inquire(INQUIRY, idempotency_key="k-3")),
    "inquiry": (f"{INQUIRIES}/C-9", lambda client: client.inquiry("C-9")),
    "inquiry_pdf": (f"{INQUIRIES}/C-9/pdf", lambda client: client.inquiry_pdf("C-9")),
    "listing": (f"{LISTINGS}/N-1", lambda client: client.listing("N-1")),
    "products": ("/v1/produtos", lambda client: client.products()),
    "changes": (
        LISTINGS,
        lambda client: client.changes(since=None, cursor=None, limit=10),
    ),
    "find": (LISTINGS, lambda client: client.find_listings(document=CPF, contract="CT-77")),
}
POSTS = ("list_debt", "remove", "inquire")

# --- what we send ---


def test_a_listing_on_the_wire(client, server):
    server.on(LISTINGS, reply(202, {"protocolo": "N-1", "situacao": "RECEBIDA"}))
    assert list_debt(client) == Submission("N-1", already_there=False)
    [sent] = server.calls(LISTINGS)
    assert sent.headers["idempotency-key"] == "k-1"
    assert sent.headers["authorization"] == "Bearer t0"
    assert sent.json == {
        "referencia": "R-1",
        "codigo_restricao": "TI",
        "contrato": "CT-77",
        "nosso_numero": "NN-9",
        "valor": "129.90",
        "vencimento": "2026-08-10",
        "credor": {"documento": CNPJ},
        "devedor": {
            "documento": CPF,
            "nome": NAME,
            "sexo": "F",
            "nascimento": "1980-02-29",
            "celular": "11987654321",
            "email": "maria@exemplo.com.br",
            "endereco": {
                "cep": "01310930",
                "logradouro": "Avenida Paulista",
                "numero": "2100",
                "complemento": "",
                "bairro": "Bela Vista",
                "cidade": "São Paulo",
                "uf": "SP",
            },
        },
    }


def test_a_company_on_the_wire(client, server):
    debtor = replace(LISTING.debtor, document=CNPJ.lower(), sex=None, birth_date=None, email=None)
    server.on(LISTINGS, reply(202, {"protocolo": "N-1"}))
    client.list_debt(replace(LISTING, debtor=debtor, amount=Decimal("5")), idempotency_key="k")
    sent = server.calls(LISTINGS)[0].json
    assert sent["valor"] == "5.00"
    assert sent["devedor"]["documento"] == CNPJ
    assert (sent["devedor"]["sexo"], sent["devedor"]["nascimento"]) == (None, None)


def test_a_removal_on_the_wire(client, server):
    server.on(REMOVAL, reply(202, {"protocolo": "N-1", "situacao": "BAIXA_RECEBIDA"}))
    assert remove(client) == Removal("N-1", already_gone=False)
    [sent] = server.calls(REMOVAL)
    assert sent.json == {"codigo_baixa": "01", "data": "2026-11-20"}
    assert sent.headers["idempotency-key"] == "k-2"


# --- what we read ---


def test_a_report_is_read_exactly(client, server):
    server.on(INQUIRIES, reply(200, report()))
    read = client.inquire(INQUIRY, idempotency_key="k")
    assert isinstance(read, InquiryReport)
    assert read.born_or_opened_on == date(1980, 2, 29)
    assert read.score.default_probability == Decimal("0.12")
    assert read.pendings[0].amount == Decimal("1000.10")
    assert read.pendings[0].kind == PendingKind.PROTEST
    assert read.pendings_total == Decimal("1000.10")
    assert read.generated_at == datetime(2026, 11, 18, 17, 21, 33, tzinfo=UTC)
    assert read.raw["nome"] == NAME
    assert NAME not in repr(read)
    assert CPF not in repr(read)


def test_an_odd_pending_does_not_cost_a_paid_report(client, server):
    odd = {"tipo": "NOVIDADE", "valor": "1.00", "data": None}
    server.on(INQUIRIES, reply(200, report(score=None, pendencias=[odd])))
    read = client.inquire(INQUIRY, idempotency_key="k")
    assert read.pendings[0].kind == PendingKind.OTHER
    assert read.score is None


def test_a_report_on_somebody_else_is_not_taken(client, server):
    server.on(INQUIRIES, reply(200, report(documento="11144477735")))
    with pytest.raises(OutcomeUnknown, match="outro documento"):
        client.inquire(INQUIRY, idempotency_key="k")


def test_an_unfinished_report(client, server):
    server.on(INQUIRIES, reply(202, {"protocolo": "C-9", "situacao": "PROCESSANDO"}))
    server.on(f"{INQUIRIES}/C-9/pdf", reply(202, {"protocolo": "C-9"}))
    assert client.inquire(INQUIRY, idempotency_key="k") == InquiryPending("C-9")
    with pytest.raises(TryLater, match="não está pronto"):
        client.inquiry_pdf("C-9")


def test_a_pdf_that_is_none(client, server):
    server.on(f"{INQUIRIES}/C-9/pdf", reply(200, b"<html>", Content_Type="text/html"))
    with pytest.raises(TryLater, match="não é um PDF"):
        client.inquiry_pdf("C-9")


def test_a_listing_is_read_exactly(client, server):
    row = listing_row(comunicado_em="2026-11-02T01:30:00Z", situacao="INVENTADA")
    server.on(f"{LISTINGS}/N-1", reply(200, row))
    record = client.listing("N-1")
    assert record.notified_on == date(2026, 11, 1)
    assert record.visible_on == date(2026, 11, 11)
    assert record.status == ListingStatus.UNAVAILABLE
    assert record.amount == Decimal("129.90")


def test_the_catalogue_knows_reasons_and_who_may_use_a_code(client, server):
    rows = [{"codigo": code, "descricao": "x"} for code in ("01", "02", "97")]
    server.on("/v1/codigos/baixa", reply(200, rows))
    paid, other, five_years = client.removal_codes()
    assert (paid.reason, paid.bureau_only) == ("paid", False)
    assert (other.reason, other.bureau_only) == (None, False)
    assert (five_years.reason, five_years.bureau_only) == ("five_years", True)


def test_a_page_of_changes(client, server):
    server.on(LISTINGS, reply(200, {"itens": [listing_row()], "proximo": "c2"}))
    since = datetime(2026, 11, 1, 3, tzinfo=UTC)
    page = client.changes(since=since, cursor="c1", limit=50)
    assert (len(page.items), page.next_cursor) == (1, "c2")
    assert server.calls(LISTINGS)[0].query == {
        "desde": ["2026-11-01T03:00:00+00:00"],
        "cursor": ["c1"],
        "limite": ["50"],
    }


def test_a_page_that_leads_to_itself_is_not_followed(client, server):
    server.on(LISTINGS, reply(200, {"itens": [], "proximo": "c1"}))
    with pytest.raises(TryLater):
        client.changes(since=None, cursor="c1", limit=50)


def test_finding_reads_all_pages_and_leaves_strangers_out(client, server):
    server.on(
        LISTINGS,
        reply(200, {"itens": [listing_row(), listing_row(contrato="X")], "proximo": "2"}),
        reply(
            200,
            {
                "itens": [
                    listing_row(versao=9),
                    listing_row(versao=2),
                    listing_row(protocolo="N-2"),
                    listing_row(protocolo="N-3", documento="11144477735"),
                ],
                "proximo": None,
            },
        ),
    )
    found = client.find_listings(document=CPF, contract="CT-77")
    assert {record.protocol: record.version for record in found} == {"N-1": 9, "N-2": 3}
    assert server.calls(LISTINGS)[0].query == {"documento": [CPF], "contrato": ["CT-77"]}


# --- successes in disguise ---


def test_already_listed_adopts_the_protocol(client, server):
    server.on(LISTINGS, reply(409, {"codigo": "059", "mensagem": "já", "protocolo": "N-7"}))
    assert list_debt(client) == Submission("N-7", already_there=True)


def test_already_listed_without_a_protocol_must_be_looked_up(client, server):
    server.on(LISTINGS, reply(409, {"codigo": "059", "mensagem": "já"}))
    with pytest.raises(OutcomeUnknown, match="já está negativada"):
        list_debt(client)


def test_nothing_to_remove_is_done(client, server):
    server.on(REMOVAL, reply(409, {"codigo": "022", "mensagem": "nada"}))
    assert remove(client) == Removal("N-1", already_gone=True)


def test_disguises_do_not_fit_the_other_call(client, server):
    server.on(LISTINGS, reply(409, {"codigo": "022"}))
    server.on(REMOVAL, reply(409, {"codigo": "059"}))
    for call in (list_debt, remove):
        with pytest.raises(Refused):
            call(client)


# --- failures ---


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Refused),
        (401, Misconfigured),
        (402, Misconfigured),
        (403, Misconfigured),
        (409, Refused),
        (422, Refused),
        (429, TryLater),
    ],
)
def test_what_a_status_means(client, server, name, status, failure):
    path, call = CALLS[name]
    body = {"codigo": "X", "mensagem": f"{NAME} {CPF}"}
    server.on(path, reply(status, body, Retry_After="11"))
    with pytest.raises(failure) as caught:
        call(client)
    error = caught.value
    assert error.http_status == status
    assert error.message.count(".") >= 2
    assert CPF not in f"{error!r} {vars(error)}"
    assert NAME not in f"{error!r}"
    if status == 429:
        assert error.retry_after == 11


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 302, 307, 405, 418, 599])
def test_what_an_unexpected_status_means(client, server, name, status):
    path, call = CALLS[name]
    server.on(path, reply(status, {"codigo": "500"}, Location="/outro"))
    with pytest.raises(OutcomeUnknown if name in POSTS else TryLater):
        call(client)
    assert len(server.calls(path)) == 1


@pytest.mark.parametrize("name", ["remove", "inquiry", "inquiry_pdf", "listing"])
def test_an_unknown_protocol(client, server, name):
    path, call = CALLS[name]
    server.on(path, reply(404, {"codigo": "404", "mensagem": "?"}))
    with pytest.raises(NotFound):
        call(client)


@pytest.mark.parametrize("name", CALLS)
def test_a_404_that_is_not_the_bureaus_own_means_a_wrong_address(client, server, name):
    path, call = CALLS[name]
    server.on(path, reply(404, b"<html>nginx</html>", Content_Type="text/html"))
    with pytest.raises(Misconfigured, match="endereço"):
        call(client)


def test_a_call_without_protocol_that_is_not_there_means_a_wrong_address(client, server):
    server.on(LISTINGS, reply(404, {"codigo": "404"}))
    with pytest.raises(Misconfigured, match="endereço"):
        list_debt(client)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("body", [None, b"<html>", {}, [], 7, {"itens": [{}]}, [{}], "x"])
def test_a_success_nobody_can_read(client, server, name, body):
    path, call = CALLS[name]
    empty_catalogue = name == "products" and body == []
    server.on(path, reply(200, body))
    if empty_catalogue:
        assert call(client) == []
        return
    with pytest.raises(OutcomeUnknown if name in POSTS else TryLater, match="não pôde ser lida"):
        call(client)


def test_a_refusal_tells_every_field_in_our_words(client, server):
    body = {
        "codigo": "999",
        "mensagem": f"Cadastro de {NAME.upper()} ({CPF}) recusado",
        "campos": [
            {"campo": "devedor.endereco.cep", "codigo": "491", "mensagem": "CEP x CIDADE"},
            {"campo": "devedor.nome", "codigo": "888", "mensagem": f"{NAME.lower()} incomum"},
            {"campo": "campo_novo", "codigo": None, "mensagem": ""},
            "lixo",
        ],
    }
    server.on(LISTINGS, reply(422, body))
    with pytest.raises(Refused) as caught:
        list_debt(client)
    refused = caught.value
    assert refused.fields == (
        FieldProblem(
            "devedor.endereco.cep",
            "491",
            "CEP: o CEP não confere com a cidade ou a UF.",
            "debtor.address.postal_code",
        ),
        FieldProblem(
            "devedor.nome",
            "888",
            "Nome do cliente: o birô não aceitou (código 888): *** incomum.",
            "debtor.name",
        ),
        FieldProblem("campo_novo", "", "campo_novo: o birô não aceitou."),
    )
    assert refused.message.startswith("O birô recusou a negativação: CEP: o CEP não confere")
    assert "Nada foi registrado." in refused.message
    assert refused.bureau_message == "Cadastro de *** (***.982.247-**) recusado"
    assert refused.code == "999"


@pytest.mark.parametrize("length", range(285, 300))
def test_a_long_text_is_not_cut_in_the_middle_of_a_document(client, server, length):
    server.on(LISTINGS, reply(422, {"codigo": "9", "mensagem": f"{'-' * length} {CPF} {NAME}"}))
    with pytest.raises(Refused) as caught:
        list_debt(client)
    assert CPF[:3] not in caught.value.bureau_message
    assert NAME[:3] not in caught.value.bureau_message


def test_a_known_refusal_says_what_to_do(client, server):
    server.on(LISTINGS, reply(422, {"codigo": "296", "mensagem": "NOME NAO CONFERE"}))
    with pytest.raises(Refused) as caught:
        list_debt(client)
    assert caught.value.message == (
        "O birô recusou a negativação: o nome não confere com o CPF. Nada foi registrado. "
        "Corrija o nome do cliente como está na Receita Federal e envie de novo."
    )


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_explanations_are_whole_sentences(code):
    explanation = EXPLANATIONS[code]
    assert not explanation.why.endswith(".")
    assert explanation.remedy.endswith(".")
    assert explanation.remedy[0].isupper()


def test_every_field_we_send_has_a_name_on_screen():
    def paths(body, prefix=""):
        for name, value in body.items():
            yield prefix + name
            if isinstance(value, dict):
                yield from paths(value, f"{prefix}{name}.")

    assert set(paths(listing_body(LISTING))) <= set(FIELDS)


@pytest.mark.parametrize("missing", ["base_url", "client_id", "client_secret"])
def test_an_incomplete_integration_cannot_connect(tokens, journal, missing):
    fields = {"base_url": "https://x.com", "client_id": "a", "client_secret": "b"}
    connection = Connection(
        **{**fields, missing: ""},
        environment=Environment.STAGING,
        tokens=tokens,
        journal=journal,
    )
    with pytest.raises(Misconfigured, match="Nada foi enviado"):
        provider.connect(connection)


def test_a_private_address_cannot_be_connected_to(connect):
    with pytest.raises(Misconfigured, match="rede interna"):
        connect(base_url="https://10.1.2.3")


def test_every_error_is_a_bureau_error_with_a_sentence(client, server):
    server.on("/oauth/token", reply(401, {"codigo": "AUTH", "mensagem": "segredo-muito-secreto"}))
    with pytest.raises(BureauError) as caught:
        client.products()
    assert "segredo-muito-secreto" not in f"{caught.value!r} {vars(caught.value)}"
