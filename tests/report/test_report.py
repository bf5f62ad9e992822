"""The report object: two phases, released values only, an unbroken order of headings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.projects import make_project
from umea_eval.disclosure.profiles import Withheld
from umea_eval.disclosure.tables import Field, Released
from umea_eval.errors import UserError
from umea_eval.language import Language
from umea_eval.report.report import Report
from umea_eval.settings import Settings, read_settings

FRAME = pd.DataFrame({"name": ["<b>Umeå</b>", "Åsele"], "value": [10.5, None], "extra": [1, 2]})
COLUMNS = (
    Field("name", {"sv": "Kommun & mer", "en": "Municipality"}, kind="id"),
    Field("value", {"sv": "Värde", "en": "Value"}, kind="value", unit="kr"),
)


def words(swedish: str, english: str = "text") -> dict[Language, str]:
    return {"sv": swedish, "en": english}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(make_project(tmp_path / "project", {}))


def begun(settings: Settings, **changes: Any) -> Report:
    given = {"language": "sv", "profile": "public", "title": words("Titel"), "settings": settings}
    return Report("small", **(given | changes))


def registered(settings: Settings) -> Report:
    report = begun(settings)
    report.input("data/raw/public/figures.csv")
    report.table("figures", FRAME, caption=words("Värden"), columns=COLUMNS)
    return report


def released(settings: Settings) -> Report:
    report = registered(settings)
    report.release()
    return report


def html(report: Report) -> str:
    return report.fragments[-1].html


def test_inputs_are_registered_with_their_hash(settings: Settings) -> None:
    report = begun(settings)
    path = report.input("data/raw/public/figures.csv")
    report.release()
    report.finish()
    assert report.fragments[-1].data["inputs"] == [
        {
            "path": "data/raw/public/figures.csv",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size": path.stat().st_size,
        }
    ]
    assert not report.example


def test_a_folder_is_an_input_too_without_its_hidden_files(settings: Settings) -> None:
    folder = settings.public
    (folder / ".quarantine").mkdir()

    def digest() -> object:
        report = begun(settings)
        report.input("data/raw/public")
        report.release()
        report.finish()
        return report.fragments[-1].data["inputs"][0]["sha256"]

    first = digest()
    (folder / ".quarantine/rows.csv").write_text("secret")
    assert digest() == first
    (folder / "more.csv").write_text("a")
    assert digest() != first


@pytest.mark.parametrize(
    ("path", "key"), [("data/raw/nothing.csv", "no_input"), ("data/raw/empty", "empty_input")]
)
def test_missing_input_is_one_clear_error(settings: Settings, path: str, key: str) -> None:
    (settings.raw / "empty").mkdir()
    with pytest.raises(UserError) as caught:
        begun(settings).input(path)
    assert caught.value.key == f"report.errors.{key}"
    assert path in caught.value.message("sv")


def test_public_refuses_a_link_out_of_the_published_folder(settings: Settings) -> None:
    (settings.raw / "private.csv").write_text("secret")
    (settings.public / "link.csv").symlink_to(settings.raw / "private.csv")
    report = begun(settings)
    report.input("data/raw/public/link.csv")
    with pytest.raises(Withheld):
        report.release()


def test_example_data_is_said_to_be_example_data(settings: Settings) -> None:
    settings.example.mkdir(parents=True)
    (settings.example / "a.csv").write_text("x")
    report = begun(settings)
    report.input("data/example/a.csv")
    report.release()
    assert report.example
    assert [fragment.part for fragment in report.fragments] == ["title", "banner", "notice"]
    assert "inga riktiga personer" in html(report)


EARLY: list[Callable[[Report], object]] = [
    lambda report: report.show("figures"),
    lambda report: report.heading(words("a")),
    lambda report: report.text(words("a")),
    lambda report: report.items(words("a"), lambda _: []),
    lambda report: report.figure("a", draw=print, table="figures", alt=words("a")),
    lambda report: report.finish(),
    lambda report: report.released,
]
LATE: list[Callable[[Report], object]] = [
    lambda report: report.input("data/raw/public/figures.csv"),
    lambda report: report.table("b", FRAME, caption=words("b"), columns=COLUMNS),
    lambda report: report.release(),
]


@pytest.mark.parametrize("call", EARLY)
def test_nothing_is_shown_before_release(
    settings: Settings, call: Callable[[Report], object]
) -> None:
    with pytest.raises(UserError) as caught:
        call(registered(settings))
    assert caught.value.key == "report.errors.phase_showing_registering"


@pytest.mark.parametrize("call", LATE)
def test_nothing_is_registered_after_release(
    settings: Settings, call: Callable[[Report], object]
) -> None:
    with pytest.raises(UserError) as caught:
        call(released(settings))
    assert caught.value.key == "report.errors.phase_registering_showing"


@pytest.mark.parametrize("call", [*EARLY, *LATE])
def test_nothing_comes_after_the_end(settings: Settings, call: Callable[[Report], object]) -> None:
    report = released(settings)
    report.finish()
    with pytest.raises(UserError) as caught:
        call(report)
    assert caught.value.key.endswith("_finished")
    assert "report." in caught.value.message("en")


def test_table_has_caption_scopes_units_marks_and_escaped_text(settings: Settings) -> None:
    report = released(settings)
    report.show("figures")
    page = html(report)
    assert "Tabell 1. Värden</span></caption>" in page
    assert '<th scope="col">Kommun &amp; mer</th>' in page
    assert '<th scope="col" class="number">Värde (kr)</th>' in page
    assert '<th scope="row">&lt;b&gt;Umeå&lt;/b&gt;</th>' in page
    assert '<td class="number">10,5</td>' in page
    assert '<td class="number"><em>saknas</em></td>' in page
    assert "<li>saknas: det finns ingen uppgift</li>" in page
    labelled = re.search(r'aria-labelledby="([^"]+)"', page)
    assert labelled
    assert f'<caption id="{labelled[1]}">' in page


def test_a_long_table_can_be_folded(settings: Settings) -> None:
    report = released(settings)
    report.show("figures", folded=True)
    assert "<summary>Visa: Tabell 1. Värden (2 rader)</summary>" in html(report)
    assert html(report).index("<details>") < html(report).index("<table>")


def test_later_changes_of_a_frame_do_not_reach_the_report(settings: Settings) -> None:
    frame = FRAME.copy()
    report = begun(settings)
    report.input("data/raw/public/figures.csv")
    report.table("figures", frame, caption=words("Värden"), columns=COLUMNS)
    frame.loc[0, "value"] = 99.0
    report.release()
    assert report.released["figures"]["value"][0] == 10.5


def test_texts_and_items_take_released_values_in_the_languages_format(settings: Settings) -> None:
    report = released(settings)
    report.text(
        words("{n:n} {n:?rad|rader}, {x:d1}, {m:d1}.\n\nNytt <stycke>."),
        lambda tables: {"n": np.int64(2), "x": tables["figures"]["value"][0], "m": pd.NA},
    )
    assert html(report) == "<p>2 rader, 10,5, uppgift saknas.</p>\n<p>Nytt &lt;stycke&gt;.</p>"
    report.items(
        words("{name}"),
        lambda tables: [
            {"name": tables["figures"]["name"][0]},
            (words("annan {n:n}"), {"n": 3}),
        ],
    )
    assert "<li>&lt;b&gt;Umeå&lt;/b&gt;</li>\n<li>annan 3</li>" in html(report)
    report.items(words("{name}"), lambda _: [], empty=words("Inga."))
    assert html(report) == "<p>Inga.</p>"


def test_a_value_that_is_not_declared_cannot_be_reached(settings: Settings) -> None:
    with pytest.raises(KeyError):
        released(settings).text(words("{x}"), lambda tables: {"x": tables["figures"]["extra"]})


def test_headings_go_down_one_level_at_a_time_and_have_their_own_anchors(
    settings: Settings,
) -> None:
    report = released(settings)
    report.heading(words("Resultat för åtta"))
    assert html(report) == '<h2 id="s-resultat-for-atta">Resultat för åtta</h2>'
    report.heading(words("Resultat för åtta"), level=3)
    assert html(report) == '<h3 id="s-resultat-for-atta-2">Resultat för åtta</h3>'
    for level in (1, 5, 7):
        with pytest.raises(UserError) as caught:
            report.heading(words("x"), level=level)
        assert caught.value.key == "report.errors.heading"
    report.heading(words("Nästa"), level=2)
    with pytest.raises(UserError):
        report.heading(words("x"), level=4)


def draw(tables: Released, ax: Any) -> None:
    frame = tables["figures"]
    ax.bar(frame["name"], frame["value"].fillna(0))
    ax.fill_between([0, 1], [0, 1], [1, 2], alpha=0.3)
    ax.plot([0, 1], [1, 2], marker="o")


def test_a_figure_has_its_finding_and_its_table(settings: Settings) -> None:
    report = released(settings)
    report.figure(
        "value",
        draw=draw,
        table="figures",
        alt=words('Umeå har {x:d1} kr, "mest".'),
        alt_values=lambda tables: {"x": tables["figures"]["value"].max()},
    )
    page = html(report)
    assert 'role="img" aria-label="Umeå har 10,5 kr, &quot;mest&quot;."' in page
    assert "Figur 1. Värden</figcaption>" in page
    assert "Underlag till figur 1. Värden</span></caption>" in page
    assert page.index("<details>") < page.index("<table>")
    assert "http" not in page
    assert "<metadata" not in page
    assert "<style" not in page


def test_figures_are_the_same_bytes_and_their_ids_do_not_clash(settings: Settings) -> None:
    def picture(name: str) -> str:
        report = released(settings)
        report.figure(name, draw=draw, table="figures", alt=words("a"))
        return html(report)

    assert picture("one") == picture("one")
    ids = [set(re.findall(r'\bid="([^"]+)"', picture(name))) for name in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]
    for name, own in zip(("one", "two"), ids, strict=True):
        referred = re.findall(r'(?:url\(#|href="#)([^")]+)', picture(name))
        assert referred
        assert set(referred) <= own


def test_a_picture_is_drawn_with_the_digits_of_its_page(settings: Settings) -> None:
    """Whoever measures a picture cannot tell 5 of 15 from 33.3 %, nor a mean's group from it."""

    def picture(share: float, mean: float, exact: bool) -> tuple[str, dict[str, float]]:
        report = begun(settings)
        report.input("data/raw/public/figures.csv")
        frame = pd.DataFrame({"name": ["Umeå"], "value": [share], "mean": [mean], "kr": [mean]})
        more = (
            Field("name", words("Namn"), kind="id"),
            Field("value", words("Andel"), kind="share"),
            Field("mean", words("Medel"), kind="value", decimals=1, show=False),
            Field("kr", words("Belopp"), kind="amount"),
        )
        report.table("figures", frame, caption=words("Värden"), columns=more)
        report.release()
        seen: dict[str, float] = {}

        def mark(tables: Released, ax: Any) -> None:
            row = tables["figures"].iloc[0]
            seen.update({name: float(row[name]) for name in ("value", "mean", "kr")})
            ax.plot([0, row["value"]], [0, row["mean"]], marker="o")

        report.figure("f", draw=mark, table="figures", alt=words("a"))
        if exact:
            assert float(report.released["figures"]["value"].iloc[0]) == share
        return html(report), seen

    one, seen = picture(5 / 15, 24 / 7, True)
    assert seen == {"value": 0.333, "mean": 3.4, "kr": 3.0}
    assert one == picture(0.3334, 3.41, False)[0]
    assert one != picture(0.334, 3.4, False)[0]


