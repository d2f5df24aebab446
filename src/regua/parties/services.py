"""Changing parties."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.parties.models import Customer, DocumentReveal, Party

EDITABLE = (
    "name",
    "sex",
    "birth_date",
    "mobile",
    "email",
    "postal_code",
    "street",
    "number",
    "complement",
    "district",
    "city",
    "state",
)


def customer_update(*, customer: Customer, actor: User, **fields: Any) -> Customer:
    """Change a customer's data. ``fields`` are those of ``EDITABLE``, already clean.

    Raises ``ValidationError`` with a sentence per field.
    """
    require(actor, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    born = fields.get("birth_date")
    if born is not None and born > timezone.localdate():
        raise ValidationError({"birth_date": "A data de nascimento está no futuro."})
    if born is not None and born.year < 1900:
        raise ValidationError({"birth_date": "Confira o ano de nascimento."})
    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.full_clean(exclude=["search_name"])
        locked.save()
    return locked


def document_reveal(*, party: Party, actor: User) -> str:
    """The party's whole document, for ``actor`` to see; who saw it and when is kept."""
    require(actor, Permission.REVEAL_DOCUMENT, branch_id=party.branch_id)
    if party.document:
        DocumentReveal.objects.create(
            actor=actor,
            branch_id=party.branch_id,
            subject=f"{party._meta.model_name}:{party.pk}",
            document=party.document,
        )
    return party.document
