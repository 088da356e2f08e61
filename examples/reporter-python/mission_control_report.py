#!/usr/bin/env python3
"""Reports to Mission Control from Python: standard library only, Python 3.8 or newer. One file, copy it anywhere.

    python3 mission_control_report.py progress "Reading src/auth.ts" --progress 0.2
    python3 mission_control_report.py complete "Fixed the race" --data '{"files":2}'
    python3 mission_control_report.py error "Tests fail" --last-state "fix written"
    echo '{"kind":"tool","title":"npm test","state":"running"}' | python3 mission_control_report.py progress --entry -
    python3 mission_control_report.py artifact build/report.html

or from a program:

    from mission_control_report import Reporter
    reporter = Reporter.from_environment()
    reporter.progress("Reading src/auth.ts", progress=0.2)
    reporter.entry({"id": "c1", "kind": "tool", "title": "npm test", "output": "ok", "state": "completed"})

Exit code: 0 stored by Mission Control, 1 not delivered (the reason is on stderr), 2 wrong use.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import mimetypes
import os
import queue
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

RETRY_WAITS = (0.25, 1, 5, 30, 120, 600)
"""The longest wait before each further try, in seconds."""

TRY_TIMEOUT = 10
UPLOAD_BYTES_PER_SECOND = 20_000
"""A try to upload has so much more time as a line of this speed needs."""

MAX_RETRY_AFTER = 3600
MAX_ANSWER_BYTES = 64 * 1024
MAX_TEXT_BYTES = 32 * 1024
"""Of a longer text in an entry the beginning and the end are kept."""
CLOCK_TOLERANCE = 300
"""Seconds that a signature's time may be off, by the server's clock."""


class DeliveryError(Exception):
    """A callback that Mission Control has not stored; the message says why."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


def _key_of(secret):
    """The key a secret stands for: base64, with or without whsec_, or a passphrase taken as it is."""
    prefixed = secret.startswith("whsec_")
    encoded = secret[6:] if prefixed else secret
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) >= 24 and base64.b64encode(key).decode() == encoded:
        return key
    if not prefixed and len(secret) >= 24:
        return secret.encode()
    raise ValueError(
        "The callback secret must be base64 of at least 24 bytes, with or without whsec_ before it, "
        "or a passphrase of at least 24 characters."
    )


