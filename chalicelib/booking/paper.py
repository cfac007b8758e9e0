"""Pages of text as PDF (ISO 32000), of the fonts that every reader brings: nothing is embedded, so a file has few KB.

Latin letters are Helvetica, one of the 14 standard fonts; all others are Adobe's STSong-Light, a font of the collection
GB1, which has Chinese, Greek and Cyrillic and which readers know or replace. Letters with marks that neither has lose
marks until one has them. A page is as wide as A4 and as high as US Letter, and so prints on both. What is compressed
is written in ASCII letters, so a file is UTF-8 text, which every gateway hands on as it is.
"""

import unicodedata
import zlib
from base64 import a85encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from itertools import groupby
from typing import Any

WIDTH, HEIGHT = 595, 792  # points
MARGIN = 54
SIZE = 9.5  # of common text, in points
LEADING = 13
# Widths of Helvetica's characters from space to tilde, in thousandths of the size (Adobe's font metrics).
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
# Letters that Helvetica has beside those of WinAnsiEncoding, by their names in it (Adobe's Latin character set).
_FURTHER = {
    "Ă": "Abreve", "Ā": "Amacron", "Ą": "Aogonek", "Ć": "Cacute", "Č": "Ccaron", "Ď": "Dcaron", "Đ": "Dcroat",
    "Ě": "Ecaron", "Ė": "Edotaccent", "Ē": "Emacron", "Ę": "Eogonek", "Ğ": "Gbreve", "Ģ": "Gcommaaccent",
    "Ī": "Imacron", "İ": "Idotaccent", "Į": "Iogonek", "Ķ": "Kcommaaccent", "Ĺ": "Lacute", "Ľ": "Lcaron",
    "Ļ": "Lcommaaccent", "Ł": "Lslash", "Ń": "Nacute", "Ň": "Ncaron", "Ņ": "Ncommaaccent", "Ő": "Ohungarumlaut",
    "Ō": "Omacron", "Ŕ": "Racute", "Ř": "Rcaron", "Ŗ": "Rcommaaccent", "Ś": "Sacute", "Ş": "Scedilla",
    "Ș": "Scommaaccent", "Ť": "Tcaron", "Ț": "Tcommaaccent", "Ű": "Uhungarumlaut", "Ū": "Umacron", "Ų": "Uogonek",
    "Ů": "Uring", "Ź": "Zacute", "Ż": "Zdotaccent", "\u0131": "dotlessi",
}  # fmt: skip
_GLYPHS = _FURTHER | {
    letter.lower(): name[0].lower() + name[1:] for letter, name in _FURTHER.items() if len(letter.lower()) == 1
}
_CODES = {letter: 33 + place for place, letter in enumerate(_GLYPHS)}
_LATIN, _MORE_LATIN, _SONG = "L", "M", "S"
_BOLD = "B"  # after the name of a Latin font


