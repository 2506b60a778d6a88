#!/usr/bin/env python3
"""What an event and a delivery take on disk: publishes events (20,000 of 1 KiB) to a built server and looks at what its database
has grown by. disk.py BINARY [postgres://…] [EVENTS [BYTES]]: on SQLite, or on an empty PostgreSQL database (with psql). Needs openssl."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BINARY = Path(sys.argv[1]).resolve()
POSTGRES = next((word for word in sys.argv[2:] if "://" in word), None)
NUMBERS = [int(word) for word in sys.argv[2:] if word.isdigit()]
EVENTS, BODY_BYTES = [*NUMBERS, *[20_000, 1024][len(NUMBERS):]]
ANSWER = b'{"received":true}'


class Receiver:
    """Answers with 200 and a few bytes, or everything with 500 at first."""

    def __init__(self, home: Path, attempts: int) -> None:
        self.attempts, self.came = attempts, Counter()
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
        by_ca = ["-CA", home / "ca.pem", "-CAkey", home / "ca.key", "-addext", "basicConstraints=CA:FALSE"]
        for name, more in [("ca", []), ("own", [*by_ca, "-addext", "subjectAltName=IP:127.0.0.1"])]:
            files = ["-subj", f"/CN={name}", "-keyout", home / f"{name}.key", "-out", home / f"{name}.pem"]
            subprocess.run([*openssl, *files, *more], check=True, capture_output=True)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(home / "own.pem", home / "own.key")
        self.seen, self.port, started = 0, 0, threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(started)), daemon=True).start()
        started.wait()

    async def serve(self, started: threading.Event) -> None:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await server.serve_forever()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                headers = dict(line.split(b": ", 1) for line in head.splitlines()[1:-1])
                await reader.readexactly(int(headers[b"content-length"]))
                delivery = headers[b"x-encrata-delivery"]
                self.came[delivery] += 1
                self.seen += 1
                status = 200 if self.came[delivery] == self.attempts else 500
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(ANSWER), ANSWER))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Server:
    def __init__(self, home: Path, database: str) -> None:
        self.env = {"PATH": os.environ["PATH"], "ENCRATA_DATABASE_URL": database, "ENCRATA_MASTER_KEY": "07" * 32}
        words = ["serve", "--listen", "127.0.0.1:0", "--allow-network", "127.0.0.0/8", "--extra-ca", home / "ca.pem"]
        self.process = subprocess.Popen([BINARY, *words, "--webhook-rate-limit", "0", "--retry-schedule", "50ms,50ms", "--log", "error"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.admin, self.publisher = self.key("admin"), self.key("publisher")

    def key(self, role: str) -> str:
        words = ["keys", "create", "--workspace", "acme", "--name", role, "--role", role, "--json"]
        return json.loads(subprocess.run([BINARY, *words], env=self.env, check=True, capture_output=True).stdout)["key"]

    def post(self, connection: http.client.HTTPConnection, path: str, key: str, body: object, **headers: str) -> object:
        headers |= {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (201, 202), text
        return json.loads(text)

    def publish(self, events: int, with_keys: bool) -> None:
        """One by one, over sixteen connections."""

        def some(part: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            for n in range(part, events, 16):
                event = {"event": "lookup.completed", "data": {"email": "ada@example.com", "lookup_id": f"lu_{n:08}", "note": ""}}
                body = {**event, "created_at": "2026-01-01T00:00:00Z"}
                event["data"]["note"] = "x" * (BODY_BYTES - len(json.dumps(body, separators=(",", ":"))))
                self.post(connection, "/api/events", self.publisher, event, **({"idempotency-key": f"lookup-{n:08}"} if with_keys else {}))

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(some, range(16)))

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(30) == 0


def psql(query: str) -> list[list[str]]:
    done = subprocess.run(["psql", POSTGRES, "-XAtc", query], check=True, capture_output=True, text=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def sizes(file: Path) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    if POSTGRES:
        tables = psql("select relname, pg_total_relation_size(oid) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
        return {name: int(size) for name, size in tables}
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    rows = connection.execute("select m.tbl_name, sum(s.pgsize) from dbstat s join sqlite_master m on m.name = s.name group by 1")
    return dict(rows.fetchall())


def written() -> int:
    return int(psql("select pg_current_wal_lsn() - '0/0'::pg_lsn")[0][0]) if POSTGRES else 0


def measure(webhooks: int, with_keys: bool, attempts: int = 1) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        receiver = Receiver(home, attempts)
        if POSTGRES:
            psql("drop schema public cascade; create schema public")
        file = home / "disk.db"
        server = Server(home, POSTGRES or f"sqlite:{file}")
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for n in range(webhooks):
            url = f"https://127.0.0.1:{receiver.port}/{n}"
            server.post(connection, "/api/webhooks", server.admin, {"url": url, "events": ["lookup.completed"]})
        before, log = sizes(file), written()
        server.publish(EVENTS, with_keys)
        while receiver.seen < EVENTS * webhooks * attempts:
            time.sleep(0.1)
        wal = max((path.stat().st_size for path in home.glob("disk.db-wal")), default=0)
        server.stop()
        after, log = sizes(file), written() - log
        grown = {name: after[name] - before.get(name, 0) for name in after}
        per_event = {name: round(size / EVENTS) for name, size in sorted(grown.items()) if size >= EVENTS}
        log_text = f"{log / EVENTS:.0f} of WAL" if POSTGRES else f"the WAL had {wal} bytes"
        keys = "with" if with_keys else "without"
        print(f"{webhooks} webhooks, {keys} keys, {attempts} attempts: per event {per_event}, {log_text}", flush=True)


print(f"{EVENTS} events of {BODY_BYTES} bytes on {'PostgreSQL' if POSTGRES else 'SQLite'}")
measure(0, with_keys=False)
measure(0, with_keys=True)
measure(1, with_keys=False)
measure(4, with_keys=False)
measure(1, with_keys=False, attempts=2)
