"""The pages: what they show, that the same figure is the same everywhere, and nothing more."""

import csv
import html
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest
from sqlalchemy.exc import OperationalError

from bot import help_page
from bot.dashboard import sentences
from bot.dashboard.change import compare
from bot.dashboard.expected import earliest_release, expected
from bot.dashboard.names import (
    NOT_SHOWN,
    facet_names,
    names,
    value_name,
    value_order,
    window_name,
)
from bot.dashboard.pages import MOST_SENTENCES, ROUTES
from bot.dashboard.picture import Row, leading, picture, pictures
from bot.deanery import CRISIS_LINES, signposts
from bot.health_paths import READY
from bot.help_page import own_sentences
from bot.paths import ROOT
from bot.privacy.lifetimes import HOUR, KEY_ROTATION_SECONDS, MOST_NAMES_A_DAY
from bot.trends.disclosure import Rules
from bot.trends.living import live_through
from bot.trends.releases import HELP_CARD_YEAR, Release, ReleaseError, Releases
from bot.trends.synthetic import synthetic_year
from bot.trends.vocabulary import ANYBODY, HELP_CARD, facets
from bot.trends.windows import Month, Window
from tests.dashboard.conftest import links
from tests.databases import free_port

WINDOW = Window(Month(2025, 1), Month(2025, 3))


@pytest.fixture
def reader(dashboard):
    """Return the browser of a reader."""
    with dashboard.signed_in("reader") as client:
        yield client


def cells(table: str) -> list[list[str]]:
    """Return the text of a table's body, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(cell) for cell in row] for row in found]


def test_table_chart_csv_and_signed_file_have_the_same_figures(dashboard, reader):
    """Chart against table against CSV against source: whatever differed would tell something."""
    every = list(csv.reader(io.StringIO(reader.get("/figures.csv").text)))
    for release in dashboard.parts.releases.all():
        page = reader.get(f"/windows/{release.name}").text
        signed = json.loads(reader.get(f"/windows/{release.name}/release.json").text)["release"]
        for one in pictures(release):
            section = page.split(f'<section aria-labelledby="{one.facet}">')[1]
            section = section.split("</section>")[0]
            table = cells(section) if "<table>" in section else []
            unseen = re.findall(r'<ul class="names">(.*?)</ul>', section, re.DOTALL)
            unseen = re.findall(r"<li>(.*?)</li>", html.unescape(unseen[0])) if unseen else []
            in_table = {row[0]: row[1] for row in table} | dict.fromkeys(unseen, NOT_SHOWN)
            text = reader.get(f"/windows/{release.name}/{one.facet}.csv").text
            rows = list(csv.reader(io.StringIO(text)))[2:]
            assert [row[1:] for row in rows] == [
                row[3:] for row in every if row[0] == rows[0][0] and row[2] == one.title
            ]
            assert {row[1]: row[2] for row in rows} == in_table
            if any(len(row) > 2 for row in table):
                shares = {row[0]: row[2] for row in table} | dict.fromkeys(unseen, NOT_SHOWN)
                assert {row[1]: row[3] for row in rows} == shares
            shown = {name: figure for name, figure in in_table.items() if figure != NOT_SHOWN}
            if shown:
                drawing = section.split("<svg")[1].split("</svg>")[0]
                labels = re.findall(r'<text class="label"[^>]*>(.*?)</text>', drawing)
                numbers = re.findall(r'<text class="number"[^>]*>(.*?)</text>', drawing)
                assert dict(zip(map(html.unescape, labels), numbers, strict=True)) == shown
                bars = re.findall(r'<rect class="bar"[^>]* width="([\d.]+)%"', drawing)
                whole = re.findall(r'<rect class="whole"[^>]* width="([\d.]+)%"', drawing)
                for number, bar, all_ in zip(numbers, bars, whole, strict=True):
                    drawn = release.people * float(bar) / float(all_)
                    assert drawn == pytest.approx(int(number), abs=0.1)
            told = signed["tables"][one.facet]
            named = {value_name(one.facet, v): f for v, f in told.items()}
            assert {n: NOT_SHOWN if f is None else str(f) for n, f in named.items()} == in_table


def test_the_report_has_the_figures_of_the_window(dashboard, reader):
    """What is printed and handed on is what was signed: tables, charts and the total."""
    for release in dashboard.parts.releases.all():
        page = html.unescape(reader.get(f"/windows/{release.name}/report").text)
        assert f"{release.people} people talked" in page
        for one in pictures(release):
            if not one.shown:
                continue
            section = page.split(f"<h2>{one.title}</h2>")[1].split("</section>")[0]
            figures = {row[0]: row[1:] for row in cells(section)}
            signed = release.tables[one.facet]
            shown = {value_name(one.facet, v): str(f) for v, f in signed.items() if f is not None}
            assert {name: row[0] for name, row in figures.items()} == shown
            text = reader.get(f"/windows/{release.name}/{one.facet}.csv").text
            in_file = {row[1]: row[3] for row in csv.reader(io.StringIO(text))}
            for name, row in figures.items():
                assert row[1:] in ([], [in_file[name]])
            labels = re.findall(r'<text class="label"[^>]*>(.*?)</text>', section)
            numbers = re.findall(r'<text class="number"[^>]*>(.*?)</text>', section)
            assert dict(zip(labels, numbers, strict=True)) == shown


def test_the_page_of_changes_has_the_figures_of_the_windows(dashboard, reader):
    """Every cell: the share and people of that window's files, or that it is not shown."""
    releases = dashboard.parts.releases.all()
    page = html.unescape(reader.get("/change").text)
    every = list(csv.reader(io.StringIO(reader.get("/figures.csv").text)))
    compared = 0
    for one in pictures(releases[-1]):
        section = page.split(f"<h3>{one.title}</h3>")[1].split("<h3>")[0]
        if "<table" not in section:
            continue
        for name, _, *figures in cells(section):
            assert len(figures) == len(releases)
            for release, figure in zip(releases, figures, strict=True):
                where = f"{window_name(release.window)} (synthetic)"
                rows = [r for r in every if r[0] == where and r[2:4] == [one.title, name]]
                people, share = rows[0][4:]
                expected = people if share == NOT_SHOWN else f"{share} ({people})"
                assert re.sub("<[^>]*>", "", figure) == expected
                signed = {value_name(one.facet, v): f for v, f in release.tables[one.facet].items()}
                assert people == (NOT_SHOWN if signed[name] is None else str(signed[name]))
                compared += 1
    assert compared >= 40


