"""``consultar``, ``negativar``, ``baixar``, ``sincronizar``: the real command, the real bureau."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import monotonic

import pytest

from regua import documents
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.cli import operate
from regua.documents import generate
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.services import (
    policy_activate,
    policy_draft,
    rule_delete,
    rule_save,
)
from regua.inquiries.services import inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.integrations.services import integration_update
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.choices import RemovalReason, Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from tests import factories
from tests.cli.command import Said, assert_portuguese, regua
from tests.processes.running import database_url, environment
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., Said]


@pytest.fixture
def run(integration: Integration, operator: User, sandbox: Sandbox) -> Run:
    """Run a command as the branch's collections analyst, or as whom ``REGUA_USUARIO`` names."""

    def command(*arguments: str, actor: User | str = operator) -> Said:
        email = actor if isinstance(actor, str) else actor.email
        said = regua(*arguments, env=environment(REGUA_USUARIO=email))
        assert_portuguese(said.out + said.err)
        for secret in (sandbox.client_secret, "webhook-demo", "Bearer"):
            assert secret not in said.out + said.err
        return said

    return command


def new_receivable(branch: Branch, **fields: object) -> Receivable:
    return factories.receivable(factories.customer(branch, **fields))


def assert_nothing_personal(text: str, receivable: Receivable) -> None:
    customer = receivable.customer
    document = documents.parse(customer.document)
    for personal in (customer.document, str(document), customer.name, customer.mobile):
        assert not personal or personal not in text


def test_consultar_answers_for_every_kind_of_document(run: Run, sandbox: Sandbox) -> None:
    random = Random(3)
    cnpj = generate.cnpj(random)
    lettered = generate.cnpj(random, letters=True)
    cpf = factories.cpf_behaving("003")
    for typed, bare in (
        (cpf, cpf),  # nine debts and a low score
        (cnpj.formatted, cnpj.value),
        (lettered.formatted.lower(), lettered.value),
    ):
        said = run("consultar", typed)
        assert (said.code, said.err) == (0, ""), said
        inquiry = Inquiry.objects.latest("id")
        assert inquiry.document == bare
        assert (inquiry.status, inquiry.unknown) == ("answered", False)
        for shown in (
            f"Consulta nº {inquiry.pk}: {inquiry.product_name}, R$",
            inquiry.name,
            f"Score: {inquiry.score} (faixa {inquiry.band})",
            f"Pendências: {inquiry.pendings_count}",
            f"Protocolo {inquiry.protocol}",
        ):
            assert shown in said.out
        assert typed not in said.out
    assert len(sandbox.charges()) == 3


def test_consultar_that_cannot_be_asked_says_why_and_costs_nothing(
    run: Run, outsider: User, manager: User, sandbox: Sandbox
) -> None:
    cpf = factories.cpf_behaving("001")
    audit = factories.user(Role.AUDIT)
    wrong = cpf[:-1] + str((int(cpf[-1]) + 1) % 10)
    for arguments, actor, why in (
        ([wrong], manager, "Os dígitos verificadores não conferem."),
        (["123"], manager, "O documento precisa ter 11 algarismos (CPF) ou 14 caracteres (CNPJ)."),
        ([cpf], "ninguem@exemplo.test", "Não há pessoa ativa com o e-mail ninguem@exemplo.test."),
        ([cpf], audit, "Seu perfil (Auditoria) não permite consultar análise de crédito."),
        ([cpf], outsider, "Esta filial ainda não tem integração de análise de crédito."),
        ([cpf, "--filial", "Litoral"], manager, "Nenhuma filial sua corresponde"),
        ([cpf, "--produto", "X9"], manager, "O birô não oferece este produto"),
    ):
        said = run("consultar", *arguments, actor=actor)
        assert (said.code, said.out) == (1, ""), said
        assert said.sentence().startswith(why)
        assert arguments[0] not in said.err
    assert Inquiry.objects.count() == 0
    assert sandbox.charges() == []


