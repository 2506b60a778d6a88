"""The files in deploy/, held against the server that they run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BINARY = Path(os.environ["ENCRATA_WEBHOOKS_BIN"])


def skip(why: str) -> None:
    """Loudly; in CI it is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    print(f"SKIPPED: {why}")
    pytest.skip(why)


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def documents(name: str) -> list[dict]:
    return list(yaml.safe_load_all(read(name)))


def call(*words: str | Path, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **more)


def test_every_setting_is_one_of_the_server() -> None:
    known = set(re.findall(r"\bENCRATA_[A-Z_]+\b", call(BINARY, "serve", "--help").stdout))
    known |= {"ENCRATA_MASTER_KEY"}
    assert "ENCRATA_LISTEN" in known
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.suffix != ".md":
            assert set(re.findall(r"\bENCRATA_[A-Z]+(?:_[A-Z]+)*\b", file.read_text())) <= known, file


def test_kubernetes_takes_it() -> None:
    objects = documents("kubernetes.yaml")
    assert [one["kind"] for one in objects] == ["Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"]
    for one in objects:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    pod = objects[0]["spec"]["template"]
    for selector in (objects[0]["spec"]["selector"]["matchLabels"], objects[1]["spec"]["selector"]):
        assert selector.items() <= pod["metadata"]["labels"].items()
    container = pod["spec"]["containers"][0]
    names = {port["name"] for port in container["ports"]}
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert {probe["port"] for probe in probes} | {objects[1]["spec"]["ports"][0]["targetPort"]} <= names
    # Metrics are for Prometheus, and no port is forgotten.
    policy = objects[2]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    rules = {rule["ports"][0]["port"]: rule.get("from") for rule in policy["ingress"]}
    assert set(rules) == names and rules["http"] is None
    assert "prometheus" in str(rules["metrics"])


def test_no_node_starts_before_the_ingress_is_named() -> None:
    container = documents("kubernetes.yaml")[0]["spec"]["template"]["spec"]["containers"][0]
    network = next(one["value"] for one in container["env"] if one["name"] == "ENCRATA_TRUSTED_PROXY")
    refused = call(BINARY, "config", env={"ENCRATA_TRUSTED_PROXY": network})
    assert refused.returncode == 2 and "trusted-proxy" in refused.stderr, refused
    assert call(BINARY, "config", env={"ENCRATA_TRUSTED_PROXY": network.split()[-1].strip(">")}).returncode == 0


def test_the_proxy_lets_through_what_is_served() -> None:
    conf = re.sub(r"#.*", "", read("nginx.conf"))
    assert conf.count("{") == conf.count("}")
    places = dict(re.findall(r"location (\S.*?) \{([^}]*)\}", conf))
    passed = {place for place, what in places.items() if "proxy_pass" in what}
    assert passed == {"/api/", "/settings/", *(place for place in places if place.startswith("~"))}
    described = json.loads(call(BINARY, "openapi").stdout)["paths"]
    streams = re.compile(next(place for place in places if place.startswith("~"))[2:])
    through = {path for path in described if streams.match(path)}
    assert {path.split("/")[-1] for path in through} == {"stream", "listen"}, through
    assert all(path.startswith("/api/") for path in described)
    assert "proxy_buffering off;" in places["~ " + streams.pattern]
    # The server closes what is idle for 180 s, and sends something into a stream every 15 s.
    assert int(re.search(r"keepalive_timeout (\d+)s;", conf)[1]) < 180
    assert int(re.search(r"proxy_read_timeout (\d+)s;", conf)[1]) > 15
    assert "X-Forwarded-For $proxy_add_x_forwarded_for;" in conf and "X-Forwarded-Proto $scheme;" in conf


def test_the_files_that_compose_mounts_are_there() -> None:
    compose = documents("compose.yaml")[0]
    assert (DEPLOY / compose["services"]["encrata"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["services"]["encrata"]["build"]["dockerfile"]).is_file()
    mounted = []
    for name, service in compose["services"].items():
        assert ("build" in service) != ("image" in service), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).is_file(), volume
                mounted.append(volume.split(":")[1])
            else:
                assert source in compose["volumes"], volume
    # What the mounted files name is mounted as well.
    assert set(documents("prometheus.yml")[0]["rule_files"]) <= set(mounted)
    dashboards = documents("grafana/dashboards.yml")[0]["providers"][0]["options"]["path"]
    assert any(path.startswith(dashboards) for path in mounted)
    metrics = compose["services"]["encrata"]["environment"]["ENCRATA_METRICS_LISTEN"]
    assert metrics.endswith(f":{documents('prometheus.yml')[0]['scrape_configs'][0]['dns_sd_configs'][0]['port']}")
    source = documents("grafana/datasources.yml")[0]["datasources"][0]
    assert source["url"].split("//")[1].split(":")[0] in compose["services"]
    assert source["type"] in (ROOT / "server/grafana/dashboard.json").read_text()


def test_the_unit_takes_away_what_it_can(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        return skip("systemd-analyze is not installed: the unit was not checked")
    # The binary of a build stands where the unit expects an installed one.
    unit = tmp_path / "encrata-webhooks.service"
    unit.write_text(read("encrata-webhooks.service").replace("/usr/bin/encrata-webhooks", str(BINARY)))
    verified = call("systemd-analyze", "verify", "--man=no", unit)
    # What else is installed there is none of ours.
    ours = [line for line in (verified.stdout + verified.stderr).splitlines() if unit.name in line]
    assert ours == [], ours
    secure = call("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)
    assert secure.returncode == 0, secure.stdout + secure.stderr


def test_the_folder_of_the_image_is_enough(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        return skip("chroot needs root: the image's folder was not tried")
    root = tmp_path / "rootfs"
    made = call(DEPLOY / "rootfs.sh", BINARY, root)
    assert made.returncode == 0, made.stderr
    tmp_path.chmod(0o755)
    files = [file for file in root.rglob("*") if file.is_file()]
    assert not [file for file in files if file.name in ("sh", "bash", "busybox")]
    environment = {"ENCRATA_DATABASE_URL": "sqlite:/data/encrata.db", "ENCRATA_LISTEN": "127.0.0.1:0"}
    assert set(environment) <= set(re.findall(r"ENCRATA_[A-Z_]+", read("Dockerfile")))
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    chroot = [shutil.which("chroot", path=path), "--userspec=65532:65532", str(root), "/usr/bin/encrata-webhooks"]
    server = subprocess.Popen([*chroot, "serve"], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        base = line.split(" listening on ")[1].strip()
        for probe in re.findall(r"path: (/api/\S+),", read("kubernetes.yaml")):
            until = time.monotonic() + 30
            while (status := answer(base + probe)) != 200 and time.monotonic() < until:
                time.sleep(0.1)
            assert status == 200, probe
        key = call(*chroot, "keys", "create", "--workspace", "acme", "--name", "x", "--role", "admin", "--json", env=environment)
        assert json.loads(key.stdout)["key"].startswith("enc_live_"), key.stderr
        owner = (root / "data/encrata.db").stat()
        assert (owner.st_uid, owner.st_mode & 0o077) == (65532, 0)
    finally:
        server.terminate()
        assert server.wait(30) == 0


def answer(url: str) -> int:
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
