"""The vault opens what it sealed, with former keys too, and starts with good keys only."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault, new_key
from reportbuilder.errors import Invalid

OLD, NEW = new_key(), new_key()


@given(st.text())
def test_what_is_sealed_opens_to_the_same_and_does_not_show_it(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    vault = Vault((OLD,))
    assert vault.open(vault.seal(text)).reveal() == text


def test_former_keys_open_and_the_newest_seals() -> None:
    sealed = Vault((OLD,)).seal("Atzr|north")
    both = Vault((NEW, OLD))
    assert both.open(sealed).reveal() == "Atzr|north"
    assert Vault((NEW,)).open(both.seal("Atzr|north")).reveal() == "Atzr|north"


def test_rotated_seals_need_the_newest_key_only() -> None:
    rotated = Vault((NEW, OLD)).rotate(Vault((OLD,)).seal("Atzr|north"))
    assert Vault((NEW,)).open(rotated).reveal() == "Atzr|north"


@pytest.mark.parametrize("sealed", ["", "not sealed", "gAAAA", "Atzr|plain", "ß"])
def test_what_cannot_be_opened_says_which_key_is_missing(sealed: str) -> None:
    for verb in (Vault((NEW,)).open, Vault((NEW,)).rotate):
        with pytest.raises(SealedElsewhere, match=r"key that is not here.*RB_VAULT_KEYS"):
            verb(sealed)


def test_another_vaults_seal_is_refused() -> None:
    with pytest.raises(SealedElsewhere):
        Vault((NEW,)).open(Vault((OLD,)).seal("Atzr|north"))


@pytest.mark.parametrize("keys", [(), ("",), ("short",), (OLD, "not-a-key"), ("ß" * 44,)])
def test_without_good_keys_nothing_starts_and_the_error_says_how_to_make_one(keys: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match=r"RB_VAULT_KEYS.*Fernet.generate_key") as caught:
        Vault(keys)
    assert OLD not in str(caught.value)
    assert not any(key and key in str(caught.value) for key in keys if key != "short")


def test_secrets_do_not_show_themselves() -> None:
    secret = Secret("Atza|north")
    assert "north" not in f"{secret} {secret!r} {secret:}" + repr([secret]) + str({"a": secret})
    assert secret == Secret("Atza|north") != Secret("Atza|south")
    assert secret != "Atza|north"
    assert len({secret, Secret("Atza|north")}) == 1


def test_a_made_key_is_a_key() -> None:
    Fernet(new_key())
    assert new_key() != new_key()
