"""Turn an answer that is not a success into one of our outcomes, in plain Portuguese."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from regua.bureaus.errors import (
    BureauError,
    FieldProblem,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    Trouble,
    TryLater,
)
from regua.bureaus.http import Answer
from regua.bureaus.redact import MASK, redact_text

from .codes import EXPLANATIONS, FIELDS
from .payloads import Failure

_LONGEST_BUREAU_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Action:
    """What was being asked, and what a failure leaves as it was."""

    noun: str
    undone: str
    by_protocol: bool = False
    """True where the address names a protocol, which the bureau may not know."""


def failure_of(answer: Answer, action: Action, *, personal: Iterable[str] = ()) -> BureauError:
    """Explain a failed answer; ``personal`` is what we sent that no text may repeat."""
    failure = Failure(answer.error_payload())
    said = _without(failure.message, personal)
    known = EXPLANATIONS.get(failure.code)

    match answer.status:
        case 400 | 409 | 422:
            fields = tuple(
                _field_problem(field, code, _without(message, personal))
                for field, code, message in failure.fields
            )
            if known:
                why, remedy = known.why, known.remedy
            elif fields:
                why = " ".join(problem.message for problem in fields).rstrip(".")
                remedy = _remedy_for(fields)
            else:
                why = _unexplained(failure.code)
                remedy = "Leia o que o birô escreveu e fale com ele antes de tentar de novo."
            return Refused(
                f"O birô recusou {action.noun}: {why}. {action.undone} {remedy}",
                code=failure.code,
                bureau_message=said,
                http_status=answer.status,
                fields=fields,
            )
        case 401:
            return Misconfigured(
                "O birô não aceitou a chave de acesso da integração, nem depois de renovada. "
                f"{action.undone} Confira o Client ID e o Client Secret na integração.",
                code=failure.code,
                bureau_message=said,
                http_status=401,
                trouble=Trouble.CREDENTIALS,
            )
        case 402:
            return Misconfigured(
                "O birô informa falta de saldo ou pendência no contrato. "
                f"{action.undone} Acerte com o birô e retome os envios.",
                code=failure.code,
                bureau_message=said,
                http_status=402,
                trouble=Trouble.CONTRACT,
            )
        case 403:
            return Misconfigured(
                f"O contrato com o birô não permite {action.noun}: o produto não está contratado. "
                f"{action.undone} Contrate-o com o birô ou escolha outro na integração.",
                code=failure.code,
                bureau_message=said,
                http_status=403,
            )
        case 404 if action.by_protocol and failure.code:
            return NotFound(
                f"O birô não conhece este protocolo. {action.undone} "
                "Confira na conciliação o que o birô tem deste cliente.",
                code=failure.code,
                bureau_message=said,
                http_status=404,
            )
        case 404:
            # Not the bureau's own way of saying it: some other server answered at this address.
            return Misconfigured(
                f"O endereço da integração não parece ser o do birô. {action.undone} "
                "Corrija o endereço na integração.",
                http_status=404,
                trouble=Trouble.NOT_A_BUREAU,
            )
        case 429:
            return TryLater(
                f"O birô pediu para esperar: são pedidos demais em pouco tempo. {action.undone} "
                "Uma nova tentativa será feita mais tarde.",
                code=failure.code,
                bureau_message=said,
                http_status=429,
                retry_after=answer.retry_after,
            )
    return _unexpected(answer, action, failure.code, said)


def _unexpected(answer: Answer, action: Action, code: str, said: str) -> BureauError:
    if answer.status >= 500:
        event = f"O birô teve um problema interno (HTTP {answer.status})."
    else:
        event = f"O birô deu uma resposta inesperada (HTTP {answer.status})."
    if answer.read_only:
        return TryLater(
            f"{event} {action.undone} A pergunta será refeita mais tarde.",
            code=code,
            bureau_message=said,
            http_status=answer.status,
            retry_after=answer.retry_after,
        )
    return OutcomeUnknown(
        f"{event} Não dá para saber se {action.noun} foi feita. "
        "A situação será conferida no birô antes de qualquer nova tentativa.",
        code=code,
        bureau_message=said,
        http_status=answer.status,
    )


def _field_problem(field: str, code: str, said: str) -> FieldProblem:
    path, label = FIELDS.get(field, ("", field or "Um dos campos"))
    known = EXPLANATIONS.get(code)
    if known:
        sentence = f"{label}: {known.why}."
    elif code:
        sentence = f"{label}: o birô não aceitou (código {code})."
    else:
        sentence = f"{label}: o birô não aceitou."
    if said and not known:
        sentence = f"{sentence[:-1]}: {said.rstrip('.')}."
    return FieldProblem(field=field, code=code, message=sentence, path=path)


def _remedy_for(fields: tuple[FieldProblem, ...]) -> str:
    remedies = [EXPLANATIONS[field.code].remedy for field in fields if field.code in EXPLANATIONS]
    if len(fields) == 1 and remedies:
        return remedies[0]
    return "Corrija e envie de novo."


def _unexplained(code: str) -> str:
    return f"código {code}, que ainda não sabemos explicar" if code else "sem dizer o motivo"


def _without(text: str, personal: Iterable[str]) -> str:
    """Take out of the bureau's text whatever identifies the person we asked about."""
    text = redact_text(text)
    for value in personal:
        for word in (value, *value.split()):
            if len(word) >= 3:
                text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text[:_LONGEST_BUREAU_MESSAGE]  # last: half a document or name would not be seen
