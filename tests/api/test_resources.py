"""What programs do from end to end, with the sandbox bureau behind it."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.models import DunningPolicy
from regua.dunning.running import run_work
from regua.inquiries.services import inquiries_drain
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from tests import factories
from tests.api.conftest import Program, program
from tests.restrictions import bare


def said(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def test_an_inquiry_is_asked_answered_and_read(
    integration: Integration, erp: Program, branch: Branch
) -> None:
    document = factories.ordinary_document()
    product = erp.get(f"branches/{branch.pk}/inquiry-products")[0]
    sent = {"branch_id": branch.pk, "document": document, "product_code": product["code"]}
    response = erp("POST", "inquiries", sent | {"purpose": "Venda"})
    asked = said(response, 202)
    assert (asked["status"], asked["result"]) == ("queued", None)
    inquiries_drain(integration.pk)
    while (found := said(erp("GET", response["Location"])))["status"] != "answered":
        inquiries_drain(integration.pk)
    assert found["result"]["name"]
    assert found["cost"] == product["price"]
    assert len(found["result"]["pendings"]) == found["result"]["pendings_count"]
    decided = erp(
        "POST", f"inquiries/{found['id']}/decision", {"outcome": "deny", "reason": "Fraude"}
    )
    assert said(decided)["decision"]["outcome"] == "deny"
    rows = erp.get(f"inquiries?branch_id={branch.pk}&result=deny")["items"]
    assert [row["id"] for row in rows] == [found["id"]]
    assert document not in response.content.decode()
    report = erp.get("reports/consultas?result=deny")
    assert (report["count"], report["totals"]["cost"]) == (1, product["price"])
    assert said(erp("POST", f"integrations/{integration.pk}/connection-test"))["ok"]
    assert said(erp("POST", f"integrations/{integration.pk}/codes-refresh"))["changes"] == 0
    detail = erp.get(f"integrations/{integration.pk}")
    assert "segredo-demo" not in json.dumps(detail)
    assert "client_secret" not in json.dumps(detail)


def test_a_debt_is_listed_approved_and_taken_off(
    integration: Integration, erp: Program, administrator: User, branch: Branch, debt: Receivable
) -> None:
    assert erp.get(f"receivables/{debt.pk}/gate")["can_list"]
    GeneralParameters.objects.update_or_create(pk=1, defaults={"approval_amount": Decimal("100")})
    [asked] = said(erp("POST", "restrictions", {"receivable_ids": [debt.pk]}), 202)
    path = f"restrictions/{asked['id']}"
    assert asked["awaiting_approval"]
    own = erp("POST", f"{path}/approval")
    assert own.status_code == 422, "not by whoever asked"
    boss = program(administrator, factories.user(Role.FINANCE_MANAGER, branch))
    assert said(boss("POST", f"{path}/approval"), 202)["status"] == "queued"
    restrictions_drain(integration.pk)
    assert erp.get(path)["protocol"]
    assert not erp.get(f"receivables/{debt.pk}/gate")["can_list"]
    paid = {"amount": str(debt.open_amount), "paid_on": str(timezone.localdate())}
    said(erp("POST", f"receivables/{debt.pk}/payments", paid), 201)
    [duty] = erp.get("removal-deadlines?situation=to_ask")["items"]
    assert (duty["restriction_id"], duty["cause"]) == (asked["id"], "paid")
    removal = said(erp("POST", f"{path}/removal", {"reason": "paid"}), 202)
    assert removal["status"] == "removal_queued"
    restrictions_drain(integration.pk)
    events = [event["text"] for event in erp.get(path)["events"]]
    assert "Aprovada." in events
    [row] = erp.get(f"restrictions?receivable_id={debt.pk}&form=manual")["items"]
    assert row["id"] == asked["id"]
    assert erp.get("reports/negativacoes?columns=number,amount")["count"] == 1


@pytest.mark.django_db
def test_a_debt_that_may_not_be_listed_says_every_reason(erp: Program, branch: Branch) -> None:
    bare.integration(branch, client_id_sealed="x")
    young = factories.receivable(factories.customer(branch, mobile=""), days_overdue=1)
    gate = erp.get(f"receivables/{young.pk}/gate")
    blocking = [finding for finding in gate["findings"] if finding["blocks"]]
    assert len(blocking) >= 2
    refused = erp("POST", "restrictions", {"receivable_ids": [young.pk]})
    assert refused.status_code == 422
    detail = json.loads(refused.content)["detail"]
    assert all(finding["sentence"] in detail for finding in blocking)
    assert not Restriction.objects.exists()


@pytest.mark.django_db
def test_a_lead_becomes_a_customer(erp: Program, branch: Branch) -> None:
    document = factories.ordinary_document()
    sent = {"branch_id": branch.pk, "name": "Ana Exemplo", "document": document}
    lead = said(erp("POST", "leads", sent), 201)
    prospect = said(erp("POST", f"leads/{lead['id']}/conversion"))
    customer = said(erp("POST", f"prospects/{prospect['id']}/conversion", {}))
    assert Customer.objects.get().pk == customer["id"]
    assert erp.get("leads")["items"] == []
    assert erp.get("leads?situation=converted")["items"][0]["became_id"] == prospect["id"]
    twice = erp("POST", "customers", sent)
    assert json.loads(twice.content)["errors"][0]["field"] == "document"
    company = sent | {"document": factories.ordinary_document(company=True), "sex": "F"}
    assert json.loads(erp("POST", "customers", company).content)["errors"][0]["field"] == "sex"
    other = said(erp("POST", "customers", sent | {"document": factories.ordinary_document()}), 201)
    assert other["id"] != customer["id"]


@pytest.mark.django_db
def test_contracts_contests_and_cancellations(erp: Program, branch: Branch) -> None:
    debt = factories.receivable(factories.customer(branch))
    path = f"contracts/{debt.contract_id}"
    today = str(timezone.localdate())
    tag = erp("GET", path)["ETag"]
    changed = said(erp("PATCH", path, {"suspended_on": today}, **{"If-Match": tag}))
    assert (changed["suspended_on"], changed["ended_on"]) == (today, None)
    told = {"told_on": today, "text": "Diz que não contratou."}
    contest = said(erp("POST", f"receivables/{debt.pk}/contests", told), 201)
    assert erp.get(f"receivables/{debt.pk}")["disputed"]
    decision = {"outcome": "rejected", "decision": "Há contrato assinado."}
    decided = said(erp("POST", f"impediments/{contest['id']}/decision", decision))
    assert decided["outcome"] == "rejected"
    assert erp.get("impediments?open=true")["items"] == []
    cancelled = erp("POST", f"receivables/{debt.pk}/cancellation", {"reason": "Em duplicidade"})
    assert said(cancelled)["status"] == "cancelled"
    assert erp.get("receivables?situation=cancelled")["items"][0]["id"] == debt.pk
    since = str(timezone.localdate() - timedelta(days=10))
    assert erp.get(f"receivables?due_from={since}")["items"] == []


@pytest.mark.django_db(transaction=True)
def test_a_run_is_simulated_seen_and_approved(
    clean_queue: None, erp: Program, branch: Branch, debt: Receivable
) -> None:
    policy = DunningPolicy.objects.create(name="Marcar")
    policy.steps.create(name="Aviso", stage="AC", days=5, action="none")
    run = said(erp("POST", "dunning-runs", {"branch_id": branch.pk}), 202)
    assert erp("POST", "dunning-runs", {"branch_id": branch.pk}).status_code == 422
    run_work(run["id"])
    path = f"dunning-runs/{run['id']}"
    seen = erp.get(path)
    assert seen["state"] == "simulated"
    stale = erp("POST", f"{path}/approval", {"fingerprint": "outra"})
    assert (stale.status_code, json.loads(stale.content)["code"]) == (409, "changed_meanwhile")
    [item] = erp.get(f"{path}/items")["items"]
    out = said(erp("POST", f"{path}/exclusions", {"item_ids": [item["id"]]}))
    assert [step["left_out"]["count"] for step in out["steps"]] == [1]
    back = said(erp("POST", f"{path}/exclusions", {"step_ids": [item["step_id"]], "back": True}))
    assert back["fingerprint"] == seen["fingerprint"] != out["fingerprint"]
    approved = said(erp("POST", f"{path}/approval", {"fingerprint": seen["fingerprint"]}), 202)
    assert approved["state"] == "running"
    assert said(erp("POST", f"{path}/pause"))["state"] == "paused"
    assert said(erp("POST", f"{path}/resumption"), 202)["state"] == "running"
    run_work(run["id"])
    assert erp.get(path)["state"] == "done"
    listed = erp.get(f"{path}/items")["items"] + erp.get("dunning-holds")["items"]
    assert debt.pk in [row["receivable_id"] for row in listed]
    assert erp.get("worklist?due=true")["next_cursor"] is None
