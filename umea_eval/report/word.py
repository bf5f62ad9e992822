"""The released report as a Word file to go on writing in: real styles, captions and table heads.

The styles are set here, on the empty document that comes with python-docx; there is no template
file of our own to keep in step with it.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from umea_eval.language import Language, text
from umea_eval.report.document import (
    Block,
    Command,
    Document,
    Figure,
    Heading,
    Items,
    Notice,
    Reference,
    Table,
    Text,
)
from umea_eval.report.tables import Cell
from umea_eval.report.typesetting import pictures

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

# Word's names of languages.
SPOKEN: Mapping[Language, str] = {"sv": "sv-SE", "en": "en-GB"}
# A fixed day: the same report gives the same bytes.
LONG_AGO = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - the format holds no time zone
AUTHOR = "umea_eval"
INK, BLUE, RUST, SOFT = "1A1A1A", "00477A", "7A3000", "4A4F55"
TINT, AMBER, LINE, STRONG_LINE = "F3F6F8", "FFF2D6", "C9CED3", "6B7075"
# In points: the text's width on A4, upright and lying, and the sizes of type that tables try.
UPRIGHT, LYING = 470.0, 717.0
SIZES = (9.5, 8.5, 7.5)
SMALLEST = 6.5
PADDING = 9.0
_SHORT = 18  # rows of a table that is kept on one page
# Of the size of type: what a letter takes on average in Calibri and in what may stand in for it.
_LETTER = 0.53
# Figures and months are short and must not be parted: as wide as in the widest that may stand in.
_FIGURE = 0.64
# Where there is room, columns are so much wider than the words take in Calibri.
_ROOMY = 1.2
_BOLD_LETTER = 0.6
_CODE_LETTER = 0.5
# Longer words of a heading may be parted; where a table would have to lie down, these too.
_LONG = 16
_RATHER_LONG = 10
_TWIPS = 20
_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
# XML has no place for these.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NUMBER = re.compile(r"\d+")


def word_bytes(document: Document) -> bytes:
    """The Word file of a document; the same document gives the same bytes."""
    import docx  # noqa: PLC0415 - only where a Word file is made

    made = docx.Document()
    language = document.language
    _properties(made, document)
    _styles(made, language)
    _pages(made, document)
    _Writing(made, language).all_of(document)
    _drop_thumbnail(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return _undated(buffer.getvalue())


def _undated(content: bytes) -> bytes:
    """The same archive without the time at which it was written."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as kept,
    ):
        for member in given.infolist():
            about = zipfile.ZipInfo(member.filename, LONG_AGO.timetuple()[:6])
            about.compress_type = zipfile.ZIP_DEFLATED
            about.create_system = 3  # the same on every system
            kept.writestr(about, given.read(member))
    return buffer.getvalue()


def _drop_thumbnail(made: WordDocument) -> None:
    """The empty document of python-docx shows a picture of another document."""
    package = made.part.package
    for name, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[name]


def _properties(made: WordDocument, document: Document) -> None:
    about = made.core_properties
    about.title = _plain(document.marked_title)
    about.author = about.last_modified_by = AUTHOR
    about.comments = about.keywords = document.mark
    about.language = SPOKEN[document.language]
    about.created = about.modified = LONG_AGO
    about.revision = 1


