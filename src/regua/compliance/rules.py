"""The legal gate: one rule, one citation, one SQL predicate.

A predicate is an SQL expression that is true where the rule is satisfied, over ``FROM_DEBT``:
``r`` (receivable), ``k`` (contract), ``c`` (customer), ``g`` (co-debtor), ``b`` (branch), ``t``
(the notice term of the customer's state) and ``e`` (what the evidence on file tells). The same one
answers for one debt and for millions. Parameters: those of ``selectors.gate_parameters``, of which
``today`` is the day in America/Sao_Paulo, ``apart_from`` listings that do not count as one there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from regua.compliance.documents_sql import document_valid
from regua.compliance.models import EvidenceKind, NoticeTerm


class Severity(StrEnum):
    BLOCK = "block"
    EVIDENCE = "evidence"
    """Blocks until a document that proves it is on file."""
    WARN = "warn"


class Profile(StrEnum):
    GENERAL = "general"
    TELECOM = "telecom"
    """Debts of telecommunications contracts, while ``GeneralParameters.telecom_profile`` is on."""


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
    overridable: bool = False
    """Whether a person with ``OVERRIDE_RULE`` may list in spite of it, with a reason."""
    field: str = ""
    """The customer's field that mends it, where there is one."""
    evidence: EvidenceKind | None = None
    """The document that mends it, where one does."""
    contract_dates: bool = False
    """Whether writing the contract's dates of suspension and rescission mends it."""
    opens_on: str = ""
    """An SQL date: from when it holds by itself, where waiting mends it."""


FROM_DEBT = f"""
receivables_receivable r
JOIN receivables_contract k ON k.id = r.contract_id
JOIN parties_customer c ON c.id = r.customer_id
JOIN organization_branch b ON b.id = r.branch_id
LEFT JOIN parties_customer g ON g.id = k.co_debtor_id
LEFT JOIN compliance_noticeterm notice ON notice.state = c.state
CROSS JOIN LATERAL (SELECT COALESCE(notice.days, {NoticeTerm.DEFAULT_DAYS}) AS days) t
LEFT JOIN LATERAL (
    SELECT
        min(proof.dated_on) FILTER (
            WHERE proof.kind = 'overdue_notice' AND proof.dated_on > r.due_date
        ) AS notified_on,
        bool_or(proof.kind = 'rescission_proof') AS rescission_proof,
        bool_or(proof.kind = 'debt_document') AS debt_document
    FROM compliance_evidence proof
    WHERE proof.contract_id = r.contract_id AND proof.withdrawn_at IS NULL
        AND (proof.receivable_id IS NULL OR proof.receivable_id = r.id)
) e ON true
"""  # noqa: S608

BUREAU_MONTHS = 59
"""4 years and 11 months: bureaus take no older debt, so that its notice ends within five years."""
SUSPENSION_DAYS = 15
RESCISSION_DAYS = 60

_FIVE_YEARS_END = "(r.due_date + interval '1 day' + interval '5 years')::date"
"""The first day on which the debt may no longer be listed: the five years run from the day after
the due date (STJ). A 29 February falls on 28 February five years on, a day early and never late."""
_BUREAU_FIELD = "Campo obrigatório do birô para negativar"
_RGC = "Res. Anatel 765/2023 (RGC)"


_FIELDS = {
    "sex": "Sexo",
    "birth_date": "Data de nascimento",
    "mobile": "Telefone celular",
    "postal_code": "CEP",
    "street": "Endereço",
    "number": "Número",
    "complement": "Complemento",
    "district": "Bairro",
    "city": "Cidade",
    "state": "UF",
}
"""What a bureau must be told of a debtor, besides the document and the name."""
_PEOPLE_ONLY = ("sex", "birth_date")


# What is asked of whoever answers for a debt: ``c``, the customer, or ``g``, the co-debtor.


def _filled(who: str, name: str) -> str:
    if name == "mobile":
        return f"{who}.mobile ~ '^[0-9]{{2}}9[0-9]{{8}}$'"
    filled = f"{who}.{name} IS NOT NULL" if name == "birth_date" else f"btrim({who}.{name}) <> ''"
    return f"(length({who}.document) = 14 OR {filled})" if name in _PEOPLE_ONLY else filled


