"""The ``regua`` command. Each command boots the product and is a thin shell over services."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
import typer
from rich.console import Console

from regua import __version__
from regua.cli import demo, operate, serve, setup
from regua.project.config import ConfigError
from regua.project.postgres import PostgresError

app = typer.Typer(
    name="regua",
    help="Régua: consultar, negativar e baixar, dentro da lei e no prazo.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
setup.register(app)
serve.register(app)
operate.register(app)
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
        code = app(args=arguments, standalone_mode=False)
    except click.UsageError as error:
        errors.print(f"[red]{_usage_sentence(error)}[/red] Veja: regua --help")
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        errors.print("Interrompido.")
        sys.exit(130)
    except (ConfigError, PostgresError) as error:
        _say(errors, [str(error)])
        sys.exit(1)
    except Exception as error:
        sentences = sentences_of(error)
        if sentences is None:
            raise
        _say(errors, sentences)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def sentences_of(error: Exception) -> list[str] | None:
    """What to tell a person of ``error``, or None where it is a defect of ours."""
    from django.core.exceptions import PermissionDenied, ValidationError
    from django.db import OperationalError

    from regua.bureaus.errors import BureauError

    if isinstance(error, ValidationError):
        return error.messages
    if isinstance(error, BureauError):
        return [error.message]
    if isinstance(error, PermissionDenied | operate.NotThere):
        return [str(error)]
    if isinstance(error, OperationalError):
        return [
            "O PostgreSQL não respondeu. Nada foi feito. "
            "Confira DATABASE_URL e se o servidor está no ar."
        ]
    return None


def _say(console: Console, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        console.print(sentence, style="red", markup=False, soft_wrap=True)


def _usage_sentence(error: click.UsageError) -> str:
    """Click's own messages are in English; these are the ones a person meets."""
    match error:
        case click.MissingParameter():
            name = error.param.human_readable_name.upper() if error.param else ""
            return f"Falta informar {name}."
        case click.NoSuchOption():
            return f"A opção {error.option_name} não existe."
        case click.BadParameter():
            name = error.param.human_readable_name if error.param else "um valor"
            return f"O valor de {name} não serve."
        case _ if "No such command" in error.message:
            return "Esse comando não existe."
        case _:
            return "O comando não foi entendido."