def test_consultar_that_the_bureau_does_not_answer_says_what_to_do(
    run: Run, integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    broke = run("consultar", factories.cpf_behaving("010"))
    assert broke.code == 1
    assert "falta de saldo ou pendência no contrato" in broke.sentence()

    Integration.objects.update(base_url="http://127.0.0.1:9")
    began = monotonic()
    down = run("consultar", factories.cpf_behaving("001"))
    assert monotonic() - began < 20, "nobody waits a minute for a bureau that is down"
    assert down.code == 3
    first, second = down.err.strip().splitlines()
    assert first.startswith("Não foi possível conectar ao birô. Nada foi enviado.")
    assert second.startswith("Nada se perdeu")
    assert Inquiry.objects.latest("id").status == "queued"

    integration_update(
        integration=integration,
        actor=administrator,
        base_url=sandbox.url,
        client_secret="segredo-errado",
    )
    Inquiry.objects.all().delete()
    denied = run("consultar", factories.cpf_behaving("001"))
    assert denied.code == 1
    assert "Client Secret" in denied.sentence()
    assert "segredo-errado" not in denied.err
    assert sandbox.charges() == []


def test_a_debt_is_listed_and_taken_off_from_the_terminal(
    run: Run, branch: Branch, sandbox: Sandbox
) -> None:
    receivable = new_receivable(branch)
    # The bureau loses its answer: the command looks the listing up instead of repeating it.
    sandbox.add_faults(
        {"method": "POST", "path": "^/v1/negativacoes$", "kind": "lost_answer", "times": 1}
    )
    listed = run("negativar", receivable.our_number)
    assert (listed.code, listed.err) == (0, "")
    row = Restriction.objects.get()
    assert f"Negativação nº {row.pk}: " in listed.out
    assert f"Protocolo {row.protocol}." in listed.out
    assert_nothing_personal(listed.out, receivable)
    assert len(sandbox.ledger()) == 1

    again = run("negativar", receivable.our_number)
    assert (again.code, again.out) == (1, "")
    assert f"já tem a negativação nº {row.pk}" in again.sentence()

    unknown = run("baixar", str(row.pk), "--motivo", "desistencia")
    assert unknown.code == 2
    assert unknown.sentence().startswith("Esse motivo não existe. Use um de: pagamento, ")

    sandbox.advance(11)
    synchronised = run("sincronizar")
    assert (synchronised.code, synchronised.err) == (0, "")
    assert synchronised.out.startswith("Centro: 1 negativação lida, ")
    assert synchronised.out.endswith(", 0 que só o birô conhece.\n")
    row.refresh_from_db()
    assert row.status == Status.ACTIVE

    removed = run("baixar", str(row.pk))
    assert (removed.code, removed.err) == (0, "")
    assert f"Negativação nº {row.pk}: baixa" in removed.out
    row.refresh_from_db()
    assert (row.removal_reason, row.removal_code) == ("paid", "01")
    twice = run("baixar", str(row.pk))
    assert twice.code == 1
    assert "Nada foi enviado de novo" in twice.sentence() or "Não há o que baixar" in twice.err
    assert [line["situacao"][:4] for line in sandbox.ledger()] == ["BAIX"]


def test_what_cannot_be_listed_says_every_reason_at_once(
    run: Run, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    poor = new_receivable(branch, mobile="", complement="", sex="", postal_code="")
    said = run("negativar", poor.our_number)
    assert (said.code, said.out) == (1, "")
    assert len(said.err.splitlines()) == 4
    for missing in ("cep", "complemento", "sexo", "celular"):
        assert missing in said.err.lower()
    assert_nothing_personal(said.err, poor)

    for arguments, actor, why in (
        (["negativar", "99999999"], None, "Não há título com o nosso número 99999999."),
        (["negativar", poor.our_number, "--codigo", "XX"], None, "Falta"),
        (["baixar", "99999"], None, "Não há negativação nº 99999. Nada foi enviado."),
        (["negativar", poor.our_number], attendant, "Seu perfil (Atendimento) não permite"),
        (["baixar", "1"], attendant, "Seu perfil (Atendimento) não permite pedir a baixa"),
        (["sincronizar"], attendant, "Seu perfil (Atendimento) não permite sincronizar"),
    ):
        refused = run(*arguments, **({"actor": actor} if actor else {}))
        assert (refused.code, refused.out) == (1, ""), refused
        assert refused.err.splitlines()[0].startswith(why)
        assert_nothing_personal(refused.err, poor)
    assert Restriction.objects.count() == 0
    assert sandbox.ledger() == []


def test_what_the_bureau_refuses_or_cannot_take_is_told_with_what_stands(
    run: Run, integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"method": "POST", "path": "/v1/negativacoes", "kind": "status", "status": 422, "times": 1}
    )
    refused = new_receivable(branch)
    said = run("negativar", refused.our_number)
    assert said.code == 1
    assert "recusada" in said.out
    assert said.sentence().startswith("O birô recusou a negativação")
    assert_nothing_personal(said.err + said.out, refused)

    sent = restriction_request(receivable=new_receivable(branch), actor=operator)
    restrictions_drain(integration.pk)
    Integration.objects.update(base_url="http://127.0.0.1:9")
    waiting = run("baixar", str(sent.pk), "--motivo", "ordem-judicial")
    assert waiting.code == 3
    assert "baixa na fila" in waiting.out
    assert "Nada se perdeu" in waiting.err
    sent.refresh_from_db()
    assert (sent.status, sent.unknown) == (Status.REMOVAL_QUEUED, False)
    down = run("sincronizar")
    assert (down.code, down.out) == (1, "")
    assert down.sentence().startswith("Centro: Não foi possível conectar ao birô.")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("pagamento-parcial", "partially_paid"),
        ("carta-devolvida", "letter_returned"),
        ("prazo-de-cinco-anos", "five_years"),
    ],
)
def test_baixar_takes_every_reason_that_the_screens_offer(
    run: Run, integration: Integration, branch: Branch, operator: User, word: str, reason: str
) -> None:
    assert {str(reason) for reason in operate.REASONS.values()} == set(RemovalReason.values)
    row = restriction_request(receivable=new_receivable(branch), actor=operator)
    restrictions_drain(integration.pk)
    removed = run("baixar", str(row.pk), "--motivo", word)
    assert (removed.code, removed.err) == (0, "")
    row.refresh_from_db()
    assert (row.status, row.removal_reason) == (Status.REMOVAL_SENT, reason)


