"""From a text with ``{{ variáveis }}`` to the message that leaves.

A text holds variables and nothing else: no logic, no other data. What every charge must show is not
the text's to say: the creditor's name, CNPJ and address (CDC, art. 42-A) are appended to each one,
and to a notice what Resolução Anatel 765/2023, art. 71, wants in it. No text can lose them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.urls import reverse

from regua.compliance.rules import RESCISSION_DAYS, SUSPENSION_DAYS
from regua.dunning.choices import Channel, TemplateKind
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Contract, Receivable
from regua.restrictions.amounts import updated
from regua.web import formats

VARIABLES = {
    "nome": "o nome do cliente",
    "primeiro_nome": "o primeiro nome; de empresa, o nome inteiro",
    "valor_aberto": "o valor em aberto",
    "valor_atualizado": "o valor com a multa e os juros até o dia do envio",
    "vencimento": "o dia do vencimento",
    "mes_referencia": "o mês do vencimento, por extenso",
    "dias_em_atraso": "quantos dias de atraso, só o número",
    "contrato": "o número do contrato",
    "titulo": "o número do título",
    "empresa": "o nome da empresa",
    "filial": "o nome da filial",
}
"""Each variable of a message → what it becomes."""
MONTHS = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
).split()
NO_ADDRESS = "(falta o endereço da filial)"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What a message is about."""

    name: str
    is_company: bool
    open_amount: Decimal
    due_date: date
    contract: str
    telecom: bool
    number: str
    branch: Branch

    @property
    def month(self) -> str:
        return f"{MONTHS[self.due_date.month - 1]} de {self.due_date.year}"


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    """What a person wrote."""
    fixed: str
    """What is appended to it."""
    body: str
    """Both."""


def debt_of(receivable: Receivable) -> Debt:
    customer, contract = receivable.customer, receivable.contract
    return Debt(
        name=customer.name,
        is_company=customer.is_company,
        open_amount=receivable.open_amount,
        due_date=receivable.due_date,
        contract=contract.number,
        telecom=contract.kind == Contract.Kind.TELECOM,
        number=receivable.number,
        branch=receivable.branch,
    )


def invented_debt(branch: Branch, *, on: date) -> Debt:
    """Of nobody, for previews and tests."""
    return Debt(
        name="Maria Exemplo da Silva",
        is_company=False,
        open_amount=Decimal("119.90"),
        due_date=on - timedelta(days=5),
        contract="C10042",
        telecom=True,
        number="T0042-1",
        branch=branch,
    )


def check_text(text: str, variables: Mapping[str, str] = VARIABLES) -> None:
    """Raise ``ValidationError`` unless every ``{{ … }}`` of a text is a variable there is."""
    unknown = [name for name in _VARIABLE.findall(text) if name not in variables]
    known = ", ".join(f"{{{{ {name} }}}}" for name in variables)
    if unknown:
        raise ValidationError(
            f"Não existe a variável {{{{ {unknown[0]} }}}}. As que existem são: {known}."
        )
    rest = _VARIABLE.sub("", text)
    if any(sign in rest for sign in ("{{", "}}", "{%", "%}")):
        raise ValidationError(
            "Há chaves que não formam uma variável. Escreva o nome de uma entre chaves duplas, "
            f"sem mais nada dentro delas: {known}."
        )


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Put the values in, once: what looks like a variable in a value stays as it is."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def render(
    *,
    channel: str,
    kind: str,
    subject: str,
    body: str,
    debt: Debt,
    on: date,
    opt_out_url: str,
) -> Rendered:
    """The whole message as it leaves on that day."""
    values = _values(debt, on)
    parts = []
    if channel == Channel.EMAIL:
        if kind == TemplateKind.NOTICE:
            parts.append(_notice(debt, on))
        parts.append(f"Credor:\n{_creditor(debt.branch)}")
        parts.append(f"Para não receber mais e-mails de cobrança: {opt_out_url}")
        gap, end = "\n\n", "\n"
    else:
        if kind == TemplateKind.NOTICE:
            parts.append(_short_notice(debt, on))
        parts.append(", ".join(_creditor(debt.branch).splitlines()))
        parts.append(f"Não quer receber? {opt_out_url}")
        gap, end = "\n", ""
    text, fixed = substitute(body, values).strip(), gap.join(parts)
    return Rendered(
        # One line: a name must not become a header of its own.
        subject=" ".join(substitute(subject, values).split()),
        text=text,
        fixed=fixed,
        body=f"{text}{gap}{fixed}{end}",
    )


def creditor_name(branch: Branch) -> str:
    return f"{branch.company.name}, filial {branch.name}"


