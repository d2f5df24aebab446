"""Forms in Tabler markup: label above, help under, error under, and a summary that links.

Every Django form is drawn by ``FormRenderer`` (settings.FORM_RENDERER). Write ``{{ form }}`` for
the whole form, ``{{ form.name.as_field_group }}`` for one field, and
``{% include "web/forms/errors.html" %}`` once, above the first field, when placing them by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

from regua.web.fields import (
    CepField,
    DateField,
    DocumentField,
    MoneyField,
    PhoneField,
    UpperCaseField,
)

__all__ = [
    "CepField",
    "DateField",
    "DocumentField",
    "Form",
    "FormRenderer",
    "ModelForm",
    "MoneyField",
    "PhoneField",
    "UpperCaseField",
    "add_errors",
]


class ReguaBoundField(BoundField):
    """Adds the classes of Tabler and the state of the field to the widget."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        classes = [widget.attrs.get("class", ""), built.get("class", ""), _widget_class(widget)]
        if self.errors:
            classes.append("is-invalid")
        joined = " ".join(filter(None, classes))
        if joined:
            built["class"] = joined
        return built

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def addon_before(self) -> str:
        """Short text stuck to the left of the control, as ``R$``."""
        return getattr(self.field, "addon_before", "")

    @property
    def addon_after(self) -> str:
        """Short text stuck to the right of the control, as ``dias``."""
        return getattr(self.field, "addon_after", "")


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "form-check-input"
    if isinstance(widget, forms.Select | forms.SelectMultiple):
        return "form-select"
    if isinstance(widget, forms.HiddenInput):
        return ""
    return "form-control"


class FormRenderer(TemplatesSetting):
    form_template_name = "web/forms/form.html"
    field_template_name = "web/forms/field.html"
    bound_field_class = ReguaBoundField

    _OVERRIDES = {
        "django/forms/widgets/radio.html": "web/forms/widgets/choices.html",
        "django/forms/widgets/checkbox_select.html": "web/forms/widgets/choices.html",
        "django/forms/widgets/clearable_file_input.html": "web/forms/widgets/file.html",
    }

    def get_template(self, template_name: str) -> Any:
        return super().get_template(self._OVERRIDES.get(template_name, template_name))


_DJANGO_REQUIRED = forms.Field.default_error_messages["required"]


class _Base:
    """Brazilian wording without repeating it in every form."""

    required_css_class = "required"
    label_suffix = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # type: ignore[attr-defined]
            if field.error_messages.get("required") == _DJANGO_REQUIRED:
                field.error_messages["required"] = "Preencha este campo."


class Form(_Base, forms.Form):
    """Base of every plain form."""


class ModelForm(_Base, forms.ModelForm):
    """Base of every model form."""


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Show on ``form`` what a service refused; what belongs to no field of it goes on top."""
    problems: Mapping[str, list[str]] = (
        error.message_dict
        if hasattr(error, "error_dict")
        else {NON_FIELD_ERRORS: list(error.messages)}
    )
    for name, sentences in problems.items():
        known = name in form.fields
        for sentence in sentences:
            if known or sentence not in form.non_field_errors():
                form.add_error(name if known else None, sentence)
