"""What a person sees before they pay for an inquiry: products, price, an earlier answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from regua.inquiries.budget import Standing, standing
from regua.inquiries.forms import InquiryForm
from regua.inquiries.models import Inquiry
from regua.inquiries.reading import status_of
from regua.inquiries.selectors import (
    earlier_inquiry,
    same_under_way,
    usual_product,
    within_interval,
)
from regua.inquiries.services import WithinInterval, inquiry_request
from regua.integrations.choices import PersonKind
from regua.integrations.models import Integration, Product
from regua.integrations.selectors import (
    CreditAnalysisOff,
    NoIntegration,
    integration_in_use,
    products_for,
)
from regua.integrations.switch import off_obstacle, switched_off
from regua.integrations.throttle import Hold, hold_of
from regua.organization.models import Branch, GeneralParameters
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.obstacle import Obstacle

_REPEAT = Permission.REPEAT_INQUIRY


@dataclass(frozen=True, slots=True)
class Interval:
    """An answer within the interval between inquiries, to be used instead of a new one."""

    days: int
    until: date
    """The first day on which the document may be asked about again."""
    left: int
    may_repeat: bool
    who_may: str
    """The roles that may repeat, in words."""


@dataclass(slots=True)
class Offer:
    """What the bureau sells for the document and branch chosen so far."""

    products: list[Product] = field(default_factory=list)
    chosen: Product | None = None
    integration: Integration | None = None
    obstacle: Obstacle | None = None
    """Why nothing can be asked now."""
    switched_off: bool = False
    """It is the whole installation that asks nothing."""
    earlier: Inquiry | None = None
    """An inquiry about the document that may be used for nothing."""
    interval: Interval | None = None
    """Set where ``earlier`` is within the interval."""
    under_way: Inquiry | None = None
    """The same question, not answered yet: asking now joins it."""
    standing: Standing | None = None
    """The branch's month, where it has a budget."""
    hold: Hold | None = None
    """Why the bureau is not called now: what is asked waits."""
    too_dear: str = ""
    """Why the chosen product is beyond the budget; '' where it is not."""
    document: str = ""

    @property
    def button(self) -> str:
        return f"Consultar · {formats.brl(self.chosen.price)}" if self.chosen else "Consultar"

    @property
    def earlier_result(self) -> str:
        return _result(self.earlier) if self.earlier else ""

    @property
    def earlier_facts(self) -> list[tuple[str, str]]:
        """What using the earlier inquiry means, as ``datagrid.html`` draws it."""
        found, interval = self.earlier, self.interval
        if found is None or interval is None or self.chosen is None:
            return []
        left = "falta 1 dia" if interval.left == 1 else f"faltam {interval.left} dias"
        again = f"{left}, outra só em {formats.day(interval.until)}"
        price = formats.brl(self.chosen.price)
        return [
            ("Produto", found.product_name),
            (f"Intervalo de {interval.days} dias", again),
            ("Uma nova custaria", f"{price}, economizados se usar esta"),
        ]


def _result(inquiry: Inquiry) -> str:
    if inquiry.status != Inquiry.Status.ANSWERED:
        return f"{status_of(inquiry).label}: a resposta ainda não veio"
    band = f", faixa {inquiry.band}" if inquiry.band else ""
    said = [
        f"{inquiry.get_outcome_display()}." if inquiry.outcome else "",
        f"Score {inquiry.score}{band}." if inquiry.score is not None else "Sem score.",
        f"Pendências: {inquiry.pendings_count}, {formats.brl(inquiry.pendings_total)}."
        if inquiry.pendings_count
        else "Sem pendências.",
        "O relatório já foi apagado, ficou o resumo." if inquiry.report_erased_at else "",
    ]
    return " ".join(filter(None, said))


def offer_for(form: InquiryForm, *, actor: User) -> Offer:
    """Find it and put the products into the form's choices, the usual or cheapest one chosen."""
    branch, document = form.chosen_branch, form.chosen_document
    offer = Offer(document=document)
    if switched_off(actor):
        offer.obstacle = off_obstacle(actor, str(CreditAnalysisOff()))
        offer.switched_off = True
        return offer
    if document:
        offer.earlier = earlier_inquiry(document, actor=actor)
    if branch is None:
        return offer
    try:
        offer.integration = integration_in_use(branch.pk)
    except NoIntegration as error:
        mends = actor.can(Permission.MANAGE_INTEGRATIONS)
        address = reverse("integration_list") if mends else ""
        offer.obstacle = Obstacle(str(error), address, "Abrir as integrações")
        return offer
    offer.hold = hold_of(offer.integration.pk)
    products = (
        products_for(offer.integration, document)
        if document
        else offer.integration.products.filter(gone_at=None)
    )
    offer.products = list(products)
    if not offer.products:
        offer.obstacle = Obstacle(
            "O birô não oferece produtos para este tipo de documento. Nada foi consultado."
            if document and offer.integration.codes_synced_at
            else "Os produtos e preços do birô ainda não foram buscados. Aperte Atualizar códigos "
            f"de restrição na integração nº {offer.integration.pk}, ou peça ao administrador."
        )
        return offer
    if document:
        offer.chosen = _chosen(form, offer, actor)
        _weigh(offer, offer.chosen, offer.integration, branch, actor)
    widget: Any = form.fields["product_code"].widget
    widget.choices = [(p.code, _label(p, with_kind=not document)) for p in offer.products]
    if offer.chosen:
        form.initial["product_code"] = offer.chosen.code
        if form.is_bound:
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["product_code"] = offer.chosen.code  # type: ignore[index]
    return offer


def _weigh(
    offer: Offer, chosen: Product, integration: Integration, branch: Branch, actor: User
) -> None:
    """Whether asking for ``chosen`` is needed, allowed and affordable now."""
    offer.under_way = same_under_way(integration.pk, offer.document, chosen.code)
    days = GeneralParameters.current().inquiry_interval_days
    earlier = within_interval(offer.document, days, actor=actor)
    if days and earlier and not offer.under_way:
        offer.interval = _interval(earlier, days, actor)
    month = standing(branch)
    if month.monthly is None:
        return
    offer.standing = month
    if not offer.under_way and not month.affords(chosen.price):
        offer.too_dear = (
            f"O orçamento de {month.month_name} da filial {branch.name} não alcança: restam "
            f"{formats.brl(month.left)} e esta consulta custa {formats.brl(chosen.price)}. Peça "
            "ao gestor financeiro para aumentar o orçamento ou espere o mês que vem."
        )


def _interval(earlier: Inquiry, days: int, actor: User) -> Interval:
    until = formats.local(earlier.requested_at).date() + timedelta(days=days)
    roles = [Role(role).label for role, may in ROLE_PERMISSIONS.items() if _REPEAT in may]
    return Interval(
        days=days,
        until=until,
        left=(until - timezone.localdate()).days,
        may_repeat=actor.can(_REPEAT),
        who_may=" ou ".join(roles),
    )


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
            repeat_reason=data["repeat_reason"],
            **party,
        )
    except WithinInterval as error:
        if actor.can(_REPEAT):
            form.add_error(
                "repeat_reason",
                f"Diga por que repetir, ou use a consulta nº {error.earlier.pk}. "
                "Nada foi consultado nem cobrado.",
            )
        else:
            add_errors(form, error)
        return None
    except ValidationError as error:
        add_errors(form, error)
        return None
