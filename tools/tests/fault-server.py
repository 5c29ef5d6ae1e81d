#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent that misbehaves as told, for tests: takes payloads over HTTP and keeps a record.

    fault-server.py --dir DIR [--rule RULE]... [--tls] [--bodies]
                    [--port N | --unix PATH]

DIR/url gets the URL when the server listens, DIR/requests.jsonl a line for each request. A rule is
words of the form name=value, quoted as in a shell. Which requests it is about:

    target=telemetry|errors  kind=report|ping  uuid=REGEX  from=N (the Nth of all, and later)
    times=N  the first N requests that match     each=N  the first N attempts of each payload

What it does; the first rule that matches decides, and a request without one is answered with 202:

    status=N  retry-after=TEXT  location=URL  body=TEXT  echo=1 (the headers of the request)
    reset=headers (before the body is read) | body (amid it) | after (taken, the answer is lost)
    stall=SECONDS before the answer   trickle=SECONDS between the bytes of the answer
    close=1   the connection is closed after the answer, without a word
    garbage=1 (taken, and what comes back is no HTTP)
    expired=SECONDS  retry-after is a date so many seconds from now
"""
import argparse
import collections
import datetime
import email.utils
import gzip
import hashlib
import json
import os
import re
import shlex
import socket
import ssl
import struct
import subprocess
import threading
import time

PATHS = {
    "/telemetry/proxy/api/v2/apmtelemetry": "telemetry",
    "/api/v2/apmtelemetry": "telemetry",
    "/evp_proxy/v4/api/v2/errorsintake": "errors",
    "/api/v2/errorsintake": "errors",
}


class Rule:
    def __init__(self, text):
        self.words = dict(word.split("=", 1) for word in shlex.split(text))
        self.used = 0

    def matches(self, request):
        words = self.words
        if any(name in words and words[name] != request[name] for name in ("target", "kind")):
            return False
        if "uuid" in words and not re.search(words["uuid"], request["uuid"] or ""):
            return False
        if int(words.get("from", 1)) > request["number"]:
            return False
        if "each" in words and request["attempt"] > int(words["each"]):
            return False
        return "times" not in words or self.used < int(words["times"])


def tags_of(target, body):
    if target == "telemetry":
        logs = body["payload"]
        return (logs["logs"] if isinstance(logs, dict) else logs)[0]["tags"]
    return body["ddtags"]


def identify(target, body):
    """uuid and kind, from the tags."""
    try:
        tags = tags_of(target, json.loads(body))
    except (ValueError, KeyError, IndexError, TypeError):
        return None, None
    pairs = dict(tag.split(":", 1) for tag in tags.split(","))
    return pairs.get("uuid"), "ping" if "is_crash_ping" in pairs else "report"


class Server:
    def __init__(self, options):
        self.rules = [Rule(text) for text in options.rule]
        self.log = open(os.path.join(options.dir, "requests.jsonl"), "a", encoding="utf-8")
        self.payloads = os.path.join(options.dir, "bodies") if options.bodies else None
        self.lock = threading.Lock()
        self.attempts = collections.Counter()
        self.number = self.connections = self.busy = 0

    def number_connection(self):
        with self.lock:
            self.connections += 1
            return self.connections

    def begin(self):
        """How many requests are being served, this one included."""
        with self.lock:
            self.busy += 1
            return self.busy

    def end(self):
        with self.lock:
            self.busy -= 1

    def decide(self, request):
        """Count the request, find its rule, and record it: what was taken is on record first."""
        with self.lock:
            self.number += 1
            key = request["uuid"], request["target"], request["kind"]
            self.attempts[key] += 1
            request["number"], request["attempt"] = self.number, self.attempts[key]
            rule = next((rule for rule in self.rules if rule.matches(request)), None)
            if rule:
                rule.used += 1
            words = rule.words if rule else {}
            status = int(words.get("status", 202))
            whole = request["size"] == request["length"]
            request["status"] = None if "reset" in words else status
            request["accepted"] = whole and status < 300 and words.get("reset") in (None, "after")
            self.log.write(json.dumps(request) + "\n")
            self.log.flush()
            return words

    def keep(self, request, body):
        if self.payloads and request["uuid"]:
            name = f"{request['target']}-{request['kind']}-{request['uuid']}.json"
            os.makedirs(self.payloads, exist_ok=True)
            with open(os.path.join(self.payloads, name), "wb") as out:
                out.write(body)


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.id = server.number_connection()

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        raw = self.sock
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raw.close()

    def read_head(self, stream):
        line = stream.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = {}
        for raw in iter(stream.readline, b""):
            text = raw.decode("latin-1").strip()
            if not text:
                break
            name, value = text.split(":", 1)
            headers[name.strip().lower()] = value.strip()
        return line[0], line[1], headers

    def early(self, headers, path):
        """A rule that breaks off before the body is there; it cannot know the uuid."""
        for rule in self.server.rules:
            how = rule.words.get("reset")
            if how not in ("headers", "body") or PATHS.get(path) != rule.words.get(
                    "target", PATHS.get(path)):
                continue
            with self.server.lock:
                if rule.used >= int(rule.words.get("times", 1 << 30)):
                    continue
            return how
        return None

    def read_body(self, stream, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int(stream.readline().strip() or b"0", 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
            return body, len(body)
        length = int(headers.get("content-length", 0))
        return stream.read(length), length

    def serve(self):
        stream = self.sock.makefile("rb")
        while head := self.read_head(stream):
            busy = self.server.begin()
            try:
                if not self.serve_one(stream, head, busy):
                    return
            finally:
                self.server.end()

    def serve_one(self, stream, head, busy):
        """False when the connection is not to be used any more."""
        method, path, headers = head
        path = re.sub("^https?://[^/]*", "", path)
        request = {"time": time.monotonic(), "connection": self.id, "busy": busy,
                   "method": method, "path": path, "line": head[1], "headers": headers,
                   "target": PATHS.get(path), "uuid": None, "kind": None, "size": 0,
                   "length": int(headers.get("content-length", 0))}
        early = self.early(headers, path)
        if early:
            stream.read(request["length"] // 2 if early == "body" else 0)
            self.server.decide(request)
            self.reset()
            return False
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, request["length"] = self.read_body(stream, headers)
        request["size"] = len(body)
        plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        request["sha256"] = hashlib.sha256(plain).hexdigest()
        request["uuid"], request["kind"] = identify(request["target"], plain)
        request["received"] = time.monotonic()
        words = self.server.decide(request)
        self.server.keep(request, plain)
        return self.answer(words, headers)

    def answer(self, words, headers):
        if "reset" in words:
            self.reset()
            return False
        if "garbage" in words:
            self.send(b"SSH-2.0-server\r\n\r\n", 0)
            return False
        time.sleep(float(words.get("stall", 0)))
        self.send(self.response(words, headers), float(words.get("trickle", 0)))
        return "close" not in words and headers.get("connection", "").lower() != "close"

    def response(self, words, headers):
        status = words.get("status", "202")
        body = words.get("body", "{}").encode()
        if "echo" in words:
            body = json.dumps(headers).encode()
        lines = [f"HTTP/1.1 {status} Answer", "Content-Type: application/json",
                 f"Content-Length: {len(body)}"]
        if "retry-after" in words:
            lines.append(f"Retry-After: {words['retry-after']}")
        if "expired" in words:
            when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
                seconds=float(words["expired"]))
            lines.append(f"Retry-After: {email.utils.format_datetime(when, usegmt=True)}")
        if "location" in words:
            lines.append(f"Location: {words['location']}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def send(self, answer, pause):
        if not pause:
            self.sock.sendall(answer)
        for byte in answer if pause else b"":
            self.sock.sendall(bytes([byte]))
            time.sleep(pause)

    def run(self):
        try:
            self.serve()
        except (OSError, ValueError):
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def listen(options):
    """The listening socket and its URL."""
    if options.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(options.unix)
        return listener, f"unix://{options.unix}"
    listener = socket.create_server(("127.0.0.1", options.port), backlog=256)
    scheme = "https" if options.tls else "http"
    return listener, f"{scheme}://localhost:{listener.getsockname()[1]}"


def secure(context, server, sock):
    try:
        sock.settimeout(60)
        Connection(server, context.wrap_socket(sock, server_side=True) if context else sock).run()
    except OSError:
        sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--bodies", action="store_true", help="keep payloads in DIR/bodies")
    parser.add_argument("--tls", action="store_true", help="certificate in DIR/cert.pem")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unix")
    options = parser.parse_args()
    os.makedirs(options.dir, exist_ok=True)
    context = None
    if options.tls:
        make_certificate(options.dir)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{options.dir}/cert.pem", f"{options.dir}/key.pem")
    server = Server(options)
    listener, url = listen(options)
    listener.listen(256)
    with open(f"{options.dir}/url.new", "w", encoding="utf-8") as out:
        out.write(url)
    os.rename(f"{options.dir}/url.new", f"{options.dir}/url")
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=secure, args=(context, server, sock), daemon=True).start()


if __name__ == "__main__":
    main()
