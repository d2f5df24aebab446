"""IXC's rows become ours, once, with all that follows; whatever happens in between."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.documents import generate
from regua.imports.connection_models import Connection, ConnectionRun
from regua.imports.connection_pulling import connection_pull
from regua.imports.connection_services import (
    connection_create,
    connection_sync,
    connection_update,
)
from regua.imports.models import ImportBatch, ImportProblem
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect
from regua.receivables.models import Contract, Payment, Receivable
from regua.restrictions.models import RemovalDuty
from tests import factories
from tests.connectors.conftest import StubIxc
from tests.processes.running import eventually, forget_workers, running_worker
from tests.restrictions import bare

pytestmark = pytest.mark.django_db

DAY = timezone.localdate() - timedelta(days=90)
PAID = timezone.localdate() - timedelta(days=3)


@pytest.fixture
def linked(ixc: StubIxc, branch: Branch, administrator: User) -> Connection:
    return connected(ixc, branch, administrator)


def connected(ixc: StubIxc, branch: Branch, administrator: User) -> Connection:
    return connection_create(
        actor=administrator,
        branch=branch,
        connector="ixc",
        base_url=ixc.url,
        values={"token": ixc.token},
    )


def pull(connection: Connection) -> ConnectionRun:
    run = connection_pull(connection.pk, pause=0)
    assert run is not None
    connection.refresh_from_db()
    return run


def customer(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "razao": f"Cliente {number}",
        "tipo_pessoa": "F",
        "cnpj_cpf": factories.ordinary_document(),
        "data_nascimento": "1985-04-12",
        "telefone_celular": "(11) 98765-4321",
        "email": "um@exemplo.test; outro@exemplo.test",
        "cep": "01310-100",
        "cidade": 5270,
        "ativo": "S",
        **fields,
    }


def contract(number: int, customer_id: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "id_cliente": customer_id,
        "contrato": "FIBRA 500",
        "status": "A",
        "status_internet": "A",
        "data_ativacao": "2024-01-05",
        "data_cancelamento": "0000-00-00",
        **fields,
    }


def bill(number: int, customer_id: int, contract_id: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "id_cliente": customer_id,
        "id_contrato": contract_id,
        "documento": f"{number}",
        "nn_boleto": f"9000{number}",
        "data_emissao": f"{DAY}",
        "data_vencimento": f"{DAY}",
        "valor": "129.90",
        "valor_aberto": "129.90",
        "status": "A",
        "liberado": "S",
        "previsao": "N",
        "titulo_renegociado": "N",
        **fields,
    }


def stocked(ixc: StubIxc) -> None:
    ixc.put("cliente", customer(1), customer(2))
    ixc.put("cliente_contrato", contract(10, 1), contract(20, 2))
    ixc.put("fn_areceber", bill(100, 1, 10), bill(200, 2, 20))


def listed(number: str, actor: User) -> Receivable:
    """The bill with this number, listed at the bureau."""
    debt = Receivable.objects.get(external_id=number)
    bare.integration(debt.branch)
    bare.listing(debt, actor=actor)
    return debt


def test_everything_comes_and_then_only_changes(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    first = pull(linked)
    assert (first.problem, first.refused) == ("", 0)
    assert [(label, counts["created"]) for label, counts in first.lines[:1]] == [("Clientes", 2)]
    one = Customer.objects.get(external_id="1")
    assert (one.mobile, one.email, one.postal_code) == (
        "11987654321",
        "um@exemplo.test",
        "01310100",
    )
    assert (one.city, one.state) == ("São Paulo", "SP")
    debt = Receivable.objects.get(external_id="100")
    assert (debt.customer, debt.contract.number, debt.our_number) == (one, "10", "9000100")
    assert (debt.amount, debt.status, debt.due_date) == (Decimal("129.90"), "open", DAY)

    batches = ImportBatch.objects.count()
    again = pull(linked)
    assert (again.changed, again.refused) == (0, 0)
    assert ImportBatch.objects.count() == batches, "what changed nothing leaves no trace"

    ixc.put("cliente", {"id": 2, "razao": "Nome de Casada"})
    third = pull(linked)
    assert third.counts["customers"]["updated"] == third.changed == 1
    assert Customer.objects.get(external_id="2").name == "Nome de Casada"
    assert "grid_param" in ixc.calls("cliente")[-1]["body"]


def test_a_payment_there_starts_the_removal_deadline_here(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)
    pull(linked)
    debt = listed("100", administrator)
    credited = PAID + timedelta(days=1)
    ixc.put(
        "fn_areceber",
        {
            "id": 100,
            "status": "R",
            "valor_recebido": "135.40",  # with interest
            "valor_aberto": "0.00",
            "pagamento_data": f"{PAID}",
            "credito_data": f"{credited}",
        },
    )
    for _ in range(2):
        assert pull(linked).refused == 0
        debt.refresh_from_db()
        assert (debt.status, debt.open_amount) == ("received", 0)
        payment = Payment.objects.get()
        assert (payment.amount, payment.paid_on) == (Decimal("129.90"), PAID)
        assert payment.recorded_by == administrator
        duty = RemovalDuty.objects.get()
        assert (duty.cause, duty.starts_on, duty.ended_at) == ("paid", credited, None)


def test_a_part_payment_and_then_the_rest(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    pull(linked)
    paid = {"id": 100, "status": "P", "pagamento_data": f"{PAID - timedelta(5)}"}
    ixc.put("fn_areceber", {**paid, "valor_aberto": "100.00", "valor_recebido": "29.90"})
    pull(linked)
    debt = Receivable.objects.get(external_id="100")
    assert (debt.status, debt.open_amount) == ("partial", Decimal("100.00"))
    ixc.put("fn_areceber", {"id": 100, "status": "R", "pagamento_data": f"{PAID}"})
    pull(linked)
    amounts = Payment.objects.order_by("pk").values_list("amount", "paid_on")
    assert list(amounts) == [
        (Decimal("29.90"), PAID - timedelta(5)),
        (Decimal("100.00"), PAID),
    ]


def test_a_debt_cancelled_there_must_come_off(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)
    pull(linked)
    debt = listed("100", administrator)
    ixc.put("fn_areceber", {"id": 100, "status": "C", "data_cancelamento": f"{PAID}"})
    pull(linked)
    debt.refresh_from_db()
    assert debt.status == "cancelled"
    assert RemovalDuty.objects.get().cause == "debt_cancelled"


def test_a_debt_renegotiated_there_must_come_off(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)
    pull(linked)
    debt = listed("100", administrator)
    ixc.put("fn_areceber", {"id": 100, "titulo_renegociado": "S"})
    pull(linked)
    debt.refresh_from_db()
    assert debt.renegotiated
    assert RemovalDuty.objects.get().cause == "renegotiated"


def test_what_is_not_owed_yet_stays_out(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    ixc.put("fn_areceber", bill(300, 1, 10, liberado="N"), bill(400, 1, 10, previsao="S"))
    pull(linked)
    assert set(Receivable.objects.values_list("external_id", flat=True)) == {"100", "200"}


def test_a_blocked_contract_tells_since_when(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    ended = {"status": "I", "status_internet": "D", "data_cancelamento": "2026-06-30"}
    blocked = {"status_internet": "CA", "dt_ult_bloq_auto": "2026-05-20 03:00:00"}
    ixc.put("cliente_contrato", {"id": 10, **blocked}, {"id": 20, **blocked, **ended})
    pull(linked)
    found = {row.number: row for row in Contract.objects.all()}
    assert f"{found['10'].suspended_on}" == "2026-05-20"
    assert found["10"].ended_on is None
    assert (f"{found['20'].suspended_on}", f"{found['20'].ended_on}") == (
        "2026-05-20",
        "2026-06-30",
    )


def test_leads_become_prospects_become_customers(linked: Connection, ixc: StubIxc) -> None:
    cpf = factories.ordinary_document()
    funnel = customer(7, razao="Ana", cnpj_cpf=cpf, crm="S", status_prospeccao="N")
    ixc.put("contato", {"id": 70, "nome": "Ana", "lead": "S", "fone_celular": "11987654321"})
    ixc.put("contato", {"id": 71, "nome": "Contato de cliente", "lead": "N", "id_cliente": 7})
    pull(linked)
    assert [lead.name for lead in Lead.objects.all()] == ["Ana"]
    ixc.put("cliente", funnel)
    ixc.put("contato", {"id": 70, "id_prospeccao": 7})
    pull(linked)
    lead, prospect = Lead.objects.get(), Prospect.objects.get()
    assert (lead.prospect, prospect.customer) == (prospect, None)
    assert not Customer.objects.exists()
    ixc.put("cliente", {"id": 7, "status_prospeccao": "V"})
    pull(linked)
    prospect.refresh_from_db()
    assert prospect.customer == Customer.objects.get(document=cpf)
    ixc.put("cliente", {"id": 7, "razao": "Ana Maria"})
    last = pull(linked)
    assert (Customer.objects.get().name, last.refused) == ("Ana Maria", 0)


def test_what_was_kept_out_is_told_without_its_value(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    wrong = {"cnpj_cpf": "111.222.333-44"}
    ixc.put("cliente", customer(3, **wrong), customer(4, **wrong))
    ixc.put("fn_areceber", bill(300, 3, 30))
    run = pull(linked)
    assert (run.counts["customers"]["created"], run.refused) == (2, 3)
    found = {(p.kind, p.external_id, p.field, p.code) for p in run.problems.all()}
    assert ("customers", "3", "document", "unreadable") in found
    assert ("customers", "4", "document", "unreadable") in found, "wrong alike is not the same"
    assert {(kind, number) for kind, number, *_ in found} == {
        ("customers", "3"),
        ("customers", "4"),
        ("receivables", "300"),
    }
    assert "111" not in str(list(run.problems.values()))
    assert not ImportProblem.objects.exists()


def test_of_two_with_one_document_one_is_the_customer(linked: Connection, ixc: StubIxc) -> None:
    cpf = factories.ordinary_document()
    ixc.put("cliente", customer(1, cnpj_cpf=cpf, ativo="N"), customer(2, cnpj_cpf=cpf))
    run = pull(linked)
    assert Customer.objects.get().external_id == "2", "the one that is active"
    assert [(p.external_id, p.field, p.code) for p in run.problems.all()] == [
        ("1", "document", "repeated")
    ]
    ixc.put("cliente", {"id": 2, "ativo": "N"}, {"id": 1, "ativo": "S"})
    pull(linked)
    assert Customer.objects.get().external_id == "2", "once known it stays"
    asked = {"nome": "Ana", "lead": "S", "cnpj_cpf": factories.ordinary_document()}
    ixc.put("contato", {"id": 5, **asked}, {"id": 6, **asked})
    pull(linked)
    assert Lead.objects.get().external_id == "6", "the latest"


def test_trouble_waits_and_goes_on_where_it_was(linked: Connection, ixc: StubIxc) -> None:
    stocked(ixc)
    ixc.faults({"resource": "fn_areceber", "status": 503, "wait": 600})
    run = pull(linked)
    assert "está com problemas" in run.problem == linked.problem
    assert linked.due_at > timezone.now() + timedelta(seconds=500)
    assert (Customer.objects.count(), Receivable.objects.count()) == (2, 0)
    assert pull(linked).problem == linked.problem == ""
    assert Receivable.objects.count() == 2
    assert linked.failures == 0


def test_rows_of_a_connection_that_was_changed_meanwhile_are_thrown_away(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)

    def change() -> bool:
        connection_update(
            connection=linked,
            actor=administrator,
            base_url=ixc.url,
            values={"token": "", "filial": "2"},
            active=True,
        )
        return False

    run = connection_pull(linked.pk, pause=0, should_stop=change)
    assert run is not None
    assert "foi alterada durante a leitura" in run.problem
    linked.refresh_from_db()
    assert (linked.cursors, Customer.objects.count()) == ({}, 0)


def test_without_the_right_nothing_comes_and_the_place_stays(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)
    User.objects.filter(pk=administrator.pk).update(role=Role.AUDIT)
    run = pull(linked)
    assert f"{administrator.name}, em nome de quem se lê, não tem mais" in run.problem
    assert (linked.cursors, Customer.objects.count()) == ({}, 0)


def test_a_reading_that_was_asked_for_is_whole_or_goes_on(
    linked: Connection, ixc: StubIxc, administrator: User
) -> None:
    stocked(ixc)
    pull(linked)
    assert connection_sync(connection=linked, actor=administrator, everything=True)
    assert not connection_sync(connection=linked, actor=administrator), "one is enough"
    run = pull(linked)
    assert (run.asked_by, run.read, run.changed) == (administrator, 6, 0)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_killed_left_whole_blocks(
    ixc: StubIxc, branch: Branch, administrator: User
) -> None:
    with database.cursor() as cursor:  # Django flushes only the tables it manages
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    random = Random(3)
    several = 2210
    people = (
        customer(number, cnpj_cpf=generate.cpf(random).value) for number in range(1, several + 1)
    )
    ixc.put("cliente", *people)
    linked = connected(ixc, branch, administrator)
    # Ten pages make a block; the eleventh answer never comes.
    ixc.faults({"resource": "cliente", "skip": 10, "seconds": 60, "times": 1})
    forget_workers()
    with running_worker() as worker:
        eventually(lambda: len(ixc.calls("cliente")) == 11, seconds=60)
        worker.kill()
    assert Customer.objects.count() == 2000
    before = len(ixc.calls("cliente"))
    assert eventually(lambda: connection_pull(linked.pk, pause=0), seconds=20).problem == ""
    assert ixc.calls("cliente")[before]["body"]["query"] == "2000"
    assert Customer.objects.count() == several
    assert ConnectionRun.objects.get().counts["customers"]["created"] == several
