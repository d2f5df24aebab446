"""Installing: settings, migrations, the first company and person."""

from __future__ import annotations

import typer
from rich.console import Console

from regua.cli.portuguese import App
from regua.project import config
from regua.project.boot import booted, check_secrets, generate_secrets

console = Console(highlight=False)
config_app = App(help="Confere e gera configurações.")


def register(app: typer.Typer) -> None:
    app.add_typer(config_app, name="config")
    app.command()(migrate)
    app.command()(iniciar)


@config_app.command()
def check() -> None:
    """Confere as variáveis de ambiente, sem iniciar nada."""
    loaded = config.load()
    if loaded.database_url.get_secret_value():
        check_secrets(loaded)
        console.print("Banco de dados: o de DATABASE_URL.")
    else:
        console.print("Banco de dados: PostgreSQL embutido (DATABASE_URL não está definida).")
    console.print(f"Endereço público: {loaded.base_url}")
    console.print("Configuração em ordem.", style="green")


@config_app.command()
def generate() -> None:
    """Gera os segredos que uma instalação com banco próprio precisa guardar."""
    for name, value in generate_secrets().items():
        typer.echo(f"{name}={value}")


def migrate() -> None:
    """Cria ou atualiza as tabelas do banco de dados."""
    with booted(), console.status("Atualizando as tabelas…"):
        run_migrations()
    console.print("Tabelas em dia.", style="green")


def run_migrations() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def iniciar(
    empresa: str = typer.Option(..., prompt="Nome da empresa", help="Nome da empresa."),
    filial: str = typer.Option(..., prompt="Nome da filial", help="Nome da primeira filial."),
    cnpj: str = typer.Option(..., prompt="CNPJ da filial", help="CNPJ da filial."),
    nome: str = typer.Option(..., prompt="Nome do administrador", help="Nome da pessoa."),
    email: str = typer.Option(..., prompt="E-mail do administrador", help="E-mail de entrada."),
    senha: str = typer.Option(
        ...,
        prompt="Senha",
        confirmation_prompt="Senha de novo",  # type: ignore[arg-type]  # passed on as it is
        hide_input=True,
        help="Senha.",
        envvar="REGUA_SENHA",
    ),
) -> None:
    """Cria as tabelas, a empresa, a primeira filial e o administrador."""
    with booted():
        run_migrations()
        from django.db import transaction

        from regua.accounts.services import installation_start
        from regua.dunning.defaults import default_policy_create

        with transaction.atomic():
            installation_start(
                company=empresa,
                branch=filial,
                document=cnpj,
                name=nome,
                email=email,
                password=senha,
            )
            default_policy_create()
    console.print("Pronto. Inicie com: regua web e regua worker.", style="green")
