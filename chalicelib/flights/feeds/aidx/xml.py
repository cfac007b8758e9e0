"""AIDX as XML: a document from outside, taken apart safely and in pieces.

No DTD, no entities (defusedxml), a limit on bytes, depth and elements; whatever is wrong is an `UnreadableMessage`.
The message may stand alone or in a SOAP 1.1 or 1.2 envelope. Of what follows its root, one child element at a time is
held in memory. Places are XPaths from the message's root on, without namespace prefixes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from chalicelib.core import errors
from chalicelib.core.errors import Fault, Invalid

NAMESPACE = "http://www.iata.org/IATA/2007/00"
ROOTS = ("IATA_AIDX_FlightLegNotifRQ", "IATA_AIDX_FlightLegRS")
SOAP_NAMESPACES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")  # 1.1, 1.2
MAX_DEPTH = 100  # real messages: 14, in an envelope
MAX_ELEMENTS = 200_000  # real messages have 70 bytes to an element: 5 MB of them hold 75,000
CHUNK = 256 * 1024  # bytes; at most that much of a document is built before it is looked at

_IATA = f"{{{NAMESPACE}}}"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_BLANK = b" \t\r\n"


class UnreadableMessage(Invalid, ValueError):
    """A document that is no AIDX message, as a whole: what is wrong, where (XPath, line), what would be right.

    `attributes` of the message's root and `soap`, its envelope's namespace, are there as far as they were read.
    """

    def __init__(self, what: str, right: str, place: str = "/", line: int | None = None):
        super().__init__(f"{what}; {right}", [Fault("body", place, f"{what}; {right}")])
        self.what, self.right, self.place, self.line = what, right, place, line
        self.attributes: dict[str, str] = {}
        self.soap: str | None = None


class TooLarge(UnreadableMessage, errors.TooLarge):
    """A document of more bytes or elements than are taken."""


class Node(Element):
    """An element that knows the line its tag stands in."""

    line: int | None = None


class Document:
    """One document: iterate over it for the AIDX children of the message's root, each with all it contains.

    `root`, `attributes` and `soap` (the envelope's namespace, or None) are known once the first child is, or after
    the last. Raises UnreadableMessage while it is iterated over.
    """

    def __init__(self, document: bytes, limit: int):
        self.root = ""
        self.attributes: dict[str, str] = {}
        self.soap: str | None = None
        self._document = document
        self._limit = limit

    def __iter__(self) -> Iterator[Node]:
        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import DefusedXMLParser

        if len(self._document) > self._limit:
            raise TooLarge(f"the document has {len(self._document):,} bytes", f"at most {self._limit:,} are taken")
        text = self._document.lstrip(_BLANK)  # blanks before an XML declaration are no XML, but common
        if not text:
            raise UnreadableMessage("the document is empty", f"it holds one {ROOTS[0]}")
        skipped = self._document[: len(self._document) - len(text)].count(b"\n")
        target = _Target(self)
        parser = DefusedXMLParser(target=target, forbid_dtd=True)
        target.line = lambda: parser.parser.CurrentLineNumber + skipped
        for start in range(0, len(text) + 1, CHUNK):
            try:
                parser.feed(text[start : start + CHUNK])
                if start + CHUNK > len(text):
                    parser.close()
            except DefusedXmlException:
                right = "an AIDX message declares neither document type nor entities"
                raise UnreadableMessage("the document has a DOCTYPE", right, line=target.line()) from None
            except ParseError as error:
                line = error.position[0] + skipped
                trouble = str(error).partition(":")[0][:60]
                what = f"not well-formed XML: {trouble}, line {line}, column {error.position[1]}"
                raise UnreadableMessage(what, "send well-formed XML 1.0 in UTF-8", line=line) from None
            except UnreadableMessage:
                raise
            except (ValueError, LookupError):  # expat asks Python for encodings it does not know itself
                right = "send UTF-8"
                raise UnreadableMessage("the document's encoding is unknown or not kept to", right) from None
            yield from (node for node in target.finished if node.tag.startswith(_IATA))
            target.finished.clear()
        if not self.root:
            raise UnreadableMessage("the SOAP envelope holds no AIDX message", f"its Body holds one {ROOTS[0]}")


class _Target:
    """What the parser calls: finds the message's root and builds the tree of each of its children."""

    def __init__(self, document: Document):
        self.finished: list[Node] = []
        self.line: Any = lambda: None
        self._document = document
        self._builder: TreeBuilder | None = None
        self._depth = self._elements = 0
        self._body = 0  # the depth of the envelope's Body, 0 where there is none
        self._message: int | None = None  # the depth of the message's root while it is open

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            right = f"at most {MAX_DEPTH} levels are taken"
            raise UnreadableMessage("elements are nested too deeply", right, line=self.line())
        if self._elements > MAX_ELEMENTS:
            raise TooLarge("the document has too many elements", f"at most {MAX_ELEMENTS:,} are taken; send fewer legs")
        if self._message is None:
            self._seek(tag, attributes)
            return
        if self._builder is None:
            self._builder = TreeBuilder(element_factory=Node)
        self._builder.start(tag, attributes).line = self.line()  # type: ignore[attr-defined] # a Node

    def end(self, tag: str) -> None:
        if self._builder is not None:
            self._builder.end(tag)
            if self._message is not None and self._depth == self._message + 1:
                self.finished.append(self._builder.close())  # type: ignore[arg-type] # a Node
                self._builder = None
        elif self._depth == self._message:
            self._message = None
        self._depth -= 1

    def data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def close(self) -> None:
        """Nothing is left to do; the parser asks."""

    def _seek(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition("}")
        namespace = namespace.removeprefix("{")
        found = self._document
        if self._depth == 1 and name == "Envelope" and namespace in SOAP_NAMESPACES:
            found.soap = namespace
        elif self._depth == 2 and found.soap and name == "Body" and namespace == found.soap:
            self._body = self._depth
        elif self._depth == self._body + 1 and not found.root:
            if name not in ROOTS:
                what = f"the root element is {quote(name)}"
                raise UnreadableMessage(what, f"it is {' or '.join(ROOTS)}", line=self.line())
            if namespace != NAMESPACE:
                what = f"{name} is in {f'the namespace {quote(namespace)}' if namespace else 'no namespace'}"
                raise UnreadableMessage(what, f"it is in {NAMESPACE}", f"/{name}", self.line())
            found.root, found.attributes, self._message = name, attributes, self._depth
        elif self._depth == self._body + 1 and name in ROOTS:
            raise UnreadableMessage("the SOAP body holds a second message", "send one at a time", line=self.line())


def children(node: Element | None, name: str) -> list[Node]:
    """The AIDX children of that name, in order; none of None."""
    return [] if node is None else node.findall(_IATA + name)  # type: ignore[return-value] # Nodes


def child(node: Element | None, name: str) -> Node | None:
    """The first AIDX child of that name."""
    return None if node is None else node.find(_IATA + name)  # type: ignore[return-value] # a Node


def text(node: Element | None) -> str:
    """An element's own text, blanks trimmed; "" where it is nil, empty or not there (AIDX: explicitly no value)."""
    if node is None or node.get(_NIL, "").strip() in ("true", "1"):
        return ""
    return " ".join((node.text or "").split())


def local_name(node: Element) -> str:
    """An element's name without its namespace."""
    return node.tag.rpartition("}")[2]


def quote(value: str) -> str:
    """What somebody sent, short enough to be repeated to them."""
    return repr(value if len(value) <= 40 else value[:37] + "...")


_DATE_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def instant(value: str) -> tuple[datetime, bool]:
    """An xs:dateTime as a UTC instant, and whether it names its zone; one that does not is UTC, as the standard rules.

    Raises ValueError for anything else, and for times nobody flies at (before 1970, after 2099).
    """
    found = _DATE_TIME.fullmatch(value.upper())
    if not found:
        raise ValueError(value)
    time, next_day = found["time"], timedelta(0)
    if time.startswith("24:00") and not time[5:].strip(":0.,"):  # XML Schema's midnight at the end of a day
        time, next_day = "00:00", timedelta(days=1)
    read = datetime.fromisoformat(f"{found['date']}T{time}{found['zone'] or 'Z'}")
    if not 1970 <= read.year < 2100:
        raise ValueError(value)
    return read.astimezone(UTC) + next_day, bool(found["zone"])
