"""Short secrets of people, sealed by KMS: who has a copy of a table can't read them.

The key is that of the setting PASSENGERS_KEY. The context is no secret: KMS binds it to what is sealed, so that a
sealed text moved to another booking does not open there, and writes it into CloudTrail with each call.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Invalid, TooLarge, Unavailable

LARGEST = 4096  # bytes that KMS encrypts in one call

_NOT_OURS = {"InvalidCiphertextException", "IncorrectKeyException"}


def seal(text: str, context: Mapping[str, str]) -> bytes:
    """Seal a text; `unseal` asks for the same context. Raises TooLarge above 4 KB, Unavailable."""
    plain = text.encode()
    if len(plain) > LARGEST:
        raise TooLarge(f"{len(plain)} bytes are too many to seal; at most {LARGEST} are taken")
    return bytes(_kms("encrypt", Plaintext=plain, EncryptionContext=dict(context))["CiphertextBlob"])


def unseal(sealed: bytes, context: Mapping[str, str]) -> str:
    """What was sealed. Raises Invalid where it was sealed in another context or is damaged, Unavailable."""
    return bytes(_kms("decrypt", CiphertextBlob=sealed, EncryptionContext=dict(context))["Plaintext"]).decode()


def _kms(operation: str, **arguments: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return getattr(aws.client("kms"), operation)(KeyId=config().passengers_key, **arguments)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _NOT_OURS:
            raise Invalid("it was not sealed here, or not for this") from error
        raise Unavailable(f"the key of passengers' documents can't be used: {code}") from error
    except BotoCoreError as error:
        raise Unavailable(f"KMS does not answer: {type(error).__name__}") from error