@pytest.mark.parametrize("name", ["", "A", "å", "a b", "../a", "con", "com1", "1a", "a" * 61])
def test_names_become_file_names_and_are_checked(settings: Settings, name: str) -> None:
    with pytest.raises(UserError) as caught:
        begun(settings).table(name, FRAME, caption=words("a"), columns=COLUMNS)
    assert caught.value.key == "report.errors.name"


def test_author_mistakes_are_clear(settings: Settings) -> None:
    report = registered(settings)
    with pytest.raises(UserError, match="figures"):
        report.table("figures", FRAME, caption=words("a"), columns=COLUMNS)
    with pytest.raises(UserError, match="nothing"):
        report.table("other", FRAME, caption=words("a"), columns=[Field("nothing")])
    report.release()
    with pytest.raises(UserError, match="figures"):
        report.show("other")
    report.show("figures")
    with pytest.raises(UserError, match="en gång"):
        report.show("figures")
    with pytest.raises(UserError, match="saknar text"):
        report.items(None, lambda _: [{"a": 1}])


def test_an_unknown_profile_stops_the_report_at_once(settings: Settings) -> None:
    with pytest.raises(UserError, match="public"):
        begun(settings, profile="publik")


def test_the_record_has_neither_time_nor_place(settings: Settings) -> None:
    report = released(settings)
    report.finish()
    fragment = report.fragments[-1]
    assert str(settings.root) not in fragment.html + str(fragment.data)
    assert set(fragment.data) == {
        *("name", "title", "language", "profile", "example", "inputs", "code", "python"),
        *("packages", "plan"),
    }


