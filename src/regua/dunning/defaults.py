"""The policy that comes with Régua, and its messages.

Its days fit a telecommunications debt: the notice of the *aviso de cobrança*, fifteen days to the
suspension, sixty more to the rescission, then the listing (Resolução Anatel 765/2023).
"""

from __future__ import annotations

from django.db import transaction

from regua.accounts.models import User
from regua.dunning.choices import Action, AutoList, Channel, ContactKind, Stage, TemplateKind
from regua.dunning.models import DunningPolicy, DunningStep, MessageTemplate, PolicyChange

NAME = "Régua padrão"

_TEMPLATES = {
    "Lembrete de pagamento": (
        TemplateKind.REMINDER,
        "Sua fatura vence em {{ vencimento }}",
        "Olá, {{ primeiro_nome }},\n\n"
        "Sua fatura de {{ mes_referencia }}, de {{ valor_aberto }}, vence em {{ vencimento }}.\n\n"
        "Se você já pagou, desconsidere este lembrete.",
    ),
    "Vence hoje": (
        TemplateKind.REMINDER,
        "Sua fatura vence hoje",
        "Olá, {{ primeiro_nome }},\n\n"
        "Sua fatura de {{ mes_referencia }}, de {{ valor_aberto }}, vence hoje.\n\n"
        "Se você já pagou, desconsidere este aviso.",
    ),
    "Aviso de cobrança": (
        TemplateKind.NOTICE,
        "Aviso de cobrança: fatura de {{ mes_referencia }} em aberto",
        "Olá, {{ nome }},\n\n"
        "A fatura de {{ mes_referencia }}, vencida em {{ vencimento }}, está em aberto: "
        "{{ valor_aberto }} há {{ dias_em_atraso }} dias.\n\n"
        "Se você já pagou ou não reconhece a cobrança, fale com a gente.",
    ),
}
_STEPS = (
    ("Lembrete", Stage.REMINDER, -3, "Lembrete de pagamento", None),
    ("Vencimento", Stage.DUE, 0, "Vence hoje", None),
    ("Aviso de cobrança", Stage.NOTICE, 5, "Aviso de cobrança", (ContactKind.PHONE, 5)),
    ("Suspensão e rescisão", Stage.PENDENCY, 20, None, (ContactKind.PHONE, 10)),
    ("Enviar análise de crédito/Cartório", Stage.LIST, 90, None, (ContactKind.PHONE, 10)),
)


def default_policy_create(*, actor: User | None = None) -> DunningPolicy:
    """The default policy, for every branch, group and contract; the one there is if there is.

    ``actor`` is None where it comes with the installation.
    """
    with transaction.atomic():
        found = DunningPolicy.objects.filter(name=NAME).first()
        if found is not None:
            return found
        templates = {
            name: MessageTemplate.objects.get_or_create(
                name=name,
                replaced_by=None,
                defaults={
                    "channel": Channel.EMAIL,
                    "kind": kind,
                    "subject": subject,
                    "body": body,
                },
            )[0]
            for name, (kind, subject, body) in _TEMPLATES.items()
        }
        policy = DunningPolicy.objects.create(name=NAME)
        for name, stage, days, template, manual in _STEPS:
            lists = stage is Stage.LIST
            DunningStep.objects.create(
                policy=policy,
                name=name,
                stage=stage,
                days=days,
                required=stage is Stage.NOTICE,
                action=Action.LIST if lists else Action.MESSAGE if template else Action.NONE,
                channel=Channel.EMAIL if template else "",
                template=templates[template] if template else None,
                auto_list=AutoList.DEFAULT if lists else "",
                contact_kind=manual[0] if manual else "",
                next_action_days=manual[1] if manual else None,
            )
        PolicyChange.objects.create(
            policy=policy, after={"name": NAME, "steps": len(_STEPS)}, actor=actor
        )
    return policy
