"""Form fields that read what people in Brazil type, with or without the browser's masks."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from regua.documents import Document, InvalidDocument, parse, parse_cnpj, parse_cpf
from regua.web import formats


class _MaskedField(forms.CharField):
    """A text field whose mask is applied in the browser and undone here."""

    mask = ""
    inputmode = "numeric"
    autocomplete = "off"

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs: dict[str, Any] = super().widget_attrs(widget)
        attrs |= {"data-mask": self.mask, "inputmode": self.inputmode}
        attrs["autocomplete"] = self.autocomplete
        return attrs


class MoneyField(forms.DecimalField):
    """``1.234,56`` ↔ ``Decimal("1234.56")``."""

    widget = forms.TextInput
    addon_before = "R$"
    default_error_messages = {
        "invalid": "Escreva um valor em reais, como 1.234,56.",
        "min_value": "O valor precisa ser de pelo menos %(limit_value)s.",
    }

    def __init__(self, *, max_digits: int = 14, decimal_places: int = 2, **kwargs: Any) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                value = formats.parse_brl(value)
            except ValueError:
                raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return formats.number(value, 2) if isinstance(value, Decimal | int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "data-mask": "brl",
            "inputmode": "decimal",
            "autocomplete": "off",
            "class": "text-end money",
        }


class DocumentField(_MaskedField):
    """CPF or CNPJ, digits and (CNPJ only) letters; cleans to the bare characters.

    Parameters
    ----------
    kind
        ``"cpf"`` or ``"cnpj"`` to accept only that one.
    """

    mask = "cpf-cnpj"
    inputmode = "text"

    def __init__(self, *, kind: str = "", **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = str(value or "").strip()
        if not text:
            return ""
        try:
            return self._read(text).value
        except InvalidDocument as error:
            raise ValidationError(error.reason.sentence, code=str(error.reason)) from None

    def _read(self, text: str) -> Document:
        if self.kind == "cpf":
            return parse_cpf(text)
        return parse_cnpj(text) if self.kind == "cnpj" else parse(text)

    def prepare_value(self, value: Any) -> Any:
        bare = re.sub(r"[^0-9A-Za-z]", "", str(value or ""))
        return formats.document(bare) if len(bare) in (11, 14) else value


class CepField(_MaskedField):
    """``01310-100`` ↔ ``01310100``."""

    mask = "cep"
    autocomplete = "postal-code"
    default_error_messages = {"invalid": "O CEP tem oito dígitos, como 01310-100."}

    def to_python(self, value: Any) -> str:
        text = str(value or "").strip()
        digits = re.sub(r"[\s.-]", "", text)
        if digits and not re.fullmatch(r"\d{8}", digits):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return digits

    def prepare_value(self, value: Any) -> Any:
        return formats.cep(value) if value else value


class PhoneField(_MaskedField):
    """``(11) 98765-4321`` ↔ ``11987654321``."""

    mask = "phone"
    inputmode = "tel"
    autocomplete = "tel"
    default_error_messages = {"invalid": "Escreva o telefone com DDD, como (11) 98765-4321."}

    def to_python(self, value: Any) -> str:
        digits = re.sub(r"[\s().+-]", "", str(value or ""))
        if len(digits) in (12, 13) and digits.startswith("55"):
            digits = digits[2:]
        if digits and not re.fullmatch(r"[1-9]\d{9,10}", digits):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return digits

    def prepare_value(self, value: Any) -> Any:
        return formats.phone(value) if value else value


class DateField(forms.DateField):
    """``dd/mm/aaaa``; ISO is read too."""

    widget = forms.DateInput
    default_error_messages = {"invalid": "Escreva a data como dd/mm/aaaa."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d%m%Y"])
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return formats.day(value) if isinstance(value, date) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "data-mask": "date",
            "inputmode": "numeric",
            "placeholder": "dd/mm/aaaa",
            "autocomplete": "off",
        }


class UpperCaseField(forms.CharField):
    """Codes: trimmed and in capitals."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").upper()
