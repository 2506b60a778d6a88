"""Whether the release workflow can do what it must, and no more; zizmor looks for what is known to be dangerous."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# What a job may ask for beside reading the sources.
GRANTED = {
    "npm": {"id-token"},
    "pypi": {"id-token"},
    "release": {"contents", "id-token", "attestations"},
}


def check(path):
    workflow = yaml.safe_load(path.read_text())
    triggers = workflow[True]  # YAML 1.1 reads `on` as a truth
    assert set(triggers) <= {"push", "workflow_dispatch"}, triggers
    assert workflow["permissions"] == {"contents": "read"}, f"{path.name}: {workflow['permissions']}"
    for name, job in workflow["jobs"].items():
        check_job(f"{path.name}: {name}", name, job)
    return workflow


def check_job(place, name, job):
    asked = {permission for permission, right in job.get("permissions", {}).items() if right == "write"}
    assert asked == GRANTED.get(name, set()), f"{place}: {asked}"
    if asked:
        assert job["if"] == "github.event_name == 'push'", f"{place}: it publishes without a tag"
    for step in job["steps"]:
        if "uses" in step:
            pinned = re.search(r"@[0-9a-f]{40}$", step["uses"])
            assert pinned, f"{place}: {step['uses']} is not pinned"
        if step.get("uses", "").startswith("actions/checkout"):
            assert step.get("with", {}).get("persist-credentials") is False, f"{place}: checkout keeps its credentials"
        for installed in re.findall(r"pip install\b.*", step.get("run", "")):
            sure = "--require-hashes" in installed or "--no-index" in installed
            assert sure, f"{place}: {installed}: whatever the registry has today"
        for script in re.findall(r"(?:^|\s)((?:[\w.-]+/)+[\w.-]+\.(?:sh|py|mjs))", step.get("run", "")):
            assert (ROOT / script).is_file(), f"{place}: there is no {script}"


def check_release(workflow):
    """Everything that is built is tried, summed, attested and published, in this order."""
    jobs = workflow["jobs"]

    def all_before(name):
        needs = jobs[name].get("needs", [])
        needs = {needs} if isinstance(needs, str) else set(needs)
        return needs.union(*(all_before(other) for other in needs))

    assert workflow[True]["push"] == {"tags": ["v*"]}
    made = {"version", "suites", "server", "package", "linux", "others", "tried", "alpine"}
    for published in ("npm", "pypi", "release"):
        assert made <= all_before(published), published
    assert {"run": ".ci/run"} in jobs["suites"]["steps"], "the suites are not run"
    for name in made:
        for part in (jobs[name], *jobs[name]["steps"]):
            assert not {"if", "continue-on-error"} & set(part), f"{name}: it may be passed by"
    steps = jobs["release"]["steps"]
    said = "\n".join(step.get("run", "") + step.get("uses", "") for step in steps)
    for needed in ("sha256sum", "actions/attest-build-provenance@", "actions/attest-sbom@", "gh release create"):
        assert needed in said, f"release: {needed} is missing"
    everything = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    for made in ("release/archive.sh", "bindings-wasm/test/run.sh", "bindings-python/build.sh", "release/sbom.py"):
        assert made in everything, f"{made} is not run"
    assert "npm publish --provenance" in everything


for path in WORKFLOWS:
    workflow = check(path)
    if path.name == "release.yml":
        check_release(workflow)
print(f"{len(WORKFLOWS)} workflow checked")
