"""CPF and CNPJ, numeric and alphanumeric: parse, check, format, mask.

document = parse(" 12.abc.345/01de-35 ")
document.value      "12ABC34501DE35", what is stored and sent
document.formatted  "12.ABC.345/01DE-35", for who may see it
str(document)       "12.***.***/****-35", what a log or a traceback gets
"""

from regua.documents.check import cnpj_is_valid, cpf_is_valid
from regua.documents.errors import InvalidDocument, Reason
from regua.documents.values import Cnpj, Cpf, Document, is_valid, parse, parse_cnpj, parse_cpf

__all__ = [
    "Cnpj",
    "Cpf",
    "Document",
    "InvalidDocument",
    "Reason",
    "cnpj_is_valid",
    "cpf_is_valid",
    "is_valid",
    "parse",
    "parse_cnpj",
    "parse_cpf",
]