def _fitted(value):
    """The same with long texts shortened to their first and last half, between characters, as the server keeps them."""
    if isinstance(value, dict):
        return {name: _fitted(field) for name, field in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fitted(item) for item in value]
    if not isinstance(value, str):
        return value
    raw, half = value.encode(), MAX_TEXT_BYTES // 2
    if len(raw) <= MAX_TEXT_BYTES:
        return value
    head, tail = raw[:half].decode(errors="ignore"), raw[-half:].decode(errors="ignore")
    left_out = len(raw) - len(head.encode()) - len(tail.encode())
    return f"{head}\n[… {left_out} bytes left out …]\n{tail}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Reporter:
    """Speaks for an agent about one task. Every call returns once Mission Control has stored the report."""

    def __init__(self, url, secret, task_id, agent_id, waits=RETRY_WAITS):
        self.url = url
        self.task_id = task_id
        self.agent_id = agent_id
        self._waits = tuple(waits)
        self._secret = secret
        self._key = _key_of(secret)
        if not url.startswith(("http://", "https://")):
            raise ValueError(f'The callback URL "{url}" is not an http or https URL.')
        self._opener = urllib.request.build_opener(_NoRedirects)

    @classmethod
    def from_environment(cls, env=None, url=None, task_id=None, agent_id=None):
        """Reads MISSION_CONTROL_CALLBACK_URL, _CALLBACK_SECRET, _TASK_ID and _AGENT_ID; arguments win."""
        env = os.environ if env is None else env

        def need(value, what, name):
            value = value or env.get(f"MISSION_CONTROL_{name}")
            if not value:
                raise ValueError(f"The {what} is missing: set MISSION_CONTROL_{name}.")
            return value

        waits = env.get("MISSION_CONTROL_RETRY_WAITS")
        return cls(
            need(url, "callback URL", "CALLBACK_URL"),
            need(None, "callback secret", "CALLBACK_SECRET"),
            need(task_id, "task id", "TASK_ID"),
            need(agent_id, "agent id", "AGENT_ID"),
            RETRY_WAITS if waits is None else _parse_waits(waits),
        )

    def progress(self, message, progress=None, data=None, usage=None, timeout=None, entry=None):
        """Says what the agent is doing; entry is what it said or did, for the transcript, and needs no message."""
        if progress is not None and not 0 <= progress <= 1:
            raise ValueError("progress is a number from 0 to 1.")
        fields = {"message": message, "progress": progress, "data": data, "usage": usage}
        return self._send("progress", timeout, entry=None if entry is None else _fitted(entry), **fields)

    def entry(self, entry, **options):
        """Adds to the transcript what the agent said or did: parts with the same "id" are one entry."""
        return self.progress(None, entry=entry, **options)

    def complete(self, summary="", data=None, usage=None, timeout=None):
        return self._send("complete", timeout, summary=summary, data=data, usage=usage)

    def error(self, error, last_state=None, data=None, usage=None, timeout=None):
        return self._send("error", timeout, error=error, lastState=last_state, data=data, usage=usage)

    def artifact(self, path, name=None, media_type=None, timeout=None):
        """Leaves a file behind, whatever its size: it is uploaded, which only a dispatch's own callback URL takes."""
        name = name or os.path.basename(path)
        address, _, dispatch_id = self.url.partition("?")[0].rstrip("/").rpartition("/")
        if address.endswith("/webhooks") or not dispatch_id:
            raise ValueError("The shared callback URL takes no artifacts: report to the dispatch's own.")
        size, sha256 = os.path.getsize(path), hashlib.sha256()
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                sha256.update(piece)
        digest = f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:"
        text = f"{urllib.parse.unquote(dispatch_id)}\n{name}\n{digest}".encode()
        headers = {
            "content-type": media_type or mimetypes.guess_type(name)[0] or "application/octet-stream",
            "content-length": str(size),
            "content-digest": digest,
            "x-signature-sha256": "sha256=" + hmac.new(self._secret.encode(), text, hashlib.sha256).hexdigest(),
        }
        url = f"{address}/{dispatch_id}/artifacts/{urllib.parse.quote(name, safe='')}"

        def attempt(patience):
            with open(path, "rb") as file:
                request = urllib.request.Request(url, data=file, method="PUT", headers=headers)
                return self._ask(request, patience)

        return self._deliver("artifact", timeout, TRY_TIMEOUT + size / UPLOAD_BYTES_PER_SECOND, attempt)

    def _send(self, kind, timeout, **fields):
        """Sends one callback: the same id on every try, a signature of its moment."""
        message_id = f"msg_{uuid.uuid4()}"
        timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"id": message_id, "taskId": self.task_id, "agentId": self.agent_id, "type": kind}
        body.update({name: value for name, value in fields.items() if value is not None})
        raw = json.dumps({**body, "timestamp": timestamp}, allow_nan=False).encode()
        return self._deliver(kind, timeout, TRY_TIMEOUT, lambda patience: self._try(message_id, raw, patience))

    def _deliver(self, kind, timeout, try_timeout, attempt):
        """Tries by the contract's schedule until Mission Control has it."""
        deadline = None if timeout is None else time.monotonic() + timeout
        reason, status = "", None
        for wait in (*self._waits, None):
            left = try_timeout if deadline is None else min(try_timeout, deadline - time.monotonic())
            status, reason, retry_after, is_skewed, is_stored, answer = attempt(max(left, 0.1))
            if is_stored:
                return answer
            # Below 400 it is no answer of Mission Control: of a proxy, or a network's log-in page.
            if status is not None and status not in (408, 425, 429) and 400 <= status < 500 and not is_skewed:
                raise DeliveryError(f"Mission Control refused the {kind}: {reason}.", status)
            if wait is None:
                break
            pause = retry_after + random.uniform(0, wait)
            if deadline is not None and time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
        raise DeliveryError(f"The {kind} could not be delivered; the last try met: {reason}.", status)

    def _try(self, message_id, raw, timeout):
        timestamp = str(int(time.time()))
        digest = hmac.new(self._key, f"{message_id}.{timestamp}.".encode() + raw, hashlib.sha256).digest()
        request = urllib.request.Request(self.url, data=raw, method="POST")
        request.add_header("content-type", "application/json")
        request.add_header("webhook-id", message_id)
        request.add_header("webhook-timestamp", timestamp)
        request.add_header("webhook-signature", "v1," + base64.b64encode(digest).decode())
        return self._ask(request, timeout)

    def _ask(self, request, timeout):
        """Returns (status or None, reason, seconds to wait, whether the clocks are to blame, whether it is stored, the answer)."""
        # In a thread of its own, because a socket's timeout begins anew with every byte that comes.
        said = queue.SimpleQueue()
        exchange = threading.Thread(target=_exchange, args=(self._opener, request, timeout, said), daemon=True)
        end = time.monotonic() + timeout
        exchange.start()
        head = _take(said, end)
        if not isinstance(head, tuple):
            return None, head or f"no answer within {timeout:g} s", 0, False, False, {}
        status, headers = head
        body = _take(said, end)
        if body is None:
            return None, f"no whole answer within {timeout:g} s", 0, False, False, {}
        answer = _parse(body)
        detail = answer.get("detail")
        reason = f"HTTP {status}: {_one_line(str(detail)).rstrip('.')}" if detail else f"HTTP {status}"
        is_stored = _is_stored(status, body)
        if status < 400 and not is_stored:
            reason += f", which is not Mission Control's word that it is stored ({_described(headers, body)})"
        now = time.time()
        server_time = _http_date(headers.get("date")) or now
        skew = round(now - server_time)
        is_skewed = status == 401 and abs(skew) > CLOCK_TOLERANCE
        if is_skewed:
            # One of the two clocks is wrong, and it may be the server's: worth waiting for it to be set right.
            side = "behind" if skew < 0 else "ahead of"
            reason += f" (this machine's clock is {abs(skew)} s {side} the server's: set right the one that is wrong)"
        retry_after = _retry_after(headers.get("retry-after"), server_time)
        return status, reason, retry_after, is_skewed, is_stored, answer