def test_the_number_of_help_cards_is_the_same_on_the_page_and_in_each_file(dashboard, reader):
    (release,) = dashboard.parts.releases.all(HELP_CARD_YEAR)
    figure = release.tables[HELP_CARD][ANYBODY]
    printed = NOT_SHOWN if figure is None else str(figure)
    page = reader.get("/windows").text.split("Crisis and help card")[1]
    assert cells(page)[0][:2] == ["2025", printed]
    (row,) = list(csv.reader(io.StringIO(reader.get("/help-card/2025.csv").text)))[1:]
    assert row[-1] == printed
    signed = json.loads(reader.get("/help-card/2025.json").text)
    assert signed == dashboard.parts.releases.read_signed(release.name)
    every = list(csv.reader(io.StringIO(reader.get("/figures.csv").text)))
    assert [r[4] for r in every if r[2] == row[1]] == [printed]
    for path in ("/help-card/2024.csv", "/help-card/2024.json", "/help-card/x.csv"):
        assert reader.get(path).status_code == 404


def test_a_page_has_no_figure_that_is_not_in_the_release(dashboard, reader):
    for release in dashboard.parts.releases.all():
        page = reader.get(f"/windows/{release.name}").text
        figures = {str(f) for t in release.tables.values() for f in t.values() if f is not None}
        in_tables = re.findall(r'<td class="number">(\d+)</td>', page)
        assert set(in_tables) <= figures
        assert "data-" not in page
        assert "<script" not in page


def test_a_page_asked_for_again_is_the_same_to_the_byte(dashboard, reader):
    figures = ("concern.csv", "report", "release.json")
    for path in (
        "/windows",
        "/change",
        "/figures.csv",
        f"/windows/{WINDOW}",
        *(f"/windows/{WINDOW}/{name}" for name in figures),
    ):
        first, second = reader.get(path), reader.get(path)
        assert first.content == second.content
        drop = ("set-cookie",)
        assert [h for h in first.headers.items() if h[0] not in drop] == [
            h for h in second.headers.items() if h[0] not in drop
        ]
        assert "etag" not in first.headers
        assert "last-modified" not in first.headers


def test_a_window_is_the_same_to_the_byte_after_a_restart_and_another_release(
    serve, year, tmp_path
):
    """Asked again and again, of another process and with more released, it tells nothing more."""
    folder = tmp_path / "data"
    shutil.copytree(year, folder)
    database = f"sqlite:///{tmp_path / 'staff.db'}"
    first = serve(folder, staff_database=database)
    first.add("reader", "reader")
    old = first.parts.releases.all()
    paths = [
        f"/windows/{release.name}{rest}"
        for release in old
        for rest in ("", "/report", "/release.json", *(f"/{f}.csv" for f in release.tables))
        if not rest.endswith(".csv") or release.tables[rest[1:-4]]
    ]

    def ask(served) -> tuple[dict[str, bytes], str]:
        with served.signed_in("reader") as client:
            answers = {path: client.get(path) for path in paths}
            assert {answer.status_code for answer in answers.values()} == {200}
            found = {path: answer.content for path, answer in answers.items()}
            return found, client.get("/figures.csv").text

    before, figures = ask(first)
    assert len(before) > 8 * len(old)
    visits = list(synthetic_year(8_000, 0.05, 2026, Random(1)))[:60]
    later = [replace(v, month="2026-01", person=f"later {n}") for n, v in enumerate(visits)]
    live_through(later, folder, date(2026, 2, 28))
    again = serve(folder, staff_database=database)
    again.secrets, again.clock.now = first.secrets, first.clock.now
    assert len(again.parts.releases.all()) == len(old) + 1
    after, more = ask(again)
    assert after == before
    assert more.startswith(figures)
    assert len(more) > len(figures)


