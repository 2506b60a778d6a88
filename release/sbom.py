"""Writes the bills of materials, CycloneDX 1.5, into target/dist: of the server, of the npm package and of the wheel.

What Cargo resolves is told by cargo-cyclonedx, what npm bundles into the server's page by npm itself. Needs Python 3.9
or later.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "dist"
# cargo-cyclonedx writes beside every Cargo.toml.
WRITTEN = "encrata-sbom"
WASM = "wasm32-unknown-unknown"


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def host():
    return next(line[6:] for line in run("rustc", "-vV").splitlines() if line.startswith("host: "))


def of_crate(folder, target, *features):
    """The bill of a crate: what is compiled into it, not what compiles it."""
    run(
        *("cargo", "cyclonedx", "--quiet", "--manifest-path", f"{folder}/Cargo.toml", "--format", "json"),
        *("--spec-version", "1.5", "--target", target, "--no-build-deps", "--override-filename", WRITTEN, *features),
    )
    bill = json.loads((ROOT / folder / f"{WRITTEN}.json").read_text())
    for written in ROOT.glob(f"*/**/{WRITTEN}.json"):
        written.unlink()
    return pruned(bill, compiled(bill["metadata"]["component"]["name"], target, *features))


def compiled(package, target, *features):
    """Name and version of each crate that Cargo compiles for a package."""
    tree = ("cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}")
    lines = run(*tree, "-p", package, "--target", target, *features).splitlines()
    return {tuple(line.replace(" v", " ").split(" ")[:2]) for line in lines if line}


def pruned(bill, crates):
    """The bill without what only another member of the workspace turns on."""
    components = [each for each in bill["components"] if (each["name"], each["version"]) in crates]
    kept = {each["bom-ref"] for each in [bill["metadata"]["component"], *components]}
    edges = [
        {**edge, "dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in kept]}
        for edge in bill["dependencies"]
        if edge["ref"] in kept
    ]
    return {**bill, "components": components, "dependencies": edges}


def of_page():
    """The bill of what npm brings into the server's page; our own package in it is of this repository."""
    version = run("release/version.sh").strip()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            described = json.loads((ROOT / "server/dashboard" / name).read_text())
            packages = described.get("packages", {})
            for path in [path for path in packages if path.startswith("../") or packages[path].get("link")]:
                del packages[path]
            for part in (described, packages.get("", {})):
                part["version"] = version
                part.pop("devDependencies", None)
                part.get("dependencies", {}).pop("@encrata/webhooks", None)
            Path(folder, name).write_text(json.dumps(described))
        asked = ("--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only", "--prefix", folder)
        return json.loads(run("npm", "sbom", *asked))


def merged(bill, *others):
    """One bill with the components and edges of all; the subject is the first's."""
    components = {component["bom-ref"]: component for component in bill["components"]}
    edges = {edge["ref"]: edge for edge in bill["dependencies"]}
    for other in others:
        for component in [other["metadata"]["component"], *other["components"]]:
            components.setdefault(component["bom-ref"], component)
        for edge in other["dependencies"]:
            edges.setdefault(edge["ref"], edge)
        subject = edges[bill["metadata"]["component"]["bom-ref"]]
        subject["dependsOn"] = sorted({*subject.get("dependsOn", []), other["metadata"]["component"]["bom-ref"]})
    return {**bill, "components": list(components.values()), "dependencies": list(edges.values())}


def write(name, bill):
    path = DIST / f"{name}.cdx.json"
    # Where it was built is nobody's business.
    text = json.dumps(bill, indent=1, sort_keys=True).replace(f"{ROOT.as_uri()}/", "file:")
    path.write_text(text + "\n")
    print(f"{path}: {len(bill['components'])} components")


def main():
    DIST.mkdir(parents=True, exist_ok=True)
    write("encrata-webhooks-server", merged(of_crate("server", host()), of_page()))
    write("encrata-webhooks-npm", merged(of_crate("bindings-wasm", WASM), of_crate("bindings-wasm/diagnose", WASM)))
    write("encrata-webhooks-python", of_crate("bindings-python", host()))


if __name__ == "__main__":
    main()
