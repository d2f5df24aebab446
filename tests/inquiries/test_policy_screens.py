"""The credit policy on screen: in words, as a draft, simulated, in force, taken away."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.choices import Outcome, PolicyStatus
from regua.inquiries.policy.models import CreditPolicy, PolicyRule
from regua.inquiries.policy.services import SENSIBLE, policy_activate, policy_draft, rule_save
from regua.inquiries.policy.wording import outcome_sentence, rule_sentence, terms_sentence
from regua.organization.models import Branch
from tests import factories
from tests.inquiries.test_policy import active

pytestmark = pytest.mark.django_db
RULE = {"person_kind": "A", "document_standing": "any", "outcome": "deny", "reason": "Porque sim."}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def said(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\xa0", " ")
    return re.sub(r"\s+", " ", text)


def draft_of(branch: Branch, actor: User) -> CreditPolicy:
    return policy_draft(branch=branch, actor=actor)


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"person_kind": "F", "score_from": 600, "score_to": 1000, "pendings_to": 0},
            "Pessoa física com score de 600 a 1.000 e nenhuma pendência → Aprovar",
        ),
        ({}, "Pessoa física ou jurídica → Aprovar"),
        (
            {"person_kind": "J", "age_from": 24, "document_standing": "regular"},
            "Pessoa jurídica com documento regular e tempo de abertura de 2 anos ou mais → Aprovar",
        ),
        (
            {"person_kind": "F", "age_to": 216},
            "Pessoa física com idade de até 216 meses → Aprovar",
        ),
        (
            {"without_score": True, "pendings_from": 1, "document_standing": "irregular"},
            "Pessoa física ou jurídica sem score e com documento irregular ou de situação não "
            "informada e 1 pendência ou mais → Aprovar",
        ),
        (
            {"amount_from": Decimal("2000"), "newest_to": 12, "score_to": 399},
            "Pessoa física ou jurídica com score de até 399, pendências que somam R$ 2.000,00 ou "
            "mais e a pendência mais nova de até 12 meses → Aprovar",
        ),
        (
            {"amount_to": Decimal("500"), "pendings_from": 2, "pendings_to": 2},
            "Pessoa física ou jurídica com exatamente 2 pendências e pendências que somam até "
            "R$ 500,00 → Aprovar",
        ),
        (
            {"newest_from": 1, "newest_to": 1, "pendings_from": 1, "pendings_to": 3},
            "Pessoa física ou jurídica com de 1 a 3 pendências e a pendência mais nova de 1 mês "
            "→ Aprovar",
        ),
    ],
)
def test_a_rule_is_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    rule = PolicyRule(outcome="approve", **fields)
    assert rule_sentence(rule).replace("\xa0", " ") == sentence


def test_conditions_are_a_sentence() -> None:
    rule = PolicyRule(
        outcome="conditions",
        advance_payment=True,
        deposit=Decimal("100"),
        fidelity_months=12,
        plan_limit=Decimal("120"),
    )
    assert terms_sentence(rule).replace("\xa0", " ") == (
        "com adesão antecipada, caução de R$ 100,00, fidelidade de 12 meses, plano de até R$ 120,00"
    )
    assert outcome_sentence("conditions", rule).startswith("Aprovar com adesão antecipada, caução")
    assert terms_sentence(PolicyRule()) == ""
    assert outcome_sentence("conditions", PolicyRule()) == "Aprovar com condições"
    assert outcome_sentence("deny", rule) == "Não aprovar"
    assert outcome_sentence("") == "Sem decisão"


def test_every_suggested_rule_can_be_said(branch: Branch, manager: User) -> None:
    sentences = [rule_sentence(rule) for rule in draft_of(branch, manager).rules.all()]
    assert len(set(sentences)) == len(SENSIBLE)
    assert "None" not in " ".join(sentences)


# --- who sees and who may ------------------------------------------------------------------------


def test_who_sees_what(branch: Branch, other_branch: Branch, manager: User, operator: User) -> None:
    policy = active(branch, manager, RULE)
    stranger = signed_in(factories.user(Role.FINANCE_MANAGER, other_branch))
    auditor = signed_in(factories.user(Role.AUDIT, branch))
    pages = [
        at("policy_branch", branch.pk),
        at("policy_detail", policy.pk),
        at("policy_detail", draft_of(branch, manager).pk),
        at("policy_simulate", draft_of(branch, manager).pk),
    ]
    for page in pages:
        assert stranger.get(page).status_code == 404
        assert signed_in(operator).get(page).status_code == 403
        assert auditor.get(page).status_code == 200
    assert "Centro" not in said(stranger, at("policy_list"))
    assert "Versão 1" in said(auditor, at("policy_list"))
    assert "Preparar uma mudança" not in said(auditor, pages[0])
    assert "Continuar o rascunho" in said(signed_in(manager), pages[0])
    assert "Acrescentar regra" not in said(auditor, pages[2])
    assert "Ativar" not in said(auditor, pages[3])


def test_who_may_change(branch: Branch, other_branch: Branch, manager: User) -> None:
    draft = draft_of(branch, manager)
    rule = draft.rules.all()[0]
    auditor = signed_in(factories.user(Role.AUDIT, branch))
    stranger = signed_in(factories.user(Role.FINANCE_MANAGER, other_branch))
    for address in (
        at("policy_draft_open", branch.pk),
        at("policy_discard", draft.pk),
        at("policy_activate", draft.pk),
        at("policy_retire", draft.pk),
        at("rule_new", draft.pk),
        at("rule_edit", rule.pk),
        at("rule_move", rule.pk),
        at("rule_delete", rule.pk),
    ):
        assert auditor.post(address, RULE).status_code == 403, address
        assert stranger.post(address, RULE).status_code == 404, address
    draft.refresh_from_db()
    assert (draft.status, draft.rules.count()) == (PolicyStatus.DRAFT, len(SENSIBLE))


def test_a_look_changes_nothing(branch: Branch, manager: User) -> None:
    draft = draft_of(branch, manager)
    rule = draft.rules.all()[0]
    client = signed_in(manager)
    for name, pk in (
        ("policy_draft_open", branch.pk),
        ("policy_discard", draft.pk),
        ("rule_move", rule.pk),
        ("rule_delete", rule.pk),
    ):
        assert client.get(at(name, pk)).status_code == 405
    client.get(at("policy_activate", draft.pk))
    assert CreditPolicy.objects.get().status == PolicyStatus.DRAFT


# --- a draft -------------------------------------------------------------------------------------


def test_from_nothing_to_a_policy_in_force_and_back(branch: Branch, manager: User) -> None:
    client = signed_in(manager)
    home = at("policy_branch", branch.pk)
    assert "as consultas saem sem decisão" in said(client, at("policy_list"))
    assert "Começar um rascunho" in said(client, home)
    draft_page = client.post(at("policy_draft_open", branch.pk)).headers["Location"]
    assert client.post(at("policy_draft_open", branch.pk)).headers["Location"] == draft_page
    assert "Score muito baixo." in said(client, draft_page)
    draft = CreditPolicy.objects.get()
    simulation = said(client, at("policy_simulate", draft.pk))
    assert "Nenhuma consulta respondida neste período" in simulation
    question = said(client, at("policy_activate", draft.pk))
    assert "Pôr a versão 1 em vigor na filial Centro?" in question
    assert "a partir de agora" in question
    answer = client.post(at("policy_activate", draft.pk), {"note": "A primeira"})
    assert answer.headers["Location"] == home
    shown = said(client, home)
    assert "Em vigor: versão 1" in shown
    assert f"Ativada por {manager.name}" in shown
    assert "A primeira" in shown
    again = client.post(at("policy_activate", draft.pk), follow=True).content.decode()
    assert "já não é rascunho" in again

    assert "Deixar a filial Centro sem política" in said(client, at("policy_retire", draft.pk))
    client.post(at("policy_retire", draft.pk))
    shown = said(client, home)
    assert "Sem política" in shown
    assert "Encerrada" in shown
    twice = client.post(at("policy_retire", draft.pk), follow=True).content.decode()
    assert "já não está em vigor" in twice


def test_what_was_last_in_force_is_where_the_next_draft_starts(
    branch: Branch, manager: User
) -> None:
    policy = active(branch, manager, {**RULE, "reason": "Só esta."})
    client = signed_in(manager)
    client.post(at("policy_retire", policy.pk))
    client.post(at("policy_draft_open", branch.pk))
    draft = CreditPolicy.objects.get(status=PolicyStatus.DRAFT)
    assert [rule.reason for rule in draft.rules.all()] == ["Só esta."]
    client.post(at("policy_discard", draft.pk))
    assert CreditPolicy.objects.get() == policy


def test_a_rule_is_added_changed_moved_and_deleted(branch: Branch, manager: User) -> None:
    draft = draft_of(branch, manager)
    client = signed_in(manager)
    added = {
        **RULE,
        "person_kind": "F",
        "score_from": "600",
        "score_to": "1000",
        "amount_to": "1.234,56",
        "outcome": "conditions",
        "advance_payment": "on",
        "deposit": "R$ 100,00",
    }
    answer = client.post(at("rule_new", draft.pk), added)
    assert answer.headers["Location"] == at("policy_detail", draft.pk)
    rule = draft.rules.get(position=len(SENSIBLE) + 1)
    assert (rule.score_to, rule.amount_to, rule.deposit) == (1000, Decimal("1234.56"), Decimal(100))
    form = client.get(at("rule_edit", rule.pk)).content.decode()
    assert 'value="1.234,56"' in form
    client.post(at("rule_edit", rule.pk), {**RULE, "reason": "Mudei."})
    rule.refresh_from_db()
    assert (rule.outcome, rule.deposit, rule.score_from, rule.reason) == (
        Outcome.DENY,
        None,
        None,
        "Mudei.",
    )
    moved = client.post(at("rule_move", rule.pk), {"para": "cima"})
    assert moved.headers["Location"].endswith(f"#regra-{rule.pk}")
    rule.refresh_from_db()
    assert rule.position == len(SENSIBLE)
    client.post(at("rule_delete", draft.rules.all()[0].pk))
    assert list(draft.rules.values_list("position", flat=True)) == list(
        range(1, len(SENSIBLE) + 1)
    ), "no number is missing"


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        ("score_to", {"score_from": "700", "score_to": "600"}, "antes do começo"),
        ("score_from", {"score_from": "1001"}, "no máximo 1000"),
        ("score_from", {"score_from": "-1"}, "pelo menos 0"),
        ("score_from", {"score_from": "muito"}, "número inteiro"),
        ("without_score", {"without_score": "on", "score_from": "1"}, "só um dos dois"),
        ("pendings_to", {"pendings_to": "9" * 30}, "no máximo"),
        ("amount_from", {"amount_from": "mil"}, "valor em reais"),
        ("amount_from", {"amount_from": "-1,00"}, "menor que"),
        ("amount_to", {"amount_to": "9" * 20}, "dinheiro demais"),
        ("age_to", {"age_from": "20", "age_to": "10"}, "antes do começo"),
        ("newest_to", {"newest_to": "99999"}, "no máximo"),
        ("outcome", {"outcome": "talvez"}, "talvez"),
        ("outcome", {"outcome": ""}, "Preencha"),
        ("outcome", {"outcome": "conditions"}, "ao menos uma condição"),
        ("outcome", {"advance_payment": "on"}, "só valem para"),
        ("fidelity_months", {"outcome": "conditions", "fidelity_months": "0"}, "pelo menos 1"),
        ("deposit", {"outcome": "conditions", "deposit": "0"}, "menor que"),
        ("reason", {"reason": " "}, "Preencha"),
        ("reason", {"reason": "a\x00b"}, ""),
        ("reason", {"reason": "x" * 201}, "200"),
        ("person_kind", {"person_kind": "Z"}, "Z"),
    ],
)
def test_a_refusal_is_said_at_its_field(
    field: str, change: dict[str, str], sentence: str, branch: Branch, manager: User
) -> None:
    draft = draft_of(branch, manager)
    answer = signed_in(manager).post(at("rule_new", draft.pk), {**RULE, **change})
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert draft.rules.count() == len(SENSIBLE)


def test_what_somebody_else_did_meanwhile_is_said(branch: Branch, manager: User) -> None:
    draft = draft_of(branch, manager)
    rule = draft.rules.all()[0]
    client = signed_in(manager)
    policy_activate(policy=draft, actor=manager)
    for name, pk in (
        ("policy_discard", draft.pk),
        ("rule_move", rule.pk),
        ("rule_delete", rule.pk),
        ("rule_new", draft.pk),
        ("rule_edit", rule.pk),
        ("policy_activate", draft.pk),
    ):
        answer = client.post(at(name, pk), RULE, follow=True)
        assert answer.status_code == 200
        assert "Nada mudou" in answer.content.decode(), name
    assert "não há o que simular" in said_after(client, at("policy_simulate", draft.pk))
    assert draft.rules.count() == len(SENSIBLE)


def said_after(client: Client, address: str) -> str:
    return client.get(address, follow=True).content.decode()


def test_a_draft_without_rules_is_not_activated(branch: Branch, manager: User) -> None:
    draft = draft_of(branch, manager)
    for rule in draft.rules.all():
        signed_in(manager).post(at("rule_delete", rule.pk))
    client = signed_in(manager)
    assert "Falta ao menos uma regra" in said(client, at("policy_detail", draft.pk))
    said(client, at("policy_simulate", draft.pk))
    answer = client.post(at("policy_activate", draft.pk), {"note": ""}, follow=True)
    assert "não tem regras" in answer.content.decode()
    too_long = client.post(at("policy_activate", draft.pk), {"note": "x" * 201})
    assert too_long.context["form"].errors["note"]
    draft.refresh_from_db()
    assert draft.status == PolicyStatus.DRAFT


# --- the simulation ------------------------------------------------------------------------------


def test_the_simulation_names_what_would_change(
    branch: Branch, other_branch: Branch, manager: User
) -> None:
    integration = factories.integration(branch)

    def past(score: int, outcome: str, days: int = 5) -> int:
        return factories.answered(
            branch,
            manager,
            integration=integration,
            score=score,
            outcome=outcome,
            requested_days_ago=days,
        ).pk

    same, stricter, looser = past(900, "approve"), past(300, "approve"), past(950, "deny")
    undecided, old = past(400, ""), past(100, "approve", days=60)
    elsewhere = factories.answered(
        other_branch, manager, integration=factories.integration(other_branch), score=1
    )
    draft = draft_of(branch, manager)
    draft.rules.all().delete()
    rule_save(policy=draft, actor=manager, score_from=600, outcome="approve", reason="Alto.")
    rule_save(policy=draft, actor=manager, score_to=350, outcome="deny", reason="Baixo.")
    client = signed_in(manager)

    def listed(**query: Any) -> set[int]:
        page = client.get(at("policy_simulate", draft.pk), query).content.decode()
        return {int(pk) for pk in re.findall(r'href="/consultas/(\d+)/"', page)}

    assert listed() == {stricter, looser, undecided, old}
    assert listed(dias="30") == {stricter, looser, undecided}
    assert listed(antes="approve", depois="deny") == {stricter, old}
    assert listed(antes="nenhuma") == {undecided}
    assert listed(depois="approve") == {looser}
    assert listed(antes="approve", depois="approve") == set()
    assert listed(antes="'; drop", depois="\x00", dias="1e9") == {stricter, looser, undecided, old}
    assert same not in listed()
    assert elsewhere.pk not in listed()

    page = said(client, at("policy_simulate", draft.pk) + "?dias=30")
    assert "Consultas respondidas 4" in page
    assert "Teriam outro resultado 3" in page
    for word in ("mais rigor", "menos rigor", "passa a ter decisão", "não muda"):
        assert word in page
    assert "1. Pessoa física ou jurídica com score de 600 ou mais → Aprovar 50 % 2 50 %" in page
    assert "Nenhuma regra serve → Analisar 25 % 1" in page
    question = said(client, at("policy_activate", draft.pk) + "?dias=30")
    assert "Mudariam nos últimos 30 dias 3 de 4 consultas" in question
    assert "Mudariam nos últimos 90 dias 4 de 5 consultas" in said(
        client, at("policy_activate", draft.pk)
    )


def test_the_list_of_changes_ends_somewhere(branch: Branch, manager: User) -> None:
    integration = factories.integration(branch)
    for _ in range(51):
        factories.answered(branch, manager, integration=integration, score=1, outcome="approve")
    draft = draft_of(branch, manager)
    page = signed_in(manager).get(at("policy_simulate", draft.pk)).content.decode()
    assert len(re.findall(r'href="/consultas/\d+/"', page)) == 50
    assert "São as 50 mais novas" in page
