"""Which addresses may be a bureau's."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from .errors import Misconfigured

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_LOCATION = re.compile(rf"({_LABEL}(\.{_LABEL}){{0,20}}\.?|\[[0-9a-f:.]+\])(:[0-9]{{1,5}})?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PATH = re.compile(r"[A-Za-z0-9/._~-]*")


def check_base_url(
    url: str, *, allow_private: bool = False, subject: str = "O endereço do birô na integração"
) -> str:
    """Return ``url`` without its final slash, or raise ``Misconfigured`` saying what is wrong.

    Only https leaves the machine; plain http is for a bureau on this very machine (the sandbox).
    Addresses of the internal network are refused unless ``allow_private``: an address typed into a
    form must not become a way to reach what only the server can reach. ``subject`` begins the
    sentence.
    """
    url = url.strip()
    if not url:
        raise Misconfigured(
            "Falta o endereço do birô na integração. Nada foi enviado. "
            "Preencha o endereço que o birô informou no contrato."
        )
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _bad_address(subject, "não é um endereço válido") from None
    if parts.scheme not in ("https", "http"):
        raise _bad_address(subject, "precisa começar com https://")
    if "@" in parts.netloc:
        raise _bad_address(subject, "não pode levar senha; ela tem campo próprio")
    if "?" in url or "#" in url:
        raise _bad_address(subject, "não pode ter ? nem #")
    located = _LOCATION.fullmatch(parts.netloc.lower()) and _PATH.fullmatch(parts.path)
    if not located or not url.isprintable():  # urlsplit overlooks line breaks
        raise _bad_address(subject, "não é um endereço válido")
    if is_loopback(host):
        return url.rstrip("/")
    if parts.scheme != "https":
        raise _bad_address(
            subject, "precisa começar com https://, para que os dados viajem cifrados"
        )
    if not allow_private and _is_private(host):
        raise _bad_address(subject, "aponta para a rede interna, o que esta instalação não permite")
    return url.rstrip("/")


class ForbiddenPeer(Exception):
    """A name of the internet turned out to stand for a machine of the internal network."""


def check_resolved(host: str, port: int) -> None:
    """Raise ``ForbiddenPeer`` where ``host`` resolves to an address that may not be called.

    A name that does not resolve passes: connecting to it fails by itself.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for *_, address in found:
        check_peer(host, str(address[0]))


def check_peer(host: str, address: str) -> None:
    """Raise ``ForbiddenPeer`` unless ``address`` (an IP) may answer for ``host``.

    Only this machine's own names may lead to this machine, and no name to a private network.
    """
    peer = _ip_address(address)
    if peer is None:
        raise ForbiddenPeer(host)
    allowed = peer.is_loopback if is_loopback(host) else _is_public(peer)
    if not allowed:
        raise ForbiddenPeer(host)


def _bad_address(subject: str, problem: str) -> Misconfigured:
    return Misconfigured(
        f"{subject} {problem}. Nada foi enviado. Corrija o endereço e tente de novo."
    )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this very machine by its own names, nothing being resolved."""
    address = _ip_address(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_private(host: str) -> bool:
    address = _ip_address(host)
    if address is not None:
        return not _is_public(address)
    last_label = host.rpartition(".")[2]
    # Without a dot it is a name of the local network; and what ends in a number (2130706433,
    # 0x7f.1, 10.1) is an address in a spelling that only the resolver understands.
    return "." not in host or bool(re.fullmatch(r"\d+|0x[0-9a-f]*", last_label))


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
