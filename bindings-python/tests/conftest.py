"""What all tests start from."""

import json
from pathlib import Path

import pytest

SECRET = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c"
OTHER = "whsec_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
BODY = b'{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}'
SIGNATURE = "3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3"
ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "vectors" / "vectors.json").read_text(encoding="utf-8"))


def each(section):
    """A test for every vector of a section, by its name."""
    return pytest.mark.parametrize("case", VECTORS[section], ids=lambda case: case["name"])
