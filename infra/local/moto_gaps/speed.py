"""What moto does at length for every item: half of the time that a test against DynamoDB takes."""

from typing import Any

_PLAIN = {"S", "N", "BOOL", "NULL", "SS", "NS"}  # of an attribute's value: as they are, so they are sent


def mend() -> None:
    """Mend moto in this process: what comes out is the same."""
    _mend_answers()
    _mend_comparisons()


def _mend_answers() -> None:
    """Moto looks for each of the ten members that an attribute's value may have, by up to seven names for each."""
    from moto.core.serialize import AttributePicker, BaseJSONSerializer

    serialize, pick = BaseJSONSerializer._serialize_type_structure, AttributePicker.__call__

    def _serialize_type_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if key and shape.name == "AttributeValue" and type(value) is dict and _PLAIN.issuperset(value):
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    def picked(self: Any, context: Any) -> Any:
        if type(context.obj) is dict and context.key in context.obj and not self.response_transformers:
            return context.obj[context.key]
        return pick(self, context)

    for place, name, patch in (
        (BaseJSONSerializer, "_serialize_type_structure", _serialize_type_structure),
        (AttributePicker, "__call__", picked),
    ):
        setattr(place, name, patch)


def _mend_comparisons() -> None:
    """Moto sorts a table's items for each query, and asks of both keys of each comparison what type they are of."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    equal, less, hashed = DynamoType.__eq__, DynamoType.__lt__, DynamoType.__hash__

    def __eq__(self: Any, other: Any) -> bool:
        if self.type == "S":
            return bool(other.type == "S" and self.value == other.value)
        return equal(self, other)

    def __lt__(self: Any, other: Any) -> bool:
        return bool(self.value < other.value) if self.type == other.type == "S" else less(self, other)

    def __ne__(self: Any, other: Any) -> bool:
        return not __eq__(self, other)

    def __hash__(self: Any) -> int:
        return hash(("S", self.value)) if self.type == "S" else hashed(self)

    for name, patch in (("__eq__", __eq__), ("__ne__", __ne__), ("__lt__", __lt__), ("__hash__", __hash__)):
        setattr(DynamoType, name, patch)
