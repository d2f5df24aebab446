"""``regua demo``: the whole product on one machine, with invented data and a sandbox bureau."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    once: bool = typer.Option(
        False, "--once", help="Faz o caminho completo sem telas, confere os dois lados e sai."
    ),
    port: int = typer.Option(8000, help="Porta das telas; se ocupada, a próxima livre."),
) -> None:
    """Sobe tudo nesta máquina, com dados inventados. Ctrl-C encerra."""
    if once:
        from regua.cli.demo.story import tell

        raise typer.Exit(0 if tell() else 1)
    from regua.cli.demo.supervisor import supervise

    supervise(port=port)
