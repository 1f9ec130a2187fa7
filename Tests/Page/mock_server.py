"""A mock of `lloco serve` for the page's tests: the routes that the page uses, with plausible answers.

    python3 Tests/Page/mock_server.py [PORT]      prints its address; a free port by default

POST /mock changes the state, see `World.control`. The words "busy", "fail", "drop", "hostile", "long", "cut" and
"earlier" in a question select the behaviour of that name. A file that begins with FAIL cannot be added.
"""
import hashlib
import json
import math
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = Path(__file__).resolve().parents[2] / "Sources/LLoCOServer/Page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
MODEL = "qwen2.5-coder-0.5b"
MODES = ["hybrid", "compressed", "retrieval", "full", "none"]
LARGEST_UPLOAD = 5_000_000
HOSTILE = "<img src=x onerror=alert(1)>"

CLAUSES = [
    "The flat is let from the first of March, for an unlimited time.",
    "The rent is paid on the first of each month, in advance.",
    "Either party may end the lease early, with three months’ notice in writing; a letter by courier is in writing.",
    "The deposit is three months’ rent; it is kept at a bank and bears interest for the tenant.",
    "Repairs below €200 are the tenant’s, all others the landlord’s.",
    "The tenant may keep a cat or a dog of less than 15 kg.",
    "Walls may be painted in light colours; nails are allowed, holes are filled at the end.",
    "Bicycles are kept in the yard or in the cellar, not on the stairs.",
    "The landlord announces a visit three days before, with its reason.",
    "Heating costs are shared by the area of the flats and what each has used.",
]
RULES = "The yard is closed at ten in the evening. The laundry room is used by the list. Waste is sorted.\n"
MINUTES = ("The meeting began at nine. The budget for the new archive was agreed to, with two votes against. "
           "The catalogue is moved first, the map room follows in autumn.\n\n")


