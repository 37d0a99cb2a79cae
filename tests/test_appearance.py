"""The user's own look: their templates over ours, a logo, colours; each mistake one line, and no event's text ever acts."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cli, Ran

from audit_reports.demo import World
from audit_reports.errors import UsageError
from audit_reports.outputs.palette import DARK, LIGHT, changed

EXTENDS = '{% extends "audit-reports/review.html" %}\n'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#0a7"/></svg>'


def png() -> bytes:
    """Return a picture of one point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\0\xaa\x77"))
        + chunk(b"IEND", b"")
    )


Make = Callable[..., Ran]
QUIET = "2026-03-08"
"""A Sunday, of few pages."""


@pytest.fixture
def made(cli: Cli, world: World, tmp_path: Path) -> Make:
    """Return what makes a review, mostly of the worst week, of a store of its own, with some files beside a configuration."""
    store = tmp_path / "store"
    shutil.copytree(world.store, store)

    def make(toml: str, formats: str = "html", period: str = "2026-W10", **files: str | bytes) -> Ran:
        Path("looks").mkdir(exist_ok=True)
        for name, data in files.items():
            stem, _, ending = name.rpartition("_")
            path = Path("looks") / f"{stem}.{ending}"
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        Path("audit-reports.toml").write_text(toml, encoding="utf-8")
        return cli("review", "--store", store, "--period", period, "--format", formats, "--out", "out")

    return make


def test_blocks_of_ours_are_replaced_and_the_rest_stays(made: Make) -> None:
    mine = (
        EXTENDS
        + "{% block footer %}{{ super() }} For {{ review.workspaces[0] }} only. {% include 'part.html' %}{% endblock %}"
    )
    ran = made(
        'templates = "looks"\n[appearance]\nlogo = "looks/logo.svg"\nlight = { accent = "#00775a" }',
        "html,mail,json",
        review_html=mine,
        part_html="{{ '<b>' ~ review.id }}",
        mail_txt='{% extends "audit-reports/mail.txt" %}{% block footer %}{{ "<b>" }} Bye.{% endblock %}',
        logo_svg=SVG,
    )
    assert ran.code == 0, ran.err
    page = Path("out/review.html").read_text()
    assert "fetches nothing. For Northwind only. &lt;b&gt;activity-2026-W10" in page
    assert f'src="data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"' in page
    assert "--accent: #00775a;" in page
    assert LIGHT.accent not in page.partition("<script")[0]
    assert f"--accent: {DARK.accent};" in page
    assert "content=\"default-src 'none'; script-src 'sha256-" in page
    assert Path("out/mail.txt").read_text().endswith("<b> Bye.")
    assert "#00775a" in Path("out/mail.html").read_text()
    said = json.loads(Path("out/run.json").read_text())["appearance"]
    assert said["templates"]["review.html"] == hashlib.sha256(mine.encode()).hexdigest()
    assert sorted(said["templates"]) == ["mail.txt", "part.html", "review.html"]
    assert said["logo"] == hashlib.sha256(SVG.encode()).hexdigest()
    assert said["light"]["accent"] == "#00775a"
    assert said["dark"] == {}