@pytest.mark.parametrize(
    "query",
    ["?facet=grade", "?from=2025-02", "?grade=foundation&channel=web", "?window=2025-02", "?x=1"],
)
def test_no_question_gives_another_slice(query, reader):
    path = f"/windows/{WINDOW}"
    assert reader.get(path + query).content == reader.get(path).content


@pytest.mark.parametrize(
    "path",
    [
        "/windows/2025-02",
        "/windows/2025-01_2025-02",
        "/windows/help-card_2025",
        "/windows/..%2fsigning",
        "/windows/signing.key",
        f"/windows/{WINDOW}/people.csv",
        f"/windows/{WINDOW}/help_card.csv",
        f"/windows/{WINDOW}/marks",
        "/marks",
        "/api",
        "/windows/",
        "/releases",
        "/openapi.json",
    ],
)
def test_there_is_nothing_else(path, reader):
    assert reader.get(path).status_code == 404


def test_every_link_of_every_page_works(dashboard):
    with dashboard.signed_in("admin") as client:
        waiting, seen = {"/windows"}, set()
        while waiting:
            path = waiting.pop()
            if path in seen or path == "/sign-out":
                continue
            seen.add(path)
            answer = client.get(html.unescape(path), follow_redirects=True)
            assert answer.status_code == 200, path
            if "text/html" in answer.headers["content-type"] and len(seen) < 90:
                waiting |= links(answer.text)
        assert {"/method", "/service", "/wording", "/audit", "/change"} <= seen


def test_every_page_says_that_the_figures_are_synthetic(dashboard, reader):
    for path in ("/windows", f"/windows/{WINDOW}", f"/windows/{WINDOW}/report", "/change"):
        assert "Every figure here is invented" in reader.get(path).text
    for path in ("/method", "/service", "/wording"):
        assert "Every figure here is invented" in reader.get(path).text
    assert "(synthetic)" in reader.get(f"/windows/{WINDOW}/concern.csv").text


def test_every_page_of_the_demonstration_is_marked_as_synthetic(serve, year, tmp_path):
    """Every route, what it answers to a form that is not understood, and what there is not."""
    url = f"sqlite:///{tmp_path / 'staff.db'}"
    served = serve(year, demo=True, trainees=8_000, staff_database=url)
    marked = set()
    with served.browser() as client:
        for route in ROUTES:
            path = route.path.replace("{name}", str(WINDOW)).replace("{facet}", "concern")
            path = path.replace("{ticket}", "0" * 32).replace("{year:int}", "2025")
            for method in sorted(route.methods - {"HEAD"}):
                answer = client.request(method, path)
                if answer.headers.get("content-type", "").startswith("text/html"):
                    assert 'class="invented"' in answer.text, (method, path)
                    assert "<strong>Synthetic.</strong>" in answer.text, (method, path)
                    marked.add(path)
        for method, path, status in (
            ("GET", "/no-such-page", 404),
            ("PUT", "/windows", 405),
            ("GET", "/windows/2025-13", 404),
        ):
            answer = client.request(method, path)
            assert answer.status_code == status
            assert "<strong>Synthetic.</strong>" in answer.text
        elsewhere = client.get("/windows", headers={"Host": "elsewhere.example"})
        assert elsewhere.status_code == 421
        assert "<strong>Synthetic.</strong>" in elsewhere.text
    assert {"/windows", "/change", "/method", "/service", "/wording", "/audit", "/inbox"} <= marked


def test_a_failing_page_of_the_demonstration_is_marked_too(serve, year, tmp_path, monkeypatch):
    served = serve(year, demo=True, staff_database=f"sqlite:///{tmp_path / 'staff.db'}")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.dashboard.pages.compare", fail)
    with served.browser() as client:
        answer = client.get("/change")
    assert answer.status_code == 500
    assert "<strong>Synthetic.</strong>" in answer.text


def test_real_figures_are_not_called_synthetic(serve, tmp_path):
    releases = Releases(tmp_path / "releases")
    tables = {facet.name: dict.fromkeys(facet.values) for facet in facets().values()}
    releases.write(Release("window", WINDOW, False, {"suppress": 12}, 60, tables))
    served = serve(tmp_path)
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        assert "invented" not in client.get("/windows").text
    with pytest.raises(ReleaseError, match="synthetic releases only"):
        serve(tmp_path, demo=True)


def test_the_demonstration_needs_no_account(serve, year, tmp_path):
    served = serve(year, demo=True, staff_database=f"sqlite:///{tmp_path / 'staff.db'}")
    with served.browser() as client:
        assert client.get("/windows").status_code == 200


def test_the_demonstration_says_of_how_many_trainees_it_is(serve, year, tmp_path):
    url = f"sqlite:///{tmp_path / 'staff.db'}"
    served = serve(year, demo=True, trainees=8_000, staff_database=url)
    with served.browser() as client:
        assert "for a deanery of 8,000 trainees" in client.get("/windows").text
        assert "8,000 (this deanery)" in client.get("/method").text
        assert "of the deanery's 8,000 trainees" in client.get(f"/windows/{WINDOW}").text
        assert "does not answer" not in client.get("/service").text


