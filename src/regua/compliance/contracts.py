"""Where each contract stands on the way that telecommunications rules ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min, Q
from django.utils import timezone

from regua.compliance.models import Evidence, EvidenceKind
from regua.compliance.rules import RESCISSION_DAYS, SUSPENSION_DAYS
from regua.organization.models import GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractStanding:
    contract: Contract
    telecom: bool
    """Whether Anatel's rules are asked of its debts."""
    notified_on: date | None = None
    """The first notice of an overdue debt that is on file."""
    opens_on: date | None = None
    """The first day its debts can be listed; with ``lacking``, the soonest it could be."""
    lacking: tuple[str, ...] = ()

    @property
    def lacking_said(self) -> str:
        *others, final = self.lacking
        return f"{', '.join(others)} e {final}" if others else final

    @property
    def is_open(self) -> bool:
        return self.opens_on is not None and self.opens_on <= timezone.localdate()


def contracts_standing(customer: Customer) -> list[ContractStanding]:
    """Every contract of a customer, in three queries. Each debt has its own answer in the gate:
    a debt that fell due later has a later notice."""
    telecom = GeneralParameters.current().telecom_profile
    rows = (
        Evidence.objects.filter(customer=customer, withdrawn_at=None, contract__isnull=False)
        .order_by()
        .values("contract_id")
        .annotate(
            notified_on=Min("dated_on", filter=Q(kind=EvidenceKind.OVERDUE_NOTICE)),
            rescission_proof=Min("id", filter=Q(kind=EvidenceKind.RESCISSION_PROOF)),
        )
    )
    proofs = {
        row["contract_id"]: (row["notified_on"], row["rescission_proof"] is not None)
        for row in rows
    }
    return [
        _standing(contract, *proofs.get(contract.pk, (None, False)))
        if telecom and contract.kind == Contract.Kind.TELECOM
        else ContractStanding(contract=contract, telecom=False)
        for contract in Contract.objects.filter(customer=customer).order_by("-pk")
    ]


def _standing(contract: Contract, notified_on: date | None, proof: bool) -> ContractStanding:
    wait, last = timedelta(days=SUSPENSION_DAYS), timedelta(days=RESCISSION_DAYS)
    lacking = []
    suspended_on, ended_on = contract.suspended_on, contract.ended_on
    if notified_on is None:
        lacking.append("o aviso de atraso")
    if suspended_on is None:
        lacking.append("a suspensão")
    elif notified_on and suspended_on < notified_on + wait:
        lacking.append(f"o intervalo de {SUSPENSION_DAYS} dias entre o aviso e a suspensão")
    if ended_on is None:
        lacking.append("a rescisão")
    elif suspended_on and ended_on < suspended_on + last:
        lacking.append(f"o intervalo de {RESCISSION_DAYS} dias entre a suspensão e a rescisão")
    if not proof:
        lacking.append("o comprovante da rescisão")
    opens_on = None
    if notified_on:
        today = timezone.localdate()  # what has not happened yet cannot happen before it
        suspended = suspended_on or max(notified_on + wait, today)
        ended = ended_on or max(suspended + last, today)
        opens_on = max(notified_on + wait + last, ended)
    return ContractStanding(
        contract=contract,
        telecom=True,
        notified_on=notified_on,
        opens_on=opens_on,
        lacking=tuple(lacking),
    )
