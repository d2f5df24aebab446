"""IXC's records in the words of ``imports.kinds``.

What does not identify anybody (telephone, e-mail, dates of no meaning) is left out where it makes
no sense, so that a slip there does not keep a customer or a payment out. What does (document,
name, amounts, due date) goes through as it is, and the import says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

Record = Mapping[str, str]
Places = Mapping[str, tuple[str, str]]
Row = tuple[str, ...]

_PARTY = (
    *("external_id", "document", "name", "sex", "birth_date", "mobile", "email", "postal_code"),
    *("street", "number", "complement", "district", "city", "state"),
)
CUSTOMER = (*_PARTY, "active", "dunned")
PROSPECT = (*_PARTY, "customer_external_id")
LEAD = (*_PARTY, "prospect_external_id")
CONTRACT = (
    *("external_id", "customer_external_id", "number", "kind"),
    *("started_on", "suspended_on", "ended_on"),
)
RECEIVABLE = (
    *("external_id", "customer_external_id", "contract_external_id", "number", "our_number"),
    *("due_date", "amount", "open_amount", "status", "paid_on", "available_on"),
    *("renegotiated", "awaiting_confirmation"),
)

_FUNNEL = frozenset({"N", "S", "A", "P", "AB", "SV", "SP"})
"""``status_prospeccao``: new, being sounded or negotiated, lost, given up, not viable. Not won."""
_BLOCKED = frozenset({"CA", "CM", "D"})
"""``status_internet``: blocked automatically or by hand, switched off."""
_STATES = frozenset(
    "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO".split()
)
_EMAIL = re.compile(r"[^\s@<>\"',;:]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def customer(record: Record, *, places: Places) -> Row | None:
    """None for who is still in the sales funnel: IXC keeps prospects in the same table."""
    if _get(record, "crm") == "S" and _get(record, "status_prospeccao") in _FUNNEL:
        return None
    active = "false" if _get(record, "ativo") == "N" else "true"
    dunned = "false" if _get(record, "participa_cobranca") == "N" else "true"
    return (*_party(record, "razao", places), active, dunned)


def prospect(record: Record, *, places: Places) -> Row | None:
    """A prospect that was won is the customer with the same id."""
    became = "" if _get(record, "status_prospeccao") in _FUNNEL else _get(record, "id")
    return (*_party(record, "razao", places), became)


def lead(record: Record, *, places: Places) -> Row | None:
    """None for the further contacts of a customer, which are in the same table."""
    if _get(record, "lead") == "N" or (
        _get(record, "lead") != "S"
        and _id(record, "id_cliente")
        and not _id(record, "id_prospeccao")
    ):
        return None
    return (*_party(record, "nome", places), _id(record, "id_prospeccao"))


def contract(record: Record) -> Row | None:
    """Suspended since the latest of the blocks, for as long as it is blocked."""
    started = _day(record, "data_ativacao")
    ended = _day(record, "data_cancelamento") if _get(record, "status") in ("I", "D") else ""
    suspended = ""
    if _get(record, "status_internet") in _BLOCKED:
        names = ("dt_ult_bloq_auto", "dt_ult_bloq_manual", "data_acesso_desativado")
        days = [_day(record, name) for name in names]
        suspended = max((day for day in days if day and (not ended or day <= ended)), default="")
    today = date.today().isoformat()  # noqa: DTZ011 - only to leave out days that are yet to come
    started, suspended, ended = (day if day <= today else "" for day in (started, suspended, ended))
    if started:
        suspended, ended = (day if day >= started else "" for day in (suspended, ended))
    number = _get(record, "id")
    return (number, _id(record, "id_cliente"), number, "telecom", started, suspended, ended)


def receivable(record: Record) -> Row | None:
    """None for what nobody owes: of no value, not released yet, or only foreseen."""
    status = _get(record, "status")
    renegotiated = _get(record, "titulo_renegociado") == "S"
    waiting = _get(record, "aguardando_confirmacao_pagamento") == "S"
    if status == "A" and (_get(record, "liberado") == "N" or _get(record, "previsao") == "S"):
        return None
    amount = _money(record, "valor")
    if amount == "0.00":
        return None
    # Of a bill that was paid and reversed in IXC the whole is open again; said aloud, the import
    # tells that apart from a payment that we alone know of.
    open_amount = {"A": amount, "P": _money(record, "valor_aberto")}.get(status, "")
    paid_on = available_on = ""
    if status in ("R", "P"):
        paid_on = next(
            (
                day
                # The last says at least when it was paid at the latest: without a day the payment
                # would stay out, and with it the deadline to take a listing off.
                for name in ("pagamento_data", "baixa_data", "credito_data", "ultima_atualizacao")
                if (day := _day(record, name))
            ),
            "",
        )
        credited = _day(record, "credito_data")
        available_on = credited if paid_on and credited >= paid_on else ""
    contract_id = next(
        (
            found
            for name in ("id_contrato", "id_contrato_principal", "id_contrato_avulso")
            if (found := _id(record, name))
        ),
        "",
    )
    number, our_number = _get(record, "documento"), _id(record, "nn_boleto")
    return (
        _get(record, "id"),
        _id(record, "id_cliente"),
        contract_id,
        number if len(number) <= 20 else "",
        our_number if len(our_number) <= 20 else "",
        _day(record, "data_vencimento"),
        amount,
        open_amount,
        status.lower(),
        paid_on,
        available_on,
        "true" if renegotiated else "false",
        "true" if waiting else "false",
    )


def _party(record: Record, name: str, places: Places) -> Row:
    city, state = places.get(_get(record, "cidade"), ("", ""))
    if not city and not _get(record, "cidade").isdigit():
        city = _get(record, "cidade")
    given_state = _get(record, "uf").upper()
    sex = _get(record, "sexo")
    born = _day(record, "data_nascimento")
    called = " ".join((_get(record, name) or _get(record, "razao")).split())
    return (
        _get(record, "id"),
        _get(record, "cnpj_cpf"),
        called[:120],
        sex if sex in ("F", "M") else "",
        born if "1900-01-01" <= born <= date.today().isoformat() else "",  # noqa: DTZ011
        _mobile(record),
        _email(record),
        _cep(record),
        _get(record, "endereco")[:120],
        _get(record, "numero")[:10],
        _get(record, "complemento")[:60],
        _get(record, "bairro")[:60],
        city[:60],
        next((code for code in (state.upper(), given_state) if code in _STATES), ""),
    )


def _get(record: Record, name: str) -> str:
    return record.get(name, "")


def _id(record: Record, name: str) -> str:
    """A reference; 0 and nothing are the same."""
    value = _get(record, name)
    return "" if not value.strip("0") else value


def _day(record: Record, name: str) -> str:
    """The ISO day of a date or an instant, in either of IXC's spellings; "" for 0000-00-00."""
    text = _get(record, name)[:10]
    if found := re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text):
        text = f"{found[3]}-{found[2]}-{found[1]}"
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else ""
    except ValueError:
        return ""


def _money(record: Record, name: str) -> str:
    text = _get(record, name)
    try:
        value = Decimal(text)
        return f"{value:.2f}" if value.is_finite() and value == round(value, 2) else text
    except (InvalidOperation, ValueError):
        return text


def _mobile(record: Record) -> str:
    for name in ("telefone_celular", "fone_celular", "whatsapp", "fone_whatsapp", "fone"):
        digits = re.sub(r"\D", "", _get(record, name)).lstrip("0")
        if len(digits) in (12, 13) and digits.startswith("55"):
            digits = digits[2:]
        if len(digits) in (10, 11):
            return digits
    return ""


def _email(record: Record) -> str:
    first = re.split(r"[\s,;]+", _get(record, "email"))[0]
    return first if len(first) <= 254 and _EMAIL.fullmatch(first) else ""


def _cep(record: Record) -> str:
    digits = re.sub(r"\D", "", _get(record, "cep"))
    return digits if len(digits) == 8 else ""