@pytest.mark.slow
def test_a_logo_and_colours_are_printed_too(made: Make) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint absent: the extra pdf is not installed", exc_type=ImportError)
    ran = made('[appearance]\nlogo = "looks/logo.png"', "pdf", QUIET, logo_png=png())
    assert ran.code == 0, ran.err
    assert b"/Image" in Path("out/review.pdf").read_bytes()
    ran = made(
        'templates = "looks"',
        "pdf",
        QUIET,
        review_html=EXTENDS + '{% block header %}<img src="http://x.example/y">{% endblock %}',
    )
    assert ran.code == 2
    assert "fetches nothing, but its page asks for 'http://x.example/y'" in ran.err


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("{{ revue.id }}", "looks/review.html, line 3: unknown name 'revue': did you mean 'review'?"),
        ("{{ review.perod }}", "line 3: unknown field of Review 'perod': did you mean 'period'?"),
        ("{{ period.lable }}", "line 3: unknown field of Period 'lable': did you mean 'label'?"),
        ("{% if %}", "looks/review.html, line 3: Expected an expression"),
        ("{% block haeder %}{% endblock %}", "line 3: unknown block 'haeder': did you mean 'header'?"),
        ("{{ headline | nubmer }}", "line 3: No filter named 'nubmer'"),
        ("{{ headline | safe }}", "line 3: No filter named 'safe'"),
        ("{% autoescape false %}{{ headline }}{% endautoescape %}", "line 3: what is printed is always escaped"),
        ("{% include '../../etc/passwd' %}", "unknown template '../../etc/passwd'"),
        ("{{ review.actors.write_csv('stolen') }}", "looks/review.html, line 3: access to attribute 'write_csv'"),
        ("{{ review.__class__ }}", "line 3: "),
        ("{{ tables.people.rows[0].actr }}", "line 3: unknown name 'actr': did you mean 'actor'?"),
        ("{{ 1 // 0 }}", "looks/review.html, line 3: "),
        ("{% include 'review.html' %}", "holds itself"),
    ],
)
def test_a_mistake_in_a_template_is_one_line(made: Make, header: str, said: str) -> None:
    mine = EXTENDS + "{% block header %}\n" + header + "{% endblock %}"
    ran = made('templates = "looks"', review_html=mine)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not Path("stolen").exists()
    assert not Path("out/review.html").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("review_html", "<h1>{{ review.id }}</h1>", 'review.html must begin with {% extends "audit-reports/review.html" %}'),
        ("reveiw_html", EXTENDS, "reveiw.html is used by no template of that folder: unknown template 'reveiw.html': did you"),
        ("review_html", b"\xff\xfe", "looks/review.html' is no UTF-8 text"),
    ],
)  # fmt: skip
def test_a_file_that_would_change_nothing_is_refused(made: Make, name: str, text: str | bytes, said: str) -> None:
    ran = made('templates = "looks"', **{name: text})
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('templates = "none"', "templates: there is no folder 'none'"),
        ('templates = "looks"', "no file of 'looks' ends in .html, .txt, .css"),
        ("templates = 3", "templates must be text"),
        ('template = "looks"', "unknown key 'template': did you mean 'templates'?"),
        ('[appearance]\nlight = { acent = "#00775a" }', "unknown colour 'acent': did you mean 'accent'?"),
        ('[appearance]\nlight = { accent = "green" }', "[appearance.light]: accent must be a colour as #2f62b5, not 'green'"),
        ('[appearance]\ndark = { accent = "#00775a; } * { display: none" }', "[appearance.dark]: accent must be a colour"),
        ('[appearance]\ndark = "#00775a"', "[appearance] dark is a table"),
        ('[appearance]\nlogo = "none.png"', "cannot read 'none.png': No such file"),
        ('[appearance]\nlogo = "audit-reports.toml"', "is neither PNG, JPEG nor SVG"),
        ('[appearance]\nlogo = "looks/a.svg"', "does more than draw: '<script'"),
        ('[appearance]\nlogo = "looks/b.svg"', "does more than draw: 'href=\"'"),
        ('[appearance]\nlogo = "looks/c.svg"', "does more than draw: '<!DOCTYPE'"),
        ('[appearance]\nlogo = "looks/d.png"', "has 200,008 bytes; 200,000 are the most"),
        ('[appearance]\nlogos = "x"', "unknown key 'logos': did you mean 'logo'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_configuration_is_one_line(made: Make, toml: str, said: str) -> None:
    Path("looks").mkdir()
    if "appearance" in toml:
        (Path("looks") / "a.svg").write_text(SVG.replace("<rect", "<script>alert(1)</script><rect"))
        (Path("looks") / "b.svg").write_text(SVG.replace("<rect", '<image href="http://x.example/y"/><rect'))
        (Path("looks") / "c.svg").write_text('<!-- a --><!DOCTYPE svg [<!ENTITY a "b">]>' + SVG)
        (Path("looks") / "d.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200_000))
    ran = made(toml)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_what_is_tinted_follows_the_accent_unless_it_is_given_too() -> None:
    green = changed(LIGHT, {"accent": "#00775A", "tint1": "#eeeeee"}, "here")
    assert (green.accent, green.tint1) == ("#00775a", "#eeeeee")
    assert green.heat3 != LIGHT.heat3
    assert (green.alert, green.alert_ground, green.ink) == (LIGHT.alert, LIGHT.alert_ground, LIGHT.ink)
    assert changed(LIGHT, {}, "here") == LIGHT
    with pytest.raises(UsageError, match="unknown colour"):
        changed(LIGHT, {"blue": "#0000ff"}, "here")