def lease():
    """The clauses, between long lists of the contents of each flat."""
    rooms = ["hall", "kitchen", "bathroom", "bedroom", "living room"]
    things = ["two lamps", "a radiator with a valve", "a window with a lock", "three sockets", "a door with two keys"]
    flat = "".join(f"The {room} has {thing}. " for room in rooms for thing in things)
    flats = [f"Flat {number}. {flat}\n\n" for number in range(1, 61)]
    terms = [f"§ {number}. {clause}\n\n" for number, clause in enumerate(CLAUSES, 1)]
    return "".join(["Part 1. The old house\n\n", *flats[:40], "Part 2. Terms\n\n", *terms,
                    "Part 3. The new house\n\n", *flats[40:]]).encode()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class World:
    """The state of the server."""

    def __init__(self):
        self.lock = threading.RLock()
        self.key, self.scope, self.drop_events = None, "admin", 0
        self.clear()

    def control(self, reset=False, seed=False, **settings):
        """`reset` removes everything, `seed` adds documents. `drop_events`: number of event streams to interrupt."""
        if reset:
            self.clear()
        if seed:
            self.seed()
        for name, value in settings.items():
            setattr(self, name, value)

    def clear(self):
        self.documents, self.adapters, self.uploads, self.jobs = {}, {}, {}, {}
        self.last_id, self.was_busy = 0, False

    def seed(self):
        self.add("lease.pdf", "contracts", lease())
        self.add("amendments.md", "contracts", "\n".join(CLAUSES * 9).encode())
        self.add("house-rules.txt", "contracts", (RULES * 30).encode())["complete"] = False
        self.add("minutes.html", "archive", (MINUTES * 60).encode())
        self.adapters["contracts"] = {"id": "2315997eb4a5", "created": "2026-11-21T10:00:00Z", "bytes": 4_400_000}

    def new_id(self):
        with self.lock:
            self.last_id += 1
            return self.last_id

    def add(self, name, group, data):
        tokens = max(1, len(data) // 4)
        document = {
            "id": self.new_id(), "name": name, "group": group, "tokens": tokens, "bytes": len(data),
            "vectors": max(1, tokens // 30), "complete": True, "added": now(),
            "sha256": hashlib.sha256(data).hexdigest(), "data": data}
        self.documents[document["id"]] = document
        return document

    def documents_of(self, group):
        return [document for document in list(self.documents.values()) if document["group"] == group]

    def groups(self):
        return [self.group(name) for name in sorted({document["group"] for document in self.documents.values()})]

    def group(self, name):
        documents = found(self.documents_of(name), f"group \"{name}\" not found")
        adapter = self.adapters.get(name)
        return {"name": name, "documents": len(documents), "tokens": sum(one["tokens"] for one in documents),
                "vectors": sum(one["vectors"] for one in documents), "adapter": adapter,
                "reads_with": "own" if adapter else "general"}


class Refused(Exception):
    def __init__(self, status, message, code=None, headers=()):
        self.status, self.message, self.code, self.headers = status, message, code, headers


def found(thing, message):
    if not thing:
        raise Refused(404, message)
    return thing


class Cancelled(Exception):
    pass


class Job:
    one_at_a_time = threading.Lock()

    def __init__(self, kind, group, files):
        self.kind, self.group, self.files = kind, group, files
        self.id = f"job-{world.new_id()}"
        self.state, self.created, self.started, self.ended = "waiting", now(), None, None
        self.progress, self.error, self.cancelled = None, None, False
        self.events, self.changed = [], threading.Condition()
        world.jobs[self.id] = self
        threading.Thread(target=self.run, daemon=True).start()

    def public(self):
        names = ["id", "kind", "group", "state", "created", "started", "ended", "progress", "error"]
        return {name: getattr(self, name) for name in names} | {"files": [file["name"] for file in self.files]}

    def emit(self, **event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def change(self, state, **more):
        self.state, self.error = state, more.get("error")
        self.emit(type="state", state=state, **more)

    def run(self):
        with Job.one_at_a_time:
            try:
                self.started = now()
                self.change("running")
                self.add() if self.kind == "add" else self.tune()
                end = {"state": "done"}
            except Cancelled:
                end = {"state": "cancelled"}
            except ValueError as error:
                end = {"state": "failed", "error": str(error)}
            self.ended = now()
            self.change(**end)

    def advance(self, phase, item, done, total, **more):
        if self.cancelled:
            raise Cancelled
        time.sleep(0.1)
        self.progress = {"phase": phase, "item": item, "done": done, "total": total, "loss": more.get("loss")}
        if phase == "tuning":
            self.emit(type="step", step=done, total=total, **more)
        else:
            self.emit(type="progress", phase=phase, item=item, done=done, total=total)

    def add(self):
        for file in self.files:
            name, data = file["name"], file["data"]
            if data.startswith(b"FAIL"):
                raise ValueError(f"\"{name}\": expected a text, found something else")
            tokens = max(1, len(data) // 4)
            for part in range(1, 13):
                self.advance("adding", name, tokens * part // 12, tokens)
            document = world.add(name, self.group, data)
            self.emit(type="document", document=name, group=self.group, tokens=document["tokens"],
                      vectors=document["vectors"], seconds=1.2)

    def tune(self):
        if not self.files:
            name = world.documents_of(self.group)[0]["name"]
            for passage in range(1, 9):
                self.advance("studying", name, passage, 8)
            self.emit(type="note", text="studied 8 passages: kept 61 of 128 questions")
        for step in range(1, 61):
            loss = 1.1 + 2.1 * math.exp(-step / 18) + 0.16 * math.sin(step * 2.7) + 0.08 * math.cos(step * 7.1)
            self.advance("tuning", None, step, 60, loss=round(loss, 4), tokens_per_second=310.0 + step)
        world.adapters[self.group] = {"id": "77aa01b2c3d4", "created": now(), "bytes": 4_400_000}


ROUTES = []


def route(method, path):
    """Registers a method of `Handler` for a route. ID in the path is passed to the method."""
    def add(action):
        ROUTES.append((method, path.replace("ID", "([^/]+)"), action))
        return action
    return add


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        try:
            url = urlsplit(self.path)
            self.query = parse_qs(url.query)
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.act(url.path)
        except Refused as refused:
            error = {"message": refused.message, "type": "invalid_request_error", "param": None, "code": refused.code}
            self.send_json({"error": error}, refused.status, refused.headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = answer

    def act(self, path):
        if self.command == "GET" and (path in ("/", "/favicon.ico") or path.startswith("/page/")):
            return self.send_file("page.html" if path == "/" else path.rpartition("/")[2])
        if path == "/mock":
            world.control(**json.loads(self.body))
            return self.send_json({})
        if world.key and self.headers.get("Authorization") != f"Bearer {world.key}":
            raise Refused(401, "the key is missing or unknown")
        for method, pattern, action in ROUTES:
            match = re.fullmatch(pattern, path)
            if method == self.command and match:
                if method == "DELETE" or (method == "POST" and path.startswith("/lloco/")):
                    self.check_scope()
                return action(self, *map(unquote, match.groups()))
        raise Refused(404, f"unknown route: {path}")

    def check_scope(self):
        if world.scope == "read":
            raise Refused(403, "the key has scope read")

    # Sending

    def send(self, data=b"", status=200, kind="application/json", headers=()):
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(data))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def send_json(self, value, status=200, headers=()):
        self.send(json.dumps(value).encode(), status, headers=headers)

    def send_nothing(self):
        self.send_response(204)
        self.end_headers()

    def send_file(self, name):
        file = PAGE / name
        if name == "favicon.ico":
            return self.send_nothing()
        if file.suffix not in TYPES or not file.is_file():
            raise Refused(404, f"{name} not found")
        self.send(file.read_bytes(), kind=f"{TYPES[file.suffix]}; charset=utf-8", headers=[
            ("Content-Security-Policy", CSP), ("X-Content-Type-Options", "nosniff")])

    def begin_events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def send_event(self, value):
        self.send_chunk(f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode())

    def end_events(self):
        self.send_chunk(b"")

    def break_off(self):
        self.close_connection = True
        self.connection.shutdown(2)

    # Groups and documents

    @route("GET", "/lloco/v1/status")
    def get_status(self):
        self.send_json({
            "version": "0.2.0", "model": MODEL, "window": 32768, "default_mode": "hybrid", "modes": MODES,
            "scope": world.scope, "jobs": True, "maximum_upload_bytes": LARGEST_UPLOAD})

    @route("GET", "/lloco/v1/groups")
    def get_groups(self):
        self.send_json({"groups": world.groups()})

    @route("DELETE", "/lloco/v1/groups/ID")
    def remove_group(self, name):
        for document in world.documents_of(name):
            del world.documents[document["id"]]
        world.adapters.pop(name, None)
        self.send_nothing()

    @route("GET", "/lloco/v1/documents")
    def get_documents(self):
        self.send_json({"documents": [
            {name: value for name, value in document.items() if name != "data"}
            for document in world.documents_of(self.query["group"][0])]})

    def document(self, id):
        return found(world.documents.get(int(id)), "document not found")

    @route("DELETE", "/lloco/v1/documents/ID")
    def remove_document(self, id):
        self.document(id)
        if any(job.state == "running" for job in world.jobs.values()):
            raise Refused(409, "the library is being written; retry when the current job is done", "busy")
        del world.documents[int(id)]
        self.send_nothing()

    @route("GET", "/lloco/v1/documents/ID/text")
    def get_text(self, id):
        data = self.document(id)["data"]
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        last = min(last, len(data) - 1)
        self.send(data[first:last + 1], 206, "text/plain; charset=utf-8",
                  [("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    @route("GET", "/lloco/v1/documents/ID/questions")
    def get_questions(self, id):
        document = self.document(id)
        texts = [("fact", "Who may end the lease early?", "Either party, with three months’ notice.", None),
                 ("fact", "Where is the deposit kept?", "At a bank, where it bears interest.", None),
                 ("reason", "Why does the passage speak of repairs?", "They are the tenant’s.", "names-text"),
                 ("fact", "Who may end the lease early?", "Either party.", "duplicate")]
        names = ["kind", "question", "answer", "rejection", "start", "end"]
        spans = sentences(document["data"], "", len(texts)) if document["group"] in world.adapters else []
        self.send_json({"questions": [dict(zip(names, [*text, *span])) for text, span in zip(texts, spans)]})

    # Uploads and jobs

    @route("POST", "/lloco/v1/uploads")
    def upload(self):
        boundary = re.search(r"boundary=(\S+)", self.headers["Content-Type"])[1].encode()
        files = []
        for part in self.body.split(b"--" + boundary)[1:-1]:
            head, data = part[2:-2].split(b"\r\n\r\n", 1)
            name = re.search(rb'filename="([^"]*)"', head)[1].decode().replace("%22", '"')
            files.append({"name": name, "data": data})
        time.sleep(0.3)
        id = f"upload-{world.new_id()}"
        world.uploads[id] = files
        self.send_json({"id": id, "files": [{"name": file["name"], "bytes": len(file["data"])} for file in files]}, 201)

    @route("DELETE", "/lloco/v1/uploads/ID")
    def remove_upload(self, id):
        world.uploads.pop(id, None)
        self.send_nothing()

    @route("GET", "/lloco/v1/jobs")
    def get_jobs(self):
        self.send_json({"jobs": [job.public() for job in reversed(list(world.jobs.values()))]})

    @route("POST", "/lloco/v1/jobs")
    def begin_job(self):
        fields = json.loads(self.body)
        files = world.uploads.pop(fields["upload"]) if "upload" in fields else []
        self.send_json(Job(fields["kind"], fields["group"], files).public(), 202)

    def job(self, id):
        return found(world.jobs.get(id), "job not found")

    @route("POST", "/lloco/v1/jobs/ID/cancel")
    def cancel_job(self, id):
        job = self.job(id)
        job.cancelled = True
        self.send_json(job.public(), 202)

    @route("DELETE", "/lloco/v1/jobs/ID")
    def remove_job(self, id):
        if not self.job(id).ended:
            raise Refused(409, "the job has not ended", "busy")
        del world.jobs[id]
        self.send_nothing()

    @route("GET", "/lloco/v1/jobs/ID/events")
    def get_job_events(self, id):
        job, sent = self.job(id), 0
        self.begin_events()
        while True:
            with job.changed:
                job.changed.wait_for(lambda: len(job.events) > sent, timeout=1)
                events = job.events[sent:]
            if not events:
                self.send_chunk(b": alive\n\n")
            for event in events:
                self.send_event(event)
            sent += len(events)
            if world.drop_events and sent > 5:
                world.drop_events -= 1
                return self.break_off()
            if sent and job.events[sent - 1]["type"] == "state" and job.ended:
                return self.end_events()

    # Answers

    @route("POST", "/v1/chat/completions")
    def chat(self):
        request = json.loads(self.body)
        question = request["messages"][-1]["content"].lower()
        options = request.get("lloco", {})
        mode, documents = "none", []
        if request["model"] != MODEL:
            mode = options["mode"]
            documents = [document for document in found(world.documents_of(request["model"]), "group not found")
                         if document["name"] in options.get("documents", [document["name"]])]
        world.was_busy = "busy" in question and not world.was_busy
        if world.was_busy:
            raise Refused(503, "too many answers at once", "busy", [("Retry-After", "2")])
        self.begin_events()
        self.stream(question, answer_to(question, len(request["messages"]) - 1), mode, documents)

    def stream(self, question, answer, mode, documents):
        start = time.time()
        time.sleep(2.4 if mode == "full" else 0.5)
        prefill = time.time() - start
        pieces = re.findall(r"\S+\s*", answer)
        for at, piece in enumerate(pieces):
            if at == 5 and "drop" in question:
                return self.break_off()
            if at == 5 and "fail" in question:
                self.send_event({"error": {"message": "the answer failed: out of memory", "type": "server_error"}})
                return self.end_events()
            self.send_event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            time.sleep(0.06)
        seconds = time.time() - start
        positions = context_positions(mode, sum(document["tokens"] for document in documents))
        self.send_event({
            "choices": [{"index": 0, "delta": {}, "finish_reason": "length" if "cut" in question else "stop"}],
            "lloco": {
                "mode": mode, "documents": [document["name"] for document in documents],
                "passages": passages(documents, question) if mode != "none" else [],
                "context_tokens": positions, "omissions": [],
                "seconds": {"retrieve": 0.02, "prefill": prefill, "decode": seconds - prefill, "total": seconds}}})
        self.send_event({"choices": [], "usage": {
            "prompt_tokens": positions + 40, "completion_tokens": len(pieces),
            "total_tokens": positions + 40 + len(pieces)}})
        self.send_event("[DONE]")
        self.end_events()


def answer_to(question, earlier):
    answer = "Either party may end the lease early, with three months’ notice in writing. A letter by courier counts."
    if "hostile" in question:
        return f"{HOSTILE}<script>alert(2)</script> **is** text"
    if "earlier" in question:
        return f"{earlier} earlier messages were sent."
    return " ".join([answer] * (12 if "long" in question else 1))


def context_positions(mode, tokens):
    return {"none": 0, "full": tokens, "retrieval": min(tokens, 728)}.get(mode, max(1, tokens // 30))


def passages(documents, question):
    return [{"document": document["name"], "document_id": document["id"], "start": start, "end": end, "score": 0.7}
            for document in documents[:3] for start, end in sentences(document["data"], question, 3)]


def sentences(data, question, count):
    """The byte ranges of up to `count` sentences that share the most words with the question, spread over the text."""
    text = data.decode()
    question_words = words_of(question)
    spans = [match.span() for match in re.finditer(r"[A-Z][^.]+\.", text)][1:]
    shared = [len(question_words & words_of(text[slice(*span)])) for span in spans]
    highest = max(shared, default=0)
    best = [span for span, number in zip(spans, shared) if number == highest and (number > 0 or not question_words)]
    spread = best[::max(1, len(best) // count)][:count]
    return [(len(text[:start].encode()), len(text[:end].encode())) for start, end in spread]


def words_of(text):
    return set(re.findall(r"\w{4,}", text.lower()))


world = World()

if __name__ == "__main__":
    world.seed()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # browsers that disconnect
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