def test_who_counts_as_one_person_is_said_where_figures_are(reader):
    """How often is what `bot/privacy/lifetimes.py` and the rules make of it."""
    hours = f"every {KEY_ROTATION_SECONDS // HOUR} hours"
    alone = f"can alone make a figure of {Rules().suppress + 3}"
    for path in (f"/windows/{WINDOW}", f"/windows/{WINDOW}/report", "/method"):
        page = reader.get(path).text
        assert hours in page, path
        assert "once a day" not in page, path
        assert "fewer people than" in page, path
        assert alone in page, path
    assert f"up to {MOST_NAMES_A_DAY} times a day" in reader.get(f"/windows/{WINDOW}").text
    assert f"at most {MOST_NAMES_A_DAY} without a restart" in reader.get("/method").text
    assert hours in facet_names("channel")["help"]


def test_the_documents_say_how_often_a_chat_is_renamed():
    hours = f"every {KEY_ROTATION_SECONDS // HOUR} hours"
    for path in ("trends.md", "governance/disclosure-control-policy.md"):
        text = " ".join((ROOT / "docs" / path).read_text(encoding="utf-8").split())
        assert hours in text, path
        assert "once a day" not in text, path
        assert "a day's" not in text, path


def test_which_help_cards_are_not_counted_is_said_where_they_are(reader):
    for path in ("/windows", "/method"):
        page = reader.get(path).text
        assert "command <code>/help</code>" in page, path
        assert "instead of an answer when the assistant does not work" in page, path


def test_that_deaneries_are_not_counted_apart_is_said_where_figures_are(reader):
    for path in (f"/windows/{WINDOW}", f"/windows/{WINDOW}/report", "/method"):
        assert "Deaneries are not counted apart" in reader.get(path).text, path


def test_what_the_method_says_of_attacks_is_what_they_find(reader):
    page = reader.get("/method").text
    assert "as long as one person more can have come than did" in page
    assert "a 15 that one to five did" in page
    assert "do not open them" not in page


def test_what_every_concern_stage_and_obstacle_means_is_said(reader):
    page = html.unescape(reader.get("/method").text)
    window = reader.get(f"/windows/{WINDOW}").text
    for facet in ("concern", "stage", "pattern", "way"):
        assert f'href="/method#{facet}"' in window
        section = page.split(f'<h3 id="{facet}">')[1].split("</dl>")[0]
        names = re.findall(r"<dt>(.*?)</dt><dd>.{10,}?</dd>", section)
        assert names == [value_name(facet, value) for value in facets()[facet].values]


def test_without_releases_it_says_when_there_will_be_one(serve, tmp_path):
    served = serve(tmp_path)
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        assert "Nothing is released yet" in client.get("/windows").text
        assert "fewer than two periods" in client.get("/change").text
        assert client.get("/method").status_code == 200


def test_a_tampered_release_is_not_shown(serve, tmp_path):
    releases = Releases(tmp_path / "releases")
    tables = {facet.name: dict.fromkeys(facet.values) for facet in facets().values()}
    path = releases.write(Release("window", WINDOW, False, {"suppress": 12}, 60, tables))
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"people": 60', '"people": 65'))
    served = serve(tmp_path)
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        page = client.get("/windows").text
        assert "A release cannot be trusted" in page
        assert "65" not in page
        assert client.get(f"/windows/{WINDOW}").status_code == 404


# ------------------------------------------------------------------ names, change, method


def test_everything_counted_has_a_name():
    for facet in facets().values():
        assert facet_names(facet.name)["title"] != facet.name
        for value in facet.values:
            if facet.name not in ("grade", "specialty"):
                assert value in names()["values"][facet.name], f"{facet.name} {value}"


def test_no_name_is_of_something_that_is_not_counted():
    for facet, values in names()["values"].items():
        assert set(values) <= set(facets()[facet].values)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2026-05", "2026-05", "May 2026"),
        ("2026-04", "2026-06", "April to June 2026"),
        ("2026-11", "2027-03", "November 2026 to March 2027"),
    ],
)
def test_windows_have_names(first, last, name):
    assert window_name(Window(Month.of(first), Month.of(last))) == name


@pytest.mark.parametrize(
    ("people", "of_concerns", "of_channels"),
    [
        (55, "which is 24 in 100 of the 55 who came", "shown together or not at all"),
        (None, "not even their number", "not even their number"),
    ],
)
def test_a_table_without_figures_says_why(serve, tmp_path, people, of_concerns, of_channels):
    """As the concerns of a deanery of 2,000: 13 people are a quarter of those who come."""
    tables = {name: dict.fromkeys(facets()[name].values) for name in ("concern", "channel")}
    releases = Releases(tmp_path / "releases")
    releases.write(Release("window", WINDOW, False, {"suppress": 12}, people, tables))
    served = serve(tmp_path)
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        for path in ("/windows/2025-01_2025-03", "/windows/2025-01_2025-03/report"):
            page = " ".join(client.get(path).text.split())
            concerns, channels = page.split("No figure is shown")[1:3]
            assert of_concerns in concerns
            assert of_channels in channels


