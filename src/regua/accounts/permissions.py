"""What each role may do. One table, asked by services, selectors and screens alike."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    ADMINISTRATOR = "administrator", "Administrador"
    FINANCE_MANAGER = "finance_manager", "Gestor financeiro"
    COLLECTIONS = "collections", "Cobrança"
    SERVICE = "service", "Atendimento"
    AUDIT = "audit", "Auditoria"


class Permission(TextChoices):
    """The label completes "Seu perfil não permite …"."""

    VIEW_PARTIES = "view_parties", "ver clientes"
    EDIT_PARTIES = "edit_parties", "alterar cadastros"
    REVEAL_DOCUMENT = "reveal_document", "ver o documento por inteiro"
    VIEW_RECEIVABLES = "view_receivables", "ver títulos"
    RECORD_PAYMENT = "record_payment", "registrar pagamentos"
    VIEW_INQUIRIES = "view_inquiries", "ver consultas de crédito"
    REQUEST_INQUIRY = "request_inquiry", "consultar análise de crédito"
    VIEW_RESTRICTIONS = "view_restrictions", "ver negativações"
    REQUEST_RESTRICTION = "request_restriction", "negativar"
    REQUEST_REMOVAL = "request_removal", "pedir a baixa de negativações"
    VIEW_INTEGRATIONS = "view_integrations", "ver integrações"
    MANAGE_INTEGRATIONS = "manage_integrations", "alterar integrações"
    VIEW_BUREAU_CALLS = "view_bureau_calls", "ver as chamadas ao birô"
    SYNCHRONISE = "synchronise", "sincronizar com o birô"


_READ = frozenset(
    {
        Permission.VIEW_PARTIES,
        Permission.VIEW_RECEIVABLES,
        Permission.VIEW_INQUIRIES,
        Permission.VIEW_RESTRICTIONS,
        Permission.VIEW_INTEGRATIONS,
        Permission.VIEW_BUREAU_CALLS,
    }
)
_COLLECT = frozenset(
    {
        Permission.VIEW_PARTIES,
        Permission.EDIT_PARTIES,
        Permission.REVEAL_DOCUMENT,
        Permission.VIEW_RECEIVABLES,
        Permission.VIEW_INQUIRIES,
        Permission.REQUEST_INQUIRY,
        Permission.VIEW_RESTRICTIONS,
        Permission.REQUEST_RESTRICTION,
        Permission.REQUEST_REMOVAL,
        Permission.SYNCHRONISE,
    }
)

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.FINANCE_MANAGER: _COLLECT | _READ | {Permission.RECORD_PAYMENT},
    Role.COLLECTIONS: _COLLECT | {Permission.RECORD_PAYMENT},
    Role.SERVICE: frozenset(
        {
            Permission.VIEW_PARTIES,
            Permission.VIEW_INQUIRIES,
            Permission.REQUEST_INQUIRY,
        }
    ),
    Role.AUDIT: _READ,
}
