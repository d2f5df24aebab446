from __future__ import annotations

from datetime import date
from decimal import Decimal

from django import forms as django_forms

from regua.web import forms


class DebtForm(forms.Form):
    document = forms.DocumentField(label="CPF ou CNPJ")
    amount = forms.MoneyField(label="Valor", help_text="Sem juros.", min_value=Decimal("0.01"))
    due_on = forms.DateField(label="Vencimento", required=False)
    cep = forms.CepField(label="CEP", required=False)
    phone = forms.PhoneField(label="Telefone", required=False)
    kind = django_forms.ChoiceField(
        label="Tipo", choices=[("a", "A"), ("b", "B")], widget=django_forms.RadioSelect
    )


GOOD = {
    "document": "529.982.247-25",
    "amount": "R$ 1.234,56",
    "due_on": "05/11/2025",
    "cep": "01310-100",
    "phone": "(11) 98765-4321",
    "kind": "a",
}


def test_what_people_type_becomes_values() -> None:
    form = DebtForm(GOOD)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "document": "52998224725",
        "amount": Decimal("1234.56"),
        "due_on": date(2025, 11, 5),
        "cep": "01310100",
        "phone": "11987654321",
        "kind": "a",
    }


def test_iso_dates_and_alphanumeric_cnpj_are_read() -> None:
    form = DebtForm({**GOOD, "due_on": "2025-11-05", "document": "12abc34501de35"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["document"] == "12ABC34501DE35"
    assert form.cleaned_data["due_on"] == date(2025, 11, 5)


def test_a_wrong_document_says_why() -> None:
    form = DebtForm({**GOOD, "document": "529.982.247-26"})
    assert "verificadores" in form.errors["document"][0]


def test_initial_values_are_shown_as_people_write_them() -> None:
    form = DebtForm(initial={"amount": Decimal("1234.5"), "due_on": date(2025, 1, 2)})
    assert 'value="1.234,50"' in str(form["amount"])
    assert 'value="02/01/2025"' in str(form["due_on"])
    assert form["amount"].field.has_changed(Decimal("1234.50"), "1.234,50") is False


def test_labels_help_errors_and_summary_are_tied_to_the_field() -> None:
    html = str(DebtForm({**GOOD, "amount": "muito", "kind": ""}))
    assert 'role="alert"' in html
    assert '<a href="#id_amount">Valor</a>' in html
    assert '<a href="#id_kind">' in html
    assert 'id="id_kind"' in html
    assert 'id="id_amount_helptext"' in html
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in html
    assert 'class="text-end money form-control is-invalid"' in html
    assert 'value="muito"' in html


def test_what_was_typed_is_escaped() -> None:
    html = str(DebtForm({**GOOD, "amount": '"><script>alert(1)</script>'}))
    assert "<script>" not in html