class Paper:
    """Pages that are written from the top down; `y` is where the next line stands, from below."""

    def __init__(self) -> None:
        import pydyf  # type: ignore[import-untyped] # has no types

        self._pydyf: Any = pydyf
        self._streams: list[Any] = []
        self._song: set[str] = set()
        self.turn()

    def turn(self) -> None:
        """Begin another page."""
        self._page = self._pydyf.Stream()
        self._streams.append(self._page)
        self.y: float = HEIGHT - MARGIN

    def room_for(self, height: float) -> None:
        """Begin another page where this one has less room than that."""
        if self.y - height < MARGIN:
            self.turn()

    def put(self, text: str, x: float = MARGIN, size: float = SIZE, *, bold: bool = False, until: float = 0) -> None:
        """Write text on the present line from x on; where `until` is given, so that it ends there."""
        if until:
            x = until - width(text, size)
        if text:
            self._write(self._page, text, x, self.y, size, bold=bold)

    def line(self, text: str, size: float = SIZE, *, bold: bool = False, x: float = MARGIN) -> None:
        """Write a paragraph, in as many lines as it takes, and go below it."""
        for part in wrapped(text, WIDTH - MARGIN - x, size):
            self.room_for(size * 1.4)
            self.put(part, x, size, bold=bold)
            self.y -= max(size * 1.4, LEADING)

    def rule(self) -> None:
        """Draw a thin line across the page, just above the present line."""
        self._page.set_line_width(0.5)
        self._page.set_color_rgb(0.6, 0.6, 0.6, stroke=True)
        self._page.move_to(MARGIN, self.y + 11)
        self._page.line_to(WIDTH - MARGIN, self.y + 11)
        self._page.stroke()

    def number(self, text: str) -> None:
        """Number the pages below their text: `{page}` and `{pages}` are filled in."""
        for page, stream in enumerate(self._streams, 1):
            said = text.format(page=page, pages=len(self._streams))
            self._write(stream, said, WIDTH - MARGIN - width(said, 8), MARGIN / 2, 8, bold=False)

    def pdf(self, title: str, language: str, at: datetime) -> bytes:
        """The file; `at` is when it says that it was made. The same pages give the same bytes."""
        make = self._pydyf
        document = make.PDF()
        fonts = make.Dictionary({name: font.reference for name, font in self._fonts(document)})
        for written_page in self._streams:
            stream = _packed(make, written_page.stream)
            document.add_object(stream)
            document.add_page(
                make.Dictionary(
                    {
                        "Type": "/Page",
                        "Parent": document.pages.reference,
                        "MediaBox": make.Array([0, 0, WIDTH, HEIGHT]),
                        "Contents": stream.reference,
                        "Resources": make.Dictionary({"Font": fonts}),
                    }
                )
            )
        document.catalog["Lang"] = make.String(language)
        document.catalog["ViewerPreferences"] = make.Dictionary({"DisplayDocTitle": "true"})
        document.info["Title"] = make.String(title)
        document.info["Producer"] = make.String("Gatecall")
        document.info["CreationDate"] = make.String(f"D:{at.astimezone(UTC):%Y%m%d%H%M%S}Z")
        written = BytesIO()
        document.write(written)
        return written.getvalue()

    def _write(self, stream: Any, text: str, x: float, y: float, size: float, *, bold: bool) -> None:
        stream.begin_text()
        stream.set_text_matrix(1, 0, 0, 1, round(x, 2), round(y, 2))
        self._song |= {letter for letter in text if _is_song(letter)}
        for font, coded in _runs(text):
            stream.set_font_size(font + _BOLD if bold and font != _SONG else font, size)
            stream.show_text(b"<" + coded.hex().encode() + b">")
        stream.end_text()

    def _fonts(self, document: Any) -> Iterator[tuple[str, Any]]:
        """The fonts, by the names that pages use."""
        make = self._pydyf

        def added(thing: Any) -> Any:
            document.add_object(thing)
            return thing

        further = make.Dictionary(
            {
                "Type": "/Encoding",
                "BaseEncoding": "/WinAnsiEncoding",
                "Differences": make.Array([33, *(f"/{name}" for name in _GLYPHS.values())]),
            }
        )
        latin = {"Type": "/Font", "Subtype": "/Type1"}
        meant = added(_packed(make, [_meanings({bytes([code]): letter for letter, code in _CODES.items()})]))
        more = {"Encoding": further, "ToUnicode": meant.reference}
        for bold, base in (("", "/Helvetica"), (_BOLD, "/Helvetica-Bold")):
            common = {**latin, "BaseFont": base}
            yield _LATIN + bold, added(make.Dictionary({**common, "Encoding": "/WinAnsiEncoding"}))
            yield _MORE_LATIN + bold, added(make.Dictionary({**common, **more}))
        collection = make.Dictionary(
            {"Registry": make.String("Adobe"), "Ordering": make.String("GB1"), "Supplement": 4}
        )
        described = added(make.Dictionary(
            {
                "Type": "/FontDescriptor", "FontName": "/STSong-Light", "Flags": 6, "ItalicAngle": 0, "Ascent": 880,
                "Descent": -120, "CapHeight": 880, "StemV": 93, "FontBBox": make.Array([-25, -254, 1000, 880]),
            }
        ))  # fmt: skip
        song = added(make.Dictionary(
            {
                "Type": "/Font", "Subtype": "/CIDFontType0", "BaseFont": "/STSong-Light", "DW": 1000,
                "CIDSystemInfo": collection, "FontDescriptor": described.reference,
            }
        ))  # fmt: skip
        meant = added(_packed(make, [_meanings({_coded(each)[1]: each for each in self._song})]))
        yield _SONG, added(make.Dictionary(
            {
                "Type": "/Font", "Subtype": "/Type0", "BaseFont": "/STSong-Light-UniGB-UTF16-H",
                "Encoding": "/UniGB-UTF16-H", "DescendantFonts": make.Array([song.reference]),
                "ToUnicode": meant.reference,
            }
        ))  # fmt: skip


