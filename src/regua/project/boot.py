"""Getting ready to run: settings checked, database reachable, secrets there, Django set up.

Every ``regua`` command goes through ``boot`` before it imports a model.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regua.project import config
from regua.project.postgres import Cluster, default_data_dir

SECRETS_FILE = "secrets.json"
_GENERATED = ("REGUA_SECRET_KEY", "REGUA_ENCRYPTION_KEYS")


@contextmanager
def booted() -> Iterator[config.Config]:
    """Set Django up, running the embedded PostgreSQL for as long as the block lasts if need be.

    Raises ``ConfigError`` or ``PostgresError``, each with a sentence for the installer.
    """
    loaded = config.load()
    cluster = None
    try:
        if not loaded.database_url.get_secret_value():
            data_dir = default_data_dir()
            cluster = Cluster(data_dir / "postgres")
            cluster.start()
            os.environ["DATABASE_URL"] = cluster.ensure_database("regua")
            _lend_secrets(data_dir)
        check_secrets(config.load())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regua.project.settings")
        import django

        django.setup()
        from django.conf import settings

        yield settings.CONFIG
    finally:
        if cluster is not None:
            try:
                _close_connections()
            finally:
                cluster.stop()


def _close_connections() -> None:
    from django.conf import settings
    from django.db import connections

    if settings.configured:  # an interrupted start may not have come that far
        connections.close_all()


def check_secrets(loaded: config.Config) -> None:
    """Raise ``ConfigError`` naming the secrets that an external database needs and lacks."""
    missing = [
        name
        for name, value in (
            ("REGUA_SECRET_KEY", loaded.secret_key),
            ("REGUA_ENCRYPTION_KEYS", loaded.encryption_keys),
        )
        if not value.get_secret_value()
    ]
    if missing:
        raise config.ConfigError(
            f"Falta definir {' e '.join(missing)} (ou com o final _FILE). Gere valores com: "
            "regua config generate"
        )


def generate_secrets() -> dict[str, str]:
    """New values for the two secrets, as environment variables."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "REGUA_SECRET_KEY": secrets.token_urlsafe(48),
        "REGUA_ENCRYPTION_KEYS": f"k1:{key}",
    }


def _lend_secrets(data_dir: Path) -> None:
    """With the embedded database, the secrets live beside it, readable by its owner only."""
    path = data_dir / SECRETS_FILE
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=data_dir, encoding="utf-8") as file:
            json.dump(generate_secrets(), file)
            file.flush()
            # Appears whole or not at all; of two starts at once the first one wins.
            with suppress(FileExistsError):
                os.link(file.name, path)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name in _GENERATED:
            os.environ.setdefault(name, stored[name])
    except (OSError, ValueError, KeyError) as error:
        raise config.ConfigError(
            f"O arquivo {path} não pôde ser lido; sem ele, os segredos guardados não se abrem. "
            "Recupere-o da cópia de segurança."
        ) from error