def release_of(people: int | None, first: str, last: str, **pattern: int | None) -> Release:
    window = Window(Month.of(first), Month.of(last))
    return Release("window", window, True, {"suppress": 12}, people, {"pattern": pattern})


def test_a_change_is_stated_only_beyond_what_rounding_can_explain():
    before = release_of(100, "2026-01", "2026-03", minimising=40, manning_up=30, futility=None)
    after = release_of(100, "2026-04", "2026-06", minimising=65, manning_up=35, futility=15)
    found = compare(before, after, "pattern", [before, after])
    lines = {line.name: line for line in found.lines}
    change = lines["Playing it down"].change
    assert (change.rose, change.beyond_chance) == (True, True)
    assert change.least == 18  # 63 of 102 against 42 of 98
    assert [line.name for line in found.beyond_chance] == ["Playing it down"]
    assert lines["Pushing through"].comparable
    assert lines["Pushing through"].change is None
    assert not lines['"Nothing would change"'].comparable
    shown = [row.people for row in lines['"Nothing would change"'].rows]
    assert shown == [None, 15]


def with_noise(release: Release, epsilon: float) -> Release:
    return replace(release, rules={**release.rules, "epsilon": epsilon})


def test_with_noise_a_change_is_stated_only_beyond_what_noise_usually_does():
    """The figures of the test before: at 0.5 noise moves each of the four by up to 6."""
    before = release_of(100, "2026-01", "2026-03", minimising=40)
    after = release_of(100, "2026-04", "2026-06", minimising=65)
    noisy = [with_noise(release, 0.5) for release in (before, after)]
    (line,) = compare(*noisy, "pattern").lines
    assert line.change.rose
    assert line.change.least == 1  # 57 of 108 against 48 of 92
    assert not line.change.beyond_chance
    (line,) = compare(before, noisy[1], "pattern").lines
    assert line.change.least == 9  # 57 of 108 against 42 of 98
    very = [with_noise(release, 0.05) for release in (before, after)]
    (line,) = compare(*very, "pattern").lines
    assert line.change is None


def test_with_noise_a_figure_is_said_to_mean_more(serve, tmp_path):
    releases = Releases(tmp_path / "releases")
    for number, epsilon in enumerate((0.0, 0.5)):
        first = Month(2026, 1 + 3 * number)
        tables = {"pattern": {"minimising": 40 + 25 * number, "manning_up": 20}}
        rules = {"suppress": 12, "nearest": 5, "epsilon": epsilon}
        window = Window(first, first.plus(2))
        releases.write(Release("window", window, False, rules, 100, tables))
    served = serve(tmp_path, trainees=1_000, noise=0.5)
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        plain = client.get("/windows/2026-01_2026-03").text
        noisy = client.get("/windows/2026-04_2026-06").text
        report = client.get("/windows/2026-04_2026-06/report").text
        method, change = client.get("/method").text, client.get("/change").text
    assert "20 means 18 to 22" in plain
    assert "oise" not in plain
    assert "at most 10.2%" in plain
    assert "20 means 12 to 28" in noisy
    assert "nearly always at most 10.8%" in noisy
    assert "16 or less apart may stand the other way round" in noisy
    for page in (noisy, report, method):
        assert "at most 6." in page
        assert "nineteen times in twenty" in page
    assert "which means 7 to 23 nineteen times in twenty" in method
    assert "what the noise in these figures does nineteen times in twenty" in change


def test_a_value_shown_in_no_window_is_named_apart_and_one_not_counted_yet_is_no_zero():
    before = release_of(100, "2026-01", "2026-03", minimising=40)
    after = release_of(100, "2026-04", "2026-06", minimising=40, futility=20, no_time=None)
    found = compare(before, after, "pattern", [before, after])
    assert found.unseen == ("No time, no access",)
    (new,) = (line for line in found.lines if line.name == '"Nothing would change"')
    assert new.rows[0] is None
    assert not new.comparable


def row(name: str, people: int | None) -> Row:
    return Row(name, people, None)


@pytest.mark.parametrize(
    ("figures", "leads"),
    [
        ([20, 20, 20, 20, 15, 15], 4),  # all that share the first figure, and that is enough
        ([25, 20, 15, 15, 15, 15], 6),
        ([25, 20, 15, 15, 15, 15, 15], 2),  # all five that share 15 would be too many
        ([15] * 9, 9),
        ([40, 35], 2),
    ],
)
def test_the_headline_never_takes_one_of_several_with_the_same_figure(figures, leads):
    rows = [row(f"value {at}", figure) for at, figure in enumerate(figures)]
    assert len(leading(rows)) == leads


def test_the_steps_and_the_stages_keep_their_own_order(dashboard):
    release = dashboard.parts.releases.all()[0]
    for facet in ("way", "stage"):
        order = value_order(facet)
        shown = [row.name for row in picture(release, facet).shown]
        assert len(shown) > 2
        assert shown == [name for name in order if name in shown]
    figures = [row.people for row in picture(release, "concern").shown]
    assert figures == sorted(figures, reverse=True)