def _styles(made: WordDocument, language: Language) -> None:
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415
    from docx.shared import Pt, RGBColor  # noqa: PLC0415

    # Long Swedish words are parted in the language of the text, but not in headings.
    settings = made.settings.element
    settings.find(_w("defaultTabStop")).addnext(_element(f"<w:autoHyphenation {_NS}/>"))
    settings.find(_w("themeFontLang")).set(_w("val"), SPOKEN[language])
    spoken = made.styles.element.find(f".//{_w('docDefaults')}//{_w('lang')}")
    for name in ("val", "eastAsia"):
        spoken.set(_w(name), SPOKEN[language])

    known = {each.name for each in made.styles}

    def style(
        name: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        before: float = 0,
        after: float = 6,
        based_on: str = "Normal",
        font: str = "Calibri",
    ) -> Any:
        found: Any = (
            made.styles[name]
            if name in known
            else made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        )
        if name != "Normal" and name not in known:
            found.base_style = made.styles[based_on]
            found.quick_style = True
        found.font.name, found.font.size, found.font.bold = font, Pt(size), bold
        found.font.italic = False
        found.font.color.rgb = RGBColor.from_string(colour)
        fonts = found.element.rPr.rFonts
        for each in list(fonts.attrib):
            if "Theme" in each:
                del fonts.attrib[each]
        fonts.set(_w("hAnsi"), font)
        fonts.set(_w("cs"), font)
        found.paragraph_format.space_before = Pt(before)
        found.paragraph_format.space_after = Pt(after)
        return found

    style("Normal", 11, after=7).paragraph_format.line_spacing = 1.1
    title = style("Title", 24, bold=True, before=2, after=12)
    for border in title.element.pPr.findall(_w("pBdr")):
        title.element.pPr.remove(border)
    for name, size, before in (
        ("Heading 1", 17, 24),
        ("Heading 2", 13.5, 16),
        ("Heading 3", 11.5, 12),
    ):
        heading = style(name, size, colour=BLUE, bold=True, before=before, after=6)
        _unparted(heading)
    _unparted(title)
    style("List Bullet", 11, after=4)
    style("Caption", 10.5, bold=True, before=14, after=5).paragraph_format.keep_with_next = True
    style("Contents", 11, after=2)
    style("Table Text", 9.5, after=0)
    style("Table Head", 9.5, bold=True, after=0, based_on="Table Text")
    made.styles.element.append(_element(_TABLE_STYLE))
    style("Table Note", 9, colour=SOFT, before=2, after=3)
    style("Report Kind", 11, colour=SOFT, bold=True, after=0)
    style("Notice", 10.5, before=4, after=10)
    style("Mark", 11, colour=RUST, bold=True, before=4, after=10)
    style("Command", 9, font="Consolas")
    _shade(made.styles["Notice"], TINT)
    _shade(made.styles["Mark"], AMBER)
    _shade(made.styles["Command"], TINT)
    for name in ("Header", "Footer"):
        if name in known:
            style(name, 9, colour=SOFT, after=0)


def _unparted(style: Any) -> None:
    made = _element(f"<w:suppressAutoHyphens {_NS}/>")
    style.element.get_or_add_pPr().insert_element_before(
        made, "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl"
    )


def _shade(style: Any, colour: str) -> None:
    made = _element(f'<w:shd {_NS} w:val="clear" w:color="auto" w:fill="{colour}"/>')
    style.element.get_or_add_pPr().insert_element_before(
        made, "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl"
    )


