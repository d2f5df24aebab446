"""What can go wrong between us and a bureau: four outcomes, never two.

Every exception carries sentences fit for a person (Brazilian Portuguese, no document, no secret)
and the bureau's own code where it gave one. Callers decide by class:

===================  =============================================================================
``Refused``          The bureau understood and said no. Permanent: do not repeat as it is.
``Misconfigured``    It is not this request but the contract or the credentials; nothing was done.
``TryLater``         Nothing was done; the same request may be made again after ``retry_after``.
``OutcomeUnknown``   The request left and no answer is known. Look it up before anything else.
===================  =============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that the bureau refused.

    ``field`` and ``code`` are the bureau's own words, ``message`` is our sentence in Portuguese and
    ``path`` the same field in the words of ``contract`` (``debtor.address.postal_code``), empty
    where the adapter does not know it.
    """

    field: str
    code: str
    message: str
    path: str = ""


class Trouble(StrEnum):
    """What keeps an integration from reaching its bureau, where the adapter can tell."""

    CREDENTIALS = "credentials"
    CONTRACT = "contract"
    """No balance, or a contract that is pending."""
    UNKNOWN_HOST = "unknown_host"
    NOTHING_LISTENS = "nothing_listens"
    NO_TLS = "no_tls"
    """No trustworthy certificate, or a server that does not speak TLS."""
    NOT_A_BUREAU = "not_a_bureau"
    """Something answered at the address, but not as the bureau does."""
    PRIVATE_NETWORK = "private_network"
    TIMEOUT = "timeout"


class BureauError(Exception):
    """Base of every failure of a bureau call.

    ``message`` is our sentence in Portuguese; ``code`` and ``bureau_message`` are the bureau's own;
    ``trouble`` says what to mend, None where it is nothing of the kind.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        bureau_message: str = "",
        http_status: int | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message
        self.code = code
        self.bureau_message = bureau_message
        self.http_status = http_status


class Refused(BureauError):
    """The bureau refused this very request; repeating it unchanged is useless."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        bureau_message: str = "",
        http_status: int | None = None,
        fields: tuple[FieldProblem, ...] = (),
    ) -> None:
        super().__init__(message, code=code, bureau_message=bureau_message, http_status=http_status)
        self.fields = fields


class NotFound(Refused):
    """The bureau does not know the protocol asked for."""


class Misconfigured(BureauError):
    """Credentials, contract, balance or address are wrong; every request would fail alike."""


class TryLater(BureauError):
    """Nothing was carried out; ``retry_after`` is in seconds, None where the bureau gave none."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        bureau_message: str = "",
        http_status: int | None = None,
        retry_after: float | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(
            message,
            code=code,
            bureau_message=bureau_message,
            http_status=http_status,
            trouble=trouble,
        )
        self.retry_after = retry_after


class OutcomeUnknown(BureauError):
    """The request may or may not have been carried out."""


class Unsupported(BureauError):
    """This bureau cannot express what was asked (see the provider's capabilities)."""