def test_those_who_ask_how_to_reach_the_unit_are_shown_it(dashboard):
    """In the invented year as with the agent."""
    for release in dashboard.parts.releases.all():
        asked = release.tables["question"]["ask_how_to_contact"]
        assert (release.tables["way"]["saw_contact"] or 0) >= (asked or 0)


def test_windows_of_different_length_are_compared_by_share():
    before = release_of(50, "2026-01", "2026-03", minimising=20)
    after = release_of(100, "2026-04", "2026-12", minimising=40)
    (line,) = compare(before, after, "pattern").lines
    assert line.comparable
    assert line.change is None


def test_a_small_change_of_few_people_is_called_chance():
    before = release_of(50, "2026-01", "2026-03", minimising=15)
    after = release_of(50, "2026-04", "2026-06", minimising=25)
    found = compare(before, after, "pattern")
    (line,) = found.lines
    assert line.change.rose
    assert not line.change.beyond_chance
    assert found.beyond_chance == ()


def test_nothing_is_compared_without_a_number_of_people():
    before = release_of(None, "2026-01", "2026-03", minimising=None)
    after = release_of(50, "2026-04", "2026-06", minimising=25)
    found = compare(before, after, "pattern", [before, after])
    assert [line.comparable for line in found.lines] == [False]


@pytest.mark.parametrize(
    ("today", "soonest"),
    [
        ((2026, 4, 20), (2026, 5, 7)),
        ((2026, 5, 7), (2026, 5, 7)),
        ((2026, 5, 8), (2026, 7, 7)),
        ((2026, 7, 8), (2027, 1, 7)),
        ((2028, 1, 1), None),
    ],
)
def test_the_next_figures_come_when_the_next_possible_window_is_over(today, soonest):
    last = Window(Month(2026, 1), Month(2026, 3))
    found = earliest_release(last, date(*today))
    assert found == (date(*soonest) if soonest else None)


def test_it_says_when_the_next_figures_can_come(serve, tmp_path):
    releases = Releases(tmp_path / "releases")
    tables = {facet.name: dict.fromkeys(facet.values) for facet in facets().values()}
    window = Window(Month(2026, 10), Month(2026, 12))
    releases.write(Release("window", window, False, {"suppress": 12}, 60, tables))
    served = serve(tmp_path)  # its clock stands in January 2027
    served.add("reader", "reader")
    with served.signed_in("reader") as client:
        assert "come on 7 February 2027 at the earliest" in client.get("/windows").text


@pytest.mark.parametrize(
    ("trainees", "releases"), [(500, 1), (2_000, 2), (4_000, 4), (8_000, 4), (15_000, 12)]
)
def test_the_method_says_how_many_releases_to_expect(trainees, releases):
    assert expected(trainees, 0.05).releases == releases


def test_the_year_that_was_invented_has_about_as_many_releases_as_the_method_expects(year):
    """One busy month, August, is released alone, and so splits its quarter."""
    assert len(Releases(year / "releases").all()) == expected(8_000, 0.05).releases + 1


# ------------------------------------------------------------------ wording, service, audit


def test_sentences_are_found_and_signed_off_and_a_change_needs_a_new_one(dashboard, monkeypatch):
    with dashboard.signed_in("caseworker") as client:
        page = client.get("/wording", params={"words": "samaritans door"}).text
        value = html.unescape(re.search(r'name="sentence" value="([^"]+)"', page)[1])
        data = {"sentence": value, "name": "Dr A. Reader", "role": "clinical safety officer"}
        answer = client.post("/wording", data={**data, "words": "samaritans door"})
        assert answer.status_code == 200
        assert "1 sentence was signed off" in answer.text
        assert f"{date.today()}, Dr A. Reader, clinical safety officer" in answer.text
        key = value.split(" ", 1)[1]
        for signed, there in {"yes": True, "no": False, "changed": False, "x": True}.items():
            found = client.get("/wording", params={"words": key, "signed": signed}).text
            assert (f"Sign off {key}" in found) == there
        sentences = [s for s in search_all() if s.key == key]
        changed = [type(s)(s.key, s.file, s.when, f"{s.text} More.", s.buttons) for s in sentences]
        monkeypatch.setattr("bot.dashboard.sentences.all_sentences", lambda: changed)
        assert "changed since" in client.get("/wording").text
        assert "changed since" in client.get("/wording", params={"signed": "changed"}).text
        assert "changed since" not in client.get("/wording", params={"signed": "no"}).text
        answer = client.post("/wording", data=data)
        assert "0 sentences were signed off" in answer.text


def test_all_that_a_page_shows_is_signed_off_at_once_and_nothing_else(dashboard):
    """As one theme, whose name was searched for."""
    theme = {"words": "sleep_fatigue"}
    with dashboard.signed_in("caseworker") as client:
        page = client.get("/wording", params=theme).text
        shown = re.findall(r'name="shown" value="([^"]+)"', page)
        assert 1 < len(shown) <= MOST_SENTENCES
        assert f"Sign off all {len(shown)} on this page" in page
        outdated = f"{'0' * 64} {shown[0].split(' ', 1)[1]}"
        data = {**theme, "shown": [outdated, *shown[1:]], "all": "yes", "role": "officer"}
        assert client.post("/wording", data=data).status_code == 400
        answer = client.post("/wording", data={**data, "name": "Dr A. Reader"})
        assert f"{len(shown) - 1} sentences were signed off" in answer.text
    assert set(dashboard.parts.sign_offs.latest()) == {one.split(" ", 1)[1] for one in shown[1:]}


