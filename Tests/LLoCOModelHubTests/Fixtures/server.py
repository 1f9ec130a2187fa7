"""A model hub on loopback for the tests, with answers from a file of rules.

usage: python3 server.py FOLDER

FOLDER/rules.json maps a path without its query to a list of rules. The first rule whose "times" are not used up is
applied. A rule is an object of "status", "headers", "body" (text) or "file" (a name in FOLDER), "times" (maximum number
of uses), "ranges" (whether range requests are supported), "cut" (bytes after which the connection closes), "hold"
(seconds before it closes), "pieces" ([bytes, seconds between pieces]), "silence" (seconds before the answer) and
"length" (a different content-length). FOLDER/log.jsonl gets one line per request. The server prints its port.
"""
import json
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

FOLDER = Path(sys.argv[1])
USED = Counter()
LOCK = Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def rule(self, path):
        with LOCK:
            for index, rule in enumerate(json.loads((FOLDER / "rules.json").read_text()).get(path, [])):
                if USED[path, index] < rule.get("times", 10 ** 9):
                    USED[path, index] += 1
                    return rule
        return {"status": 404, "body": "{}"}

    def do_GET(self):
        path = self.path.split("?")[0]
        with LOCK, open(FOLDER / "log.jsonl", "a") as log:
            headers = {name.lower(): value for name, value in self.headers.items()}
            log.write(json.dumps({"path": self.path, "headers": headers}) + "\n")
        rule = self.rule(path)
        time.sleep(rule.get("silence", 0))
        body = (FOLDER / rule["file"]).read_bytes() if "file" in rule else rule.get("body", "").encode()
        status, headers = rule.get("status", 200), dict(rule.get("headers", {}))
        requested = self.headers.get("Range")
        if requested and rule.get("ranges", True) and status == 200:
            start = int(requested[len("bytes="):-1])
            if start >= len(body):
                status, body = 416, b""
            else:
                headers.setdefault("Content-Range", "bytes {}-{}/{}".format(start, len(body) - 1, len(body)))
                status, body = 206, body[start:]
        headers.setdefault("Content-Length", str(rule.get("length", len(body))))
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        try:
            size, pause = rule.get("pieces", [1 << 20, 0])
            size = int(size)
            end = rule.get("cut", len(body))
            for start in range(0, min(end, len(body)), size):
                self.wfile.write(body[start:min(start + size, end)])
                self.wfile.flush()
                time.sleep(pause)
            time.sleep(rule.get("hold", 0))
            if end < len(body) or headers["Content-Length"] != str(len(body)):
                self.close_connection = True
        except OSError:
            self.close_connection = True


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
