"""RSA2 as Alipay signs: SHA-256 with RSA over `key=value` pairs, sorted by key and joined by `&`.

Rule: https://opendocs.alipay.com/common/02khjm. Keys are PEM, or the bare base64 that Alipay's pages show.
"""

import base64
import binascii
import textwrap
from collections.abc import Collection, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

#: What is left out of the text that a notice's signature is over.
OF_NOTICE = ("sign", "sign_type")


def signed_text(params: Mapping[str, str], leave_out: Collection[str] = ("sign",)) -> str:
    """The text that is signed. Empty values are not in it."""
    return "&".join(f"{key}={params[key]}" for key in sorted(params) if key not in leave_out and params[key] != "")


def sign(text: str, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(text: str, signature: str, key: RSAPublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def private_key(text: str) -> RSAPrivateKey:
    """Raises ValueError for anything but an RSA key."""
    found = serialization.load_pem_private_key(_pem(text, "PRIVATE KEY", "RSA PRIVATE KEY"), password=None)
    if not isinstance(found, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return found


def public_key(text: str) -> RSAPublicKey:
    """Raises ValueError for anything but an RSA key."""
    found = serialization.load_pem_public_key(_pem(text, "PUBLIC KEY"))
    if not isinstance(found, RSAPublicKey):
        raise ValueError("not an RSA key")
    return found


def _pem(text: str, kind: str, older: str = "") -> bytes:
    """PEM as it is, also with its line ends written as \\n, as environments hold it; bare base64 in a frame."""
    text = text.strip().replace("\\n", "\n")
    if text.startswith("-----"):
        return text.encode()
    bare = "".join(text.split())
    # PKCS #8 says which algorithm it is for, near its beginning; the older form of a private key does not.
    is_older = older and "MA0GCSqGSIb3DQ" not in bare[:60] and "ANBgkqhkiG9w0B" not in bare[:60]
    name = older if is_older else kind
    lines = "\n".join(textwrap.wrap(bare, 64))
    return f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----\n".encode()