def search_all():
    from bot.dashboard.sentences import all_sentences

    return all_sentences()


def test_every_sentence_of_the_sign_off_page_can_be_found():
    from bot.content import responses

    keys = [sentence.key for sentence in search_all()]
    assert len(keys) == len(set(keys))
    variants = sum(len(v) for file in responses().values() for v in file.values())
    assert len(keys) > variants > 300


def bare(line: str) -> str:
    """Return the text of a line of the content page, without what is written around it."""
    text = re.sub(r" \(verified [^)]*\)$", "", line.strip().removeprefix("- "))
    text = re.sub(r"(?: `\[[^`]*\]`)+$", "", text)
    return re.sub(r"^(?:\*[^*]*\*(?: \(.*?\))?|cy): ", "", text)


def test_everything_on_the_content_page_can_be_signed_off():
    from bot.content import content_page

    texts = {sentence.text.replace("\n", " / ") for sentence in search_all()}
    said = [line for line in content_page().splitlines() if line.lstrip().startswith("- ")]
    assert len(said) > 400
    assert [line for line in said if bare(line) not in texts] == []


def test_what_stands_beside_the_numbers_and_on_the_help_page_can_be_signed_off(dashboard):
    wanted = {f"{key}:text" for key in CRISIS_LINES}
    wanted |= {one.key for one in search_all() if one.file == "deploy/help_page.html"}
    assert len(wanted) == len(CRISIS_LINES) + len(own_sentences())
    with dashboard.signed_in("caseworker") as client:
        for file, text in {
            "deanery/signposts.yml": signposts()["samaritans"].fact.text,
            "deploy/help_page.html": "Nobody has been told that you were here.",
        }.items():
            page = client.get("/wording", params={"file": file}).text
            assert html.escape(text, quote=False) in html.unescape(page)
            shown = re.findall(r'name="shown" value="([^"]+)"', page)
            signed = {"name": "Dr A. Reader", "role": "psychiatrist"}
            client.post("/wording", data={"file": file, "shown": shown, "all": "yes", **signed})
    assert wanted <= set(dashboard.parts.sign_offs.latest())


def test_the_wording_says_where_a_variant_is_said(dashboard):
    with dashboard.signed_in("reader") as client:
        page = client.get("/wording", params={"file": "domain/opening.yml"}).text
    assert "what is kept and what cannot be promised. (on telegram)</td>" in page
    assert "the first choices. (if receipts_in_use is true)</td>" in page


def test_words_of_the_help_page_are_read_again_when_they_change(tmp_path, monkeypatch):
    template = ROOT / "deploy" / "help_page.html"
    text = template.read_text(encoding="utf-8")
    changed = tmp_path / "deploy" / "help_page.html"
    changed.parent.mkdir()
    changed.write_text(text.replace("Help now", "Numbers"), encoding="utf-8")
    assert "Help now" in {s.text for s in search_all()}
    for module in (sentences, help_page):
        monkeypatch.setattr(module, "TEMPLATE", changed)
    monkeypatch.setattr(sentences, "ROOT", tmp_path)
    assert {"Numbers"} == {s.text for s in search_all() if s.key == "help_page:0"}


def test_words_of_the_chat_page_are_read_again_when_they_change(tmp_path, monkeypatch):
    folder = tmp_path / "words"
    shutil.copytree(sentences.WORDS, folder)
    monkeypatch.setattr(sentences, "WORDS", folder)
    keys = {sentence.key: sentence.text for sentence in search_all()}
    assert "another page" not in keys["page:en:network"]
    path = folder / "en.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(keys["page:en:network"], "another page"), encoding="utf-8")
    assert {s.key: s.text for s in search_all()}["page:en:network"] == "another page"


@pytest.mark.parametrize(
    "missing", [{"name": ""}, {"role": " "}, {"sentence": ""}, {"sentence": "x"}]
)
def test_a_sign_off_needs_sentence_name_and_role(missing, dashboard):
    with dashboard.signed_in("caseworker") as client:
        data = {"sentence": "0 utter_menu:0", "name": "A", "role": "B", **missing}
        answer = client.post("/wording", data=data)
        assert answer.status_code == 400
        assert "Tick at least one sentence" in answer.text
    assert dashboard.parts.sign_offs.latest() == {}


def test_service_health_tells_state_versions_and_what_expires(dashboard, reader):
    page = reader.get("/service").text
    assert "<strong>does not answer</strong>" in page
    assert "3.6.21" in page
    assert "never verified" in page


