"""What a message says, and what no text can take out of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from regua.dunning.choices import Channel, TemplateKind
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import MessageTemplate
from regua.dunning.rendering import (
    VARIABLES,
    Debt,
    check_text,
    invented_debt,
    opt_out_read,
    opt_out_url,
    render,
)
from regua.organization.models import Branch
from tests import factories
from tests.dunning.conftest import ADDRESS

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def creditor() -> Branch:
    return factories.branch("Centro", document="12ABC34501DE35", **ADDRESS)


@pytest.fixture
def debt(creditor: Branch) -> Debt:
    return invented_debt(creditor, on=TODAY)


def rendered(debt: Debt, **fields: Any) -> Any:
    given: dict[str, Any] = {
        "channel": Channel.EMAIL,
        "kind": TemplateKind.COLLECTION,
        "subject": "Assunto",
        "body": "Texto",
        "on": TODAY,
        "opt_out_url": "https://regua.exemplo.test/sem-mensagens/x/",
    }
    return render(debt=debt, **given | fields)


def test_every_variable_becomes_something(debt: Debt) -> None:
    body = "\n".join(f"{name}={{{{ {name} }}}}" for name in VARIABLES)
    lines = rendered(debt, body=body).body.splitlines()[: len(VARIABLES)]
    assert dict(line.split("=") for line in lines) == {
        "nome": "Maria Exemplo da Silva",
        "primeiro_nome": "Maria",
        "valor_aberto": "R$\xa0119,90",
        "valor_atualizado": "R$\xa0122,50",  # 2 % and five days at 1 % a month
        "vencimento": "19/11/2026",
        "mes_referencia": "novembro de 2026",
        "dias_em_atraso": "5",
        "contrato": "C10042",
        "titulo": "T0042-1",
        "empresa": "Provedor de Teste",
        "filial": "Centro",
    }


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("kind", TemplateKind)
@pytest.mark.parametrize("body", ["Texto", "", "{{ nome }}" * 50])
def test_the_creditor_is_always_named(
    debt: Debt, channel: Channel, kind: TemplateKind, body: str
) -> None:
    text = rendered(debt, channel=channel, kind=kind, body=body).body
    for part in (
        "Provedor de Teste, filial Centro",
        "CNPJ 12.ABC.345/01DE-35",
        "Avenida Paulista, 900, Bela Vista, São Paulo/SP, CEP 01310-100",
        "https://regua.exemplo.test/sem-mensagens/x/",
    ):
        assert part in text


@pytest.mark.parametrize("channel", Channel)
def test_a_notice_says_what_the_rgc_wants(debt: Debt, channel: Channel) -> None:
    text = rendered(debt, channel=channel, kind=TemplateKind.NOTICE, body="Pague já.").body.lower()
    for part in (
        "falta de pagamento",  # the reason
        "r$\xa0119,90",
        "novembro de 2026",
        "15 dias",
        "09/12/2026",  # the earliest suspension: fifteen days after the notice
        "60 dias",
        "07/02/2027",  # the earliest rescission: sixty days after that
        "rescisão",
        "cadastros de inadimplentes",
        "em até 1 dia",  # the restoration
    ):
        assert part in text, part


def test_only_telecommunications_are_threatened_with_what_the_rgc_allows(debt: Debt) -> None:
    other = replace(debt, telecom=False)
    for channel in Channel:
        text = rendered(other, channel=channel, kind=TemplateKind.NOTICE).body
        assert "falta de pagamento" in text
        assert "cadastros de inadimplentes" in text
        assert "suspens" not in text.lower()
        assert "Anatel" not in text


def test_no_other_kind_says_so(debt: Debt) -> None:
    assert "inadimplentes" not in rendered(debt, kind=TemplateKind.REMINDER).body


@pytest.mark.parametrize(
    "text",
    [
        "{{ nada }}",
        "{{ nome|upper }}",
        "{{ nome.title }}",
        "{{ nome",
        "nome }}",
        "{% if nome %}",
        "{{ settings }}",
        "{{}}",
    ],
)
def test_what_is_no_variable_is_refused_and_the_known_ones_named(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_text(text)
    assert "{{ valor_aberto }}" in refused.value.messages[0]


def test_texts_that_are_taken() -> None:
    check_text("Olá, {{nome}}: {{  valor_aberto }} { } %")
    default_policy_create()
    for template in MessageTemplate.objects.all():
        check_text(template.subject)
        check_text(template.body)


def test_a_name_cannot_bring_in_variables_or_headers(debt: Debt) -> None:
    odd = replace(debt, name="{{ valor_aberto }}\r\nBcc: outro@exemplo.test")
    message = rendered(odd, subject="Olá, {{ nome }}", body="{{ nome }}")
    assert message.subject == "Olá, {{ valor_aberto }} Bcc: outro@exemplo.test"
    assert message.body.startswith("{{ valor_aberto }}\r\nBcc:")


def test_a_debt_that_is_not_late_costs_what_it_is(debt: Debt) -> None:
    early = replace(debt, due_date=date(2026, 12, 1), open_amount=Decimal("50.00"))
    body = rendered(early, body="{{ dias_em_atraso }} {{ valor_atualizado }}").body
    assert body.startswith("0 R$\xa050,00\n")


def test_a_company_has_no_first_name(debt: Debt) -> None:
    company = replace(debt, name="COMÉRCIO EXEMPLO LTDA", is_company=True)
    assert rendered(company, body="{{ primeiro_nome }}").body.startswith("COMÉRCIO EXEMPLO LTDA\n")
    person = replace(debt, name="MARIA EXEMPLO")
    assert rendered(person, body="{{ primeiro_nome }}").body.startswith("Maria\n")


def test_only_what_we_wrote_opts_anybody_out() -> None:
    token = opt_out_url(12, Channel.SMS).rstrip("/").rpartition("/")[2]
    assert opt_out_read(token) == (12, Channel.SMS)
    for forged in (token.replace("12-", "13-"), token[:-1], "12-sms", "", "12-sms~", "x~y"):
        assert opt_out_read(forged) is None
