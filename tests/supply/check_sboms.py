"""Whether each bill of materials is valid CycloneDX, and names what Cargo compiles into the artefact, and no more."""

import json
import os
import re
import subprocess
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent.parent
DIST = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "dist"
WASM = ["--target", "wasm32-unknown-unknown"]
BILLS = {
    "encrata-webhooks-server": [["encrata-webhooks-server"]],
    "encrata-webhooks-npm": [["encrata-webhooks-wasm", *WASM], ["encrata-webhooks-wasm-diagnose", *WASM]],
    "encrata-webhooks-python": [["encrata-webhooks-python"]],
}


def crates(package, *arguments):
    """What Cargo itself says is in a crate, as `name@version`."""
    tree = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]
    ran = subprocess.run([*tree, "-p", package, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    lines = ran.stdout.splitlines()
    return {"@".join(re.match(r"(\S+) v(\S+)", line).groups()) for line in lines if line}


def check(name, packages):
    path = DIST / f"{name}.cdx.json"
    text = path.read_text()
    fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    assert fault is None, f"{path}: {fault}"
    assert str(ROOT) not in text, f"{path} tells where it was made"
    bill = json.loads(text)
    listed = [bill["metadata"]["component"], *bill["components"]]
    said = {f"{c['name']}@{c['version']}" for c in listed if c["purl"].startswith("pkg:cargo/")}
    expected = set().union(*(crates(*package) for package in packages))
    assert said == expected, f"{path}: too many {sorted(said - expected)}, too few {sorted(expected - said)}"
    nameless = [c["name"] for c in bill["components"] if not c.get("licenses")]
    assert not nameless, f"{path}: no licence of {nameless}"
    others = [c["name"] for c in listed if not c["purl"].startswith("pkg:cargo/")]
    if name == "encrata-webhooks-server":
        page = json.loads((ROOT / "server/dashboard/package.json").read_text())["dependencies"]
        bundled = {dependency for dependency in page if not page[dependency].startswith("file:")}
        assert bundled <= {c.get("group", "") + "/" * ("group" in c) + c["name"] for c in listed}, (bundled, others)
    print(f"{path.name}: {len(listed)} components, {len(others)} of them from npm")


for name, packages in BILLS.items():
    check(name, packages)
