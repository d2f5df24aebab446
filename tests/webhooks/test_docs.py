"""The example of docs/webhooks.md does what it says, and its table is complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from regua.accounts.models import User
from regua.webhooks.choices import TYPES
from regua.webhooks.delivering import deliveries_drain
from regua.webhooks.models import WebhookEndpoint
from regua.webhooks.services import endpoint_test, secret_rotate
from tests.webhooks.conftest import secret_of
from tests.webhooks.receiver import Receiver

TEXT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_example_verifies_what_is_sent(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    known: dict[str, Any] = {}
    exec(example, known)
    verify = known["verify"]
    old = secret_of(endpoint)
    secret_rotate(endpoint=endpoint, actor=administrator)
    endpoint_test(endpoint=endpoint, actor=administrator)
    deliveries_drain()
    [taken] = receiver.taken
    headers = {
        "webhook-id": taken.id,
        "webhook-timestamp": taken.timestamp,
        "webhook-signature": " ".join(taken.signatures),
    }
    assert verify(headers, taken.raw, old)
    assert verify(headers, taken.raw, secret_of(endpoint))
    assert not verify(headers, taken.raw + b" ", old)
    assert not verify(headers | {"webhook-id": "outro"}, taken.raw, old)
    late = str(int(taken.timestamp) - 301)
    assert not verify(headers | {"webhook-timestamp": late}, taken.raw, old)


def test_every_type_is_told_of() -> None:
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", TEXT, re.MULTILINE)) == set(TYPES)
