"""Can the ready files be put in place as they are? Their forms are right, and their commands are commands that we have."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli

from audit_reports.cli import parsed
from audit_reports.delivery.ready import SCHEDULERS, ready_files

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "schedule"
COMMAND = re.compile(r"(?:^|[\s/])audit-reports ((?:run|calendar|ingest)[^\n|>&;]*?)\s*(?:2>&1|[|>&;]|$)", re.MULTILINE)
FIELD = r"(?:\*|\d+(?:-\d+)?)"
VARIABLES = {
    *("AUDIT_REPORTS_CONFIG", "AUDIT_REPORTS_STORE"),
    *(f"AUDIT_REPORTS_SMTP_{word}" for word in ("USER", "PASSWORD", "PASSWORD_FILE")),
}


def texts() -> Iterator[tuple[str, str]]:
    for scheduler in SCHEDULERS:
        yield from ready_files(scheduler).items()


def test_each_file_belongs_to_a_scheduler() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {name for name, _ in texts()}


@pytest.mark.parametrize(("name", "text"), [one for one in texts() if not one[0].endswith(".timer")])
def test_the_commands_are_commands_that_we_have(name: str, text: str) -> None:
    said = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    if name == "kubernetes.yaml":
        said = " ".join(container(yaml.safe_load(text))["command"])
    found = [match[1].split() for match in COMMAND.finditer(said)]
    assert ["run"] in found
    for words in found:
        assert parsed(words).command == "run"
    assert set(re.findall(r"AUDIT_REPORTS_\w+", text)) <= VARIABLES


def test_lines_of_cron_are_lines_of_cron() -> None:
    (text,) = ready_files("cron").values()
    for line in text.splitlines():
        assert re.fullmatch(rf"#.*|[A-Z_]+=\S+||(?:{FIELD}\s+){{5}}audit-reports\s+\S.*", line), line
        assert "%" not in line, "cron would end the command there"


def test_each_of_them_looks_every_hour() -> None:
    said = dict(texts())
    cron = [line.split(maxsplit=6) for line in said["audit-reports.cron"].splitlines() if line[:1].isdigit()]
    commands = {words[-1].partition("/bin/")[2].partition(" 2>&1")[0]: " ".join(words[:5]) for words in cron}
    assert list(commands) == ["audit-reports run", "audit-reports run --check"]
    job, flow = (yaml.safe_load(said[name]) for name in ("kubernetes.yaml", "github-actions.yaml"))
    hours = commands["audit-reports run"], job["spec"]["schedule"], flow[True]["schedule"][0]["cron"]
    assert all(re.fullmatch(r"\d+ \* \* \* \*", one) for one in hours), hours
    timer = said["audit-reports.timer"].splitlines()
    assert {"OnCalendar=hourly", "Persistent=true"} <= set(timer), "and once after the machine was down"


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for name, text in ready_files("systemd").items():
        assert all(re.fullmatch(r"#.*|\[[A-Z]\w+\]|[A-Z]\w+=.*|", line) for line in text.splitlines())
        (tmp_path / name).write_text(text.replace("/opt/audit-reports/bin/audit-reports", "/bin/true"))
    if shutil.which("systemd-analyze") is None:
        return  # the form alone, where there is nobody to ask
    units = [str(tmp_path / name) for name in ready_files("systemd")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "audit-reports" in line]
    assert (done.returncode, said) == (0, [])


def container(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_kubernetes_gets_a_cron_job_whose_volumes_are_there() -> None:
    (text,) = ready_files("kubernetes").values()
    job = yaml.safe_load(text)
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert re.fullmatch(rf"(?:{FIELD} ){{4}}{FIELD}", job["spec"]["schedule"])
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    volumes = {one["name"] for one in pod["volumes"]}
    mounts = container(job)["volumeMounts"]
    assert {one["name"] for one in mounts} == volumes
    paths = [one["mountPath"] for one in mounts]
    for one in container(job)["env"]:
        if str(one.get("value", "")).startswith("/") and one["name"] != "HOME":
            assert any(one["value"].startswith(f"{path}/") for path in paths), one


def test_github_gets_a_workflow() -> None:
    (text,) = ready_files("github").values()
    flow = yaml.safe_load(text)
    on = flow[True]  # YAML 1.1, which GitHub's own reader is not, takes `on` for a truth value
    assert re.fullmatch(rf"(?:{FIELD} ){{4}}{FIELD}", on["schedule"][0]["cron"])
    steps = flow["jobs"]["run"]["steps"]
    assert steps[-2:] == [
        {"run": "audit-reports run"},
        {"if": "always()", "run": "audit-reports run --check"},  # most of all where the run has failed
    ]


def test_the_command_line_prints_them(cli: Cli) -> None:
    ran = cli("run", "--ready", "systemd")
    assert (ran.code, ran.out) == (0, "\n".join(ready_files("systemd").values()))
    assert "did you mean 'kubernetes'?" in cli("run", "--ready", "kubernets").err
