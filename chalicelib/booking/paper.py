"""Pages of text as PDF (ISO 32000), of the fonts that every reader brings: nothing is embedded, so a file has few KB.

Latin letters are Helvetica, one of the 14 standard fonts; all others are Adobe's STSong-Light, a font of the collection
GB1, which has Chinese, Greek and Cyrillic and which readers know or replace. On Latin letters with marks that neither
has (Vietnamese) the marks are drawn as strokes, and who copies the text gets the letter. A page is as
wide as A4 and as high as US Letter, and so prints on both. What is compressed is written in ASCII letters, so a file is
UTF-8 text, which every gateway hands on as it is.
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
    "Ă": "Abreve", "Ā": "Amacron", "Ą": "Aogonek", "Ć": "Cacute", "Č": "Ccaron", "Ď": "Dcaron",
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
_WIDE = {  # letters and signs without a mark to take off
    "Đ": 722, "Æ": 1000, "æ": 889, "Ø": 778, "ø": 611, "Œ": 1000, "œ": 944, "ß": 611, "ł": 222, "\u0131": 278,
    "\u2018": 222, "\u2019": 222, "\u2014": 1000,
}  # fmt: skip
# Marks as strokes (ISO 32000-1, section 8.5.2), in thousandths of the size: from the middle of a small letter, and the
# horn from its right end.
_STROKES = {
    "\u0300": "-90 730 m 40 610 l", "\u0301": "90 730 m -40 610 l", "\u0302": "-110 610 m 0 715 l 110 610 l",
    "\u0303": "-130 620 m -60 750 60 580 130 700 c", "\u0304": "-120 660 m 120 660 l",
    "\u0306": "-110 715 m -90 590 90 590 110 715 c", "\u0307": "-15 660 m 15 660 l",
    "\u0308": "-110 660 m -80 660 l 80 660 m 110 660 l",
    "\u0309": "-60 725 m 0 790 90 720 30 670 c 5 650 0 640 0 605 c",
    "\u030a": "-70 680 m -70 770 70 770 70 680 c 70 590 -70 590 -70 680 c",
    "\u030b": "-50 730 m -110 610 l 90 730 m 30 610 l", "\u030c": "-110 715 m 0 610 l 110 715 l",
    "\u031b": "-40 480 m 40 480 70 540 50 610 c", "\u0323": "-15 -160 m 15 -160 l", "\u0326": "15 -90 m -25 -200 l",
    "\u0327": "0 0 m 70 -60 70 -180 -60 -180 c", "\u0328": "60 0 m -50 -60 -30 -200 90 -170 c",
    "\u0331": "-120 -150 m 120 -150 l", "\u0335": "-360 370 m -40 370 l", "\u0336": "-20 590 m 290 590 l",
}  # fmt: skip
_HORN = "\u031b"
_BELOW = frozenset("\u0323\u0326\u0327\u0328\u0331\u0335\u0336")  # and in the midst of letters
_CROSSED = {"Đ": "D\u0335", "đ": "d\u0336"}  # which some readers' Helvetica has not
_TALL, _SECOND = 195, 170  # how much higher a mark stands on tall letters, and one above another
_STROKE, _DOTTED = 70, frozenset("\u0307\u0308\u0323")  # their width; dots are wider
_LATIN, _MORE_LATIN, _SONG, _MARKED = "L", "M", "S", "V"
_MOST_MARKED = 222  # codes of a font
_BOLD = "B"  # after the name of a Latin font


class Paper:
    """Pages that are written from the top down; `y` is where the next line stands, from below."""

    def __init__(self) -> None:
        import pydyf  # type: ignore[import-untyped] # has no types

        self._pydyf: Any = pydyf
        self._streams: list[Any] = []
        self._song: set[str] = set()
        self._marked: dict[str, int] = {}  # letters whose marks are drawn, by their codes in the font for these
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
        for font, coded in self._runs(text):
            stream.set_font_size(font + _BOLD if bold and font != _SONG else font, size)
            stream.show_text(b"<" + coded.hex().encode() + b">")
        stream.end_text()
        for at, letter in enumerate(text):
            if letter in self._marked and not bold:  # whose widths are not known here; no name is bold
                _draw_marks(stream, letter, x + width(text[:at], size), y, size)

    def _runs(self, text: str) -> Iterator[tuple[str, bytes]]:
        """The text's codes, in runs of one font."""
        for letter in text:
            if letter not in self._marked and len(self._marked) < _MOST_MARKED and _marks(letter):
                self._marked[letter] = 33 + len(self._marked)
        for font, run in groupby(map(self._code, text), lambda coded: coded[0]):
            yield font, b"".join(code for _, code in run)

    def _code(self, letter: str) -> tuple[str, bytes]:
        """The font that has a character, and its code there."""
        return (_MARKED, bytes([self._marked[letter]])) if letter in self._marked else _coded(letter)

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
        names = make.Array([33, *(f"/{_bare(letter)}" for letter in self._marked)])
        bare = make.Dictionary({"Type": "/Encoding", "BaseEncoding": "/WinAnsiEncoding", "Differences": names})
        whole = added(_packed(make, [_meanings({bytes([code]): letter for letter, code in self._marked.items()})]))
        marked = {"Encoding": bare, "ToUnicode": whole.reference}
        for bold, base in (("", "/Helvetica"), (_BOLD, "/Helvetica-Bold")):
            common = {**latin, "BaseFont": base}
            if self._marked:
                yield _MARKED + bold, added(make.Dictionary({**common, **marked}))
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