def test_text_of_the_data_says_its_language_on_a_page_in_another(settings: Settings) -> None:
    frame = pd.DataFrame({"name": ["Umeå", None], "year": ["2023", "2024"], "code": ["a", "a"]})
    frame["why"], frame["value"] = "because", 1.5
    columns = [
        Field("name", words("Namn", "Name"), kind="id"),
        Field("year", words("År", "Year"), kind="id"),
        Field("why", words("Varför", "Why"), lang="en"),
        Field("value", words("Värde", "Value"), kind="value"),
    ]

    def pages(language: Language, source_language: Language | None) -> list[str]:
        report = begun(settings, language=language, source_language=source_language)
        report.input("data/raw/public/figures.csv")
        report.table("t", frame, caption=words("Värden", "Values"), columns=columns)
        report.release()
        report.show("t")
        table = html(report)
        report.figure("f", draw=lambda _, ax: ax.plot([1]), table="t", alt=words("Bild", "Picture"))
        return [table, html(report)]

    for page in pages("en", "sv"):
        assert '<th scope="row" lang="sv">Umeå</th>' in page
        assert page.count("lang=") == 1  # not headings, years, missing values nor English text
    for page in pages("sv", "sv"):
        assert page.count('<td lang="en">because</td>') == page.count("lang=") == 2
    for page in pages("en", None):
        assert "lang=" not in page


