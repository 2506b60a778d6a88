"""Whether wheels are what their names say: tags, licences, types, and nothing from the tests. Needs only Python."""

import sys
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "python" / "encrata_webhooks"


def check(path):
    *_, python, interface, platform = path.rsplit("/", 1)[-1][: -len(".whl")].split("-")
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        (info,) = {name.split("/", 1)[0] for name in names if ".dist-info/" in name}
        metadata = wheel.read(f"{info}/METADATA").decode()
        tags = [line[5:] for line in wheel.read(f"{info}/WHEEL").decode().splitlines() if line.startswith("Tag: ")]
    (module,) = [name for name in names if "/_native." in name]
    expected = {f"encrata_webhooks/{file.name}" for file in PACKAGE.iterdir() if file.suffix in (".py", ".pyi", ".typed")}
    rest = {name for name in names if not name.startswith(info)} - {module}
    assert "encrata_webhooks/py.typed" in expected and rest == expected, rest ^ expected
    assert {"LICENSE-APACHE", "LICENSE-MIT"} <= {name.rsplit("/", 1)[-1] for name in names}, names
    assert "Requires-Dist" not in "".join(line for line in metadata.splitlines() if "extra ==" not in line)
    assert "\nRequires-Python: >=3.9\n" in metadata
    assert "\nLicense-Expression: MIT OR Apache-2.0\n" in metadata
    assert {tag.rsplit("-", 1)[0] for tag in tags} == {f"{python}-{interface}"}, tags
    assert {tag.rsplit("-", 1)[1] for tag in tags} == set(platform.split(".")), tags
    if interface == "abi3":
        assert python in ("cp39", "cp311"), python
        assert ".abi3." in module or module.endswith(".pyd"), module
    else:  # Pythons without the lock, which load neither
        assert python in ("cp314", "cp315") and interface == python + "t", (python, interface)
        assert f".cpython-{interface[2:]}-" in module, module
    print(f"{python}-{interface}-{platform}: {module}")


for wheel in sys.argv[1:]:
    check(wheel)
