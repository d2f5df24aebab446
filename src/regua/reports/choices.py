from django.db.models import TextChoices


class Format(TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"
    PDF = "pdf", "PDF"


class ExportStatus(TextChoices):
    QUEUED = "queued", "Na fila"
    RUNNING = "running", "Em andamento"
    DONE = "done", "Pronta"
    FAILED = "failed", "Não feita"
    CANCELLED = "cancelled", "Cancelada"


UNFINISHED = (ExportStatus.QUEUED, ExportStatus.RUNNING)