def test_paragraphs_and_items_in_another_language_say_so(settings: Settings) -> None:
    report = released(settings)
    report.text(words("Ett\n\nTvå"), lang="en")
    assert html(report).count('<p lang="en">') == 2
    report.items(words("Ett"), lambda _: [{}], lang="en")
    assert html(report).startswith('<ul lang="en">')
    report.text(words("Ett"), lang="sv")
    assert "lang" not in html(report)
    report.items(words("Ett"), lambda _: [{}])
    assert "lang" not in html(report)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), Decimal("Infinity")])
def test_an_infinite_number_is_refused_where_it_is_registered(
    settings: Settings, value: object
) -> None:
    report = begun(settings)
    frame = FRAME.assign(value=pd.Series([1.5, value], dtype=object))
    with pytest.raises(UserError, match="”figures” har ett oändligt tal i kolumnen ”value”"):
        report.table("figures", frame, caption=words("Värden"), columns=COLUMNS)
    report.table("more", frame, caption=words("Värden"), columns=COLUMNS[:1])


def suppressing(settings: Settings, profile: str) -> Report:
    """Men of B are 3; example data, so that the page says so too."""
    settings.example.mkdir(parents=True)
    (settings.example / "a.csv").write_text("x")
    report = begun(settings, profile=profile)
    report.input("data/example/a.csv")
    sexes = pd.DataFrame({"unit": list("AABB"), "sex": ["m", "w"] * 2, "n": [14, 20, 3, 27]})
    units = pd.DataFrame({"unit": ["A", "B", "alla"], "n": [34, 30, 64]})
    persons = Field("n", words("Antal"), kind="count", measure="persons")
    unit, sex = Field("unit", words("Enhet"), kind="id"), Field("sex", words("Kön"), kind="id")
    report.table("sexes", sexes, caption=words("Kön"), columns=[unit, sex, persons])
    report.table("units", units, caption=words("Alla"), columns=[unit, persons], total="alla")
    return report


def test_a_profile_that_suppresses_shows_two_dots_and_why(settings: Settings) -> None:
    report = suppressing(settings, "default")
    report.release()
    assert "Antal från 1 till 4 är dolda" in html(report)
    report.show("sexes")
    page = html(report)
    assert page.count('aria-label="dold av sekretesskäl">..</span>') == 2
    assert ">27<" not in page
    assert ">3<" not in page
    assert "<li>.. uppgiften är dold av sekretesskäl</li>" in page
    data = report.fragments[-1].data
    assert data["suppressed"] == [[2, 2], [3, 2]]
    report.text(words("{n:n}"), lambda tables: {"n": tables["sexes"]["n"][2]})
    assert html(report) == "<p>uppgift saknas</p>"
    report.show("units")
    assert ">30<" in html(report)


def test_a_profile_that_suppresses_asks_what_is_counted(settings: Settings) -> None:
    report = begun(settings, profile="default")
    report.input("data/raw/public/figures.csv")
    report.table("figures", FRAME, caption=words("Värden"), columns=COLUMNS)
    with pytest.raises(UserError, match="Kolumnen value i tabellen figures"):
        report.release()


def test_a_month_is_not_broken_at_its_hyphen(settings: Settings) -> None:
    frame = pd.DataFrame({"month": ["2023-12", "hela året"], "value": [1.5, 2.5]})
    columns = [
        Field("month", words("Månad", "Month"), kind="id"),
        Field("value", words("Värde", "Value"), kind="value"),
    ]
    report = begun(settings, language="sv")
    report.input("data/raw/public/figures.csv")
    report.table("t", frame, caption=words("Värden", "Values"), columns=columns)
    report.release()
    report.show("t")
    page = html(report)
    assert '<th scope="row" class="word">2023-12</th>' in page
    assert '<th scope="row">hela året</th>' in page