def _exchange(opener, request, timeout, said):
    """Says the head of the answer, then the beginning of its body; or why there is none."""
    try:
        try:
            response = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
    except urllib.error.URLError as error:
        said.put(str(error.reason))
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        said.put(str(error) or type(error).__name__)
        return
    with response:
        said.put((response.code, response.headers))
        body = b""
        try:
            while len(body) < MAX_ANSWER_BYTES and (piece := response.read1(MAX_ANSWER_BYTES)):
                body += piece
        except (OSError, http.client.HTTPException, ValueError):
            pass
        said.put(body)


def _take(said, end):
    """What is said until `end`, or None."""
    try:
        return said.get(timeout=max(end - time.monotonic(), 0))
    except queue.Empty:
        return None


def _is_stored(status, body):
    """Whether an answer says that the callback is stored: a 2xx, unless something else came with it, such as a log-in page."""
    if not 200 <= status < 300:
        return False
    return not body.strip() or _parse(body, {"ok": False}).get("ok", True) is True


def _described(headers, body):
    """What an answer is, in words: where it points, or its type and beginning."""
    if headers.get("location"):
        return f"redirected to {_one_line(headers['location'])}; callbacks follow no redirects"
    kind = _one_line(headers.get("content-type") or "") or "no content type"
    words = _one_line(body.decode(errors="replace"))
    return f'{kind}, "{words[:80]}{"…" if len(words) > 80 else ""}"' if words else f"{kind}, empty"


