"""The demo's ways to write to customers: all of them end in the sandbox's inbox."""

from __future__ import annotations

from decimal import Decimal

from regua.accounts.models import User
from regua.dunning.choices import Channel
from regua.dunning.defaults import default_policy_create
from regua.dunning.message_services import gateway_save
from regua.organization.models import Branch

_ADDRESS = {
    "postal_code": "01310100",
    "street": "Avenida Paulista",
    "number": "1000",
    "district": "Bela Vista",
    "city": "São Paulo",
    "state": "SP",
}
_COSTS = {Channel.SMS: Decimal("0.085"), Channel.WHATSAPP: Decimal("0.20")}


def messages_prepare(*, actor: User, sandbox_url: str, secret: str) -> None:
    """Follow the sandbox to its address; the rest is done once."""
    Branch.objects.filter(street="").update(**_ADDRESS)
    default_policy_create()
    for channel, cost in _COSTS.items():
        gateway_save(
            actor=actor,
            channel=channel,
            url=f"{sandbox_url}/v1/mensagens",
            body='{"para": "{{ para }}", "texto": "{{ texto }}", "id": "{{ id }}", '
            f'"canal": "{channel.label}"}}',
            header_name="X-Chave",
            secret=secret,
            cost=cost,
            active=True,
        )
