"""Logging that cannot show a document: every line passes through the redactor, tracebacks too."""

from __future__ import annotations

import logging

from regua.bureaus.redact import redact_text


class RedactingFormatter(logging.Formatter):
    """Masks whatever looks like a CPF, CNPJ, token or secret in the finished line."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_text(super().format(record))