def _one_line(text):
    """A stranger's text as part of a line: characters that do something to a terminal are spaces."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _parse(raw, otherwise=None):
    """The JSON object that came, or what is given for where none did."""
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else otherwise or {}


def _parse_waits(text):
    try:
        waits = [float(wait) for wait in text.split()]
    except ValueError:
        waits = [-1.0]
    if not all(0 <= wait <= 86400 for wait in waits):
        raise ValueError("MISSION_CONTROL_RETRY_WAITS is a list of seconds, 86400 at most.")
    return waits


def _retry_after(value, now):
    """Seconds that a Retry-After asks to wait: a number, or an HTTP date by the server's clock `now`."""
    text = (value or "").strip()
    if re.fullmatch("[0-9]+", text):
        return min(int(text[:9]), MAX_RETRY_AFTER)
    date = _http_date(text)
    return 0 if date is None else min(max(date - now, 0), MAX_RETRY_AFTER)


def _http_date(text):
    """Seconds since the epoch that an HTTP date stands for, or None."""
    try:
        date = parsedate_to_datetime(text or "")
        # The oldest form leaves out that it is UTC.
        return (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _json_object(text):
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _seconds(text):
    value = float(text)
    if not 0 < value <= 86400 * 365:
        raise ValueError("not a number of seconds")
    return value


def _read_entry(file):
    """The entry in a file, or in the standard input. Raises ValueError where there is none."""
    try:
        with open(0 if file == "-" else file, encoding="utf-8") as source:
            entry = json.load(source)
    except OSError as error:
        raise ValueError(f"The entry cannot be read: {error}.") from error
    except ValueError as error:
        raise ValueError(f"The entry is not JSON: {error}.") from error
    if not isinstance(entry, dict):
        raise ValueError("The entry must be a JSON object.")
    return entry


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Reports to Mission Control.",
        epilog="The secret is read from MISSION_CONTROL_CALLBACK_SECRET alone: what is on a command line can be "
        "seen by others. MISSION_CONTROL_RETRY_WAITS sets the longest wait before each further try, in seconds.",
    )
    parser.add_argument("verb", choices=["progress", "complete", "error", "artifact"])
    parser.add_argument(
        "text", nargs="?", help="what the agent is doing, its result, what went wrong, or the artifact's file"
    )
    parser.add_argument("--name", help="with artifact: what it is called (default: the file's name)")
    parser.add_argument("--type", help="with artifact: its media type (default: what the end of its name says)")
    parser.add_argument("--progress", type=float, help="0 to 1, with progress")
    parser.add_argument(
        "--entry", metavar="FILE", help="with progress: JSON of what was said or done, for the transcript; - is the standard input"
    )
    parser.add_argument("--last-state", help="the last state reached, with error")
    parser.add_argument("--data", type=_json_object, help="a JSON object of your own")
    parser.add_argument("--usage", type=_json_object, help='{"inputTokens":0,"outputTokens":0,…}, in total')
    parser.add_argument(
        "--timeout", type=_seconds, help="give up after this long, in seconds (progress: 20; others: the whole schedule)"
    )
    parser.add_argument("--url", help="or MISSION_CONTROL_CALLBACK_URL")
    parser.add_argument("--task-id", help="or MISSION_CONTROL_TASK_ID")
    parser.add_argument("--agent-id", help="or MISSION_CONTROL_AGENT_ID")
    given = parser.parse_args(arguments)
    if given.entry is not None and given.verb != "progress":
        parser.error("--entry goes with progress alone")
    if given.text is None and given.entry is None and given.verb != "complete":
        parser.error(f"the text of the {given.verb} is missing")
    common = {"data": given.data, "usage": given.usage, "timeout": given.timeout}
    try:
        reporter = Reporter.from_environment(url=given.url, task_id=given.task_id, agent_id=given.agent_id)
        if given.verb == "progress":
            common["timeout"] = 20 if given.timeout is None else given.timeout
            entry = None if given.entry is None else _read_entry(given.entry)
            answer = reporter.progress(given.text, progress=given.progress, entry=entry, **common)
        elif given.verb == "complete":
            answer = reporter.complete(given.text or "", **common)
        elif given.verb == "artifact":
            answer = reporter.artifact(given.text, given.name, given.type, given.timeout)
        else:
            answer = reporter.error(given.text, last_state=given.last_state, **common)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except DeliveryError as error:
        print(error, file=sys.stderr)
        return 1
    state = answer.get("taskStatus")
    print(f"Reported; the task is {state}." if state else "Reported.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