def test_a_command_does_not_carry_the_whole_queue(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    mine, *others = [
        restriction_request(receivable=new_receivable(branch), actor=operator) for _ in range(5)
    ]
    operate._work_until(
        mine, lambda: mine.status != Status.QUEUED, drain=restrictions_drain, label="Enviando"
    )
    assert mine.status != Status.QUEUED
    assert len(sandbox.ledger()) == 1
    for row in others:  # they are the worker's
        row.refresh_from_db()
        assert (row.status, row.attempts) == (Status.QUEUED, 0)


def test_a_database_without_tables_is_told_from_one_that_is_down(run: Run) -> None:
    empty = {"DATABASE_URL": f"{database_url()}&dbname=postgres"}
    for line in ("sincronizar --usuario a@b.test", "worker"):
        said = regua(*line.split(), env=environment(**empty))
        assert (said.code, said.out) == (1, ""), said
        assert said.sentence().endswith("Nada foi feito. Rode: regua migrate")


def test_consultar_within_the_interval_says_what_to_do(
    run: Run,
    integration: Integration,
    branch: Branch,
    operator: User,
    manager: User,
    administrator: User,
    sandbox: Sandbox,
) -> None:
    parameters_update(actor=administrator, inquiry_interval_days=30)
    cpf = factories.cpf_behaving("001")
    earlier = factories.answered(
        branch,
        operator,
        integration=integration,
        requested_days_ago=3,
        document=cpf,
        score=720,
        outcome="conditions",
    )
    for actor, advice in ((operator, "peça ao gestor financeiro"), (manager, "--motivo")):
        said = run("consultar", cpf, actor=actor)
        assert said.code == 1
        assert "o intervalo entre consultas é de 30 dias. Nada foi consultado" in said.err
        assert f"abra a consulta nº {earlier.pk} na Central de consultas" in said.err
        assert advice in said.err
        assert "Aprovar com condições, score 720" in said.out
        assert cpf not in said.out + said.err
    refused = run("consultar", cpf, "--motivo", "Porque sim", actor=operator)
    assert "não permite consultar de novo dentro do intervalo" in refused.sentence()
    assert Inquiry.objects.count() == 1
    assert sandbox.charges() == []

    said = run(
        "consultar", cpf, "--motivo", "Quitou ontem", "--finalidade", "Renovação", actor=manager
    )
    assert (said.code, said.err) == (0, "")
    repeated = Inquiry.objects.latest("id")
    assert (repeated.repeats, repeated.repeat_reason) == (earlier, "Quitou ontem")
    assert repeated.purpose == "Renovação"
    assert "Decisão" not in said.out, "the branch has no policy"


def test_consultar_says_the_decision_and_whose_question_it_joined(
    run: Run, branch: Branch, operator: User, attendant: User, manager: User, sandbox: Sandbox
) -> None:
    draft = policy_draft(branch=branch, actor=manager)
    for rule in list(draft.rules.all()):
        rule_delete(rule=rule, actor=manager)
    rule_save(policy=draft, actor=manager, outcome="review", reason="Sempre uma pessoa olha.")
    policy_activate(policy=draft, actor=manager)
    cpf = factories.cpf_behaving("001")
    inquiry = inquiry_request(actor=attendant, branch=branch, document=cpf)
    said = run("consultar", cpf)
    assert (said.code, said.err) == (0, "")
    assert f"Consulta nº {inquiry.pk}" in said.out
    assert f"{attendant.name} já a estava fazendo" in said.out
    assert "Decisão: Analisar" in said.out
    assert len(sandbox.charges()) == 1


def test_several_at_once_are_all_listed_or_none(
    run: Run, branch: Branch, integration: Integration, sandbox: Sandbox
) -> None:
    first, second, disputed = (new_receivable(branch) for _ in range(3))
    Receivable.objects.filter(pk=disputed.pk).update(disputed=True)
    numbers = [debt.our_number for debt in (first, second, disputed)]
    said = run("negativar", *numbers)
    assert (said.code, said.out) == (1, "")
    assert said.sentence().startswith(f"Título {disputed.number}: O cliente contesta")
    assert not Restriction.objects.exists()

    GeneralParameters.objects.update_or_create(
        pk=1, defaults={"approval_amount": second.open_amount}
    )
    more = second.open_amount + 1
    Receivable.objects.filter(pk=first.pk).update(amount=more, open_amount=more)
    listed = run("negativar", *numbers[:2], numbers[0])
    assert (listed.code, listed.err) == (0, "")
    assert "Outra pessoa precisa aprovar; nada saiu." in listed.out
    assert [line["nosso_numero"] for line in sandbox.ledger()] == [second.our_number]
