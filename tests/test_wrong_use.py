"""Wrong use: one clear line, the right exit code, no traceback, and the store as it was before."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import ROOT, Cli, Ran

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.store import Store

EVENT = '{"id": "e%d", "occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}\n'


@dataclass(frozen=True)
class Scene:
    """A folder with a good file, a good store and much that is wrong."""

    folder: Path
    store: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def bytes(self) -> dict[str, bytes]:
        """Every file below the store, but the record of reads: what could not be written was read all the same."""
        return {str(path): path.read_bytes() for path in self.files() if path.is_file() and self.store in path.parents}

    def files(self) -> set[Path]:
        """Every file and folder of the scene, but the record of reads."""
        return {path for path in self.folder.rglob("*") if self.store / "reads" not in (path, *path.parents)}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the scene once."""
    folder = tmp_path_factory.mktemp("stage") / "scene"
    folder.mkdir()
    whole = gzip.compress("".join(EVENT % (n * 7919) for n in range(2000)).encode())
    files: dict[str, bytes] = {
        "good.jsonl": (EVENT % 1).encode(),
        "other.jsonl": (EVENT % 2).encode(),
        "empty.jsonl": b"",
        "blank.jsonl": b"\n\n  \n",
        "half.jsonl.gz": whole[: len(whole) // 2],
        "long.jsonl.gz": gzip.compress("".join(EVENT % (n * 7919) for n in range(20_000)).encode())[:-9],
        "few.gz": b"\x1f\x8b\x08",
        "plain.jsonl.gz": (EVENT % 3).encode(),
        "plain.jsonl.zst": (EVENT % 3).encode(),
        "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
        "picture.json": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
        "prose.json": b"Dear auditor,\nthere is nothing here.\n",
        "cut.json": ("[" + (EVENT % 4) + "," + EVENT[:30]).encode(),
        "none.json": b"[]",
        "strange.jsonl": b'{"colour": "red"}\n',
        "twice.csv": b"id,id,occurred_at,category,action\n1,2,2026-03-02T09:00:00Z,Members,Left\n",
        "\x1b[31mred\n.jsonl": b"",
        "key.toml": b'timezon = "UTC"\n',
        "inner.toml": b'[[review]]\nperoid = "week"\n',
        "table.toml": b'[review]\nname = "weekly"\n',
        "text.toml": b"store = 7\n",
        "zone.toml": b'timezone = "Europe/Madird"\n',
        "mapping.toml": b'[feeds.generic]\nactr = "who"\n',
        "no.toml": b"{ this is JSON? }",
        "bytes.toml": b'store = "\xff"',
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "nothing").mkdir()
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(b"\x89PNG")
    newer = folder / "newer"
    newer.mkdir()
    (newer / "format.json").write_text('{"format": 99}')
    landing = land(Store.create(folder / "store"), [str(folder / "good.jsonl")], FEEDS, now=datetime.now(UTC))
    assert landing.landed == 1
    return folder


@pytest.fixture
def scene(stage: Path, tmp_path: Path) -> Scene:
    """Return a copy of the scene for one mistake."""
    folder = Path(shutil.copytree(stage, tmp_path / "scene"))
    os.mkfifo(folder / "pipe")
    return Scene(folder, folder / "store")


# Words that begin with @ name a file of the scene. The store is the scene's unless a case names another.
CASES: list[tuple[str, int, str]] = [
    # what was typed, the exit code, words of the line
    ("ingest @nowhere.jsonl", 2, "no such file or folder"),
    ("ingest @no*where.jsonl", 2, "no such file or folder"),
    ("ingest @empty.jsonl", 2, "holds no event: it is empty"),
    ("ingest @blank.jsonl", 2, "holds no event: it is blank"),
    ("ingest @nothing", 2, "holds no file ending in"),
    ("ingest @pictures", 2, "holds no file ending in"),
    ("ingest @pipe", 2, "neither a file nor a folder"),
    ("ingest /dev/null", 2, "neither a file nor a folder"),
    ("ingest @half.jsonl.gz", 2, "holds no event: the archive is cut or damaged"),
    ("ingest @long.jsonl.gz", 2, "holds no event: the archive is cut or damaged"),
    ("ingest @few.gz", 2, "the archive is cut or damaged"),
    ("ingest @plain.jsonl.gz", 2, "the archive cannot be unpacked"),
    ("ingest @plain.jsonl.zst", 2, "the archive cannot be unpacked"),
    ("ingest @picture.png", 2, "it is not text"),
    ("ingest @picture.json", 2, "it is not text"),
    ("ingest @prose.json", 2, "it is not JSON"),
    ("ingest @cut.json", 2, "holds no event: not JSON"),
    ("ingest @none.json", 2, "its list is empty"),
    ("ingest @strange.jsonl", 2, "no feed recognises the events of"),
    ("ingest @twice.csv --feed invent", 2, "names a column twice"),
    ("ingest @other.jsonl @empty.jsonl", 2, "it is empty; nothing was landed"),
    ("ingest @other.jsonl --feed invant", 2, "unknown feed 'invant': did you mean 'invent'?"),
    ("ingest @other.jsonl --store @picture.png/below", 2, "cannot make a store"),
    ("ingest @other.jsonl --store @picture.png", 2, "is not a store"),
    ("ingest @other.jsonl --store @pictures", 2, "is not a store and not empty"),
    ("ingest @other.jsonl --store @newer", 2, "has format 99"),
    ("ingest @other.jsonl --store s3://bucket/store", 2, "S3"),
    ("ingest @other.jsonl --format jsno", 2, "unknown format 'jsno': did you mean 'json'?"),
    ("ingest", 2, "PATH"),
    ("summary --by actor --store @nowhere", 2, "no store at"),
    ("summary --by actor --store @pictures", 2, "that folder is not one"),
    ("summary --by actor --store @newer", 2, "has format 99"),
    ("summary --by actro", 2, "unknown dimension 'actro': did you mean 'actor'?"),
    ("summary --by actor,actor", 2, "named twice"),
    ("summary --by=", 2, "dimension"),
    ("summary", 2, "--by"),
    ("summary --by actor --limit -1", 2, "--limit must be a whole number, zero or more"),
    ("summary --by actor --limit few", 2, "--limit"),
    ("summary --by actor --category Member", 2, "unknown category 'Member': did you mean 'Members'?"),
    ("summary --by actor --country Spain", 2, "did you mean 'ES'?"),
    ("summary --by actor --outcome failed", 2, "did you mean 'failure'?"),
    ("summary --by actor --from 2026-03-09 --to 2026-03-02", 2, "is reversed"),
    ("summary --by actor --from 2026-03-02 --to 2026-03-02", 2, "is empty"),
    ("summary --by actor --from yesterday", 2, "is no date or time"),
    ("summary --by actor --from 2026-02-30", 2, "is no date or time"),
    ("summary --by actor --last xyz", 2, "is no length of time"),
    ("summary --by actor --last 0d", 2, "is no length of time"),
    ("summary --by actor --last 999999w", 2, "reaches beyond the calendar"),
    ("summary --by actor --from 0001-01-01 --timezone Asia/Tokyo", 2, "reaches beyond the calendar"),
    ("summary --by actor --last 7d --from 2026-03-02", 2, "contradict"),
    ("summary --by actor --ip 300.1.1.1", 2, "is no address or network: did you mean '255.1.1.1'?"),
    ("summary --by actor --ip 203.0.113.0/99", 2, "is no address or network: did you mean '203.0.113.0/32'?"),
    ("summary --by actor --ip 10.0.0/24", 2, "is no address or network: did you mean '10.0.0.0/24'?"),
    ("summary --by actor --ip 2001:db8::/129", 2, "is no address or network: did you mean '2001:db8::/128'?"),
    ("summary --by actor --ip home", 2, "is no address or network; write 203.0.113.7"),
    ("store inf", 2, "unknown command of store 'inf': did you mean 'info'? Known: backup, compact"),
    ("feeds chek events.jsonl", 2, "unknown command of feeds 'chek': did you mean 'check'?"),
    ("review --period 2026-W60", 2, "no week '2026-W60': did you mean '2026-W53'?"),
    (
        "summary --by actor --timezone Europe/Madird",
        2,
        "unknown timezone 'Europe/Madird': did you mean 'Europe/Madrid'?",
    ),
    ("summary --by actor --timezone Europe/Madird", 2, "did you mean 'Europe/Madrid'?"),
    *(
        (f"summary --by actor --where {typed}='x'", 2, f"unknown column '{typed}': did you mean '{meant}'?")
        for typed, meant in (
            ("ocurred_at", "occurred_at"),
            ("catagory", "category"),
            ("resource_typ", "resource_type"),
            ("contry", "country"),
            ("userAgent", "user_agent"),
            ("username", "actor"),
            ("user", "actor"),
            ("timestamp", "occurred_at"),
            ("ip_address", "ip"),
            ("adress", "ip"),
            ("status", "outcome"),
            ("role", "actor_role"),
        )
    ),
    *(
        (f"summary --by actor {flag}={typed}", 2, f"{typed}': did you mean '{meant}'?")
        for flag, typed, meant in (
            ("--category", "apikeys", "API Keys"),
            ("--category", "Membrs", "Members"),
            ("--action", "Delete", "Deleted"),
            ("--event", "ApiKeyCreated", "API Key Created"),
            ("--actor-type", "user", "human"),
            ("--country", "UK", "GB"),
            ("--actor-type", "bot", "service"),
            ("--country", "Vietnam", "VN"),
            ("--country", "Spian", "ES"),
            ("--country", "England", "GB"),
            ("--country", "es", "ES"),
            ("--outcome", "denied", "failure"),
            ("--outcome", "sucess", "success"),
            ("--feed", "aws", "cloudtrail"),
            ("--feed", "google", "google_workspace"),
        )
    ),
    *(
        (f"summary --by {typed}", 2, f"unknown dimension '{typed}': did you mean '{meant}'?")
        for typed, meant in (
            ("catgeory", "category"),
            ("countries", "country"),
            ("weekdya", "weekday"),
            ("hours", "hour"),
            ("resource-type", "resource_type"),
            ("user", "actor"),
            ("ip", "network"),
            ("date", "day"),
            ("actor_role", "role"),
            ("region", "location"),
            ("status", "outcome"),
            ("Actor", "actor"),
        )
    ),
    *(
        (f"review --period {typed}", 2, f"'{typed}': did you mean '{meant}'?")
        for typed, meant in (
            ("2026W10", "2026-W10"),
            ("2026-W60", "2026-W53"),
            ("2026q1", "2026-Q1"),
            ("2026-Q5", "2026-Q4"),
            ("2026-13", "2026-12"),
            ("2026/03", "2026-03"),
            ("2026-3-2", "2026-03-02"),
            ("2026-02-30", "2026-02-28"),
            ("02.03.2026", "2026-03-02"),
            ("2026-03-02:2026-03-09", "2026-03-02..2026-03-09"),
            ("2026-03-02...2026-03-09", "2026-03-02..2026-03-09"),
            ("mounth", "month"),
            ("last-weak", "week"),
            ("2026.W10", "2026-W10"),
            ("2026-march", "2026-03"),
            ("yesterday", "day"),
        )
    ),
    *(
        (f"summary --by actor {flag} {typed}", 2, f"'{typed}' is no {kind}: did you mean '{meant}'?")
        for flag, typed, kind, meant in (
            ("--from", "2026-3-2", "date or time", "2026-03-02"),
            ("--from", "2026/03/02", "date or time", "2026-03-02"),
            ("--from", "2026-02-30", "date or time", "2026-02-28"),
            ("--last", "7days", "length of time", "7d"),
            ("--last", "7", "length of time", "7d"),
            ("--last", "1month", "length of time", "30d"),
            ("--last", "1y", "length of time", "365d"),
            ("--last", "7D", "length of time", "7d"),
        )
    ),
    *(
        (f"summary --by actor --timezone {typed}", 2, f"unknown timezone '{typed}': did you mean '{meant}'?")
        for typed, meant in (
            ("Madrid", "Europe/Madrid"),
            ("Londn", "Europe/London"),
            ("europe/madrid", "Europe/Madrid"),
            ("Asia/Calcuta", "Asia/Calcutta"),
            ("right/Europe/Madrid", "Europe/Madrid"),  # there, but with leap seconds
            ("America/NewYork", "America/New_York"),
            ("New-York", "America/New_York"),
            ("Paris/Europe", "Europe/Paris"),
            ("PST", "America/Los_Angeles"),
            ("IST", "Asia/Kolkata"),
            ("UTC+2", "Etc/GMT-2"),
            ("+05:00", "Etc/GMT-5"),
            ("Z", "UTC"),
        )
    ),
    *(
        (f"summary --by actor --ip {typed}", 2, f"'{typed}' is no address or network: did you mean '{meant}'?")
        for typed, meant in (
            ("10.0.0.0/33", "10.0.0.0/32"),
            ("10.0.0/8", "10.0.0.0/8"),
            ("10.*", "10.0.0.0/8"),
            ("10.0.0.*", "10.0.0.0/24"),
            ("203.0.113.7:443", "203.0.113.7"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::/129", "2001:db8::/128"),
            ("010.0.0.1", "10.0.0.1"),
            ("10,0,0,1", "10.0.0.1"),
            ("localhost", "127.0.0.1"),
            ("203.0.113.999", "203.0.113.255"),
        )
    ),
    ("summary --by actor --as-of 0", 2, "there is no landing 0"),
    ("summary --by actor --as-of 99", 2, "the latest is 1"),
    ("summary --by actor --as-of one", 2, "--as-of"),
    ("summary --by actor --where actr='x'", 2, "unknown column 'actr': did you mean 'actor'?"),
    ("summary --by actor --where actor=", 2, "cannot be read"),
    ("summary --by actor --where landing>(select(1))", 2, "lazy()"),
    ("summary --by actor --where max(landing)=1", 2, "lazy()"),
    ("summary --by actor --where landing='one'", 2, "landing is number"),
    ("summary --by actor --where occurred_at>'soon'", 2, "is no date or time"),
    ("summary --by actor --where actor~'['", 2, "no regular expression"),
    ("summary --by actor --where actor~'(?=a)b'", 2, "no regular expression"),
    ("summary --by actor --where actor~'a{2000}'", 2, "the pattern part {2000}, more than 1000 times cannot be run"),
    ("summary --by actor --config @absent.toml", 2, "no configuration file at"),
    ("summary --by actor --config @nothing", 2, "no configuration file at"),
    ("summary --by actor --config @key.toml", 2, "unknown key 'timezon': did you mean 'timezone'?"),
    ("summary --by actor --config @inner.toml", 2, "unknown key 'peroid': did you mean 'period'?"),
    ("summary --by actor --config @table.toml", 2, "write review as [[review]]"),
    ("summary --by actor --config @text.toml", 2, "store must be text"),
    ("summary --by actor --config @zone.toml", 2, "did you mean 'Europe/Madrid'?"),
    ("summary --by actor --config @no.toml", 2, "is not TOML"),
    ("summary --by actor --config @bytes.toml", 2, "is not TOML"),
    ("ingest @other.jsonl --config @mapping.toml", 2, "unknown column 'actr'"),
    ("events --format xlsx", 2, "--out FILE.xlsx"),
    ("events --format parquet", 2, "--out FILE.parquet"),
    ("events --format yaml", 2, "unknown format 'yaml'"),
    ("events --out @nowhere/out.csv", 2, "no folder"),
    ("events --out @pictures", 2, "is a folder"),
    ("events --categroy Members", 2, "unknown option '--categroy': did you mean '--category'?"),
    ("events Members", 2, "what is 'Members'?"),
    ("events --limit -1", 2, "--limit must be a whole number, zero or more"),
    ("evnets", 2, "unknown command 'evnets': did you mean 'events'?"),
    ("review --period 2026-W10 --from 2026-03-02", 2, "contradict"),
    ("review --period 2026-W99", 2, "2026-W99"),
    ("review --period fortnight", 2, "fortnight"),
    ("review --from 2026-03-02", 2, "a review needs a whole period"),
    ("review --period 2026-W10 --format docx", 2, "docx"),
    ("store inof", 2, "inof"),
    ("store info --store @nowhere", 2, "no store at"),
    ("store journal --store @pictures", 2, "that folder is not one"),
    ("store quarantine --as-of 7", 2, "there is no landing 7"),
    ("feeds check", 2, "name the file to check"),
    ("feeds check @nowhere.jsonl", 2, "no such file or folder"),
    ("feeds check @empty.jsonl", 2, "it is empty"),
    ("feeds check @good.jsonl --feed okat", 2, "unknown feed 'okat'"),
    ("feeds chekc @good.jsonl", 2, "chekc"),
]


def typed(line: str, scene: Scene) -> list[str]:
    words = [str(scene / word[1:]) if word.startswith("@") else word for word in line.split()]
    return words if "--store" in words or words[0] == "feeds" else [*words, "--store", str(scene.store)]


def check(ran: Ran, code: int, words: str) -> None:
    assert ran.code == code, ran
    assert ran.out == ""
    assert ran.err.endswith("\n")
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("audit-reports: ")
    assert ran.err.rstrip("\n").isprintable()
    assert words in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("line", "code", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_mistake_gives_one_line_and_leaves_the_store_alone(
    line: str, code: int, words: str, scene: Scene, cli: Cli
) -> None:
    before = scene.bytes()
    files = scene.files()
    check(cli(*typed(line, scene)), code, words)
    assert scene.bytes() == before
    assert scene.files() == files, "and nothing was made anywhere else"


@pytest.mark.parametrize(
    "name", ["empty.jsonl", "half.jsonl.gz", "picture.json", "nothing", "nowhere", "strange.jsonl"]
)
def test_a_mistake_makes_no_store(name: str, scene: Scene, cli: Cli) -> None:
    check(cli("ingest", scene / name, "--store", scene / "new" / "store"), 2, "")
    assert not (scene / "new").exists()


def test_a_name_that_a_terminal_would_act_on_is_shown(scene: Scene, cli: Cli) -> None:
    check(cli("ingest", scene / "\x1b[31mred\n.jsonl", "--store", scene.store), 2, r"\x1b[31mred\n.jsonl")
    check(cli("summary", "--by", "\x1b]0;x\x07", "--store", scene.store), 2, r"\x1b]0;x\x07")
    check(cli("events", "--store", scene.store, "--where", "\x1b\n\u202e = 1"), 2, "")


def test_a_clock_that_is_no_number_is_a_mistake(scene: Scene, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("tomorrow", "1e9", "9" * 30, "-" + "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        check(cli("ingest", scene / "other.jsonl", "--store", scene.store), 2, "SOURCE_DATE_EPOCH")


def test_an_environment_that_names_no_settings_is_a_mistake(
    scene: Scene, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_REPORTS_CONFIG", str(scene / "absent.toml"))
    check(cli("events", "--store", scene.store), 2, "no configuration file at")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda store: (store / "format.json").write_text("what?"), "cannot be read"),
        (lambda store: next((store / "events" / "_delta_log").glob("*.json")).write_text("what?"), "cannot be read"),
        (lambda store: next(store.glob("events/day=*/*.parquet")).unlink(), "cannot be read"),
        (lambda store: next(store.glob("events/day=*/*.parquet")).write_bytes(b"PAR1what?PAR1"), "cannot be read"),
    ],
    ids=["format", "log", "lost file", "damaged file"],
)
def test_a_damaged_store_is_no_mistake_of_the_user(
    damage: Callable[[Path], object], words: str, scene: Scene, cli: Cli
) -> None:
    damage(scene.store)
    check(cli("summary", "--by", "actor", "--store", scene.store), 1, words)


# ------------------------------------------------------------------------------------------- as a program of its own


def run(*words: object, cwd: Path, **environment: str) -> Ran:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from audit_reports.cli import main; sys.exit(main())", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_process_ends_with_the_code_and_the_line(scene: Scene) -> None:
    check(run("ingest", scene / "half.jsonl.gz", "--store", scene / "new", cwd=scene.folder), 2, "cut or damaged")
    check(run("summary", "--by", "actro", "--store", scene.store, cwd=scene.folder), 2, "did you mean 'actor'?")
    check(run("ingest", "-", "--store", scene / "new", cwd=scene.folder), 2, "'-' holds no event: it is empty")
    check(run(cwd=scene.folder), 2, "COMMAND")
    assert not (scene / "new").exists()


def test_a_reader_that_has_gone_ends_the_program_quietly(scene: Scene) -> None:
    program = "import sys; from audit_reports.cli import main; sys.exit(main())"
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, "events", "--store", str(scene.store)],
            stdout=write,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
