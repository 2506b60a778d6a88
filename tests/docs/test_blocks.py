"""Every block of the documentation is run as it stands there, or is known to be run elsewhere. A block that is not in the
table below fails."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import shlex
import sqlite3
import subprocess
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Callable, Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ["ENCRATA_WEBHOOKS_BIN"]).resolve()
SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *map(ROOT.joinpath, ["README.md", "CONTRIBUTING.md", "core/README.md"])]
PAGES += [ROOT / f"bindings-{name}/README.md" for name in ("axum", "python", "wasm")]


def blocks() -> list[tuple[Path, str, str]]:
    found = []
    for page in PAGES:
        for match in re.finditer(r"^ *```(\S*)[^\n]*\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            found.append((page.relative_to(ROOT), match[1].split(",")[0], match[2]))
    return found


BLOCKS = blocks()
# Languages whose blocks are run by another suite, with the page and the test that does.
ELSEWHERE = {
    ("README.md", "js"): "tests/clients/test_readme.py",
    ("README.md", "python"): "tests/clients/test_readme.py",
    ("bindings-python/README.md", "python"): "bindings-python/tests/test_documents.py",
    ("bindings-wasm/README.md", "js"): "bindings-wasm/test/frameworks/readme.test.mjs",
    ("bindings-wasm/README.md", "ts"): "bindings-wasm/test/frameworks/readme.test.mjs",
    # Documentation tests of the crates.
    ("core/README.md", "rust"): "core/src/lib.rs",
    ("bindings-axum/README.md", "rust"): "bindings-axum/src/lib.rs",
}


def honest(secret: str, headers: Message, body: bytes) -> bool:
    """The rule of docs/wire-format.md, without a tolerance."""
    if signatures := headers.get("webhook-signature"):
        signed = b"%s.%s.%s" % (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
        made = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
        return f"v1,{base64.b64encode(made).decode()}" in signatures.split()
    return hmac.digest(secret.encode(), body, "sha256").hex() == headers.get("x-encrata-signature")


class World:
    """A folder with a server that runs there, and a receiver on a laptop."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.received: list[dict[str, str]] = []
        # What its receiver verifies with; nothing is verified while it has none.
        self.secret = ""
        self.env = {"PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(home)}
        self.server: subprocess.Popen[str] | None = None
        self.replaced: dict[str, str] = {}
        world = self

        class Laptop(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                world.received.append({**dict(self.headers), "path": self.path})
                self.send_response(204 if not world.secret or honest(world.secret, self.headers, body) else 401)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.laptop = HTTPServer(("127.0.0.1", 0), Laptop)
        threading.Thread(target=self.laptop.serve_forever, daemon=True).start()
        self.replaced["http://localhost:3000"] = f"http://127.0.0.1:{self.laptop.server_port}"

    def start(self) -> None:
        words = [BINARY, "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:encrata.db"]
        self.server = subprocess.Popen(words, cwd=self.home, env=self.env, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        base = self.server.stdout.readline().split(" listening on ")[1].strip()
        self.replaced |= {"http://127.0.0.1:8080": base, "https://hooks.example.com": base}

    def stop(self) -> None:
        if self.server:
            self.server.terminate()
            assert self.server.wait(30) == 0
            self.server = None

    def key(self, role: str) -> str:
        words = ["keys", "create", "--workspace", "acme", "--name", role, "--role", role, "--json"]
        made = self.call(*words, "--database", "sqlite:encrata.db")
        return json.loads(made)["key"]

    def call(self, *words: str) -> str:
        done = subprocess.run([BINARY, *words], cwd=self.home, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, text: str, **env: str) -> subprocess.CompletedProcess[str]:
        for words, other in self.replaced.items():
            text = text.replace(words, other)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.home, env={**self.env, **env}, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("docs"))
    (world.home / "encrata-webhooks").symlink_to(".")  # the clone
    world.start()
    yield world
    world.stop()
    world.laptop.shutdown()


def keys(world: World, text: str) -> None:
    made = json.loads(world.shell(text.splitlines()[0]).stdout)
    world.shell(text.replace("01980000-0000-7000-8000-000000000000", made["id"]))


def imports(world: World, text: str) -> None:
    webhooks = f"workspace,url,events,secret\nacme,https://example.com/imported,credits.low,{SECRET}\n"
    (world.home / "webhooks.csv").write_text(webhooks)
    row = {"workspace": "acme", "name": "old", "role": "admin", "key": "enc_live_imported"}
    (world.home / "keys.json").write_text(json.dumps([row]))
    assert "1 webhooks and 1 keys were brought in" in world.shell(text).stdout


def rekeys(world: World, text: str) -> None:
    world.stop()
    assert "under the new master key" in world.shell(text).stdout
    world.start()


def backs_up(world: World, text: str) -> None:
    assert "is a copy of encrata.db" in world.shell(text).stdout


def goes_back(world: World, text: str) -> None:
    (world.home / "copy.db").unlink(missing_ok=True)
    world.call("backup", "--database", "sqlite:encrata.db", "copy.db")
    listed = ["keys", "list", "--database", "sqlite:encrata.db", "--json"]
    before = world.call(*listed)
    world.key("readonly")
    assert world.call(*listed) != before
    world.stop()
    world.shell(text)
    assert world.call(*listed) == before
    world.start()


def listens(world: World, text: str) -> None:
    env = {**world.env, "ADMIN_KEY": world.key("admin")}
    for words, other in world.replaced.items():
        text = text.replace(words, other)
    running = subprocess.Popen(["bash", "-ec", text], cwd=world.home, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None and "listening: deliveries of acme" in running.stdout.readline()
    finally:
        running.terminate()
        running.wait(30)


def triggers(world: World, text: str) -> None:
    """Line by line, each with the key that it says."""
    admin = world.key("admin")
    base = world.replaced["http://127.0.0.1:8080"]
    webhook = json.loads(
        world.shell(
            f"curl -sf {base}/api/webhooks -H 'Authorization: Bearer {admin}' -H 'content-type: application/json' "
            """-d '{"url":"https://example.com/hook","events":["lookup.completed"]}'"""
        ).stdout
    )
    publish, test, replay, complete = text.splitlines()
    env = {"ENCRATA_SERVER": base, "ADMIN_KEY": admin, "PUBLISHER_KEY": world.key("publisher")}
    world.shell(publish, **env)
    list_ = f"curl -sf '{base}/api/webhooks/deliveries?webhook_id={webhook['id']}' -H 'Authorization: Bearer {admin}'"
    delivery = json.loads(world.shell(list_).stdout)[0]["id"]
    # Nobody is there, and that is told: the call is understood.
    assert "failed" in world.shell(f"{{ {test.replace(' ID', ' ' + webhook['id'])}\n}} 2>&1 || true", **env).stdout
    world.shell(replay.replace("DELIVERY", delivery), **env)
    assert world.received[-1]["x-encrata-delivery"] == delivery
    (world.home / "completions").mkdir(exist_ok=True)
    world.shell(complete.replace("/etc/bash_completion.d", "completions"))
    world.shell("bash -n completions/encrata-webhooks")


def resends(world: World, text: str) -> None:
    """Nothing has failed, so there is nothing to send again; all that was published before the webhook came, it missed."""
    admin, base = world.key("admin"), world.replaced["http://127.0.0.1:8080"]
    ask = f"curl -sf {base}/api/webhooks%s -H 'Authorization: Bearer {admin}' -H 'content-type: application/json'"
    webhook = '{"url":"https://example.com/again","events":["apikey.created"]}'
    made = json.loads(world.shell(f"{ask % ''} -d '{webhook}'").stdout)["id"]
    world.key("readonly")
    one = json.loads(world.shell(ask % f"/deliveries?webhook_id={made}").stdout)[0]["id"]
    again, failed, missed = text.splitlines()
    env = {"ENCRATA_SERVER": base, "ENCRATA_API_KEY": admin}
    # One that is being sent is refused: the call is understood.
    said = world.shell(f"{again.replace('DELIVERY', one).split('#')[0]} 2>&1 || true", **env).stdout
    assert "1 delivery is on its way" in said or "409" in said, said
    assert "0 deliveries" in world.shell(failed.replace("ID", made).replace("--wait", ""), **env).stdout
    assert re.search("on (its|their) way", world.shell(missed.replace("ID", made), **env).stdout)


def settings(world: World, text: str) -> None:
    """What would be in force: the database of the example is nowhere."""
    shown = world.shell(text.replace("encrata-webhooks serve", "encrata-webhooks config")).stdout
    assert 'listen = "0.0.0.0:8080" # flag' in shown and "db.internal" in shown, shown


def serves(world: World, text: str) -> None:
    assert "target/release" in text  # make build makes it: the suites build and test it
    words = text.splitlines()[-1].replace("sqlite:encrata.db", "sqlite:readme.db") + " --listen 127.0.0.1:0"
    server = subprocess.Popen(["bash", "-c", f"exec {words}"], cwd=world.home, env=world.env, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None and " listening on " in server.stdout.readline()
    server.terminate()
    # Told so early, it may not even listen to it.
    assert server.wait(30) in (0, -15)


def curls(world: World, text: str) -> None:
    text = text.replace("curl ", "curl -sS --fail-with-body ")
    done = world.shell(f"""{text}\nprintf '\\n%s' "$SECRET" "$ADMIN_KEY" "$PUBLISHER_KEY\"""")
    event, *said = done.stdout.splitlines()
    assert '"id":"evt_' in event, done.stdout
    assert [bool(re.fullmatch(r"whsec_[0-9a-f]{64}|enc_live_\w+", word)) for word in said] == [True] * 3, said


def receives(world: World, text: str) -> None:
    """Its receiver is run by tests/clients; here one that verifies stands in its place."""
    admin, base = world.key("admin"), world.replaced["http://127.0.0.1:8080"]
    webhook = '{"url":"https://receiver.invalid/webhooks/encrata","events":["lookup.completed"]}'
    ask = f"curl -sf '{base}/api/webhooks%s' -H 'Authorization: Bearer {admin}' -H 'content-type: application/json' "
    made = json.loads(world.shell(f"{ask % ''} -d '{webhook}'").stdout)
    assert "SECRET node receiver.mjs &" in text
    env = {"ADMIN_KEY": admin, "PUBLISHER_KEY": world.key("publisher"), "SECRET": made["secret"]}
    env["ENCRATA_SERVER"] = base
    said = world.shell(text.replace("node receiver.mjs", "sleep 60"), **env).stdout
    delivery = json.loads(world.shell(ask % f"/deliveries?webhook_id={made['id']}").stdout)[0]["id"]
    assert re.search(rf"lookup\.completed +{delivery}  204 in \d+ ms", said), said
    assert [one["path"] for one in world.received if one.get("x-encrata-delivery") == delivery] == ["/webhooks/encrata"]


def forges(world: World, text: str) -> None:
    world.secret = SECRET
    try:
        assert world.shell(text, SECRET=SECRET).stdout.split() == ["401", "204", "401"]
    finally:
        world.secret = ""


def verifies(world: World, text: str) -> None:
    (world.home / "body.json").write_text("{}")
    signature = world.call("sign", "--secret", SECRET, "body.json").strip()
    world.shell(text, ENCRATA_WEBHOOK_SECRET=SECRET, SIGNATURE=signature)


def makes(world: World, text: str) -> None:
    """The suites run these; here it is only that they are verbs, in what is cloned from where the crates say."""
    lines = text.splitlines()
    if lines[0].startswith("git clone"):
        cloned, entered = lines.pop(0), lines.pop(0)
        assert f'repository = "{cloned.split()[2]}"' in (ROOT / "Cargo.toml").read_text("utf-8")
        assert entered.split()[1] == cloned.split("/")[-1]
    for line in lines:
        subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, check=True, capture_output=True)


def installs(world: World, text: str) -> None:
    """The names of packages, as their manifests have them; what stands beside them their tests are built with."""
    names = {re.search(r'^name = "(.*)"', (ROOT / path).read_text("utf-8"), re.M)[1]
             for path in ("core/Cargo.toml", "bindings-axum/Cargo.toml", "bindings-python/pyproject.toml")}
    names.add(json.loads((ROOT / "bindings-wasm/package.json").read_text("utf-8"))["name"])
    names |= set(re.findall(r"^(axum|tokio)\b", (ROOT / "bindings-axum/Cargo.toml").read_text("utf-8"), re.M))
    for line in text.splitlines():
        assert {word.split("[")[0] for word in shlex.split(line.split(" --")[0])[2:]} <= names, line


def checks_copy(world: World, text: str) -> None:
    world.key("readonly")
    (world.home / "copy.db").unlink(missing_ok=True)
    world.call("backup", "--database", "sqlite:encrata.db", "copy.db")
    key = json.loads(world.call("keys", "list", "--database", "sqlite:encrata.db", "--json"))[-1]
    # Where the tool is not installed, the same by the library.
    asked = "sqlite3.connect(sys.argv[1], uri=True).execute(sys.argv[2]).fetchone()"
    (world.home / "ask.py").write_text(f"import sqlite3, sys\nprint(*{asked})\n")
    tool = 'command -v sqlite3 >/dev/null || sqlite3() { python3 ask.py "$@"; }\n'
    ok, *listed = world.shell(tool + text).stdout.splitlines()
    assert ok == "ok" and any(key["id"] in line for line in listed), listed


def by_clock(world: World, text: str) -> None:
    """As cron runs it: in a shell, `\\%` as `%`."""
    when, command = text.split(" cd ")
    assert len(when.split()) == 5 and not re.search(r"(?<!\\)%", command), text
    (world.home / "backups").mkdir(exist_ok=True)
    command = command.replace("\\%", "%").replace("/var/backups", "backups")
    world.shell("cd " + command.replace("/var/lib/encrata-webhooks", str(world.home)))
    assert [path.stat().st_size > 0 for path in (world.home / "backups").glob("encrata-20??-??-??.db")] == [True]


def first_key(world: World, text: str) -> None:
    """What is asked of the binary, and that it runs as the file in deploy/ says."""
    runner, call = text.replace("\\\n", "").split("/usr/bin/encrata-webhooks ")
    assert "This is the admin key" in world.shell(f"encrata-webhooks {call}").stderr
    unit = (ROOT / "deploy/encrata-webhooks.service").read_text("utf-8").splitlines()
    for setting in re.findall(r"-p (\S+)", runner):
        assert setting in unit or setting == "User=encrata-webhooks", setting
    if runner.startswith("kubectl"):
        named = "kind: Deployment\nmetadata:\n  name: encrata-webhooks\n"
        assert runner == "kubectl exec deploy/encrata-webhooks -- "
        assert named in (ROOT / "deploy/kubernetes.yaml").read_text("utf-8")


def contains(world: World, text: str) -> None:
    """No engine is needed: its options are those of the image, and the key that it makes is one."""
    image = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    key, run, ask = text.replace("\\\n", "").splitlines()
    user = re.search(r"^USER (\d+)", image, re.M)[1]
    assert f"chown {user} " in key
    world.shell(key.split("&&")[0])
    words = shlex.split(run)
    said = {name: words[words.index(name) + 1] for name in ("-p", "--stop-timeout", "-e")}
    assert words[-1] == "encrata-webhooks" and f"EXPOSE {said['-p'].split(':')[-1]}\n" in image
    assert int(said["--stop-timeout"]) > 10 and f"VOLUME {words[words.index('-v') + 1].split(':')[1]}\n" in image
    name, path = said["-e"].split("=")
    assert f":{path}:ro" in run
    shown = world.shell("encrata-webhooks config", **{name: str(world.home / "master-key")}).stdout
    assert re.search(rf"^master-key-file = .*master-key.* # {name}$", shown, re.M), shown
    first_key(world, ask)


# What a block begins with, and how it is run.
RUN: dict[str, Callable[[World, str], None]] = {
    "encrata-webhooks keys create --workspace acme --name console --role admin --database": keys,
    "encrata-webhooks import": imports,
    "openssl rand -hex 32 >new-key": rekeys,
    "encrata-webhooks backup": backs_up,
    "# stop the server\nmv copy.db": goes_back,
    "export ENCRATA_SERVER": listens,
    "ENCRATA_API_KEY=$PUBLISHER_KEY encrata-webhooks trigger": triggers,
    "ENCRATA_WEBHOOK_SECRET=$SECRET node": receives,
    "printf %s": forges,
    "sqlite3 'file:copy.db": checks_copy,
    "17 3 * * *": by_clock,
    "systemd-run": first_key,
    "kubectl exec": first_key,
    "openssl rand -hex 32 > master-key": contains,
    "encrata-webhooks resend": resends,
    "export ENCRATA_DATABASE_URL": settings,
    "encrata-webhooks verify": verifies,
    "cd encrata-webhooks\nexport PATH": curls,
    "make build\nexport": serves,
    "make ": makes,
    "git clone ": makes,
    "cargo add ": installs,
    "pip install ": installs,
    "npm install ": installs,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_secret_among_arguments(page: Path) -> None:
    """Every user of a machine sees the arguments of its processes."""
    commands = [text for path, language, text in BLOCKS if ROOT / path == page and language == "sh"]
    assert [text for text in commands if re.search(r"--(secret|api-key|key|master-key)[ =]", text)] == []


@pytest.mark.parametrize(("page", "language", "text"), BLOCKS, ids=[f"{page}:{text.splitlines()[0][:40]}" for page, _, text in BLOCKS])
def test_block(world: World, page: Path, language: str, text: str) -> None:
    include = re.fullmatch(r"\{\{#include (\S+?)(:\d+)*\}\}\n", text)
    if include:
        # A file that a suite runs, or holds against the server.
        file = (ROOT / page).parent.joinpath(include[1]).resolve()
        assert file.is_file() and file.relative_to(ROOT).parts[0] in ("core", "deploy", "examples", "tests"), file
    elif (str(page), language) in ELSEWHERE:
        assert (ROOT / ELSEWHERE[str(page), language]).is_file()
    elif language == "json":
        json.loads(text)
    elif language == "toml":
        file = world.home / "settings.toml"
        file.write_text(text)
        shown = world.call("--config", str(file), "config")
        for name in re.findall(r"^(\S+) = ", text, re.MULTILINE):
            assert re.search(rf"^{name} = .* # file$", shown, re.MULTILINE), shown
    elif language == "text":
        assert str(page) == "docs/reference/command-line.md"
    else:
        assert language == "sh", f"nobody runs blocks of {language or 'no language'}"
        how = [run for begins, run in RUN.items() if text.startswith(begins)]
        assert how, "nobody runs this block: add it to the table"
        how[0](world, text)


def test_what_an_implementation_is_checked_with() -> None:
    page = (ROOT / "docs/wire-format.md").read_text("utf-8")
    vectors = json.loads((ROOT / "tests/vectors/vectors.json").read_text("utf-8"))
    golden = next(case for case in vectors["sign"] if case["name"] == "golden")
    for words in [*golden["secrets"], *(value for _, value in golden["headers"])]:
        assert f"`{words}`" in page, words
    assert golden["body"] in page and f"({len(golden['body'])} bytes, " in page


def test_a_repeated_event_does_nothing_twice() -> None:
    script = (ROOT / "tests/docs/idempotent.sql").read_text("utf-8")
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute(script.splitlines()[0].removeprefix("-- "))
    database.executescript(script)
    with pytest.raises(sqlite3.IntegrityError):
        database.executescript(script)


def test_what_is_made_is_as_it_would_be_made() -> None:
    subprocess.run([ROOT / "docs/generate.py", "--check"], check=True, env={**os.environ, "ENCRATA_WEBHOOKS_BIN": str(BINARY)})