def _of_age(who: str) -> str:
    # Counted back from the due date: who was born on 29 February comes of age on 1 March
    # (Código Civil, art. 132, § 3º). A birth date that is missing is another rule's.
    return (
        f"(length({who}.document) = 14 OR {who}.birth_date IS NULL"
        f" OR {who}.birth_date <= (r.due_date - interval '18 years')::date)"
    )


def _not_creditor(who: str) -> str:
    # The first eight characters of a CNPJ are the company, the next four its establishment.
    return f"(length({who}.document) = 11 OR left({who}.document, 8) <> left(b.document, 8))"


def _field(name: str) -> Rule:
    label = _FIELDS[name]
    return Rule(
        code=f"data.{name}",
        title=f"{label} no cadastro do cliente",
        failure="Falta o telefone celular, com DDD e 9 números."
        if name == "mobile"
        else f"Falta preencher: {label}.",
        citation=_BUREAU_FIELD,
        predicate=_filled("c", name),
        field=name,
    )


def _no_open(kind: str) -> str:
    return (
        "NOT EXISTS (SELECT FROM receivables_impediment i WHERE i.receivable_id = r.id "
        f"AND i.closed_at IS NULL AND i.kind = '{kind}')"
    )


def _of_co_debtor(predicate: str) -> str:
    """Null, so that the rule does not concern the debt, where nobody else answers for it."""
    return f"CASE WHEN g.id IS NOT NULL THEN ({predicate}) END"


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
        predicate="r.due_date < %(today)s::date",
        opens_on="r.due_date + 1",
    ),
    Rule(
        code="debt.min_days",
        title="O atraso passou do mínimo da empresa",
        failure="O atraso ainda não chegou ao mínimo de dias dos Parâmetros gerais. Aguarde.",
        citation="Parâmetro da empresa",
        predicate="r.due_date + %(listing_min_days)s::int <= %(today)s::date",
        overridable=True,
        opens_on="r.due_date + %(listing_min_days)s::int",
    ),
    Rule(
        code="debt.five_years",
        title="A dívida tem menos de cinco anos",
        failure="O título venceu há mais de cinco anos e não pode mais ser negativado.",
        citation="CDC, art. 43, § 1º; Súmula STJ 323",
        predicate=f"{_FIVE_YEARS_END} > %(today)s::date",
    ),
    Rule(
        code="debt.bureau_age",
        title="O birô ainda aceita uma dívida desta idade",
        failure="O título venceu há mais de 4 anos e 11 meses, e o birô não o aceita mais.",
        citation="Regra dos birôs: 4 anos e 11 meses",
        predicate=f"(r.due_date + interval '{BUREAU_MONTHS} months')::date >= %(today)s::date",
    ),
    Rule(
        code="debt.notice_ends_in_time",
        title="O prazo da carta acaba antes dos cinco anos",
        failure="Quando o prazo da carta acabasse, o título já teria cinco anos de vencido.",
        citation="CDC, art. 43, §§ 1º e 2º; Súmula STJ 359",
        predicate=f"{_FIVE_YEARS_END} > %(today)s::date + t.days",
    ),
    Rule(
        code="debt.not_prescribed",
        title="A dívida não prescreveu",
        failure="A cobrança do título prescreveu: venceu há cinco anos ou mais.",
        citation="Código Civil, art. 206, § 5º, I; CDC, art. 43, § 5º",
        predicate="(r.due_date + interval '5 years')::date > %(today)s::date",
    ),
    Rule(
        code="debt.min_amount",
        title="O valor passa do mínimo",
        failure="O valor em aberto é menor que o mínimo dos Parâmetros gerais.",
        citation="Regra dos birôs: a partir de R$ 10,00; parâmetro da empresa",
        predicate="r.open_amount >= %(listing_min_amount)s::numeric",
    ),
    Rule(
        code="debt.max_amount",
        title="O valor não passa do máximo",
        failure="O valor em aberto passa do máximo dos Parâmetros gerais. Confira o título.",
        citation="Birôs recusam valor alto demais (381, 396); parâmetro da empresa",
        predicate="(%(listing_max_amount)s::numeric IS NULL"
        " OR r.open_amount <= %(listing_max_amount)s::numeric)",
        overridable=True,
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
        predicate=f"NOT r.disputed AND {_no_open('contest')}",
    ),
    Rule(
        code="debt.no_court_order",
        title="Não há ordem judicial contra a negativação",
        failure="Uma ordem judicial impede negativar este título enquanto valer.",
        citation="CPC, art. 77, IV: toda ordem judicial se cumpre",
        predicate=_no_open("court_order"),
    ),
    Rule(
        code="debt.not_awaiting_confirmation",
        title="Não há pagamento aguardando confirmação",
        failure="Há um pagamento aguardando confirmação. Espere a confirmação do banco.",
        citation="CDC, art. 43, § 1º",
        predicate="NOT r.awaiting_confirmation",
    ),
    Rule(
        code="debt.not_listed",
        title="A dívida ainda não está negativada",
        failure="Este título já tem uma negativação em curso. Acompanhe aquela.",
        citation="Uma dívida, uma negativação (erro 059 dos birôs)",
        # The listings' own app stands above this one; their table is the one fact needed of it.
        predicate="NOT EXISTS (SELECT FROM restrictions_restriction x WHERE x.receivable_id = r.id"
        " AND x.status NOT IN ('removed', 'refused', 'cancelled')"
        " AND x.id <> ALL(%(apart_from)s::bigint[]))",
    ),
    Rule(
        code="debtor.of_age",
        title="O cliente era maior de idade no vencimento",
        failure="O cliente era menor de 18 anos no vencimento e não pode ser negativado.",
        citation="Código Civil, arts. 3º a 5º",
        predicate=_of_age("c"),
    ),
    Rule(
        code="debtor.alive",
        title="Não consta falecimento do cliente",
        failure="Consta que o cliente faleceu. A dívida se trata com o espólio, sem negativar.",
        citation="Código Civil, art. 1.997; erros 308 e 330 dos birôs",
        predicate="c.deceased_on IS NULL",
    ),
    Rule(
        code="debtor.not_creditor",
        title="O devedor não é o próprio credor",
        failure="O CNPJ do cliente é o da própria filial, ou de outra da mesma empresa.",
        citation="Código Civil, art. 381: credor e devedor não podem ser a mesma pessoa",
        predicate=_not_creditor("c"),
    ),
    Rule(
        code="debtor.document_valid",
        title="O CPF ou CNPJ do cliente é válido",
        failure="Os dígitos do CPF ou CNPJ não conferem. Corrija o documento do cliente.",
        citation="CDC, art. 43, § 1º; erro 029 dos birôs",
        predicate=document_valid("c.document"),
    ),
    Rule(
        code="co_debtor.complete",
        title="O cadastro do coobrigado está completo",
        failure="Falta algum dado do coobrigado: documento válido, sexo e nascimento, celular e "
        "endereço inteiro. Complete o cadastro dele, ou tire-o do contrato.",
        citation=_BUREAU_FIELD,
        predicate=_of_co_debtor(
            " AND ".join(
                [document_valid("g.document"), *(_filled("g", name) for name in ("name", *_FIELDS))]
            )
        ),
    ),
    Rule(
        code="co_debtor.of_age",
        title="O coobrigado era maior de idade no vencimento",
        failure="O coobrigado era menor de 18 anos no vencimento. Tire-o do contrato.",
        citation="Código Civil, arts. 3º a 5º",
        predicate=_of_co_debtor(_of_age("g")),
    ),
    Rule(
        code="co_debtor.alive",
        title="Não consta falecimento do coobrigado",
        failure="Consta que o coobrigado faleceu. Tire-o do contrato.",
        citation="Código Civil, art. 1.997; erros 308 e 330 dos birôs",
        predicate=_of_co_debtor("g.deceased_on IS NULL"),
    ),
    Rule(
        code="co_debtor.not_creditor",
        title="O coobrigado não é o próprio credor",
        failure="O CNPJ do coobrigado é o da própria filial, ou de outra da mesma empresa. "
        "Tire-o do contrato.",
        citation="Código Civil, art. 381: credor e devedor não podem ser a mesma pessoa",
        predicate=_of_co_debtor(_not_creditor("g")),
    ),
    *(_field(name) for name in _FIELDS),
    Rule(
        code="evidence.debt_document",
        title="O documento da dívida está guardado",
        failure="Junte o contrato ou a nota que prova a dívida: o cliente pode pedir para ver.",
        citation="Lei 17.832/2023 (SP), arts. 44 a 49; CDC, art. 43, § 1º",
        predicate="COALESCE(e.debt_document, false)",
        severity=Severity.EVIDENCE,
        overridable=True,
        evidence=EvidenceKind.DEBT_DOCUMENT,
    ),
    Rule(
        code="telecom.notice",
        title="O cliente foi avisado do atraso",
        failure="Junte o aviso de atraso enviado ao cliente, com a data em que ele o recebeu.",
        citation=f"{_RGC}, arts. 70 e 71",
        predicate="e.notified_on IS NOT NULL",
        severity=Severity.EVIDENCE,
        profile=Profile.TELECOM,
        overridable=True,
        evidence=EvidenceKind.OVERDUE_NOTICE,
    ),
    Rule(
        code="telecom.suspended",
        title="O serviço foi suspenso 15 dias ou mais depois do aviso",
        failure="A suspensão só vale 15 dias depois do aviso de atraso deste título. Confira as "
        "duas datas.",
        citation=f"{_RGC}, suspensão",
        predicate=f"COALESCE(k.suspended_on >= e.notified_on + {SUSPENSION_DAYS}, false)",
        profile=Profile.TELECOM,
        contract_dates=True,
        overridable=True,
    ),
    Rule(
        code="telecom.rescission_term",
        title="O contrato foi rescindido 60 dias ou mais depois da suspensão",
        failure="A rescisão só vale 60 dias depois da suspensão. Confira as duas datas.",
        citation=f"{_RGC}, rescisão",
        predicate=f"COALESCE(k.ended_on >= k.suspended_on + {RESCISSION_DAYS}, false)",
        profile=Profile.TELECOM,
        contract_dates=True,
        overridable=True,
    ),
    Rule(
        code="telecom.rescinded",
        title="O contrato foi rescindido",
        failure="Uma dívida de telecomunicações só é negativada depois de rescindido o contrato.",
        citation=f"{_RGC}: negativação só após a rescisão",
        predicate="COALESCE(k.ended_on <= %(today)s::date, false)",
        profile=Profile.TELECOM,
        contract_dates=True,
        opens_on="k.ended_on",
    ),
    Rule(
        code="telecom.earliest",
        title="Passaram os 75 dias do aviso: 15 até suspender, 60 até rescindir",
        failure="Ainda não passaram os 75 dias do aviso de atraso. Aguarde.",
        citation=f"{_RGC}: aviso, 15 dias, suspensão, 60 dias, rescisão",
        predicate=f"COALESCE(e.notified_on + {SUSPENSION_DAYS + RESCISSION_DAYS}"
        " <= %(today)s::date, false)",
        profile=Profile.TELECOM,
        overridable=True,
        opens_on=f"e.notified_on + {SUSPENSION_DAYS + RESCISSION_DAYS}",
    ),
    Rule(
        code="telecom.rescission_proof",
        title="O comprovante da rescisão foi enviado ao cliente",
        failure="Junte o comprovante da rescisão enviado ao cliente.",
        citation=f"{_RGC}; Res. 632/2014, arts. 90 a 103",
        predicate="COALESCE(e.rescission_proof, false)",
        severity=Severity.EVIDENCE,
        profile=Profile.TELECOM,
        overridable=True,
        evidence=EvidenceKind.RESCISSION_PROOF,
    ),
)

BY_CODE = {rule.code: rule for rule in RULES}
