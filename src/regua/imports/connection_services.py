"""Writing down a connection with a billing system, trying it, asking for a reading."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.connectors import registry
from regua.connectors.contract import Connector
from regua.connectors.errors import SourceError
from regua.connectors.http import check_address
from regua.imports.connection_models import Connection, ConnectionRun
from regua.imports.connection_pulling import account_of
from regua.integrations.vault import VaultError
from regua.organization.models import Branch

PULL_TASK = "imports.pull"
TEST_TIMEOUT = 15.0


def connection_create(
    *,
    actor: User,
    branch: Branch,
    connector: str,
    base_url: str,
    values: Mapping[str, str],
    active: bool = True,
) -> Connection:
    """Connect a branch with its billing system; ``values`` are what the connector's form asks.

    Raises ``ValidationError`` by field.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=branch.pk)
    created = Connection(branch=branch, connector=connector)
    try:
        with transaction.atomic():
            _write(created, actor, base_url, values, active)
    except IntegrityError:
        raise ValidationError(
            {"branch": f"A filial {branch} já tem um sistema de gestão. Nada foi gravado. Abra-o."}
        ) from None
    return created


def connection_update(
    *,
    connection: Connection,
    actor: User,
    base_url: str,
    values: Mapping[str, str],
    active: bool,
) -> Connection:
    """Change a connection; a secret left empty stays, unless the address is another.

    Raises ``ValidationError`` by field.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=connection.branch_id)
    with transaction.atomic():
        locked = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
        _write(locked, actor, base_url, values, active)
    return locked


def _write(
    row: Connection, actor: User, base_url: str, values: Mapping[str, str], active: bool
) -> None:
    try:
        connector = registry.get(row.connector)
    except LookupError as error:
        raise ValidationError(str(error)) from None
    problems = {}
    try:
        address = check_address(base_url, allow_private=settings.CONFIG.allow_private_bureau)
    except SourceError as error:
        problems["base_url"] = error.message
        address = row.base_url
    moved = bool(row.pk) and address != row.base_url
    kept = _kept(row)
    own = _settings(connector, kept, values, moved=moved)
    for field in connector.form_fields:
        if field.required and not own[field.name]:
            problems[field.name] = (
                f"O endereço mudou: informe {field.label} de novo, para que não vá a quem não o "
                "conhece."
                if moved and field.secret
                else f"Falta {field.label}."
            )
        elif not own[field.name].isprintable():
            problems[field.name] = f"{field.label} tem um caractere que não pode ter."
    if problems:
        raise ValidationError(problems)
    if moved or {**kept, **own} != kept:
        row.cursors = {}  # what was read there says nothing of what is elsewhere
    row.base_url, row.active, row.set_by = address, active, actor
    row.problem, row.failures, row.due_at = "", 0, timezone.now()
    if row.pk is None:
        row.save()  # a secret is bound to its row's number
    row.seal(own)
    row.save()
    if active:
        pull_ask(row.pk)


def _kept(row: Connection) -> dict[str, str]:
    try:
        return row.unseal() if row.pk else {}
    except VaultError:  # the key is gone: all of it is asked anew
        return {}


def _settings(
    connector: Connector, kept: Mapping[str, str], values: Mapping[str, str], *, moved: bool
) -> dict[str, str]:
    own = {}
    for field in connector.form_fields:
        given = values.get(field.name, "").strip()
        if field.secret and not given and not moved:
            given = kept.get(field.name, "")
        own[field.name] = given
    return own


def connection_test(*, connection: Connection, actor: User) -> None:
    """Read one line of all that is needed. Raises ``ValidationError`` with a sentence."""
    require(actor, Permission.MANAGE_INTEGRATIONS, branch_id=connection.branch_id)
    try:
        connector = registry.get(connection.connector)
        account = account_of(connection, timeout=TEST_TIMEOUT, pause=0)
        with connector.connect(account) as source:
            source.check()
    except SourceError as error:
        raise ValidationError(error.message) from None
    except (VaultError, LookupError) as error:
        raise ValidationError(str(error)) from None


def connection_sync(*, connection: Connection, actor: User, everything: bool = False) -> bool:
    """Ask a worker for a reading now; with ``everything`` of all there is, not of what changed.

    False where one is under way, which is enough. Raises ``ValidationError`` where it is switched
    off.
    """
    require(actor, Permission.SYNCHRONISE, branch_id=connection.branch_id)
    with transaction.atomic():
        locked = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
        if not locked.active:
            raise ValidationError(
                "A leitura está desligada. Nada foi pedido. Ligue-a, salve e peça de novo."
            )
        if locked.runs.filter(finished_at=None).exists():
            pull_ask(locked.pk)  # should its worker have died
            return False
        if everything:
            locked.cursors = {}
        locked.due_at = timezone.now()
        locked.save(update_fields=["cursors", "due_at"])
        ConnectionRun.objects.create(connection=locked, asked_by=actor)
        pull_ask(locked.pk)
    return True


def pull_ask(connection_id: int) -> None:
    """Ask for a worker, in the caller's transaction or without; as often as one likes."""
    key = f"{PULL_TASK}:{connection_id}"
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(PULL_TASK, queue="imports", queueing_lock=key).defer(
            connection_id=connection_id
        )
