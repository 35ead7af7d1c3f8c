"""The vault: seals tokens with the newest key, opens them with any key, and never shows them."""

import hmac
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from reportbuilder.errors import Invalid, Unavailable

HOW_TO_MAKE = (
    'make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class SealedElsewhere(Unavailable):
    """The text was sealed with a key that this process does not have; nothing is lost, the key is missing."""

    code = "SEALED_ELSEWHERE"


class Secret:
    """A text that shows itself only when asked by name: not in reprs, logs or frames of a traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; call it where the text is used and keep no copy."""
        return self._text

    def __repr__(self) -> str:
        return "[hidden]"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


class Vault:
    """Seals with the first key and opens with all; ``keys`` are Fernet keys, newest first.

    :raises Invalid: if there is no key or one is no Fernet key, so that nothing starts without.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        if not keys:
            raise _no_start("there is no key to seal tokens with")
        self._box = MultiFernet([_fernet(place, key) for place, key in enumerate(keys, start=1)])

    def __repr__(self) -> str:
        return "Vault([hidden])"

    def seal(self, secret: Secret | str) -> str:
        """Return the sealed text, safe to store."""
        text = secret.reveal() if isinstance(secret, Secret) else secret
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> Secret:
        """Give back what was sealed.

        :raises SealedElsewhere: if no key fits; what was sealed must then be kept as it is.
        """
        with suppress(InvalidToken, UnicodeError):
            return Secret(self._box.decrypt(sealed.encode()).decode())
        raise _sealed_elsewhere()

    def rotate(self, sealed: str) -> str:
        """Seal again with the newest key, without showing the text.

        :raises SealedElsewhere: if no key fits.
        """
        with suppress(InvalidToken, UnicodeError):
            return self._box.rotate(sealed.encode()).decode()
        raise _sealed_elsewhere()


def new_key() -> str:
    """Return a key for ``RB_VAULT_KEYS``."""
    return Fernet.generate_key().decode()


def _fernet(place: int, key: str) -> Fernet:
    with suppress(ValueError):
        return Fernet(key)
    raise _no_start(f"key {place} is not a Fernet key (32 bytes in url-safe base64)")


def _no_start(reason: str) -> Invalid:
    return Invalid.field("RB_VAULT_KEYS", f"{reason}; {HOW_TO_MAKE}")


def _sealed_elsewhere() -> SealedElsewhere:
    return SealedElsewhere(
        "Sealed with a key that is not here: put the former key back into RB_VAULT_KEYS, after the newest one"
    )
