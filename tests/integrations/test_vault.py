"""Secrets at rest: encrypted, bound to their row, rotated, never half-opened."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from django.db import connection
from pydantic import SecretStr

from regua.integrations import vault
from regua.integrations.models import Integration
from regua.organization.models import Branch

HERE = "integrations_integration.client_secret.1"


def keyring(*ids: str, keys: dict[str, str] | None = None) -> SecretStr:
    keys = {} if keys is None else keys
    for name in ids:
        keys.setdefault(name, base64.b64encode(secrets.token_bytes(32)).decode())
    return SecretStr(",".join(f"{name}:{keys[name]}" for name in ids))


def test_sealed_opens_only_where_it_was_sealed() -> None:
    sealed = vault.seal("segredo", HERE)
    assert "segredo" not in sealed
    assert vault.unseal(sealed, HERE) == "segredo"
    for elsewhere in (
        "integrations_integration.client_secret.2",
        "integrations_integration.client_id.1",
        "other.client_secret.1",
    ):
        with pytest.raises(vault.VaultError):
            vault.unseal(sealed, elsewhere)


def test_the_same_text_is_never_sealed_alike() -> None:
    assert vault.seal("segredo", HERE) != vault.seal("segredo", HERE)


@pytest.mark.parametrize("position", [0, -1, 5])
def test_a_changed_value_does_not_open(position: int) -> None:
    version, key_id, nonce, body = vault.seal("segredo", HERE).split(":")
    raw = bytearray(base64.b64decode(body))
    raw[position] ^= 1
    changed = ":".join([version, key_id, nonce, base64.b64encode(raw).decode()])
    with pytest.raises(vault.VaultError, match="Informe-o outra vez"):
        vault.unseal(changed, HERE)


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Any) -> None:
    keys: dict[str, str] = {}
    old = keyring("k1", keys=keys)
    settings.CONFIG = settings.CONFIG.model_copy(update={"encryption_keys": old})
    sealed = vault.seal("segredo", HERE)
    both = keyring("k2", "k1", keys=keys)
    settings.CONFIG = settings.CONFIG.model_copy(update={"encryption_keys": both})
    assert vault.unseal(sealed, HERE) == "segredo"
    assert vault.seal("outro", HERE).startswith("v1:k2:")
    settings.CONFIG = settings.CONFIG.model_copy(update={"encryption_keys": keyring("k2")})
    with pytest.raises(vault.VaultError, match="k1"):
        vault.unseal(sealed, HERE)


@pytest.mark.django_db
def test_credentials_are_not_in_the_table(branch: Branch) -> None:
    integration = Integration.objects.create(
        provider="credito_na_medida", branch=branch, environment="production", base_url="x"
    )
    integration.seal("client_id", "cliente-123")
    integration.seal("client_secret", "segredo-456")
    integration.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT integrations_integration::text FROM integrations_integration")
        row = cursor.fetchone()[0]
    assert "cliente-123" not in row
    assert "segredo-456" not in row
    again = Integration.objects.get()
    assert again.unseal("client_secret") == "segredo-456"


@pytest.mark.django_db
def test_a_secret_waits_for_its_row() -> None:
    with pytest.raises(ValueError, match="save the integration first"):
        Integration().seal("client_id", "x")
