"""The legal gate: one rule, one citation, one SQL predicate.

A predicate is an SQL expression over ``r`` (receivable), ``c`` (customer), ``b`` (branch) that
is true where the rule is satisfied; ``%(today)s`` is the day in America/Sao_Paulo. The same one
answers for one debt and for millions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    BLOCK = "block"
    EVIDENCE = "evidence"
    WARN = "warn"


class Profile(StrEnum):
    GENERAL = "general"
    TELECOM = "telecom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    code: str
    title: str
    """What must hold, as a sentence."""
    failure: str
    """What to say when it does not, and how to mend it."""
    citation: str
    predicate: str
    severity: Severity = Severity.BLOCK
    profile: Profile = Profile.GENERAL
    field: str = ""
    """The customer's field that mends it, where there is one."""


_PERSON = "length(c.document) = 11"


def _field(name: str, label: str, *, people_only: bool = False) -> Rule:
    filled = f"c.{name} IS NOT NULL" if name == "birth_date" else f"c.{name} <> ''"
    return Rule(
        code=f"data.{name}",
        title=f"{label} no cadastro do cliente",
        failure=f"Falta preencher: {label}.",
        citation="Campo obrigatório do birô para negativar",
        predicate=f"(NOT {_PERSON} OR {filled})" if people_only else filled,
        field=name,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        code="debt.open",
        title="A dívida está em aberto",
        failure="O título não está em aberto: já foi recebido ou cancelado.",
        citation="CDC, art. 43, § 1º",
        predicate="r.status IN ('open', 'partial') AND r.open_amount > 0",
    ),
    Rule(
        code="debt.overdue",
        title="A dívida está vencida",
        failure="O título ainda não venceu. Aguarde o vencimento.",
        citation="CDC, art. 43, § 1º",
        predicate="r.due_date < %(today)s",
    ),
    Rule(
        code="debt.five_years",
        title="A dívida tem menos de cinco anos",
        failure="O título venceu há mais de cinco anos e não pode mais ser negativado.",
        citation="CDC, art. 43, § 1º; Súmula STJ 323",
        # The five years run from the day after the due date (STJ).
        predicate="(r.due_date + interval '1 day' + interval '5 years')::date > %(today)s",
    ),
    Rule(
        code="debt.not_renegotiated",
        title="A dívida não foi renegociada",
        failure="O título foi renegociado; vale o acordo novo.",
        citation="CDC, art. 43, § 1º; Código Civil, art. 360",
        predicate="NOT r.renegotiated",
    ),
    Rule(
        code="debt.not_disputed",
        title="A dívida não está sob contestação",
        failure="O cliente contesta este título. Decida a contestação antes.",
        citation="CDC, art. 54-G; Res. Anatel 765/2023",
        predicate="NOT r.disputed",
    ),
    Rule(
        code="debt.not_awaiting_confirmation",
        title="Não há pagamento aguardando confirmação",
        failure="Há um pagamento aguardando confirmação. Espere a confirmação do banco.",
        citation="CDC, art. 43, § 1º",
        predicate="NOT r.awaiting_confirmation",
    ),
    Rule(
        code="debtor.of_age",
        title="O cliente era maior de idade no vencimento",
        failure="O cliente era menor de 18 anos no vencimento e não pode ser negativado.",
        citation="Código Civil, arts. 3º a 5º",
        predicate=f"(NOT {_PERSON} OR c.birth_date IS NULL"
        " OR (c.birth_date + interval '18 years')::date <= r.due_date)",
    ),
    Rule(
        code="debtor.not_creditor",
        title="O devedor não é o próprio credor",
        failure="O documento do cliente é o da própria filial.",
        citation="CDC, art. 43, § 1º",
        predicate="c.document <> b.document",
    ),
    _field("sex", "Sexo", people_only=True),
    _field("birth_date", "Data de nascimento", people_only=True),
    Rule(
        code="data.mobile",
        title="Telefone celular no cadastro do cliente",
        failure="Falta o telefone celular, com DDD e 9 números.",
        citation="Campo obrigatório do birô para negativar",
        predicate="c.mobile ~ '^[0-9]{2}9[0-9]{8}$'",
        field="mobile",
    ),
    _field("postal_code", "CEP"),
    _field("street", "Endereço"),
    _field("number", "Número"),
    _field("complement", "Complemento"),
    _field("district", "Bairro"),
    _field("city", "Cidade"),
    _field("state", "UF"),
)
