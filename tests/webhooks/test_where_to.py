"""No message reaches the internal network: not as typed, not by a name, not by a redirect."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpcore2
import pytest
from django.core.exceptions import ValidationError
from httpcore2._backends.anyio import AnyIOBackend

from regua.accounts.models import User
from regua.bureaus.addresses import ForbiddenPeer
from regua.webhooks import posting
from regua.webhooks.delivering import deliveries_drain
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from regua.webhooks.services import endpoint_create, endpoint_test
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.exemplo.com.br/avisos",
        "http://127.0.0.1:8000/avisos",
        "https://localhost/avisos",
        "https://erp.localhost/avisos",
        "https://[::1]/avisos",
        "https://10.0.0.7/avisos",
        "https://169.254.169.254/latest",
        "https://127.1/avisos",
        "https://2130706433/avisos",
        "https://intranet/avisos",
        "https://pessoa:senha@erp.exemplo.com.br/avisos",
        "ftp://erp.exemplo.com.br",
        "https://",
        "avisos",
    ],
)
def test_an_address_of_the_inside_is_refused_when_typed(url: str, administrator: User) -> None:
    with pytest.raises(ValidationError) as refused:
        endpoint_create(
            actor=administrator, name="ERP", url=url, branch=None, events=["inquiry.completed"]
        )
    assert "url" in refused.value.message_dict
    assert not WebhookEndpoint.objects.exists()


def test_an_address_that_is_not_allowed_any_more_is_not_called(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User, settings: Any
) -> None:
    endpoint_test(endpoint=endpoint, actor=administrator)
    settings.CONFIG = settings.CONFIG.model_copy(update={"allow_private_webhooks": False})
    deliveries_drain()
    assert not receiver.taken
    assert "rede interna" in WebhookDelivery.objects.get().error


def test_a_name_that_leads_inside_now_is_not_called(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    administrator: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The resolver makes 127.0.0.1 of 127.1, which is none of this machine's own names: what a
    hostile name server could answer, without one."""
    WebhookEndpoint.objects.update(url=receiver.url.replace("127.0.0.1", "127.1"))
    endpoint_test(endpoint=endpoint, actor=administrator)
    settings.CONFIG = settings.CONFIG.model_copy(update={"allow_private_webhooks": False})
    monkeypatch.setattr(posting, "check_url", lambda url: url)  # it was harmless when looked at
    deliveries_drain()
    assert not receiver.taken
    assert WebhookDelivery.objects.get().error.startswith("O endereço leva à rede interna")


def test_a_name_that_moved_between_two_looks_is_hung_up_on(receiver: Receiver) -> None:
    """The second look is at the socket itself: here a real one, to a server on this machine."""

    async def meet() -> None:
        stream = await AnyIOBackend().connect_tcp("127.0.0.1", receiver.server.server_port)
        with pytest.raises(ForbiddenPeer):
            await posting._guard(
                "erp.exemplo.com.br",
                "connection.connect_tcp.complete",
                {"return_value": stream},
            )
        with pytest.raises(httpcore2.WriteError):
            await stream.write(b"POST / HTTP/1.1\r\n\r\n")

    asyncio.run(meet())
    assert not receiver.taken


def test_a_redirect_is_not_followed(
    subscribe: Callable[..., WebhookEndpoint], receiver: Receiver, administrator: User
) -> None:
    with receiving() as inside:
        receiver.answers = [(302, {"Location": inside.url}), (308, {"Location": inside.url})]
        endpoint = subscribe(receiver.url)
        for _ in range(2):
            endpoint_test(endpoint=endpoint, actor=administrator)
        deliveries_drain()
        assert len(receiver.taken) == 2
        assert not inside.taken
    errors = list(WebhookDelivery.objects.order_by("pk").values_list("error", flat=True))
    assert all("redirecionamento" in error for error in errors)


def test_nobody_answers(
    subscribe: Callable[..., WebhookEndpoint], receiver: Receiver, administrator: User
) -> None:
    endpoint = subscribe("http://127.0.0.1:9/avisos")
    endpoint_test(endpoint=endpoint, actor=administrator)
    deliveries_drain()
    row = WebhookDelivery.objects.get()
    assert (row.status, row.http_status) == ("pending", None)
    assert row.error == "Ninguém atende neste endereço. Nada foi enviado."


def test_one_that_never_ends_its_answer_costs_the_time_out_only(
    subscribe: Callable[..., WebhookEndpoint],
    receiver: Receiver,
    administrator: User,
    settings: Any,
) -> None:
    let_go = threading.Event()
    receiver.before_answer = lambda: let_go.wait(30) and None
    endpoint = subscribe(receiver.url)
    settings.CONFIG = settings.CONFIG.model_copy(update={"webhook_timeout": 0.5})
    endpoint_test(endpoint=endpoint, actor=administrator)
    deliveries_drain()
    let_go.set()
    assert WebhookDelivery.objects.get().error == "O destino não respondeu em 0,5 segundos."
