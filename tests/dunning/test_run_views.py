"""The pages of runs, of held debts and of what each step brought, for whoever may and may not."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.choices import RunState, SliceState
from regua.dunning.forgetting import items_forget
from regua.dunning.models import (
    DunningHold,
    DunningItem,
    DunningPolicy,
    DunningRun,
    DunningStep,
)
from regua.dunning.run_selectors import runs_waiting
from regua.dunning.run_sums import plan_of, sums_of
from regua.dunning.running import run_work
from regua.dunning.services import run_approve, run_pause, run_start
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.models import Restriction
from tests import factories
from tests.dunning.conftest import executed, simulated
from tests.dunning.test_runs import debt

pytestmark = pytest.mark.django_db

LIST = "/cobranca/execucoes/"
HELD = "/cobranca/retidos/"
RECOVERY = "/cobranca/regua/"


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(response: HttpResponse) -> str:
    """What a person reads, blanks made one and those that do not break plain."""
    body = response.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def here(run: DunningRun, name: str = "dunning_run") -> str:
    return reverse(name, args=[run.pk])


@pytest.fixture
def run(branch: Branch, late: DunningPolicy) -> DunningRun:
    """Simulated: one debt to list, two to write to, one held."""
    debt(branch, 120, amount=Decimal("1284.50"))
    debt(branch, 6, amount=Decimal("100.00"))
    debt(branch, 7, amount=Decimal("50.00"))
    debt(branch, 8, amount=Decimal("70.00"), dunned=False)
    return simulated(branch)


# --- Beginning ----------------------------------------------------------------------------------


def test_the_list_is_empty_then_a_click_begins_a_simulation(
    branch: Branch, policy: DunningPolicy, operator: User
) -> None:
    client = signed_in(operator)
    assert "Nenhuma execução ainda" in text(client.get(LIST))
    answer = client.post(reverse("dunning_run_create"), {"filiais": branch.pk})
    run = DunningRun.objects.get()
    assert (run.branch, run.requested_by, run.state) == (branch, operator, RunState.SIMULATING)
    assert answer["Location"] == here(run)
    assert "Simulando: 0 de" in text(client.get(here(run)))

    page = text(client.get(LIST))
    assert f"A filial Centro já tem a execução nº {run.pk}: simulando." in page
    again = client.post(reverse("dunning_run_create"), {"filiais": branch.pk}, follow=True)
    assert "já tem uma execução em andamento" in text(again)
    assert DunningRun.objects.count() == 1


def test_each_of_several_branches_gets_its_run(
    branch: Branch, other_branch: Branch, policy: DunningPolicy
) -> None:
    everywhere = factories.user(Role.FINANCE_MANAGER)
    client = signed_in(everywhere)
    run_start(branch=branch, actor=everywhere)
    page = text(client.get(reverse("dunning_run_create")))
    assert "Litoral" in page
    assert "já tem a execução nº" in page
    answer = client.post(
        reverse("dunning_run_create"), {"filiais": [branch.pk, other_branch.pk]}, follow=True
    )
    assert "A filial Centro já tem uma execução em andamento" in text(answer)
    assert DunningRun.objects.filter(branch=other_branch).count() == 1
    assert DunningRun.objects.count() == 2


def test_without_a_policy_nothing_begins(branch: Branch, operator: User) -> None:
    answer = signed_in(operator).post(
        reverse("dunning_run_create"), {"filiais": branch.pk}, follow=True
    )
    assert "Nenhuma régua ativa vale para a filial Centro" in text(answer)
    assert not DunningRun.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"filiais": ["x", "-1"]}, {"filiais": "9" * 30}])
def test_branches_that_do_not_exist_or_are_not_seen_are_refused(
    branch: Branch, other_branch: Branch, policy: DunningPolicy, outsider: User, sent: object
) -> None:
    client = signed_in(outsider)
    for body in (sent, {"filiais": branch.pk}):
        assert client.post(reverse("dunning_run_create"), body).status_code == 422
    assert not DunningRun.objects.exists()


# --- Who may ------------------------------------------------------------------------------------


def test_who_may_not_see_dunning_sees_none_of_it(run: DunningRun, attendant: User) -> None:
    client = signed_in(attendant)
    for path in (LIST, HELD, RECOVERY):
        assert client.get(path).status_code == 403
    assert client.get(here(run)).status_code == 404
    assert client.post(reverse("dunning_run_create"), {}).status_code == 403


def test_another_branch_has_nothing_of_it(run: DunningRun, outsider: User) -> None:
    client = signed_in(outsider)
    assert "Nenhuma execução ainda" in text(client.get(LIST))
    assert "Nenhum título retido" in text(client.get(HELD))
    assert client.get(here(run)).status_code == 404
    for name in ("dunning_run_approve", "dunning_run_items"):
        assert client.post(here(run, name)).status_code == 404
    change = reverse("dunning_run_change", args=[run.pk, "cancelar"])
    assert client.post(change).status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.SIMULATED


def test_who_may_not_approve_is_told_so_and_refused(run: DunningRun, operator: User) -> None:
    client = signed_in(operator)
    page = client.get(here(run))
    assert "Seu perfil (Cobrança) não permite aprovar execuções da régua" in text(page)
    assert "data-row " not in page.content.decode()
    for name, body in (
        ("dunning_run_approve", {"vista": plan_of(run, sums_of([run])[run.pk]).fingerprint}),
        ("dunning_run_items", {"passo": DunningStep.objects.all()[0].pk}),
    ):
        assert client.post(here(run, name), body).status_code == 403
    run.refresh_from_db()
    assert run.state == RunState.SIMULATED
    assert not DunningItem.objects.filter(left_out=True).exists()


def test_an_auditor_looks_and_changes_nothing(run: DunningRun, branch: Branch) -> None:
    client = signed_in(factories.user(Role.AUDIT, branch))
    page = text(client.get(here(run)))
    assert "Negativar 1 título" in page
    assert "Cancelar execução" not in page
    change = reverse("dunning_run_change", args=[run.pk, "cancelar"])
    assert client.post(change).status_code == 403


# --- The simulation -----------------------------------------------------------------------------


def test_the_simulation_says_who_what_why_and_why_not(run: DunningRun, manager: User) -> None:
    page = text(signed_in(manager).get(here(run)))
    assert "Negativar 1 título · R$ 1.284,50 · custo R$ 4,90" in page
    assert "Enviar 2 mensagens" in page
    assert "Com passo a dar 3 R$ 1.434,50" in page
    assert "O cliente está com Considera na cobrança automatizada em Não. 1 R$ 70,00" in page
    assert "120 dias de atraso" in page
    assert "Aviso de cobrança 5 dias depois do vencimento · E-mail 2" in page


def test_a_price_nobody_wrote_down_is_not_zero(run: DunningRun, manager: User) -> None:
    DunningItem.objects.filter(cost__gt=0).update(cost=0)
    part = run.slices.get(number=1)
    for sums in part.found["due"].values():
        sums[2] = 0
    part.save()
    client = signed_in(manager)
    for price in (None, Decimal("4.90")):  # written down after the simulation: it counted without
        Integration.objects.update(listing_price=price)
        page = text(client.get(here(run)))
        assert "Negativar 1 título · R$ 1.284,50 · custo não informado" in page
        assert "O preço de cada negativação não foi informado" in page
        asked = text(client.post(here(run, "dunning_run_approve")))
        assert "o preço da negativação não foi informado" in asked
    Integration.objects.update(listing_price=0)
    assert "custo R$ 0,00" in text(client.get(here(run)))


def test_the_reason_leads_to_the_debts_it_holds(
    run: DunningRun, branch: Branch, manager: User
) -> None:
    client = signed_in(manager)
    link = f"{HELD}?filial={branch.pk}&amp;motivo=customer.dunned"
    assert link in client.get(here(run)).content.decode()
    held = DunningHold.objects.get()
    page = text(client.get(link.replace("&amp;", "&")))
    assert held.receivable.number in page
    assert "O cliente está com Considera na cobrança automatizada em Não." in page
    assert "1 na última simulação com este motivo" in page

    Receivable.objects.filter(pk=held.receivable_id).update(status="received", open_amount=0)
    assert held.receivable.number not in text(client.get(HELD)), "it is owed no more"


def test_a_switch_that_is_off_is_named_above_the_simulation(
    branch: Branch, late: DunningPolicy, manager: User
) -> None:
    Integration.objects.update(automatic=False)
    debt(branch, 120)
    run = simulated(branch)
    page = text(signed_in(manager).get(here(run)))
    assert "Nenhum título desta filial é negativado sozinho agora" in page
    assert "Incluir/Remover automaticamente está em Não." in page
    assert "Nenhum passo a dar" in page


def test_steps_and_debts_are_taken_out_and_put_back(run: DunningRun, manager: User) -> None:
    client = signed_in(manager)
    items = here(run, "dunning_run_items")
    notice = run.items.filter(step__stage="AC")
    step, one = notice[0].step_id, notice[1].pk
    assert "2 títulos ficaram de fora" in text(client.post(items, {"passo": step}, follow=True))
    page = text(client.get(here(run)))
    assert not re.search(r"Enviar [0-9]", page)
    assert "2 de fora" in page
    back = client.post(f"{items}?passo={step}", {"pk": [one], "volta": "1"})
    assert back["Location"] == f"{here(run)}?passo={step}#titulos"
    page = text(client.get(here(run)))
    assert "Enviar 1 mensagem" in page
    assert "1 de fora" in page
    assert notice.filter(left_out=True).count() == 1
    other = executed_elsewhere(run)
    client.post(items, {"pk": [other.pk]})
    other.refresh_from_db()
    assert not other.left_out, "a line of another run"


def executed_elsewhere(run: DunningRun) -> DunningItem:
    """A line of another run with the same debt and step."""
    item = run.items.all()[0]
    run = DunningRun.objects.create(
        branch=run.branch, day=run.day, state=RunState.CANCELLED, finished_at=timezone.now()
    )
    part = run.slices.create(number=1, after_customer=0, to_customer=0)
    return DunningItem.objects.create(
        run=run, slice=part, receivable=item.receivable, step=item.step, amount=1
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"passo": "x"},
        {"passo": "99999999999"},
        {"pk": ["x", "-1", "9" * 40, "\x00"]},
        {"passo": "-1", "volta": "1"},
    ],
)
def test_lines_that_do_not_exist_change_nothing(
    run: DunningRun, manager: User, body: object
) -> None:
    answer = signed_in(manager).post(here(run, "dunning_run_items"), body, follow=True)
    assert answer.status_code == 200
    assert "Nada mudou" in text(answer)
    assert not DunningItem.objects.filter(left_out=True).exists()


@pytest.mark.parametrize(
    "query", ["passo=x", "passo=999999999", "cursor=x", "passo=%00", "motivo=x", "filial=x&de=99"]
)
def test_what_cannot_be_read_in_an_address_is_ignored(
    run: DunningRun, manager: User, query: str
) -> None:
    client = signed_in(manager)
    for path in (here(run), HELD, LIST, RECOVERY):
        assert client.get(f"{path}?{query}").status_code == 200


def test_the_lines_are_paged_by_key(branch: Branch, late: DunningPolicy, manager: User) -> None:
    customer = factories.customer(branch, email="maria@exemplo.test")
    numbers = {factories.receivable(customer, days_overdue=6).number for _ in range(60)}
    run = simulated(branch)
    client = signed_in(manager)
    seen: set[str] = set()
    address = here(run)
    for _ in range(2):
        page = client.get(address).content.decode()
        seen |= {number for number in numbers if f">{number}<" in page}
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following:
            address = here(run) + following[1].replace("&amp;", "&")
    assert seen == numbers


# --- Approving and watching ---------------------------------------------------------------------


def test_approving_asks_once_more_and_what_changed_meanwhile_is_asked_again(
    run: DunningRun, manager: User
) -> None:
    client = signed_in(manager)
    approve = here(run, "dunning_run_approve")
    asked = client.post(approve)
    said = text(asked)
    assert "Aprovar e executar: 3 passos?" in said
    assert "A execução negativa 1 título e envia 2 mensagens." in said
    assert "Custo R$ 4,90" in said
    assert "Isto não pode ser desfeito" in said
    found = re.search(r'name="vista" value="([^"]+)"', asked.content.decode())
    assert found
    run.items.filter(step__stage="NC").update(left_out=True)
    assert "A simulação mudou enquanto você olhava" in text(
        client.post(approve, {"vista": found[1]})
    )
    run.refresh_from_db()
    assert run.state == RunState.SIMULATED
    now = plan_of(run, sums_of([run])[run.pk]).fingerprint
    client.post(approve, {"vista": now})
    run.refresh_from_db()
    assert (run.state, run.approved_by) == (RunState.RUNNING, manager)
    again = text(client.post(approve, {"vista": now}, follow=True))
    assert f"A execução nº {run.pk} já mudou" in again


def test_the_progress_asks_for_nothing_until_something_changed(
    run: DunningRun, manager: User
) -> None:
    run_approve(run=run, actor=manager)
    client = signed_in(manager)
    live = here(run, "dunning_run_live")
    page = client.get(here(run)).content.decode()
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found
    address = found[1].replace("&amp;", "&")
    assert client.get(address)["Location"] == here(run)
    htmx = {"HX-Request": "true"}
    assert client.get(address, headers=htmx).status_code == 204
    first = run.slices.get(number=0)
    first.state = SliceState.DONE
    first.save()
    moved = client.get(address, headers=htmx)
    assert "Executando: 1 de 2 partes" in text(moved)
    slow = f"{live}?em=running&desde={int(timezone.now().timestamp()) - 600}&feitas=0"
    assert "Falta cerca de 10 minutos" in text(client.get(slow, headers=htmx))
    for odd in ("desde=x&feitas=-1", "desde=99999999999999&feitas=99999", "desde=0"):
        assert client.get(f"{live}?em=running&{odd}", headers=htmx).status_code == 200
    run_work(run.pk)
    assert client.get(address, headers=htmx)["HX-Refresh"] == "true"


def test_a_run_is_paused_resumed_and_cancelled(run: DunningRun, manager: User) -> None:
    run_approve(run=run, actor=manager)
    client = signed_in(manager)

    def change(what: str) -> str:
        return text(client.post(reverse("dunning_run_change", args=[run.pk, what]), follow=True))

    assert "Execução pausada" in change("pausar")
    assert "Continua de onde parou quando alguém pedir" in text(client.get(here(run)))
    assert "já mudou: está pausada" in change("pausar")
    assert "A execução continua de onde parou" in change("continuar")
    assert "Execução cancelada" in change("cancelar")
    assert "antes de qualquer passo. Nada foi feito." in text(client.get(here(run)))
    unknown = reverse("dunning_run_change", args=[run.pk, "apagar"])
    assert client.post(unknown).status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_the_result_counts_what_was_done_and_what_changed(run: DunningRun, manager: User) -> None:
    paid = run.items.filter(step__stage="AC")[0].receivable
    Receivable.objects.filter(pk=paid.pk).update(status="received", open_amount=0)
    run_approve(run=run, actor=manager)
    run_work(run.pk)
    client = signed_in(manager)
    page = text(client.get(here(run)))
    assert "Passos dados 2" in page
    assert "Negativações pedidas 1 R$ 1.284,50" in page
    assert "Mensagens na fila 1" in page
    assert "1 título mudou desde a simulação" in page
    step = run.items.get(step__stage="NC").step_id
    lines = client.get(f"{here(run)}?passo={step}")
    listing = Restriction.objects.get()
    assert reverse("restriction_detail", args=[listing.pk]) in lines.content.decode()
    assert "Mudou desde a simulação" in page
    assert "R$ 1.284,50" in text(client.get(LIST))


# --- Forgetting ---------------------------------------------------------------------------------


def test_the_lines_of_old_runs_are_forgotten_and_the_sums_stay(
    run: DunningRun, branch: Branch, manager: User
) -> None:
    run_approve(run=run, actor=manager)
    run_work(run.pk)
    DunningRun.objects.update(finished_at=timezone.now() - timedelta(days=89))
    assert items_forget() == 0
    DunningRun.objects.update(finished_at=timezone.now() - timedelta(days=91))
    open_one = simulated(branch)
    debt(branch, 6)
    assert items_forget() == 3
    assert not run.items.exists()
    page = text(signed_in(manager).get(here(run)))
    assert "As linhas já foram apagadas" in page
    assert "Passos dados 3" in page
    assert open_one.state == RunState.SIMULATED


def test_a_paused_run_says_so(run: DunningRun, manager: User) -> None:
    run_approve(run=run, actor=manager)
    run_pause(run=run, actor=manager)
    assert "Pausada: 0 de 2 partes" in text(signed_in(manager).get(here(run)))


def test_a_full_page_asks_the_database_no_more_than_a_short_one(
    branch: Branch, late: DunningPolicy
) -> None:
    client = signed_in(factories.user(Role.FINANCE_MANAGER))
    factories.branch("Litoral")
    counts = []
    for many in (2, 20):
        for _ in range(many):
            debt(branch, 6)
            debt(branch, 120)
            debt(branch, 7, dunned=False)
        run = executed(branch)
        asked = []
        for path in (here(run), HELD, LIST, RECOVERY):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            asked.append(len(queries))
        counts.append(asked)
    assert counts[0] == counts[1]


def test_who_may_approve_sees_beside_the_menu_how_many_wait(
    run: DunningRun, manager: User, operator: User, outsider: User
) -> None:
    assert [runs_waiting(person) for person in (manager, operator, outsider)] == [1, 0, 0]
    assert re.search(r"Execuções 1\b", text(signed_in(manager).get("/")))
    assert not re.search(r"Execuções 1\b", text(signed_in(operator).get("/")))
