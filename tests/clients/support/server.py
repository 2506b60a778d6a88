"""A running server with a database of its own."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
from pathlib import Path
from types import TracebackType

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
COMMAND_TIMEOUT_S = 30

# Nothing of the surroundings: neither settings of the server nor proxies.
ENVIRONMENT = {"RUST_BACKTRACE": "1"}


class Server:
    """Runs `serve` on a free port of 127.0.0.1 from `with` to the end of it."""

    def __init__(self, binary: Path, directory: Path, ca: Path, *options: str) -> None:
        self._binary = binary
        self._database = f"sqlite:{directory / 'server.db'}"
        self._log = directory / "server.log"
        self._command = [
            str(binary), "serve", "--listen", "127.0.0.1:0", "--database", self._database,
            "--allow-network", "127.0.0.0/8", "--extra-ca", str(ca), *options,
        ]  # fmt: skip
        self.url = ""

    def __enter__(self) -> Server:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, text=True, env=ENVIRONMENT
            )
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_into, args=(lines,))
        self._reader.start()
        try:
            self.url = self._address(lines)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def create_key(self, workspace: str, role: str) -> str:
        """A new key; the workspace is made when it is new."""
        command = [
            str(self._binary), "keys", "create", "--database", self._database, "--json",
            "--workspace", workspace, "--name", role, "--role", role,
        ]  # fmt: skip
        made = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, env=ENVIRONMENT
        )
        assert made.returncode == 0, f"keys create failed: {made.stderr}"
        key: str = json.loads(made.stdout)["key"]
        return key

    def _read_into(self, lines: queue.SimpleQueue[str | None]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            lines.put(line)
        lines.put(None)

    def _address(self, lines: queue.SimpleQueue[str | None]) -> str:
        while (line := lines.get(timeout=START_TIMEOUT_S)) is not None:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                return found.group()
        raise RuntimeError(f"the server did not start:\n{self._log.read_text()}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._reader.join()
            assert self._process.stdout is not None
            self._process.stdout.close()