def opt_out_url(customer_id: int, channel: str) -> str:
    """Where a customer, without an account, says no to a channel."""
    token = _signer().sign(f"{customer_id}-{channel}")
    return f"{settings.CONFIG.base_url}{reverse('message_opt_out', args=[token])}"


def opt_out_read(token: str) -> tuple[int, Channel] | None:
    """Whom and which channel such an address means; None where we never wrote it."""
    try:
        customer_id, _, channel = _signer().unsign(token).partition("-")
        return int(customer_id), Channel(channel)
    except (signing.BadSignature, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(sep="~", salt="regua.dunning.opt_out")


def _values(debt: Debt, on: date) -> dict[str, str]:
    general = GeneralParameters.current()
    amount = updated(
        debt.open_amount,
        debt.due_date,
        on=on,
        fine_percent=general.fine_percent,
        interest_percent=general.interest_percent,
    )
    first, *_ = debt.name.split() or [""]
    return {
        "nome": debt.name,
        "primeiro_nome": debt.name if debt.is_company else first.title(),
        "valor_aberto": formats.brl(debt.open_amount),
        "valor_atualizado": formats.brl(amount.total),
        "vencimento": formats.day(debt.due_date),
        "mes_referencia": debt.month,
        "dias_em_atraso": str(max(0, (on - debt.due_date).days)),
        "contrato": debt.contract,
        "titulo": debt.number,
        "empresa": debt.branch.company.name,
        "filial": debt.branch.name,
    }


def _creditor(branch: Branch) -> str:
    """Name, CNPJ and address (CDC, art. 42-A), each a line."""
    street = ", ".join(filter(None, (branch.street, branch.number, branch.district)))
    city = f"{branch.city}/{branch.state}" if branch.city and branch.state else ""
    postal_code = f"CEP {formats.cep(branch.postal_code)}" if branch.postal_code else ""
    address = ", ".join(filter(None, (street, city, postal_code)))
    return "\n".join(
        (
            creditor_name(branch),
            f"CNPJ {formats.document(branch.document)}",
            address or NO_ADDRESS,
        )
    )


def _terms(on: date) -> tuple[str, str]:
    """The first days on which the service may be suspended and the contract rescinded."""
    suspension = on + timedelta(days=SUSPENSION_DAYS)
    return formats.day(suspension), formats.day(suspension + timedelta(days=RESCISSION_DAYS))


def _notice(debt: Debt, on: date) -> str:
    """What a notice must say: for telecommunications Res. 765/2023, art. 71; else the debt itself
    and that it may be listed (CDC, art. 43, § 2º)."""
    about = (
        f"Motivo deste aviso: falta de pagamento da fatura de {debt.month}, título {debt.number} "
        f"do contrato {debt.contract}, vencida em {formats.day(debt.due_date)}.\n"
        f"Valor em aberto: {formats.brl(debt.open_amount)}, referente a {debt.month}.\n"
    )
    if not debt.telecom:
        return about + (
            "Se a dívida continuar em aberto, ela pode ser incluída em cadastros de "
            "inadimplentes (órgãos de proteção ao crédito), depois de um comunicado a você."
        )
    suspension, rescission = _terms(on)
    return about + (
        f"Suspensão: se a dívida continuar em aberto, o serviço pode ser suspenso "
        f"{SUSPENSION_DAYS} dias depois deste aviso, a partir de {suspension}.\n"
        f"Rescisão: {RESCISSION_DAYS} dias depois da suspensão, o contrato pode ser rescindido, "
        f"não antes de {rescission}.\n"
        "Cadastros de inadimplentes: depois da rescisão do contrato, a dívida pode ser incluída "
        "neles (órgãos de proteção ao crédito).\n"
        "Restabelecimento: se você pagar antes da rescisão, o serviço suspenso volta em até 1 dia "
        "depois que soubermos do pagamento.\n"
        "(Resolução Anatel 765/2023, art. 71.)"
    )


def _short_notice(debt: Debt, on: date) -> str:
    about = (
        f"Motivo: falta de pagamento de {formats.brl(debt.open_amount)}, ref. {debt.month}, "
        f"contrato {debt.contract}. "
    )
    if not debt.telecom:
        return about + "Sem pagamento, a dívida pode ir a cadastros de inadimplentes."
    suspension, rescission = _terms(on)
    return about + (
        f"Sem pagamento: suspensão em {SUSPENSION_DAYS} dias ({suspension}), rescisão "
        f"{RESCISSION_DAYS} dias depois dela ({rescission}) e, após a rescisão, inclusão em "
        "cadastros de inadimplentes. Pagando antes, o serviço volta em até 1 dia."
    )
