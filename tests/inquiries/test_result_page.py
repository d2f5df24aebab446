"""The page of an answered inquiry: the decision first, a person's over it, the explanation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.choices import AccessKind
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.policy.models import CreditPolicy, DecisionOverride
from regua.inquiries.policy.services import (
    decision_override,
    policy_activate,
    policy_draft,
    rule_delete,
    rule_save,
)
from regua.inquiries.services import inquiries_drain, inquiry_request, inquiry_reuse
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories
from tests.inquiries.pdfs import missing

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    "inquiry_detail",
    "inquiry_progress",
    "inquiry_pdf",
    "inquiry_bureau_pdf",
    "inquiry_override",
    "inquiry_explanation",
)
HEAVY = "003"
"""A person with many pendings and a low score (docs/sandbox.md)."""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def get(user: User, name: str, inquiry: Inquiry) -> Any:
    return signed_in(user).get(reverse(name, args=[inquiry.pk]))


def shown(user: User, inquiry: Inquiry, name: str = "inquiry_detail") -> str:
    answer = get(user, name, inquiry)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def in_force(branch: Branch, actor: User, **rule: Any) -> CreditPolicy:
    """A policy whose only rule is this one."""
    draft = policy_draft(branch=branch, actor=actor)
    for old in list(draft.rules.all()):
        rule_delete(rule=old, actor=actor)
    rule_save(policy=draft, actor=actor, **rule)
    return policy_activate(policy=draft, actor=actor)


def answered(
    integration: Integration, actor: User, code: str = HEAVY, *, document: str = ""
) -> Inquiry:
    inquiry = inquiry_request(
        actor=actor,
        branch=integration.branch,
        document=document or factories.cpf_behaving(code),
        product_code="PF-SCORE",
    )
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert inquiry.status == "answered"
    return inquiry


def test_earlier_inquiries_are_newest_first(integration: Integration, manager: User) -> None:
    inquiry = answered(integration, manager, document="12345600381")
    found = get(manager, "inquiry_detail", inquiry).context
    days = [item.occurred_on for item in found["earlier"]]
    assert days == sorted(days, reverse=True)
    sent = [item.occurred_on for item in found["report"].earlier_inquiries]
    assert sorted(sent) == sorted(days)
    assert days != sent, "the bureau sends them in order: this shows nothing"


CONDITIONS: dict[str, Any] = {
    "outcome": "conditions",
    "advance_payment": True,
    "reason": "Score baixo, mas primeira contratação.",
}


def test_the_decision_is_the_first_thing_read(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    policy = in_force(branch, manager, score_to=399, **CONDITIONS)
    inquiry = answered(integration, attendant)
    page = shown(attendant, inquiry)
    order = [
        "Aprovar com adesão antecipada",
        "Score baixo, mas primeira contratação.",
        f"Score {inquiry.score}, faixa {inquiry.band}; {inquiry.pendings_count} pendências que",
        f"política de crédito, versão {policy.version}, regra 1",
        "Identificação",
        "Situação na Receita Regular",
        "Pendências",
        "Consultas anteriores",
        "Registro da consulta",
        f"Protocolo {inquiry.protocol}",
        "Finalidade Avaliação de crédito para contratação",
        "Base legal Proteção do crédito",
    ]
    places = [page.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert inquiry.document not in page


def test_pendings_by_kind_have_totals_and_dates(integration: Integration, attendant: User) -> None:
    inquiry = answered(integration, attendant)
    answer = get(attendant, "inquiry_detail", inquiry)
    groups = answer.context["groups"]
    assert sum(len(group.items) for group in groups) == inquiry.pendings_count
    assert sum(group.total for group in groups) == inquiry.pendings_total
    page = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    for group in groups:
        days = sorted(item.occurred_on for item in group.items)
        assert group.span.startswith(f"{days[0]:%d/%m/%Y}")
        assert group.span.endswith(f"{days[-1]:%d/%m/%Y}")
        assert f"{group.label} ({len(group.items)}) {group.span}" in page


def test_without_a_policy_it_only_sums_up(integration: Integration, attendant: User) -> None:
    page = shown(attendant, answered(integration, attendant))
    assert "Score baixo," in page
    assert "sem política de crédito em vigor, nada foi decidido" in page


def test_no_rule_fits_and_a_person_has_to_look(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    in_force(branch, manager, score_from=999, outcome="approve", reason="Score altíssimo.")
    inquiry = answered(integration, attendant)
    page = shown(attendant, inquiry)
    assert "Analisar" in page
    assert "Nenhuma regra da política se aplica" in page
    assert "o resultado foi deixar para uma pessoa" in shown(
        attendant, inquiry, "inquiry_explanation"
    )


def test_who_else_used_it_is_told(
    integration: Integration, attendant: User, operator: User
) -> None:
    inquiry = answered(integration, attendant)
    assert "Outros usos" not in shown(attendant, inquiry)
    inquiry_reuse(inquiry=inquiry, actor=operator, purpose="Troca de titularidade")
    page = shown(attendant, inquiry)
    assert f"{operator.name}: usou a consulta em vez de fazer outra" in page
    assert "Finalidade: Troca de titularidade." in page


def test_after_retention_the_summary_stays(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    in_force(branch, manager, **CONDITIONS)
    inquiry = answered(integration, attendant)
    Inquiry.objects.update(report_sealed="", report_erased_at=timezone.now())
    page = shown(attendant, inquiry)
    assert f"apagado em {timezone.localdate():%d/%m/%Y}" in page
    assert "Aprovar com adesão antecipada" in page
    assert f"{inquiry.pendings_count} pendências, somando" in page
    assert "Consultas anteriores" not in page
    assert "PDF do birô" not in page
    assert "Baixar PDF" in page
    assert "Como foi decidido" in shown(attendant, inquiry, "inquiry_explanation")


def test_a_report_that_cannot_be_opened_still_shows_the_columns(
    branch: Branch, attendant: User
) -> None:
    inquiry = factories.answered(
        branch, attendant, score=700, band="B", integration=factories.integration(branch)
    )
    page = shown(attendant, inquiry)
    assert "não pôde ser aberta" in page
    assert "Faixa B" in page


# --- a person over the policy --------------------------------------------------------------------


def test_a_person_decides_otherwise(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    in_force(branch, manager, outcome="deny", reason="Score muito baixo.")
    inquiry = answered(integration, attendant)
    assert "Mudar decisão" not in shown(attendant, inquiry)
    assert "Mudar decisão" in shown(manager, inquiry)
    address = reverse("inquiry_override", args=[inquiry.pk])
    client = signed_in(manager)
    form = client.get(address)
    assert form.status_code == 200
    assert "Não aprovar" in form.content.decode()
    answer = client.post(
        address,
        {
            "outcome": "conditions",
            "advance_payment": "on",
            "deposit": "1.150,00",
            "fidelity_months": "12",
            "plan_limit": "",
            "reason": "Trouxe o comprovante de quitação.",
        },
    )
    assert answer.headers["Location"] == reverse("inquiry_detail", args=[inquiry.pk])
    override = DecisionOverride.objects.get()
    assert (override.actor, override.deposit, override.fidelity_months) == (manager, 1150, 12)
    page = shown(attendant, inquiry)
    title = "Aprovar com adesão antecipada, caução de R$ 1.150,00, fidelidade de 12 meses"
    assert page.count(title) == 2, "as the verdict and in the history"
    assert f"Decidido por {manager.name}" in page
    assert "dizia “Não aprovar”" in page
    history = page[page.index("Histórico da decisão") :]
    assert history.index("Trouxe o comprovante") < history.index("Score muito baixo")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reason": " "}, "ele fica com a consulta"),
        ({"outcome": ""}, "Escolha a decisão"),
        ({"outcome": "inventado"}, "Nada foi gravado"),
        ({"outcome": "conditions"}, "ao menos uma condição"),
        ({"outcome": "conditions", "deposit": "muito"}, "Escreva um valor em reais"),
        ({"outcome": "conditions", "deposit": "-1"}, "Nada foi gravado"),
        ({"outcome": "conditions", "fidelity_months": "99999"}, "Nada foi gravado"),
        ({"reason": "x" * 301}, "Nada foi gravado"),
    ],
)
def test_a_decision_that_makes_no_sense_is_not_kept(
    changes: dict[str, str], problem: str, branch: Branch, manager: User
) -> None:
    inquiry = factories.answered(branch, manager, integration=factories.integration(branch))
    data = {"outcome": "approve", "reason": "Cliente antigo.", **changes}
    answer = signed_in(manager).post(reverse("inquiry_override", args=[inquiry.pk]), data)
    assert answer.status_code == 200
    assert problem in answer.content.decode()
    assert not DecisionOverride.objects.exists()


def test_conditions_count_only_where_the_outcome_has_them(branch: Branch, manager: User) -> None:
    inquiry = factories.answered(branch, manager, integration=factories.integration(branch))
    signed_in(manager).post(
        reverse("inquiry_override", args=[inquiry.pk]),
        {"outcome": "approve", "advance_payment": "on", "deposit": "10", "reason": "Antigo."},
    )
    override = DecisionOverride.objects.get()
    assert not override.has_terms
    assert "Mudar decisão" in shown(manager, inquiry)


def test_nothing_is_decided_before_the_answer(
    integration: Integration, manager: User, attendant: User
) -> None:
    inquiry = inquiry_request(
        actor=attendant,
        branch=integration.branch,
        document=factories.cpf_behaving("001"),
        product_code="PF-SCORE",
    )
    assert "Mudar decisão" not in shown(manager, inquiry)
    client = signed_in(manager)
    answer = client.post(
        reverse("inquiry_override", args=[inquiry.pk]),
        {"outcome": "approve", "reason": "Pressa."},
        follow=True,
    )
    assert "não há o que decidir" in answer.content.decode()
    for name in ("inquiry_pdf", "inquiry_bureau_pdf", "inquiry_explanation"):
        assert get(manager, name, inquiry).status_code == 404
    assert not DecisionOverride.objects.exists()


# --- who may -------------------------------------------------------------------------------------


def test_another_branch_sees_nothing(
    integration: Integration, attendant: User, outsider: User
) -> None:
    inquiry = answered(integration, attendant)
    for name in PAGES:
        assert get(outsider, name, inquiry).status_code == 404
    client = signed_in(outsider)
    for name in ("inquiry_override", "inquiry_explanation"):
        data = {"outcome": "approve", "reason": "Porque sim."}
        assert client.post(reverse(name, args=[inquiry.pk]), data).status_code == 404
    assert not InquiryAccess.objects.exists()
    assert not DecisionOverride.objects.exists()


def test_only_who_may_decide_decides(branch: Branch, attendant: User, operator: User) -> None:
    inquiry = factories.answered(branch, attendant, integration=factories.integration(branch))
    for user in (attendant, operator, factories.user(Role.AUDIT)):
        answer = signed_in(user).post(
            reverse("inquiry_override", args=[inquiry.pk]),
            {"outcome": "approve", "reason": "Porque sim."},
        )
        assert answer.status_code == 403
    assert not DecisionOverride.objects.exists()


# --- the consumer --------------------------------------------------------------------------------


def test_the_explanation_tells_data_rule_outcome_and_rights(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    policy = in_force(branch, manager, outcome="deny", score_to=399, reason="Score muito baixo.")
    inquiry = answered(integration, attendant)
    decision_override(
        inquiry=inquiry, actor=manager, outcome="approve", reason="Comprovou renda na loja."
    )
    page = shown(attendant, inquiry, "inquiry_explanation")
    told = (
        "Provedor de Teste, filial Centro",
        "birô de crédito Crédito na Medida",
        inquiry.protocol,
        f"Score (de 0 a 1.000) {inquiry.score}",
        f"Pendências encontradas {inquiry.pendings_count}, que somam R$",
        "Situação do documento na Receita Federal Regular",
        f"política de crédito, versão {policy.version}",
        "Motivo: Score muito baixo.",
        "Resultado: não aprovar a contratação.",
        "uma pessoa da nossa equipe analisou o caso",
        "Resultado: aprovar a contratação.",
        "Motivo: Comprovou renda na loja.",
        "nova revisão",
        "correção ao birô Crédito na Medida",
        "LGPD, art. 20",
        "Súmula 550",
    )
    assert [words for words in told if words not in page] == []
    assert inquiry.document not in page
    assert manager.name not in page.split("De onde vieram os dados")[1]
    assert not InquiryAccess.objects.exists(), "reading it is not issuing it"

    answer = signed_in(attendant).post(reverse("inquiry_explanation", args=[inquiry.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    assert missing(told, answer.content) == []
    assert missing([inquiry.document], answer.content)
    access = InquiryAccess.objects.get()
    assert (access.kind, access.actor) == (AccessKind.EXPLAINED, attendant)
    assert attendant.name in shown(manager, inquiry, "inquiry_explanation")
    assert "emitiu a explicação ao consumidor" in shown(manager, inquiry)


def test_the_explanation_uses_the_facts_of_the_moment(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    in_force(branch, manager, outcome="deny", reason="Não.")
    inquiry = answered(integration, attendant)
    decided_on = inquiry.score
    Inquiry.objects.update(score=1)
    assert f"Score (de 0 a 1.000) {decided_on}" in shown(attendant, inquiry, "inquiry_explanation")


def test_without_a_policy_nothing_was_automatic(integration: Integration, attendant: User) -> None:
    inquiry = answered(integration, attendant)
    page = shown(attendant, inquiry, "inquiry_explanation")
    assert "Nenhuma decisão automática foi tomada" in page
    assert "Revisão por uma pessoa" not in page
