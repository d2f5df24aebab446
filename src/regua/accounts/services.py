"""Creating people."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from regua import documents
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch, Company


def installation_start(
    *, company: str, branch: str, document: str, name: str, email: str, password: str
) -> User:
    """Create the first company, branch and administrator of an empty installation.

    Raises ``ValidationError`` where something is wrong or the installation is not empty.
    """
    problems: dict[str, str | list[str]] = {}
    if User.objects.exists():
        raise ValidationError(
            "Esta instalação já foi iniciada. Nada foi mudado; entre com o administrador."
        )
    cnpj = ""
    try:
        cnpj = documents.parse_cnpj(document).value
    except documents.InvalidDocument as error:
        problems["document"] = str(error)
    try:
        validate_email(email)
    except ValidationError:
        problems["email"] = "Este e-mail não parece completo."
    try:
        validate_password(password)
    except ValidationError as error:
        problems["password"] = error.messages
    for field, value, label in (
        ("company", company, "o nome da empresa"),
        ("branch", branch, "o nome da filial"),
        ("name", name, "o nome do administrador"),
    ):
        if not value.strip():
            problems[field] = f"Informe {label}."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        owner = Company.objects.create(name=company.strip())
        Branch.objects.create(company=owner, name=branch.strip(), document=cnpj)
        return User.objects.create_user(
            email,
            password,
            name=name.strip(),
            role=Role.ADMINISTRATOR,
            all_branches=True,
        )
