#!/usr/bin/env python3
"""Writes the pages that are made from something else: events.md from the events' schema, reference/api.md from the API's
description, reference/command-line.md from the commands' help. With --check it says which are not as they would be written.
ENCRATA_WEBHOOKS_BIN names the binary."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
BINARY = os.environ.get("ENCRATA_WEBHOOKS_BIN", ROOT / "target/debug/encrata-webhooks")
MADE = "<!-- Made by docs/generate.py. -->\n\n"


def run(*words: str) -> str:
    # The developer's own settings are not part of it.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ENCRATA_", "OTEL_"))}
    return subprocess.run([str(BINARY), *words], capture_output=True, text=True, check=True, env=env).stdout


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def kind(schema: dict) -> str:
    """What a value is, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            return " or ".join(kind(one) for one in schema[several])
    of = schema.get("type", "anything")
    if isinstance(of, list):
        return " or ".join(kind({**schema, "type": one}) for one in of)
    if of == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if of == "string" and "format" in schema:
        return f"text ({schema['format']})"
    return {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "`null`"}.get(of, of)


def fields(schema: dict) -> str:
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {kind(field)}{'' if name in required else ', may be absent'} | {cell(field.get('description', ''))} |"
        for name, field in schema.get("properties", {}).items()
    ]
    return "\n".join(["| Field | Is | Means |", "| --- | --- | --- |", *rows, ""]) if rows else ""


def block(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def events() -> str:
    schema = json.loads((ROOT / "core/schema/events.schema.json").read_text(encoding="utf-8"))
    defs = schema["$defs"]
    parts = [
        "# Events and their fields\n",
        "Each event is a JSON object with `event` (its type), `data` and `created_at` (RFC 3339, UTC). It is sent compact, with "
        "sorted keys. Fields may be added at any time, and so may types: ignore what you don't know, and answer 2xx.\n",
    ]
    for one in schema["anyOf"]:
        envelope = defs[one["$ref"].rsplit("/", 1)[1]]
        properties = envelope["properties"]
        name = properties["event"].get("const")
        if name is None:
            continue
        data = defs[properties["data"]["$ref"].rsplit("/", 1)[1]]
        description = re.sub(r"^The data of `[^`]*`: ", "", data["description"])
        parts += [f"## {name}\n", description[0].upper() + description[1:] + "\n", fields(data)]
        parts.append(block("json", json.dumps(envelope["examples"][0], separators=(",", ":"), sort_keys=True)))
    return "\n".join(parts)


def api() -> str:
    description = json.loads(run("openapi"))
    schemas = description["components"]["schemas"]
    parts = [
        "# API\n",
        description["info"]["description"] + "\n",
        "A key goes into `Authorization: Bearer …`. Every error answers `{\"error\": \"<text>\"}`, which is for people; the status is for "
        "programs. The server itself has this description at `/api/openapi.json`, and `encrata-webhooks openapi` prints it.\n",
    ]
    for tag in description["tags"]:
        parts.append(f"## {tag['description']}\n")
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation.get("tags", []):
                    parts.append(operation_text(method, path, operation))
    parts.append("## Objects\n")
    for name, schema in sorted(schemas.items()):
        parts += [f"### {name}\n", schema.get("description", "") + "\n", fields(schema)]
    return "\n".join(parts)


def operation_text(method: str, path: str, operation: dict) -> str:
    parts = [f"### {operation['summary']}\n", f"`{method.upper()} {path}`\n"]
    if operation.get("description"):
        parts.append(operation["description"] + "\n")
    if not operation.get("security"):
        parts.append("Needs no key.\n")
    parameters = [
        f"| `{one['name']}` ({one['in']}) | {kind(one.get('schema', {}))}{', needed' if one.get('required') else ''} | {cell(one.get('description', ''))} |"
        for one in operation.get("parameters", [])
    ]
    if parameters:
        parts.append("\n".join(["| Parameter | Is | Means |", "| --- | --- | --- |", *parameters, ""]))
    if "requestBody" in operation:
        parts.append(f"Takes {body(operation['requestBody'])}.\n")
    rows = [
        f"| {status} | {cell(answer.get('description', ''))}{': ' + body(answer) if 'content' in answer and status < '400' else ''} |"
        for status, answer in sorted(operation["responses"].items())
    ]
    parts.append("\n".join(["| Answers | |", "| --- | --- |", *rows, ""]))
    return "\n".join(parts)


def body(of: dict) -> str:
    return " or ".join(f"{kind(content.get('schema', {}))}" for content in of["content"].values())


def command_line() -> str:
    parts = [
        "# Command line\n",
        "Exit codes: 0 done, 1 it did not work (standard error says why), 2 the words of the call are off.\n",
        block("text", run("--help").rstrip()),
    ]

    def commands(*words: str) -> list[str]:
        text = run(*words, "--help")
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.MULTILINE)
        names = re.findall(r"^  (\S+)", listed.group(1), re.MULTILINE) if listed else []
        return [name for name in names if name != "help"]

    def describe(*words: str) -> None:
        # What the end of each says of exit codes stands above.
        text = re.sub(r" +\n", "\n", run(*words, "--help").split("\nExit codes:")[0].rstrip())
        parts.extend([f"## encrata-webhooks {' '.join(words)}\n", block("text", text)])
        for command in commands(*words):
            describe(*words, command)

    for command in commands():
        describe(command)
    return "\n".join(parts)


def main() -> int:
    pages = {"events.md": events, "reference/api.md": api, "reference/command-line.md": command_line}
    stale = []
    for name, make in pages.items():
        text = MADE + re.sub(r"\n{3,}", "\n\n", make()).rstrip() + "\n"
        page = DOCS / name
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
        elif not page.is_file() or page.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"not as docs/generate.py writes them: {', '.join(stale)} (run docs/generate.py)", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
