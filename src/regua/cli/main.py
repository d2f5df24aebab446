"""The ``regua`` command. Each command boots the product and is a thin shell over services."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console

from regua import __version__
from regua.cli import demo, integrate, operate, serve, setup
from regua.cli.demo.processes import ProcessFailed
from regua.cli.portuguese import App, usage_sentence
from regua.project.config import ConfigError
from regua.project.postgres import PostgresError

app = App(name="regua", help="Régua: consultar, negativar e baixar, dentro da lei e no prazo.")
INTERRUPTED = 130

setup.register(app)
serve.register(app)
operate.register(app)
integrate.register(app)
demo.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Mostra a versão e sai."),
) -> None:
    if version:
        typer.echo(f"regua {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every failure that a person can meet is a sentence, never a traceback."""
    errors = Console(stderr=True, highlight=False)
    try:
        code = app(args=arguments, prog_name="regua", standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.message, err=True)
        else:
            _say(errors, [f"{usage_sentence(error)} Veja: {_help_for(error)}"])
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (ConfigError, PostgresError, ProcessFailed) as error:
        _say(errors, [str(error)])
        sys.exit(1)
    except Exception as error:
        sentences = sentences_of(error)
        if sentences is None:
            raise
        _say(errors, sentences)
        sys.exit(1)
    if code == INTERRUPTED:
        errors.print("Interrompido.")
    sys.exit(code if isinstance(code, int) else 0)


def sentences_of(error: Exception) -> list[str] | None:
    """What to tell a person of ``error``, or None where it is a defect of ours."""
    import psycopg
    from django.core.exceptions import PermissionDenied, ValidationError
    from django.db import OperationalError, ProgrammingError
    from procrastinate.exceptions import ConnectorException

    from regua.bureaus.errors import BureauError

    if isinstance(error, ValidationError):
        return error.messages
    if isinstance(error, BureauError):
        return [error.message]
    if isinstance(error, PermissionDenied | operate.NotThere):
        return [str(error)]
    if isinstance(error, ProgrammingError | ConnectorException) and isinstance(
        error.__cause__,
        psycopg.errors.UndefinedTable
        | psycopg.errors.UndefinedFunction
        | psycopg.errors.UndefinedObject,
    ):
        return ["Este banco ainda não tem as tabelas do Régua. Nada foi feito. Rode: regua migrate"]
    if isinstance(error, OperationalError | psycopg.OperationalError | ConnectorException):
        return [
            "O PostgreSQL não respondeu. Nada foi feito. "
            "Confira DATABASE_URL e se o servidor está no ar."
        ]
    return None


def _say(console: Console, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        console.print(sentence, style="red", markup=False, soft_wrap=True)


def _help_for(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = "regua" if context is None else context.command_path
    return f"{command} --help"
