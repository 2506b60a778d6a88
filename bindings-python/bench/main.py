"""Runs the rounds on each wheel, times the import, and writes what came of it beside what it is to reach."""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pyperf

QUICK = bool(os.environ.get("ENCRATA_BENCH_QUICK"))
SIZES = "128,1024,1048576" if QUICK else "128,1024,16384,262144,1048576"
ROUNDS = 1 if QUICK else 5
IMPORTS = 5 if QUICK else 41
OUT = Path(os.environ["ENCRATA_BENCH_OUT"])
HERE = Path(__file__).parent
LATER = ("standardwebhooks", "svix", "stripe", "cryptography", "pyperf")

# Of a work and a size: the least ratio of theirs to ours, on the wheel for 3.9 and on that for 3.11.
BARE, TIMED = "the one signature", "a signed timestamp, 300 seconds allowed"
TARGETS = [
    (128, BARE, "verify_signature", "snippet", {"cp39": 3.5, "cp311": 5}),
    (1048576, BARE, "verify_signature", "snippet", {"cp39": 1, "cp311": 1}),
    (1024, TIMED, "Webhook.authenticate", "standardwebhooks", {"cp39": 10, "cp311": 10}),
    (1024, f"{BARE}, and the body read", "Webhook.verify", "snippet", {"cp39": 1.5, "cp311": 1.5}),
]


def a_round(package):
    """What each contender takes, in nanoseconds; `package` is the folder with the wheel's contents.

    The least of the values: they are shorter than the slices in which a busy machine gives its time.
    """
    out = OUT.with_name("python-round.json")
    out.unlink(missing_ok=True)
    options = ["--processes", "1", "--values", "15", "--warmups", "1", "--min-time", "0.002", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": package, "ENCRATA_BENCH_SIZES": SIZES}
    inherited = ["--inherit-environ", "PYTHONPATH,ENCRATA_BENCH_SIZES", "--output", str(out)]
    command = [sys.executable, str(HERE / "race.py"), *options, *inherited]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    suite = pyperf.BenchmarkSuite.load(str(out))
    out.unlink()
    return {bench.get_name(): min(bench.get_values()) * 1e9 for bench in suite}


def results(wheel, rounds):
    """Of each work and size what each contender took, and by how much ours was faster: medians of the rounds."""
    races = {}
    for name in rounds[0]:
        size, work, contender = name.split("|")
        races.setdefault((int(size), work), []).append(contender)
    for (size, work), contenders in races.items():
        times = {name: [one[f"{size}|{work}|{name}"] for one in rounds] for name in contenders}
        ours = {name: times[name] for name in contenders if name.startswith(("verify", "Webhook"))}
        for name in contenders:
            # By round, so that what slows a round slows both sides of a ratio.
            ratios = {us: round(median(a / b for a, b in zip(times[name], ours[us])), 2) for us in ours}
            yield {
                "wheel": wheel,
                "bytes": size,
                "work": work,
                "name": name,
                "median_ns": round(median(times[name])),
                "by": ratios,
            }


def import_ms(package):
    """How much longer a script takes that imports the package than an empty one; they take turns."""
    times = {"pass": [], "import encrata_webhooks": []}
    for _ in range(IMPORTS):
        for code, list_ in times.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": package}, check=True)
            list_.append(time.perf_counter() - started)
    empty, ours = map(median, times.values())
    return round((ours - empty) * 1e3, 2)


def judged(rows, imports):
    for size, work, ours, theirs, least in TARGETS:
        for row in rows:
            if (row["bytes"], row["work"], row["name"]) == (size, work, theirs):
                ratio, wanted = row["by"][ours], least[row["wheel"]]
                measured = f"{row['wheel']}, {size} bytes, {work}: {ours} beside {theirs}"
                yield {"measured": measured, "ratio": ratio, "target": f">= {wanted}", "met": ratio >= wanted}
    for wheel, ms in imports.items():
        yield {"measured": f"{wheel}: import beyond an empty script", "ms": ms, "target": "<= 10", "met": ms <= 10}


def main():
    OUT.parent.mkdir(parents=True, exist_ok=True)
    rows, imports = [], {}
    for package in sys.argv[1:]:
        wheel = Path(package).name
        rounds = [a_round(package) for _ in range(ROUNDS)]
        imports[wheel] = import_ms(package)
        rows += results(wheel, rounds)
    for row in rows:
        ratios = ", ".join(f"{ratio:.2f} x {ours}" for ours, ratio in row["by"].items())
        race = f"{row['wheel']:5} {row['bytes']:>8} {row['work']:62}"
        print(f"{race} {row['name']:20} {row['median_ns']:>9} ns  {ratios}")
    targets = list(judged(rows, imports))
    missed = [target for target in targets if not target["met"]]
    print(f"\n{len(targets) - len(missed)} of {len(targets)} targets met")
    for target in missed:
        print(f"  MISSED  {target['measured']}: {target.get('ratio', target.get('ms'))}, target {target['target']}")
    report = {
        "measured": "time of one call in nanoseconds: the median of all rounds, each the least of 15 of pyperf's values",
        "compared": "contenders of one work start from one delivery and do all that it says; `by` is a contender's "
        "time by ours in the same round, the median of all rounds. verify_signature and those beside it are given "
        "the secret each time; stripe verifies a header of its own form over the same body",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "rounds": ROUNDS,
        "versions": {name: version(name) for name in LATER},
        "import_ms": imports,
        "targets": targets,
        "results": rows,
    }
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    print(f"\nwritten to {OUT}")


main()
