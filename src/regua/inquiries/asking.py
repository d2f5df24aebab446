"""What a person sees before they pay for an inquiry: products, price, an earlier answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.forms import InquiryForm
from regua.inquiries.models import Inquiry
from regua.inquiries.selectors import earlier_inquiry, usual_product
from regua.inquiries.services import inquiry_request
from regua.integrations.choices import PersonKind
from regua.integrations.models import Integration, Product
from regua.integrations.selectors import NoIntegration, integration_in_use, products_for
from regua.web import formats
from regua.web.forms import add_errors


@dataclass(slots=True)
class Offer:
    """What the bureau sells for the document and branch chosen so far."""

    products: list[Product] = field(default_factory=list)
    chosen: Product | None = None
    integration: Integration | None = None
    problem: str = ""
    """Why nothing can be asked now: a sentence."""
    remedy: str = ""
    """The URL name of the screen that mends it, for those who may."""
    earlier: Inquiry | None = None
    document: str = ""

    @property
    def button(self) -> str:
        return f"Consultar · {formats.brl(self.chosen.price)}" if self.chosen else "Consultar"


def offer_for(form: InquiryForm, *, actor: User) -> Offer:
    """Find it and put the products into the form's choices, the usual or cheapest one chosen."""
    branch, document = form.chosen_branch, form.chosen_document
    offer = Offer(document=document)
    if document:
        offer.earlier = earlier_inquiry(document, actor=actor)
    if branch is None:
        return offer
    try:
        offer.integration = integration_in_use(branch.pk)
    except NoIntegration as error:
        offer.problem = str(error)
        if actor.can(Permission.MANAGE_INTEGRATIONS):
            offer.remedy = "integration_list"
        return offer
    products = (
        products_for(offer.integration, document)
        if document
        else offer.integration.products.filter(gone_at=None)
    )
    offer.products = list(products)
    if not offer.products:
        offer.problem = (
            "O birô não oferece produtos para este tipo de documento. Nada foi consultado."
            if document and offer.integration.codes_synced_at
            else "Os produtos e preços do birô ainda não foram buscados. Aperte Atualizar códigos "
            f"de restrição na integração nº {offer.integration.pk}, ou peça ao administrador."
        )
        return offer
    offer.chosen = _chosen(form, offer, actor) if document else None
    widget: Any = form.fields["product_code"].widget
    widget.choices = [(p.code, _label(p, with_kind=not document)) for p in offer.products]
    if offer.chosen:
        form.initial["product_code"] = offer.chosen.code
        if form.is_bound:
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["product_code"] = offer.chosen.code  # type: ignore[index]
    return offer


def _chosen(form: InquiryForm, offer: Offer, actor: User) -> Product:
    by_code = {product.code: product for product in offer.products}
    # Not through the bound field, which would remember the initial value it has now.
    asked = form.data.get("product_code", "") if form.is_bound else ""
    if asked in by_code:
        return by_code[asked]
    branch = form.chosen_branch
    usual = usual_product(actor, branch, offer.document) if branch else ""
    return by_code.get(usual, offer.products[0])


def _label(product: Product, *, with_kind: bool) -> str:
    label = f"{product.name} · {formats.brl(product.price)}"
    if not with_kind:
        return label
    kind = product.get_person_kind_display().lower()
    return f"{label} ({'CPF ou CNPJ' if product.person_kind == PersonKind.ANY else kind})"


def ask(form: InquiryForm, *, actor: User, **party: Any) -> Inquiry | None:
    """Make the inquiry that the form describes; None with the form's errors where refused."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    if not data["product_code"]:  # nobody pays a price that they have not seen
        form.add_error("product_code", "Escolha o produto e confira o preço no botão.")
        return None
    branch = form.known_branch or data["branch"]
    try:
        return inquiry_request(
            actor=actor,
            branch=branch,
            document=form.known_document or data["document"],
            product_code=data["product_code"],
            purpose=data["purpose"],
            key=data["key"],
            **party,
        )
    except ValidationError as error:
        add_errors(form, error)
        return None
