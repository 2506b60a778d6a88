"""The alert rules, by Prometheus' own judge."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from test_deploy import DEPLOY, ROOT, skip

RULES = ROOT / "server/grafana/alerts.yml"
TESTS = Path(__file__).parent / "alerts.test.yml"


def promtool(*words: str | Path) -> None:
    if not shutil.which("promtool"):
        skip("promtool is not installed (it comes with prometheus): the alert rules were not tried")
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_each_rule_says_what_to_do_and_is_shown_to_fire() -> None:
    tried = {test["name"] for test in yaml.safe_load(TESTS.read_text())["tests"]} - {"all is well"}
    assert {rule["alert"] for rule in rules()} == tried
    manual = (ROOT / "docs/operate.md").read_text()
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], rule
        assert f"| `{rule['alert']}` |" in manual, f"docs/operate.md does not tell of {rule['alert']}"


@pytest.mark.parametrize("what", [("check", "rules", RULES), ("test", "rules", TESTS)], ids=["sound", "fires"])
def test_the_rules(what: tuple[str | Path, ...]) -> None:
    promtool(*what)


def test_the_configuration() -> None:
    # The rules stand elsewhere here.
    promtool("check", "config", "--syntax-only", DEPLOY / "prometheus.yml")