def _packed(make: Any, parts: Iterable[bytes]) -> Any:
    """A stream that is compressed, and written in ASCII letters (ISO 32000-1, section 7.4.3)."""
    letters = a85encode(zlib.compress(b"\n".join(parts), 9)) + b"~>"
    return make.Stream([letters], extra={"Filter": make.Array(["/ASCII85Decode", "/FlateDecode"])})


def _meanings(codes: Mapping[bytes, str]) -> bytes:
    """What the codes of a font mean (ToUnicode), for who copies text out of a page or has it read to them."""
    spaces = ["<00> <FF>"] if all(len(code) == 1 for code in codes) else _UTF16
    pairs = [f"<{code.hex()}> <{text.encode('utf-16-be').hex()}>" for code, text in sorted(codes.items())]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]  # a block has no more
    return "\n".join(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CMapName /Meanings def /CMapType 2 def",
            f"{len(spaces)} begincodespacerange {' '.join(spaces)} endcodespacerange",
            *(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar" for block in blocks),
            "endcmap CMapName currentdict /CMap defineresource pop end end",
        )
    ).encode()


_UTF16 = ["<0000> <D7FF>", "<D800DC00> <DBFFDFFF>", "<E000> <FFFF>"]


def width(text: str, size: float) -> float:
    """How wide a text is, in points; of bold text nearly so."""
    return sum(_wide(letter) for letter in text) * size / 1000


def wrapped(text: str, room: float, size: float) -> list[str]:
    """The text in lines of at most that width: parted at spaces, and between Chinese characters."""
    words: list[str] = []
    for letter in text:
        if words and not words[-1].endswith(" ") and not (_is_song(letter) or _is_song(words[-1][-1])):
            words[-1] += letter
        else:
            words.append(letter)
    lines = [""]
    for word in words:
        if lines[-1] and width(lines[-1] + word.rstrip(), size) > room and word not in _STAYS:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


_STAYS = set("，。：；、）！？")  # noqa: RUF001 - Chinese punctuation, which begins no line


def _wide(letter: str) -> int:
    base = unicodedata.normalize("NFD", letter)[0]
    if " " <= base <= "~":
        return _WIDTHS[ord(base) - 32]
    return 1000 if _is_song(letter) else 556


def _is_song(letter: str) -> bool:
    return _coded(letter)[0] == _SONG


def _runs(text: str) -> Iterator[tuple[str, bytes]]:
    """The text's codes, in runs of one font."""
    for font, run in groupby((_coded(letter) for letter in text), lambda coded: coded[0]):
        yield font, b"".join(code for _, code in run)


def _coded(letter: str) -> tuple[str, bytes]:
    """The font that has a character, and its code there."""
    if letter < " " or "\x7f" <= letter < "\xa0":
        return _LATIN, b" "
    try:
        return _LATIN, letter.encode("cp1252")
    except UnicodeEncodeError:
        pass
    if letter in _CODES:
        return _MORE_LATIN, bytes([_CODES[letter]])
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) > 1 and parts[0] <= "~":
        return _coded(unicodedata.normalize("NFC", parts[:-1]))
    return _SONG, letter.encode("utf-16-be", "replace")
