"""DynamoDB: transactions that take no copies of whole tables."""

import copy
from typing import Any


def mend() -> None:
    """Moto copies each table whole for every item of a transaction, to put it back when that fails. At 5,000 items one
    call takes seconds. Here only the items that the transaction touches are kept and put back.
    """  # fmt: skip
    from moto.dynamodb import models
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.table import Table

    original = DynamoDBBackend.transact_write_items

    class NoTableCopies:
        @staticmethod
        def deepcopy(thing: Any) -> Any:
            return thing if isinstance(thing, Table) else copy.deepcopy(thing)

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        before = []
        for operation in (next(iter(item.values())) for item in transact_items):
            table = self.tables.get(operation["TableName"])
            key = operation.get("Key") or operation.get("Item", {})
            if table and table.hash_key_attr in key and table.range_key_attr in key:
                hash_key, range_key = (DynamoType(key[name]) for name in (table.hash_key_attr, table.range_key_attr))
                had = table.items.get(hash_key, {}).get(range_key)
                before.append((table, hash_key, range_key, copy.deepcopy(had)))
        try:
            original(self, transact_items)
        except Exception:
            for table, hash_key, range_key, item in before:
                if item is None:
                    table.items[hash_key].pop(range_key, None)
                else:
                    table.items[hash_key][range_key] = item
            raise

    for place, name, patch in (
        (models, "copy", NoTableCopies),
        (DynamoDBBackend, "transact_write_items", transact_write_items),
    ):
        setattr(place, name, patch)
