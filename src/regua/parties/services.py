"""Changing parties."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import Branch
from regua.parties.models import (
    Customer,
    CustomerGroup,
    DocumentReveal,
    Lead,
    Party,
    PotentialParty,
    Prospect,
)

Potential = TypeVar("Potential", Lead, Prospect)


class CustomerExists(ValidationError):
    """The branch has a customer with the prospect's document; joining them is the person's call."""

    def __init__(self, customer: Customer) -> None:
        super().__init__(
            f"{customer.name} já é cliente desta filial com o mesmo CPF ou CNPJ. Nada mudou. "
            "Confira se é a mesma pessoa e confirme a ligação."
        )
        self.customer = customer


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


CUSTOMER_EDITABLE = (*EDITABLE, "dunned", "group")
"""What a lead or a prospect does not have is the collection's."""


def customer_create(*, branch: Branch, actor: User, document: str, **fields: Any) -> Customer:
    """A new customer of ``branch``; ``fields`` are those of ``CUSTOMER_EDITABLE``, already clean.

    Raises ``ValidationError`` with a sentence per field, also where the branch has one already.
    """
    require(actor, Permission.EDIT_PARTIES, branch_id=branch.pk)
    with transaction.atomic():
        if Customer.objects.filter(branch=branch, document=document).exists():
            raise ValidationError(
                {
                    "document": "Já há um cliente desta filial com este CPF ou CNPJ. Nada foi "
                    "cadastrado: altere aquele."
                }
            )
        created: Customer = _fill(
            Customer(branch=branch, document=document), fields, CUSTOMER_EDITABLE
        )
    return created


