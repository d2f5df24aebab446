import datetime
from decimal import Decimal

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organization", "0006_branch_address"),
        ("parties", "0006_groups_and_dunned"),
        ("receivables", "0005_receivable_owed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DunningParameters",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="ativar a régua de cobrança"
                    ),
                ),
                (
                    "run_at",
                    models.TimeField(
                        db_default=datetime.time(7, 0),
                        default=datetime.time(7, 0),
                        verbose_name="hora da execução diária",
                    ),
                ),
                (
                    "needs_approval",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        verbose_name="esperar a aprovação de uma pessoa",
                    ),
                ),
                (
                    "message_inactive",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        verbose_name="permitir envio de mensagens a cliente inativo",
                    ),
                ),
                (
                    "opens_at",
                    models.TimeField(
                        db_default=datetime.time(8, 0),
                        default=datetime.time(8, 0),
                        verbose_name="mensagens a partir das",
                    ),
                ),
                (
                    "closes_at",
                    models.TimeField(
                        db_default=datetime.time(20, 0),
                        default=datetime.time(20, 0),
                        verbose_name="mensagens até as",
                    ),
                ),
                (
                    "saturday_closes_at",
                    models.TimeField(
                        blank=True,
                        db_default=datetime.time(14, 0),
                        default=datetime.time(14, 0),
                        null=True,
                        verbose_name="aos sábados, até as",
                    ),
                ),
            ],
            options={
                "verbose_name": "parâmetros de cobrança",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="dunning_parameters_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens_at__lt", models.F("closes_at")),
                            models.Q(
                                ("saturday_closes_at", None),
                                ("opens_at__lt", models.F("saturday_closes_at")),
                                _connector="OR",
                            ),
                        ),
                        name="dunning_parameters_hours",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="nome")),
                (
                    "contract_kind",
                    models.CharField(
                        blank=True,
                        choices=[("telecom", "Telecomunicações"), ("other", "Outros serviços")],
                        max_length=10,
                        verbose_name="tipo de contrato",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="ativa")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="filial",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.customergroup",
                        verbose_name="grupo de clientes",
                    ),
                ),
            ],
            options={
                "verbose_name": "régua",
                "verbose_name_plural": "réguas",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="DunningRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="dia")),
                ("scheduled", models.BooleanField(default=False, verbose_name="diária")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("simulating", "Simulando"),
                            ("simulated", "Aguardando aprovação"),
                            ("running", "Executando"),
                            ("paused", "Pausada"),
                            ("done", "Concluída"),
                            ("cancelled", "Cancelada"),
                        ],
                        max_length=10,
                        verbose_name="situação",
                    ),
                ),
                ("needs_approval", models.BooleanField(default=True)),
                (
                    "requested_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("simulated_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="filial",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "execução da régua",
                "verbose_name_plural": "execuções da régua",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DunningSlice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("after_customer", models.BigIntegerField()),
                ("to_customer", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Na fila"),
                            ("simulated", "Simulada"),
                            ("done", "Executada"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("found", models.JSONField(db_default={}, default=dict)),
                ("done", models.JSONField(db_default={}, default=dict)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slices",
                        to="dunning.dunningrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "fatia",
                "ordering": ["run", "number"],
            },
        ),
        migrations.CreateModel(
            name="DunningStanding",
            fields=[
                (
                    "receivable",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="dunning",
                        serialize=False,
                        to="receivables.receivable",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("LP", "Lembrete de pagamento"),
                            ("CV", "No vencimento"),
                            ("AC", "Aviso de cobrança"),
                            ("IP", "Informe de pendência"),
                            ("AP", "Agendar pagamento"),
                            ("CAP", "Cobrança automática e presencial"),
                            ("NC", "Negativar cliente"),
                            ("RCA", "Título recebido"),
                            ("CCA", "Título cancelado"),
                            ("RCB", "Título renegociado"),
                            ("RN", "Remover negativação"),
                        ],
                        max_length=3,
                        verbose_name="etapa",
                    ),
                ),
                ("days", models.SmallIntegerField()),
                ("on", models.DateField(verbose_name="desde")),
                (
                    "open",
                    models.BooleanField(db_default=True, default=True, verbose_name="em cobrança"),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
            ],
            options={
                "verbose_name": "situação na régua",
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="nome")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("LP", "Lembrete de pagamento"),
                            ("CV", "No vencimento"),
                            ("AC", "Aviso de cobrança"),
                            ("IP", "Informe de pendência"),
                            ("AP", "Agendar pagamento"),
                            ("CAP", "Cobrança automática e presencial"),
                            ("NC", "Negativar cliente"),
                        ],
                        max_length=3,
                        verbose_name="etapa",
                    ),
                ),
                ("days", models.SmallIntegerField(verbose_name="dias para executar")),
                (
                    "required",
                    models.BooleanField(default=False, verbose_name="não pode ser pulado"),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("none", "Só marcar a etapa"),
                            ("message", "Enviar mensagem"),
                            ("list", "Negativar"),
                        ],
                        max_length=8,
                        verbose_name="ação automática",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        max_length=8,
                        verbose_name="canal",
                    ),
                ),
                (
                    "auto_list",
                    models.CharField(
                        blank=True,
                        choices=[("yes", "Sim"), ("default", "Padrão"), ("no", "Não")],
                        max_length=7,
                        verbose_name="negativar automaticamente",
                    ),
                ),
                (
                    "contact_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "Telefone"),
                            ("whatsapp", "WhatsApp"),
                            ("email", "E-mail"),
                            ("visit", "Visita"),
                        ],
                        max_length=8,
                        verbose_name="tipo de contato padrão",
                    ),
                ),
                (
                    "next_action_days",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="dias para a próxima ação"
                    ),
                ),
                ("archived_at", models.DateTimeField(editable=False, null=True)),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="dunning.dunningpolicy",
                    ),
                ),
            ],
            options={
                "verbose_name": "passo",
                "ordering": ["policy", "days"],
            },
        ),
        migrations.CreateModel(
            name="DunningItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("cost", models.DecimalField(decimal_places=4, default=0, max_digits=8)),
                ("note", models.CharField(blank=True, max_length=20)),
                ("left_out", models.BooleanField(db_default=False, default=False)),
                (
                    "receivable",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="dunning.dunningrun",
                    ),
                ),
                (
                    "slice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="dunning.dunningslice",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "item da simulação",
            },
        ),
        migrations.CreateModel(
            name="DunningHold",
            fields=[
                (
                    "receivable",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="dunning_hold",
                        serialize=False,
                        to="receivables.receivable",
                    ),
                ),
                ("reasons", models.JSONField(default=list)),
                ("since", models.DateField()),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.customer",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "título retido",
                "verbose_name_plural": "títulos retidos",
            },
        ),
        migrations.CreateModel(
            name="DunningEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("LP", "Lembrete de pagamento"),
                            ("CV", "No vencimento"),
                            ("AC", "Aviso de cobrança"),
                            ("IP", "Informe de pendência"),
                            ("AP", "Agendar pagamento"),
                            ("CAP", "Cobrança automática e presencial"),
                            ("NC", "Negativar cliente"),
                            ("RCA", "Título recebido"),
                            ("CCA", "Título cancelado"),
                            ("RCB", "Título renegociado"),
                            ("RN", "Remover negativação"),
                        ],
                        max_length=3,
                    ),
                ),
                ("on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=20)),
                (
                    "receivable",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_entries",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningrun",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "etapa da régua",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="DunningTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phone", "Telefone"),
                            ("whatsapp", "WhatsApp"),
                            ("email", "E-mail"),
                            ("visit", "Visita"),
                        ],
                        max_length=8,
                        verbose_name="contato",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="a partir de")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="com",
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_tasks",
                        to="parties.customer",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "contato a fazer",
                "verbose_name_plural": "contatos a fazer",
            },
        ),
        migrations.CreateModel(
            name="DunningContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phone", "Telefone"),
                            ("whatsapp", "WhatsApp"),
                            ("email", "E-mail"),
                            ("visit", "Visita"),
                        ],
                        max_length=8,
                        verbose_name="contato",
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("promise", "Prometeu pagar"),
                            ("renegotiation", "Quer renegociar"),
                            ("dispute", "Contesta a dívida"),
                            ("paid", "Diz que já pagou"),
                            ("call_back", "Pediu para falar depois"),
                            ("no_answer", "Não atendeu"),
                            ("wrong_number", "Número errado"),
                            ("refused", "Não vai pagar"),
                        ],
                        max_length=14,
                        verbose_name="resultado",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="anotação")),
                ("promised_on", models.DateField(null=True, verbose_name="prometeu pagar em")),
                (
                    "promised_amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, null=True, verbose_name="valor prometido"
                    ),
                ),
                ("next_on", models.DateField(null=True, verbose_name="próximo contato em")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_contacts",
                        to="parties.customer",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="dunning.dunningtask",
                    ),
                ),
            ],
            options={
                "verbose_name": "contato",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="MessageGateway",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        max_length=8,
                        verbose_name="canal",
                    ),
                ),
                ("url", models.URLField(verbose_name="endereço")),
                ("body", models.TextField(verbose_name="corpo (JSON)")),
                (
                    "header_name",
                    models.CharField(blank=True, max_length=60, verbose_name="cabeçalho"),
                ),
                ("header_sealed", models.TextField(blank=True, editable=False)),
                (
                    "cost",
                    models.DecimalField(
                        decimal_places=4, default=0, max_digits=8, verbose_name="custo por mensagem"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="ativo")),
                ("problem", models.TextField(blank=True, editable=False)),
            ],
            options={
                "verbose_name": "canal de mensagens",
                "verbose_name_plural": "canais de mensagens",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("active", True)),
                        fields=("channel",),
                        name="message_gateway_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["sms", "whatsapp"])),
                        name="message_gateway_channel",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cost__gte", 0)), name="message_gateway_cost"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageOptOut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        max_length=8,
                        verbose_name="canal",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opt_outs",
                        to="parties.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "dispensa de mensagens",
            },
        ),
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="nome")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        max_length=8,
                        verbose_name="canal",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reminder", "Lembrete"),
                            ("collection", "Cobrança"),
                            ("notice", "Aviso de cobrança (RGC)"),
                        ],
                        max_length=10,
                        verbose_name="finalidade",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=120, verbose_name="assunto")),
                ("body", models.TextField(verbose_name="texto")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.messagetemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "mensagem",
                "ordering": ["name", "id"],
            },
        ),
        migrations.AddField(
            model_name="dunningstep",
            name="template",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dunning.messagetemplate",
                verbose_name="mensagem",
            ),
        ),
        migrations.CreateModel(
            name="DunningMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                        max_length=8,
                        verbose_name="canal",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Na fila"),
                            ("sending", "Enviando"),
                            ("sent", "Enviada"),
                            ("failed", "Não enviada"),
                            ("dropped", "Dispensada"),
                        ],
                        db_default="queued",
                        default="queued",
                        max_length=8,
                        verbose_name="situação",
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("subject", models.TextField(blank=True, db_default="")),
                ("body", models.TextField(blank=True, db_default="")),
                ("sent_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True, db_default="")),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.dunningstep",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dunning.messagetemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "mensagem enviada",
                "verbose_name_plural": "mensagens enviadas",
            },
        ),
        migrations.CreateModel(
            name="PolicyChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("before", models.JSONField(null=True, verbose_name="antes")),
                ("after", models.JSONField(null=True, verbose_name="depois")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="dunning.dunningpolicy",
                    ),
                ),
            ],
            options={
                "verbose_name": "mudança de régua",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="dunningpolicy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)),
                fields=("branch", "group", "contract_kind"),
                name="dunning_policy_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="dunning_policy_named"
            ),
        ),
        migrations.AddIndex(
            model_name="dunningrun",
            index=models.Index(
                condition=models.Q(("state__in", ["simulating", "running"])),
                fields=["id"],
                name="dunning_run_working",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scheduled", True)),
                fields=("branch", "day"),
                name="dunning_run_daily",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["simulating", "simulated", "running", "paused"])),
                fields=("branch",),
                name="dunning_run_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["simulating", "simulated", "running", "paused", "done", "cancelled"],
                    )
                ),
                name="dunning_run_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningslice",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="dunning_slice_once"),
        ),
        migrations.AddIndex(
            model_name="dunningstanding",
            index=models.Index(
                condition=models.Q(("open", True)),
                fields=["branch", "receivable"],
                name="dunning_standing_open",
            ),
        ),
        migrations.AddIndex(
            model_name="dunningitem",
            index=models.Index(fields=["run", "step", "id"], name="dunning_item_by_step"),
        ),
        migrations.AddIndex(
            model_name="dunninghold",
            index=models.Index(fields=["branch", "customer"], name="dunning_hold_by_customer"),
        ),
        migrations.AddIndex(
            model_name="dunningentry",
            index=models.Index(
                condition=models.Q(("step__isnull", True)),
                fields=["receivable", "id"],
                name="dunning_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("step__isnull", False)),
                fields=("receivable", "step"),
                name="dunning_step_once",
            ),
        ),
        migrations.AddIndex(
            model_name="dunningtask",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["branch", "due_on", "id"],
                name="dunning_task_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at", None)),
                fields=("customer",),
                name="dunning_task_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="dunningcontact",
            index=models.Index(
                condition=models.Q(("result", "promise"), ("withdrawn_at", None)),
                fields=["promised_on", "customer"],
                name="dunning_promise",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningcontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("promised_on__isnull", False), ("result", "promise")),
                    models.Q(
                        models.Q(("result", "promise"), _negated=True),
                        ("promised_amount", None),
                        ("promised_on", None),
                    ),
                    _connector="OR",
                ),
                name="dunning_contact_promise",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningcontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("promised_amount", None),
                    ("promised_amount__gt", Decimal("0")),
                    _connector="OR",
                ),
                name="dunning_contact_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="messageoptout",
            constraint=models.UniqueConstraint(
                fields=("customer", "channel"), name="message_opt_out_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="messagetemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "email"), models.Q(("subject", ""), _negated=True)),
                    models.Q(models.Q(("channel", "email"), _negated=True), ("subject", "")),
                    _connector="OR",
                ),
                name="message_template_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="messagetemplate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_by", None)),
                fields=("name",),
                name="message_template_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at", None)),
                fields=("policy", "days"),
                name="dunning_step_day_once",
                violation_error_message="Dois passos não podem cair no mesmo dia.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__gte", -60), ("days__lte", 1800)),
                name="dunning_step_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("action", "message"),
                        ("template__isnull", False),
                        models.Q(("channel", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("action", "message"), _negated=True),
                        ("channel", ""),
                        ("template", None),
                    ),
                    _connector="OR",
                ),
                name="dunning_step_message",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("action", "list"),
                        ("days__gt", 0),
                        ("stage", "NC"),
                        models.Q(("auto_list", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("action", "list"), _negated=True),
                        models.Q(("stage", "NC"), _negated=True),
                        ("auto_list", ""),
                    ),
                    _connector="OR",
                ),
                name="dunning_step_lists",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("contact_kind", ""), ("next_action_days", None)),
                    models.Q(
                        models.Q(("contact_kind", ""), _negated=True),
                        ("next_action_days__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="dunning_step_manual",
            ),
        ),
        migrations.AddIndex(
            model_name="dunningmessage",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["channel", "due_at"],
                name="dunning_message_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", False), ("status__in", ["queued", "sending"])),
                    models.Q(
                        models.Q(("status__in", ["queued", "sending"]), _negated=True),
                        ("due_at", None),
                    ),
                    _connector="OR",
                ),
                name="dunning_message_at_rest",
            ),
        ),
        migrations.AddConstraint(
            model_name="dunningmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="dunning_message_sent_when",
            ),
        ),
    ]
