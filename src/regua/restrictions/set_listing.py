"""Listing many debts in one statement, as the *régua* does: no row passes through Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from regua.compliance.rules import FROM_DEBT, RULES
from regua.compliance.selectors import gate_parameters, state_sql
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender
from regua.organization.models import GeneralParameters
from regua.restrictions.choices import LIVE
from regua.restrictions.selectors import why_approval
from regua.restrictions.services import SENDER
from regua.web.named import planned_afresh, statement


@dataclass(frozen=True, slots=True)
class Listed:
    count: int
    queued: int
    """Of these, how many go to the bureau now; the others wait for another person's approval."""
    amount: Decimal
    """Reais."""


def restrictions_list_set(chosen: str, *, integration: Integration, on: date, text: str) -> Listed:
    """List whichever of the debts ``chosen`` the gate lets through.

    Inside the caller's transaction. ``chosen`` is a query for ids of receivables of the
    integration's branch, from an analysed table, so that the planner knows how many there are. A
    debt whose amount passes ``approval_amount`` becomes a draft that a person approves. ``text``
    begins the history of each; ``on`` is the day that ages and interest are counted to. Who asks
    has seen to the switches (``automatic_obstacles``). The debts are not locked: the sender asks
    the gate again, so that one paid at this moment never leaves.
    """
    general = GeneralParameters.current()
    values = {
        **gate_parameters(general=general, today=on),
        "branch": integration.branch_id,
        "integration": integration.pk,
        "provider": integration.provider,
        "person_code": integration.restriction_code,
        "company_code": integration.company_restriction_code or integration.restriction_code,
        "co_debtors": provider_of(integration).capabilities.co_debtor,
        "rules": [rule.code for rule in RULES],
        "updated": general.amount_updated,
        "fine_percent": general.fine_percent,
        "interest_percent": general.interest_percent,
        "approval_amount": general.approval_amount,
        "approval_reason": why_approval(Decimal("Infinity"), 1, general),
        "text": text,
    }
    inserting = statement(
        "restrictions",
        "list_set",
        chosen=chosen,
        debtor=_debtor("c"),
        co_debtor=_debtor("g"),
        states=", ".join(state_sql(rule, general) for rule in RULES),
        from_debt=FROM_DEBT,
        live=", ".join(f"'{status}'" for status in LIVE),
    )
    with connection.cursor() as cursor, planned_afresh(cursor):
        cursor.execute(inserting, values)
        listed = Listed(*cursor.fetchone())
    if listed.queued:
        ask_for_sender(SENDER, integration.pk)
    return listed


def _debtor(who: str) -> str:
    """``history.debtor_snapshot`` of ``c``, the customer, or ``g``, the co-debtor, as ``jsonb``."""
    person = f"length({who}.document) = 11"
    return f"""jsonb_build_object(
        'document', {who}.document, 'name', {who}.name,
        'sex', CASE WHEN {person} THEN NULLIF({who}.sex, '') END,
        'birth_date', CASE WHEN {person} THEN {who}.birth_date END,
        'mobile', {who}.mobile, 'email', NULLIF({who}.email, ''),
        'address', jsonb_build_object(
            'postal_code', {who}.postal_code, 'street', {who}.street, 'number', {who}.number,
            'complement', {who}.complement, 'district', {who}.district, 'city', {who}.city,
            'state', {who}.state))"""