@contextmanager
def assistant(status: int):
    """Run what answers like a worker's health; yield its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == READY else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{served.server_address[1]}"
        served.shutdown()


def test_service_health_asks_each_of_the_assistants_processes_where_it_is(serve, tmp_path):
    gone = f"127.0.0.1:{free_port()}"
    with assistant(204) as up, assistant(503) as unready:
        workers = tuple(f"http://{where}" for where in (up, unready, gone))
        served = serve(tmp_path, workers=workers)
        served.add("reader", "reader")
        with served.signed_in("reader") as client:
            page = client.get("/service").text
    rows = re.findall(r"Assistant at (\S+?)</th><td>(?:<strong>)?([^<]+)", page)
    assert rows == [(up, "answers"), (unready, "does not answer"), (gone, "does not answer")]


def test_without_their_addresses_the_one_of_this_machine_is_asked(serve, tmp_path):
    with assistant(204) as up:
        served = serve(tmp_path, host="0.0.0.0", port=int(up.partition(":")[2]))
        served.add("reader", "reader")
        with served.signed_in("reader") as client:
            page = client.get("/service").text
    assert f"Assistant at {up}</th><td>answers<" in page


def test_what_there_is_not_and_what_failed_is_in_the_audit_log(dashboard, monkeypatch):
    with dashboard.browser() as stranger:
        assert stranger.get("/nothing/here").status_code == 404
        assert stranger.delete("/windows").status_code == 405
    assert dashboard.parts.audit.latest() == []
    with dashboard.signed_in("reader") as client:
        assert client.get("/nothing/%00here?secret=xyzzy").status_code == 404
        assert client.get("/windows/2019-01").status_code == 404
        assert client.delete("/windows").status_code == 405

        def broken(*_: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as patch:
            patch.setattr(dashboard.parts.releases, "names", broken)
            assert client.get("/windows").status_code == 500
    found = [(entry.who, entry.what, entry.outcome) for entry in dashboard.parts.audit.latest()]
    assert found[:4] == [
        ("reader", "GET /windows", "500"),
        ("reader", "DELETE /windows", "405"),
        ("reader", "GET /windows/2019-01", "404"),
        ("reader", "GET /nothing/?here", "404"),
    ]
    with dashboard.signed_in("admin") as client:
        page = client.get("/audit").text
    assert "opened /windows</td><td>failed" in page
    assert "opened /nothing/?here</td><td>not found" in page


def test_what_cannot_be_put_into_the_log_is_not_shown(dashboard, monkeypatch):
    def broken(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    with dashboard.signed_in("reader") as client:
        monkeypatch.setattr(dashboard.parts.audit, "note", broken)
        assert client.get("/nothing").status_code == 404
        assert client.get("/windows").status_code == 500


def test_what_staff_open_is_in_the_audit_log_and_what_they_search_is_not(dashboard):
    with dashboard.signed_in("reader") as client:
        client.get(f"/windows/{WINDOW}/concern.csv")
        client.get("/wording", params={"words": "xyzzy-canary"})
        client.get("/audit")
    with dashboard.signed_in("admin") as client:
        page = client.get("/audit").text
    rows = [row[1:] for row in cells(page)]
    assert ["reader", f"opened /windows/{WINDOW}/concern.csv", "shown"] in rows
    assert ["reader", "opened /audit", "refused"] in rows
    assert ["admin", "sign in", "done"] in rows
    assert "xyzzy" not in page
    assert "127.0.0.1" not in page


def test_the_audit_log_leads_to_earlier_entries_if_there_are_any(dashboard):
    with dashboard.signed_in("admin") as client:
        assert "Earlier entries" not in client.get("/audit").text
        for _ in range(200):
            dashboard.parts.audit.note("reader", "GET /old", "200")
        assert "Earlier entries" in client.get("/audit").text


def test_old_entries_of_the_audit_log_are_deleted(dashboard):
    log = dashboard.parts.audit
    log.note("reader", "GET /old", "200")
    dashboard.clock.now += 2 * 365 * 24 * 60 * 60 + 10
    log.note("reader", "GET /new", "200")
    assert [entry.what for entry in log.latest()] == ["GET /new"]


# ------------------------------------------------------------------ apart from everything else


def test_the_dashboard_never_imports_the_agent_or_the_marks():
    code = (
        "import sys\n"
        "import bot.cli, bot.dashboard.app\n"
        "heavy = {'rasa', 'rasa_sdk', 'spacy', 'tensorflow', 'sklearn', 'numpy', 'opendp'}\n"
        "ours = {'bot.trends.marks', 'bot.trends.recorder', 'bot.trends.freeze',"
        " 'bot.trends.counting', 'bot.agent'}\n"
        "print(sorted((heavy | ours) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_no_page_can_reach_the_marks(serve, year, tmp_path):
    """With a database of marks that nobody can open, every page works."""
    served = serve(
        year,
        staff_database=f"sqlite:///{tmp_path / 'staff.db'}",
        marks_database="postgresql://nobody@127.0.0.1:1/none",
    )
    served.add("admin", "admin")
    with served.signed_in("admin") as client:
        for path in ("/windows", f"/windows/{WINDOW}", "/change", "/method", "/service", "/audit"):
            assert client.get(path).status_code == 200
