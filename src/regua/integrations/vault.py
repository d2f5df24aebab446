"""Encryption of secrets and personal payloads at rest: AES-256-GCM, bound to the place they stand.

A sealed text is ``v1:<key id>:<nonce>:<ciphertext>`` (base64). The context, ``table.column.pk``, is
authenticated with it, so that a value copied to another row or column does not open.
"""

from __future__ import annotations

import base64
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class VaultError(Exception):
    """A sealed value cannot be opened: wrong key, or moved from its row."""


def context(table: str, column: str, pk: int | UUID) -> str:
    return f"{table}.{column}.{pk}"


def seal(plain: str, context: str) -> str:
    keyring = settings.CONFIG.keyring
    if not keyring:
        raise VaultError("Falta a chave de cifra: defina REGUA_ENCRYPTION_KEYS.")
    key_id, key = next(iter(keyring.items()))
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    encode = base64.b64encode
    return f"v1:{key_id}:{encode(nonce).decode()}:{encode(sealed).decode()}"


def unseal(sealed: str, context: str) -> str:
    version, _, rest = sealed.partition(":")
    key_id, _, rest = rest.partition(":")
    nonce, _, ciphertext = rest.partition(":")
    key = settings.CONFIG.keyring.get(key_id)
    if version != "v1" or key is None:
        raise VaultError(
            f"A chave de cifra “{key_id}” não está em REGUA_ENCRYPTION_KEYS. "
            "Nada foi perdido: devolva a chave e tente de novo."
        )
    try:
        opened = AESGCM(key).decrypt(
            base64.b64decode(nonce), base64.b64decode(ciphertext), context.encode()
        )
    except (InvalidTag, ValueError) as error:
        raise VaultError(
            "Um segredo guardado não pôde ser aberto com a chave atual. "
            "Informe-o outra vez na tela da integração."
        ) from error
    return opened.decode()