def _pages(made: WordDocument, document: Document) -> None:
    """A4 with the mark at the top of every page, and the title and page number at the foot."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Mm, Pt, RGBColor  # noqa: PLC0415

    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin, section.bottom_margin = Mm(26), Mm(22)
    if document.mark:
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = header.add_run(document.mark)
        run.font.bold, run.font.size = True, Pt(9.5)
        run.font.color.rgb = RGBColor.from_string(RUST)
    footer = section.footer.paragraphs[0]
    here = "\0"
    words = text("report.document.page", document.language, page=here, pages=here).split(here)
    footer.add_run(f"{_plain(document.title)} · {words[0]}")
    _field(footer, "PAGE", "1")
    footer.add_run(words[1])
    _field(footer, "NUMPAGES", "1")
    footer.add_run(words[2])
    for run in footer.runs:
        run.font.size = Pt(8.5)


@dataclass
class _Writing:
    """A Word document that is being written."""

    made: WordDocument
    language: Language
    marks: dict[str, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    appendix: bool = False
    _pictures: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def all_of(self, document: Document) -> None:
        """The whole document, from its title to its appendix."""
        notices = [block for block in document.blocks if isinstance(block, Notice)]
        rest = [block for block in document.blocks if not isinstance(block, Notice)]
        svgs = [block.svg for block in rest if isinstance(block, Figure)]
        self._pictures = iter(pictures(svgs))
        appendix = text("report.document.appendix", self.language)
        headings = [block for block in rest if isinstance(block, Heading)]
        if document.appended:
            headings.append(Heading(2, appendix, "appendix"))
        self._paragraph(text("report.page.kind", self.language), "Report Kind")
        self._paragraph(document.title, "Title")
        if document.mark:
            self._paragraph(document.mark, "Mark")
        for notice in notices:
            self._paragraph(notice.words, "Notice")
        self._contents([each for each in headings if each.level <= 3])
        for block in rest:
            self._block(block)
        if document.appended:
            self.appendix = True
            self._block(headings[-1])
            self.made.paragraphs[-1].paragraph_format.page_break_before = True
            self._paragraph(text("report.document.appendix_intro", self.language))
            for table in document.appended:
                self._block(table)
        self._paragraph(
            text("report.page.made_by", self.language, version=document.version), "Table Note"
        )

    def _block(self, block: Block) -> None:
        match block:
            case Heading():
                made = self._paragraph(block.title, f"Heading {min(block.level - 1, 3)}")
                self._bookmark(made, block.id)
            case Text():
                for words in block.paragraphs:
                    self._paragraph(words, lang=block.lang)
            case Items():
                for words in block.items:
                    self._paragraph(words, "List Bullet", lang=block.lang)
            case Notice():
                self._paragraph(block.words, "Notice")
            case Command():
                self._paragraph(block.words, "Command")
            case Reference():
                whole = text("report.document.reference_plain", self.language, words=block.words)
                self._link(self._paragraph("", "Table Note"), block.to, whole)
            case Figure():
                self._figure(block)
            case Table():
                self._table(block)

    def _paragraph(self, words: str, style: str = "Normal", lang: Language | None = None) -> Any:
        if not self.styles:  # python-docx would look through all of them for each paragraph
            self.styles = {str(each.name): each.style_id for each in self.made.styles}
        made = self.made.add_paragraph()
        made._p.style = self.styles[style]
        if words:
            run = made.add_run(_plain(words))
            if lang:
                run._r.get_or_add_rPr().append(_element(f"<w:lang {_NS} {_speaks(lang)}/>"))
        return made

    def _contents(self, headings: Sequence[Heading]) -> None:
        """A table of contents that is right as it is, and that Word can update."""
        self._paragraph(text("report.page.contents", self.language), "TOC Heading")
        for place, heading in enumerate(headings):
            made = self._paragraph("", "Contents")
            if heading.level > 2:
                from docx.shared import Pt  # noqa: PLC0415

                made.paragraph_format.left_indent = Pt(14)
            if place == 0:
                _field_part(made, "begin")
                _instruction(made, 'TOC \\o "1-2" \\n \\h \\z \\u')
                _field_part(made, "separate")
            self._link(made, heading.id, heading.title)
            if place == len(headings) - 1:
                _field_part(made, "end")

    def _link(self, paragraph: Any, to: str, words: str) -> None:
        anchor = self._mark(to)
        made = (
            f'<w:hyperlink {_NS} w:anchor="{anchor}" w:history="1"><w:r><w:rPr>'
            f'<w:color w:val="{BLUE}"/></w:rPr>{_t(words)}</w:r></w:hyperlink>'
        )
        paragraph._p.append(_element(made))

    def _mark(self, name: str) -> str:
        """A bookmark's name, of the letters that Word takes."""
        return self.marks.setdefault(name, f"place_{len(self.marks) + 1}")

    def _bookmark(self, paragraph: Any, name: str) -> None:
        mark = self._mark(name)
        number = mark.rpartition("_")[2]
        runs = paragraph._p.findall(_w("r"))
        start = _element(f'<w:bookmarkStart {_NS} w:id="{number}" w:name="{mark}"/>')
        end = _element(f'<w:bookmarkEnd {_NS} w:id="{number}"/>')
        runs[0].addprevious(start)
        runs[-1].addnext(end)

    def _caption(self, block: Table | Figure) -> None:
        """A caption whose number Word counts on when something is put before it.

        In the appendix, where tables do not stand in the order of their numbers, it is text.
        """
        made = self._paragraph("", "Caption")
        number = None if self.appendix else _NUMBER.search(block.label)
        if number is None:
            made.add_run(_plain(block.caption))
        else:
            kind = block.label[: number.start()].strip()
            made.add_run(block.label[: number.start()])
            now = int(number[0])
            after_gap = f" \\r {now}" if now != self.counted.get(kind, 0) + 1 else ""
            self.counted[kind] = now
            _field(made, f"SEQ {kind} \\* ARABIC{after_gap}", number[0])
            made.add_run(_plain(block.label[number.end() :] + block.caption[len(block.label) :]))
        self._bookmark(made, block.id)

    def _figure(self, block: Figure) -> None:
        from docx.shared import Mm  # noqa: PLC0415

        self._caption(block)
        made = self.made.add_paragraph()
        picture = made.add_run().add_picture(io.BytesIO(next(self._pictures)), width=Mm(166))
        about = picture._inline.docPr
        about.set("descr", _plain(block.alt))
        about.set("name", block.id)
        for inner in picture._inline.iter(f"{{{_PICTURE}}}cNvPr"):
            inner.set("descr", _plain(block.alt))
            inner.set("name", block.id)

    def _table(self, block: Table) -> None:
        fit = _fitted(block, UPRIGHT, SIZES) or _fitted(
            block, UPRIGHT, SIZES, unparted=_RATHER_LONG
        )
        lying = fit is None
        if fit is None:
            fit = _fitted(block, LYING, (*SIZES, SMALLEST)) or _even(block)
        if lying:
            self._turn(lying=True)
        self._caption(block)
        body = self.made.element.body
        body.insert(len(body) - 1, _element(_table_xml(block, *fit)))
        for note in block.notes:
            self._paragraph(note, "Table Note")
        if not block.notes:
            self._paragraph("", "Table Note")  # two tables in a row would become one
        if lying:
            self._turn(lying=False)

    def _turn(self, *, lying: bool) -> None:
        from docx.enum.section import WD_ORIENT, WD_SECTION  # noqa: PLC0415

        section = self.made.add_section(WD_SECTION.NEW_PAGE)
        sides = sorted((section.page_width or 0, section.page_height or 0), reverse=lying)
        section.page_width, section.page_height = sides
        section.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT


_TABLE_STYLE = f"""\
<w:style {_NS} w:type="table" w:customStyle="1" w:styleId="ReportTable">
<w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/><w:qFormat/>
<w:tblPr><w:tblBorders>
<w:bottom w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/>
<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/></w:tblBorders>
<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>
</w:tblPr></w:style>"""
_PICTURE = "http://schemas.openxmlformats.org/drawingml/2006/picture"

# --- tables -------------------------------------------------------------------------------------


def _fitted(
    block: Table, available: float, sizes: Sequence[float], *, unparted: int = _LONG
) -> tuple[float, list[float]] | None:
    """The first size of type at which the table fits, and its columns' widths (points)."""
    for size in sizes:
        least, cells, most = [], [], []
        for place, column in enumerate(block.written.columns):
            letter = size * (_CODE_LETTER if column.kind == "code" else _LETTER)
            bold = size * _BOLD_LETTER
            shown = [row[place].shown for row in block.written.rows]
            words = shown if column.numeric else [word for each in shown for word in each.split()]
            heads = [bold * min(len(word), unparted) for word in column.heading.split()]
            longest = max([_wide(word, letter, size) for word in words] + heads + [letter])
            least.append(longest + PADDING)
            cells.append(max([_wide(each, letter, size) for each in shown] + [longest]) + PADDING)
            most.append(max(bold * len(column.heading) + PADDING, cells[-1]))
        if sum(least) <= available:
            # Cells first: a heading is easier to read in several lines.
            widths = _widened(_widened(least, cells, available), most, available)
            roomy = min(_ROOMY, available / sum(widths))
            return size, [width * roomy for width in widths]
    return None


def _wide(word: str, letter: float, size: float) -> float:
    """How much of a line a word takes, in points."""
    return len(word) * (letter if any(map(str.isalpha, word)) else size * _FIGURE)


def _even(block: Table) -> tuple[float, list[float]]:
    number = len(block.written.columns)
    return SMALLEST, [LYING / number] * number


def _widened(columns: Sequence[float], wanted: Sequence[float], available: float) -> list[float]:
    wishes = [max(0.0, most - now) for most, now in zip(wanted, columns, strict=True)]
    more = _shared(wishes, available - sum(columns))
    return [now + part for now, part in zip(columns, more, strict=True)]


