"""How API keys are kept: the table `accounts`.

| question or fact | function | key |
| --- | --- | --- |
| whose key is this | `key` | pk = key#<hash>, sk = key |
| a new key | `add_key` | the same, if none is there |
| a key is no longer good | `revoke_key` | the same |

Keys stay until they are revoked, and a revoked one stays as a record of who had it.
"""

from datetime import datetime
from functools import cache

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.models import Model

from chalicelib.accounts.model import Key
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.tables import TableSettings, storage


class _Row(Model):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    airports = UnicodeSetAttribute(null=True)
    made_at = UnicodeAttribute()
    revoked = BooleanAttribute()


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().accounts_table
    return _Row


def key(hash: str) -> Key | None:
    """The key of a hash, revoked or not."""
    try:
        with storage():
            found = _rows().get(f"key#{hash}", "key", consistent_read=True)
    except _Row.DoesNotExist:
        return None
    return Key(
        hash, found.name, tuple(sorted(found.scopes)), tuple(sorted(found.airports or ())),
        datetime.fromisoformat(found.made_at), found.revoked,
    )  # fmt: skip


def add_key(key: Key) -> None:
    """Keep a new key. Raises Conflict where there is one of this hash."""
    row = _rows()(
        f"key#{key.hash}", "key", name=key.name, scopes=set(key.scopes), airports=set(key.airports) or None,
        made_at=instant(key.made_at), revoked=False,
    )  # fmt: skip
    with storage():
        row.save(_Row.pk.does_not_exist())


def revoke_key(hash: str) -> None:
    """A key is no longer good. Raises Conflict where there is none of this hash."""
    row = _rows()(f"key#{hash}", "key")
    with storage():
        row.update([_Row.revoked.set(True)], condition=_Row.pk.exists())
