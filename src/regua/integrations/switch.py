"""*Utilizar integração com análise de crédito*, as every query and listing option asks for it."""

from __future__ import annotations

from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.integrations.selectors import SWITCHED_OFF
from regua.organization.models import GeneralParameters
from regua.web.obstacle import Obstacle


def switched_off(actor: User) -> Obstacle | None:
    """Why nobody may ask a bureau or list a debt now; None while credit analysis is in use."""
    if GeneralParameters.current().credit_analysis:
        return None
    return off_obstacle(actor)


def off_obstacle(actor: User, reason: str = SWITCHED_OFF) -> Obstacle:
    """The same where it is known to be off."""
    opens = actor.can(Permission.MANAGE_PARAMETERS) or actor.can(Permission.VIEW_INTEGRATIONS)
    return Obstacle(
        reason,
        reverse("parameters_general") if opens else "",
        "Abrir os Parâmetros gerais",
    )
