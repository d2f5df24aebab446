"""What an installation may set: environment variables only, each secret also as ``*_FILE``.

Nothing here touches Django, the database or the disk beyond the named secret files, so that
``regua config check`` can say what is wrong before anything starts.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("DATABASE_URL", "REGUA_SECRET_KEY", "REGUA_ENCRYPTION_KEYS", "REGUA_SMTP_URL")
SMTP_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
"""By how the connection is protected: not at all, by STARTTLS, by TLS from the start."""


class ConfigError(Exception):
    """A setting is wrong or missing; the text is one line in Portuguese for the installer."""


class Config(BaseSettings):
    """Every setting of an installation. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="REGUA_",
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    database_url: SecretStr = Field(SecretStr(""), validation_alias="DATABASE_URL")
    """PostgreSQL 15+ address; empty means the embedded one."""
    secret_key: SecretStr = SecretStr("")
    encryption_keys: SecretStr = SecretStr("")
    """``id:base64`` of 32 bytes each, comma-separated; the first encrypts, all decrypt."""
    debug: bool = False
    base_url: str = "http://127.0.0.1:8000"
    """Where people reach the product; its host is the one allowed host besides loopback."""
    allowed_hosts: str = ""
    bureau_timeout: float = Field(30.0, gt=0, le=300)
    allow_private_bureau: bool = False
    """Whether a bureau may stand in the internal network."""
    webhook_timeout: float = Field(15.0, gt=0, le=60)
    """Seconds that a subscriber has for its answer."""
    allow_private_webhooks: bool = False
    """Whether a subscriber may stand in the internal network, or on this machine."""
    sender_lease: float = Field(120.0, gt=0)
    """How long a sender may work on one row before another takes it up as unanswered."""
    sender_threads: int = Field(24, ge=1, le=64)
    """Calls to bureaus that one worker process may have under way besides one per job."""
    retry_base: float = Field(5.0, gt=0)
    """First delay before something unanswered or refused for now is tried again; it doubles."""
    sync_interval: float = Field(900.0, gt=0)
    """How often each integration's change feed is read."""
    smtp_url: SecretStr = SecretStr("")
    """``smtps://user:password@host:port`` (see ``SMTP_PORTS``); empty: no e-mail is sent."""
    mail_from: str = ""
    """The sender of e-mails; empty: the SMTP account where that is an address, else ``regua@`` the
    host of ``base_url``."""

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url:
            if not url.startswith(("postgresql://", "postgres://")):
                raise ValueError("precisa começar com postgresql://")
            try:
                port = conninfo_to_dict(url).get("port") or ""
                [int(number) for number in str(port).split(",") if number]
            except Exception as error:
                raise ValueError("não é um endereço do PostgreSQL que se possa ler") from error
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url:
            if url.partition("://")[0] not in SMTP_PORTS:
                raise ValueError("precisa começar com smtps://, smtp+starttls:// ou smtp://")
            try:
                known = urlsplit(url).hostname and urlsplit(url).port != 0
            except ValueError:
                known = False
            if not known:
                raise ValueError("não é um endereço de servidor de e-mail que se possa ler")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
            raise ValueError("precisa ser um endereço de e-mail")
        return value

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("precisa começar com http:// ou https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _lease_outlasts_a_call(self) -> Config:
        if self.sender_lease <= self.bureau_timeout:
            raise ValueError("REGUA_SENDER_LEASE precisa ser maior que REGUA_BUREAU_TIMEOUT")
        return self

    @field_validator("encryption_keys")
    @classmethod
    def _keyring(cls, value: SecretStr) -> SecretStr:
        parse_keyring(value.get_secret_value())
        return value

    @property
    def keyring(self) -> dict[str, bytes]:
        """Key id → 32 bytes, the current key first."""
        return parse_keyring(self.encryption_keys.get_secret_value())

    @property
    def smtp(self) -> dict[str, Any]:
        """Django's settings for sending e-mail; empty where none is sent."""
        url = self.smtp_url.get_secret_value()
        if not url:
            return {}
        parts = urlsplit(url)
        user = unquote(parts.username or "")
        usual = user if "@" in user else f"regua@{urlsplit(self.base_url).hostname}"
        return {
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or SMTP_PORTS[parts.scheme],
            "EMAIL_HOST_USER": user,
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
            "DEFAULT_FROM_EMAIL": self.mail_from or usual,
        }


def parse_keyring(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, separator, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not separator or not key_id.isalnum() or len(key) != 32:
            raise ValueError("cada chave é um nome, dois-pontos e 32 bytes em base64")
        keys[key_id] = key
    return keys


def read_secret_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that ``NAME_FILE`` variables point at, by ``NAME``."""
    found = {}
    for name in SECRETS:
        path = environ.get(f"{name}_FILE")
        if not path:
            continue
        if environ.get(name):
            raise ConfigError(f"Defina {name} ou {name}_FILE, não os dois.")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = _why_unreadable(error)
            raise ConfigError(f"{name}_FILE: não foi possível ler {path} ({reason}).") from None
    return found


def _why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    match error:
        case UnicodeDecodeError():
            return "não é texto UTF-8"
        case FileNotFoundError():
            return "o arquivo não existe"
        case PermissionError():
            return "falta permissão de leitura"
        case IsADirectoryError():
            return "é uma pasta"
        case _:
            return error.strerror or "erro de leitura"


def load() -> Config:
    """Read the environment. Raises ``ConfigError`` with one line naming every bad setting."""
    # An explicit secret from a file goes the way of the variable it stands for.
    os.environ.update(read_secret_files(os.environ))
    for name in SECRETS:
        os.environ.pop(f"{name}_FILE", None)
    try:
        return Config()
    except ValidationError as error:
        raise ConfigError("; ".join(_problems(error)) + ".") from None


def _problems(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        if not item["loc"]:  # about several settings at once: the sentence names them
            lines.append(str(item["ctx"]["error"]))
            continue
        field = str(item["loc"][0])
        name = field if field.isupper() else f"REGUA_{field.upper()}"
        message = {
            "bool_parsing": "precisa ser true ou false",
            "float_parsing": "precisa ser um número",
            "finite_number": "precisa ser um número",
            "greater_than": "precisa ser maior que zero",
            "less_than_equal": "é grande demais",
            "greater_than_equal": "é pequeno demais",
            "int_parsing": "precisa ser um número inteiro",
            "int_from_float": "precisa ser um número inteiro",
        }.get(item["type"], str(item.get("ctx", {}).get("error", item["msg"])))
        lines.append(f"{name}: {message}")
    return lines