def _marks(letter: str) -> str:
    """The marks to be drawn on a letter that is in no font, if that is a Latin one and they can be; else ""."""
    base, marks = _parts(letter)[0], _parts(letter)[1:]
    drawn = base.isascii() and base.isalpha() and all(mark in _STROKES for mark in marks) and not _is_latin(letter)
    return marks if drawn else ""


def _parts(letter: str) -> str:
    """A letter, and its marks."""
    return _CROSSED.get(letter) or unicodedata.normalize("NFD", letter)


def _bare(letter: str) -> str:
    """The name of a letter's glyph without marks: an i has no dot below one."""
    parts = _parts(letter)
    return "dotlessi" if parts[0] == "i" and not _BELOW.issuperset(parts[1:]) else parts[0]


def _draw_marks(stream: Any, letter: str, x: float, y: float, size: float) -> None:
    """Draw the marks of a letter that stands at x, one above the other."""
    base, wide, rise = _parts(letter)[0], _wide(letter), 0
    if base.isupper() or base in "bdfhklt":
        rise = _TALL
    for mark in _marks(letter):
        place = wide if mark == _HORN else wide / 2
        high = 0 if mark in _BELOW else rise
        scale = size / 1000
        stroke = _STROKE * (1.6 if mark in _DOTTED else 1)
        at = f"{scale:.5f} 0 0 {scale:.5f} {x + place * scale:.2f} {y + high * scale:.2f} cm"
        stream.stream.append(f"q {at} {stroke:.0f} w 1 J 1 j {_STROKES[mark]} S Q".encode())
        if mark not in _BELOW and mark != _HORN:
            rise += _SECOND


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
    if letter in _WIDE:
        return _WIDE[letter]
    if " " <= base <= "~":
        return _WIDTHS[ord(base) - 32]
    return 1000 if _is_song(letter) else 556


def _is_song(letter: str) -> bool:
    return _coded(letter)[0] == _SONG


def _is_latin(letter: str) -> bool:
    """Whether a Latin font has a letter."""
    return letter in _CODES or letter.encode("cp1252", "ignore") != b""


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
    parts = _parts(letter)
    if len(parts) > 1 and parts[0] <= "~":
        return _coded(unicodedata.normalize("NFC", parts[:-1]))
    return _SONG, letter.encode("utf-16-be", "replace")
