"""Whether everything that runs takes what the lock files say: every script, the Makefile, the workflows."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# A command to its end, with the lines it goes on over.
RULES = [
    (re.compile(r"\bcargo (?:\+\w+ )?(?:build|run|test|bench|clippy|doc|install|tree)\b"), "--locked"),
    (re.compile(r"\bmaturin build\b"), "--locked"),
]
FORBIDDEN = [
    # One tarball in a project that has nothing else is installed as a user does.
    (re.compile(r'\bnpm (?:install|i|update)\b(?!.*(?:"\$tarball"|/dist/))'), "npm ci"),
    (re.compile(r"\bnpx\b(?!.*--no)"), "a program from the lock file"),
    (re.compile(r"pip install(?!.*(?:-r |--no-index|requirements))"), "pip install -r"),
    (re.compile(r"\bcurl\b[^|\n]*\|\s*(?:ba)?sh"), "no script from elsewhere"),
]


def sources():
    """The files of the project that run commands."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [name for name in listed.splitlines() if re.search(r"(\.sh|\.yml|(^|/)Makefile|^\.ci/run)$", name)]


def commands(text):
    """Lines joined where a backslash joins them; what is only said is no command."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not re.match(r"\s*(#|@?echo\b)", line):
            yield re.sub(r'\bfail ".*', "", line.split(" #")[0])


def faults():
    for name in sources():
        for line in commands((ROOT / name).read_text()):
            for rule, needed in RULES:
                # `set -- --locked …` gives it to all that follow with "$@".
                if rule.search(line) and needed not in line and '"$@"' not in line and "--version" not in line:
                    yield f"{name}: {line.strip()}: {needed} is missing"
            for rule, instead in FORBIDDEN:
                if rule.search(line):
                    yield f"{name}: {line.strip()}: {instead} instead"


def unpinned():
    hashed = [ROOT / f"bindings-python/requirements-{name}.txt" for name in ("build", "maturin", "test")]
    for path in [*hashed, *sorted(ROOT.glob("tests/**/requirements.txt"))]:
        for line in commands(path.read_text()):
            if line and line[0] not in "#-" and "==" not in line:
                yield f"{path.relative_to(ROOT)}: {line}: not pinned"
            if path in hashed and line and "--hash=sha256:" not in line:
                yield f"{path.relative_to(ROOT)}: {line}: no hash"


def floating():
    """Images that are built on, and are what they were only by their digest."""
    for line in commands((ROOT / "deploy/Dockerfile").read_text()):
        image = re.match(r"FROM (\S+)|COPY --from=(\S+)", line)
        named = image and (image[1] or image[2])
        if named and named not in ("scratch", "build") and not re.search(r"@sha256:[0-9a-f]{64}$", named):
            yield f"deploy/Dockerfile: {named}: no digest"


found = [*faults(), *unpinned(), *floating()]
assert not found, "\n".join(found)
print(f"{len(sources())} scripts and workflows take what the lock files say")