def _shared(wishes: Sequence[float], over: float) -> list[float]:
    """What is over, shared so that those who wish for little get all of it first."""
    given = [0.0] * len(wishes)
    for count, place in enumerate(sorted(range(len(wishes)), key=lambda each: wishes[each])):
        given[place] = min(wishes[place], over / (len(wishes) - count))
        over -= given[place]
    return given


def _table_xml(block: Table, size: float, widths: Sequence[float]) -> str:
    columns, rows = block.written.columns, block.written.rows
    twips = [round(width * _TWIPS) for width in widths]
    caption = quoteattr(_plain(block.caption))
    head = "".join(
        _cell_xml(Cell(column.heading, None), width, size, right=column.numeric, head=True)
        for column, width in zip(columns, twips, strict=True)
    )
    short = len(rows) <= _SHORT
    lines = []
    for number, row in enumerate(rows):
        cells = "".join(
            _cell_xml(
                cell,
                width,
                size,
                right=column.numeric,
                code=column.kind == "code",
                kept=short and (number < len(rows) - 1 or bool(block.notes)),
            )
            for cell, column, width in zip(row, columns, twips, strict=True)
        )
        lines.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
    return (
        f'<w:tbl {_NS}><w:tblPr><w:tblStyle w:val="ReportTable"/>'
        f'<w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:val="0620" w:firstRow="1" w:lastRow="0" w:firstColumn="1"'
        ' w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f"<w:tblCaption w:val={caption}/></w:tblPr><w:tblGrid>"
        + "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
        + f"</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"
        + "".join(lines)
        + "</w:tbl>"
    )


def _cell_xml(
    cell: Cell,
    width: int,
    size: float,
    *,
    right: bool,
    head: bool = False,
    code: bool = False,
    kept: bool = False,
) -> str:
    about = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    if head:
        about += (
            f'<w:tcBorders><w:bottom w:val="single" w:sz="8" w:space="0" w:color="{STRONG_LINE}"/>'
            '</w:tcBorders><w:vAlign w:val="bottom"/>'
        )
    look = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>' if code else ""
    look += f'<w:i/><w:color w:val="{SOFT}"/>' if cell.mark == "missing" else ""
    half_points = round(2 * size * (0.8 if code else 1))
    look += f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    look += f"<w:lang {_speaks(cell.lang)}/>" if cell.lang else ""
    paragraph = f'<w:pStyle w:val="{"TableHead" if head else "TableText"}"/>'
    paragraph += "<w:keepNext/>" if head or kept else ""
    paragraph += '<w:jc w:val="right"/>' if right else ""
    return (
        f"<w:tc><w:tcPr>{about}</w:tcPr><w:p><w:pPr>{paragraph}</w:pPr>"
        f"<w:r><w:rPr>{look}</w:rPr>{_t(cell.shown)}</w:r></w:p></w:tc>"
    )


# --- WordprocessingML ---------------------------------------------------------------------------


def _element(xml: str) -> Any:
    from docx.oxml import parse_xml  # noqa: PLC0415

    return parse_xml(xml)


def _w(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{name}"


def _t(words: str) -> str:
    return f'<w:t xml:space="preserve">{escape(_plain(words))}</w:t>'


def _plain(words: str) -> str:
    return _CONTROL.sub("\ufffd", words)


def _speaks(lang: Language) -> str:
    return f'w:val="{SPOKEN[lang]}"'


def _field(paragraph: Any, instruction: str, shown: str) -> None:
    """A value that Word computes, with what it is now."""
    _field_part(paragraph, "begin")
    _instruction(paragraph, instruction)
    _field_part(paragraph, "separate")
    paragraph.add_run(shown)
    _field_part(paragraph, "end")


def _field_part(paragraph: Any, kind: str) -> None:
    paragraph._p.append(_element(f'<w:r {_NS}><w:fldChar w:fldCharType="{kind}"/></w:r>'))


def _instruction(paragraph: Any, words: str) -> None:
    made = f'<w:r {_NS}><w:instrText xml:space="preserve"> {escape(words)} </w:instrText></w:r>'
    paragraph._p.append(_element(made))