def customer_update(*, customer: Customer, actor: User, **fields: Any) -> Customer:
    """Change a customer's data. ``fields`` are those of ``CUSTOMER_EDITABLE``, already clean.

    Raises ``ValidationError`` with a sentence per field.
    """
    require(actor, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        _fill(locked, fields, CUSTOMER_EDITABLE)
    return locked


def group_save(*, actor: User, name: str, group: CustomerGroup | None = None) -> CustomerGroup:
    """Name a new group of customers, or rename one. Raises ``ValidationError`` with a sentence."""
    require(actor, Permission.MANAGE_DUNNING)
    name = name.strip()
    if not name:
        raise ValidationError({"name": "Dê um nome ao grupo."})
    saved = group or CustomerGroup()
    saved.name = name
    try:
        saved.full_clean()
    except ValidationError:
        raise ValidationError(
            {"name": f"Já existe um grupo com o nome {name}, ou o nome é longo demais."}
        ) from None
    saved.save()
    return saved


def group_delete(*, group: CustomerGroup, actor: User) -> None:
    """Delete a group that nobody is in and nothing is for. Raises ``ValidationError``."""
    require(actor, Permission.MANAGE_DUNNING)
    kept = f"O grupo {group.name} está em uso e não foi excluído."
    with transaction.atomic():
        # Held, so that nobody joins it meanwhile. The members are not left to the deletion to
        # find: it would read them all.
        CustomerGroup.objects.select_for_update().filter(pk=group.pk).first()
        if Customer.objects.filter(group=group).exists():
            raise ValidationError(f"{kept} Há clientes nele: tire-os do grupo primeiro.")
        try:
            group.delete()
        except ProtectedError:
            raise ValidationError(
                f"{kept} Uma régua de cobrança vale para ele: mude a régua primeiro."
            ) from None


def customer_death(*, customer: Customer, actor: User, deceased_on: date | None) -> Customer:
    """Write down that the customer has died, or (None) that this was a mistake.

    Raises ``ValidationError`` with a sentence.
    """
    require(actor, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    if customer.is_company:
        raise ValidationError("Uma empresa não falece: encerre o contrato. Nada mudou.")
    born = customer.birth_date
    if deceased_on is not None and (
        deceased_on > timezone.localdate() or (born is not None and deceased_on < born)
    ):
        raise ValidationError({"deceased_on": "Confira a data do falecimento."})
    with transaction.atomic():
        locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        locked.deceased_on = deceased_on
        locked.save(update_fields=["deceased_on"])
    customer.refresh_from_db()
    return customer


def potential_create(
    *, kind: type[Potential], branch: Branch, actor: User, **fields: Any
) -> Potential:
    """A new lead or prospect of ``branch``; ``fields`` are ``document`` and those of ``EDITABLE``.

    The document may be unknown. Raises ``ValidationError`` with a sentence per field.
    """
    require(actor, Permission.EDIT_POTENTIALS, branch_id=branch.pk)
    return _fill(kind(branch=branch), fields, ("document", *EDITABLE))


def potential_update(*, party: Potential, actor: User, **fields: Any) -> Potential:
    """Change a lead or prospect that has not been converted. Raises ``ValidationError``."""
    require(actor, Permission.EDIT_POTENTIALS, branch_id=party.branch_id)
    with transaction.atomic():
        locked = type(party).objects.select_for_update(of=["self"]).get(pk=party.pk)
        if locked.converted_at:
            raise ValidationError(
                f"{locked.name} já foi convertido. Nada mudou aqui: altere o cadastro em que se "
                "transformou."
            )
        return _fill(locked, fields, ("document", *EDITABLE))


def lead_convert(*, lead: Lead, actor: User) -> Prospect:
    """Make a prospect of a lead, with its data; of a converted one, return what it became."""
    require(actor, Permission.EDIT_POTENTIALS, branch_id=lead.branch_id)
    with transaction.atomic():
        locked = Lead.objects.select_for_update(of=["self"]).get(pk=lead.pk)
        if locked.prospect is None:
            locked.prospect = Prospect.objects.create(**_copied(locked))
            locked.converted_at = timezone.now()
            locked.save(update_fields=["prospect", "converted_at"])
        return locked.prospect


def prospect_convert(*, prospect: Prospect, actor: User, join: Customer | None = None) -> Customer:
    """Make a customer of a prospect, once; of a converted one, return what it became.

    ``join`` is the branch's customer with that document whom the person has agreed to join.
    Raises ``CustomerExists`` for one they have not, ``ValidationError`` without a document.
    """
    require(actor, Permission.EDIT_POTENTIALS, branch_id=prospect.branch_id)
    with transaction.atomic():
        locked = Prospect.objects.select_for_update(of=["self"]).get(pk=prospect.pk)
        if locked.customer is None:
            if not locked.document:
                raise ValidationError(
                    {
                        "document": "Para virar cliente, falta o CPF ou CNPJ. Nada mudou. "
                        "Preencha-o no cadastro e converta de novo."
                    }
                )
            locked.customer, created = Customer.objects.get_or_create(
                branch_id=locked.branch_id, document=locked.document, defaults=_copied(locked)
            )
            if not created and locked.customer != join:
                raise CustomerExists(locked.customer)
            locked.converted_at = timezone.now()
            locked.save(update_fields=["customer", "converted_at"])
        return locked.customer


def _copied(party: PotentialParty) -> dict[str, Any]:
    return {name: getattr(party, name) for name in ("branch", "document", *EDITABLE)}


def _fill(party: Any, fields: dict[str, Any], allowed: tuple[str, ...]) -> Any:
    """Set ``fields``, check the whole and save. Raises ``ValidationError``."""
    unknown = set(fields) - set(allowed)
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    born = fields.get("birth_date")
    if born is not None and born > timezone.localdate():
        raise ValidationError({"birth_date": "A data de nascimento está no futuro."})
    if born is not None and born.year < 1900:
        raise ValidationError({"birth_date": "Confira o ano de nascimento."})
    for name, value in fields.items():
        setattr(party, name, value)
    party.full_clean(exclude=["search_name"])
    party.save()
    return party


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
