#!/usr/bin/env python3
"""Tests `lloco serve` over a real socket: with public clients, with many faulty requests, and by killing it.

    Tests/Server/server_test.py                        all parts, with the tests' tiny models; some minutes
    Tests/Server/server_test.py mixed --requests 2000  one part
    Tests/Server/server_test.py clients --model smollm2-135m

  clients      the packages openai and ollama: models, chats, streams, embeddings, errors, 100 requests in 16 threads
  mixed        10,000 requests, valid, cancelled, malformed, oversized, slow and unauthorised: no crash, only statuses
               that /openapi.json documents, and at most 2 % growth of memory after the first tenth
  kills        20 times SIGKILL under load while a job runs: the library is intact and the job resumes
  schema       schemathesis, which generates requests from /openapi.json

Exit status: 0 passed, 1 failed, 2 a package is missing (`Scripts/bootstrap --server` installs it).
"""
import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".deps/server-tests"
sys.path.insert(0, str(PACKAGES))
PARTS = ["clients", "mixed", "kills", "schema"]
# Each key may send 50 requests per second. With this number of keys few requests are refused.
KEYS = ["k{:039}".format(number) for number in range(64)]
KEY, READER = KEYS[0], "r" * 40
TEXT = "The miller lived at the end of the valley. In May 1904 the council decided that a dam should be built. "


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Place:
    """A folder with a library, and its server."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.environment = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        if options.model:
            self.environment["LLOCO_MODEL"] = options.model
        else:
            self.environment |= {
                "LLOCO_MODEL": str(ROOT / "Fixtures/autocompressor"), "LLOCO_EMBEDDER": str(ROOT / "Fixtures/embedder"),
                "LLOCO_HOME": str(self.folder / "home"), "OMP_NUM_THREADS": "1"}
        self.library = self.folder / "library.lloco"
        self.process, self.port = None, None
        keys = ["{} {}".format(hashlib.sha256(key.encode()).hexdigest(), rest)
                for key, rest in [*((key, "admin *") for key in KEYS), (READER, "read mill")]]
        (self.folder / "keys").write_text("\n".join(keys) + "\n")

    def command(self, *arguments):
        return [self.options.lloco, *arguments, "--library", str(self.library)]

    def run(self, *arguments):
        result = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True)
        expect(result.returncode == 0, "{}: {}".format(" ".join(arguments), result.stderr))
        return result.stdout

    def add(self, group, sentences=20, name=None):
        file = self.folder / (name or group + ".txt")
        file.write_text(TEXT * sentences)
        self.run("add", str(file), "--group", group)

    def start(self, keys=False):
        more = ["--api-key-file", str(self.folder / "keys")] if keys else []
        errors = open(self.folder / "server.log", "a")
        self.process = subprocess.Popen(
            self.command("serve", "--port", "0", *more), env=self.environment, stdout=subprocess.PIPE, stderr=errors,
            text=True)
        line = self.process.stdout.readline()
        expect(line.startswith("listening on "), "the server did not start: " + self.log())
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(60)
            expect(status == 0, "the server exited with status {}: {}".format(status, self.log()))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        return (self.folder / "server.log").read_text()[-2000:]

    def resident_bytes(self):
        status = Path("/proc/{}/status".format(self.process.pid)).read_text()
        return 1024 * int(re.search(r"RssAnon:\s+(\d+)", status)[1])

    def ask(self, method, path, body=None, key=None, headers=(), timeout=120):
        """Sends a request. Returns status and body of the reply."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        fields = dict(headers)
        if key:
            fields["Authorization"] = "Bearer " + key
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            fields.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, fields)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def object(self, *arguments, **options):
        status, body = self.ask(*arguments, **options)
        expect(status < 300, "{}: {} {}".format(arguments, status, body[:300]))
        return json.loads(body) if body else None


# Public clients

def clients(place):
    import ollama
    import openai
    place.add("mill")
    place.add("dam")
    place.start()
    base = "http://127.0.0.1:{}".format(place.port)
    client = openai.OpenAI(base_url=base + "/v1", api_key="any", max_retries=0)
    names = [model.id for model in client.models.list()]
    expect({"mill", "dam"} <= set(names), "models: {}".format(names))
    expect(client.models.retrieve("mill:full").id == "mill:full", "the model mill:full")
    question = [{"role": "user", "content": "What was decided?"}]
    whole = client.chat.completions.create(model="mill", messages=question, max_tokens=12)
    expect(whole.usage.completion_tokens in range(1, 13), "usage: {}".format(whole.usage))
    chunks = list(client.chat.completions.create(
        model="mill", messages=question, max_tokens=12, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    expect(text.strip() == whole.choices[0].message.content.strip(), "a stream has another answer: {!r}".format(text))
    expect(chunks[-1].usage.total_tokens == whole.usage.total_tokens, "a stream's usage: {}".format(chunks[-1].usage))
    reply = client.responses.create(model="mill", input="What was decided?", max_output_tokens=12)
    expect(reply.output_text.strip() == text.strip(), "responses: {!r}".format(reply.output_text))
    completion = client.completions.create(model="mill", prompt="The council", max_tokens=4)
    expect(completion.choices[0].text is not None, "completions")
    vectors = client.embeddings.create(model="any", input=["a dam", "a mill"])
    expect(len(vectors.data) == 2 and abs(sum(x * x for x in vectors.data[0].embedding) - 1) < 1e-3, "embeddings")
    for kind, arguments in (
        (openai.NotFoundError, {"model": "none", "messages": question}),
        (openai.BadRequestError, {"model": "mill", "messages": []}),
        (openai.BadRequestError, {
            "model": "mill", "messages": question, "tools": [{"type": "function", "function": {"name": "f"}}]}),
    ):
        try:
            client.chat.completions.create(**arguments)
            raise Failure("no error: {}".format(arguments))
        except kind:
            pass
    # The answer may end before the timeout. In both cases the server keeps running.
    try:
        client.with_options(timeout=0.01).chat.completions.create(model="mill:full", messages=question, max_tokens=200)
    except openai.APITimeoutError:
        pass
    other = ollama.Client(host=base)
    expect("mill" in [model.model.removesuffix(":latest") for model in other.list().models], "ollama's list")
    answer = other.chat(model="mill", messages=question, options={"num_predict": 12}).message.content
    expect(answer.strip() == text.strip(), "ollama: {!r}".format(answer))
    pieces = other.generate(model="mill", prompt="What was decided?", options={"num_predict": 12}, stream=True)
    expect(list(pieces)[-1].done, "ollama's stream")
    expect(len(other.embed(model="any", input=["a", "b"]).embeddings) == 2, "ollama's vectors")
    try:
        other.chat(model="none", messages=question)
        raise Failure("ollama: no error")
    except ollama.ResponseError as error:
        expect(error.status_code == 404, "ollama: {}".format(error))

    def answer_of(group):
        reply = client.chat.completions.create(model=group, messages=question, max_tokens=12)
        return reply.choices[0].message.content

    separate = {group: answer_of(group) for group in ("mill", "dam")}

    def is_equal(index):
        group = ("mill", "dam")[index % 2]
        if index % 5 == 4:
            reply = other.chat(model=group, messages=question, options={"num_predict": 12}).message.content
        elif index % 3 == 2:
            reply = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(
                model=group, messages=question, max_tokens=12, stream=True) if chunk.choices)
        else:
            reply = answer_of(group)
        return reply.strip() == separate[group].strip()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        equal = sum(pool.map(is_equal, range(100)))
    # In bfloat16, rounding may swap two close scores.
    expect(equal >= 95, "only {} of 100 answers equal the separate ones".format(equal))
    print("clients: {} of 100 answers in 16 threads equal the separate ones".format(equal))
    place.stop()


# Faulty requests

def documented(place):
    """The documented statuses: [(method, regular expression of the path, statuses)]."""
    description = place.object("GET", "/openapi.json")
    found = []
    for path, operations in description["paths"].items():
        expression = re.compile("^" + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$")
        for method, operation in operations.items():
            if method in ("get", "post", "delete"):
                found.append((method.upper(), expression, {int(status) for status in operation["responses"]}))
    return found


def mixed(place):
    place.add("mill")
    place.add("dam", 60)
    place.start(keys=True)
    routes = documented(place)
    rng = random.Random(place.options.seed)
    counts, wrong, lock = {}, [], threading.Lock()
    document = place.object("GET", "/lloco/v1/documents?group=mill", key=KEY)
    number = document["documents"][0]["id"]

    def chat(draw, **more):
        model = draw.choice(["mill", "dam", "mill:full", "dam:compressed", "mill:retrieval", "dam:none"])
        question = draw.choice(["What was decided?", "Who?", "When was it built?"])
        return {"model": model, "messages": [{"role": "user", "content": question}],
                "max_tokens": draw.randint(1, 8), **more}

    def cancelled(draw):
        with socket.create_connection(("127.0.0.1", place.port), timeout=60) as connection:
            body = json.dumps(chat(draw, stream=True, max_tokens=64)).encode()
            connection.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Authorization: Bearer " + draw.choice(KEYS).encode() + b"\r\nContent-Length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body)
            if draw.random() < 0.5:
                connection.recv(draw.choice([1, 100, 1000]))
        return None

    def slow(draw):
        with socket.create_connection(("127.0.0.1", place.port), timeout=60) as connection:
            for part in (
                b"POST /v1/chat/comp", b"letions HTTP/1.1\r\nHost: localhost\r\n", b"Content-Length: 9\r\n\r\n{",
            ):
                connection.sendall(part)
                time.sleep(draw.random() * 0.1)
        return None

    def noise(draw):
        with socket.create_connection(("127.0.0.1", place.port), timeout=60) as connection:
            connection.sendall(draw.randbytes(draw.randint(1, 400)) + b"\r\n\r\n")
            connection.settimeout(5)
            try:
                connection.recv(1000)
            except (TimeoutError, ConnectionError):
                pass
        return None

    def request(method, path, body=None, key=None, headers=()):
        def send(draw):
            return method, path, place.ask(
                method, path, body(draw) if body else None, draw.choice(KEYS) if key == KEY else key, headers)[0]
        return send

    kinds = [
        (30, request("POST", "/v1/chat/completions", chat, key=KEY)),
        (10, request("POST", "/v1/chat/completions", lambda draw: chat(draw, stream=True), key=KEY)),
        (5, request("POST", "/v1/chat/completions", chat, key=READER)),
        (5, request("POST", "/v1/chat/completions", chat)),
        (5, request("POST", "/v1/chat/completions", chat, key="wrong")),
        (5, request(
            "POST", "/v1/chat/completions", lambda draw: json.dumps(chat(draw))[: draw.randint(0, 60)], key=KEY)),
        (4, request("POST", "/v1/chat/completions", lambda draw: chat(draw, temperature="hot"), key=KEY)),
        (4, request("POST", "/v1/chat/completions", lambda draw: chat(draw, model="none"), key=KEY)),
        (2, request("POST", "/v1/chat/completions", lambda draw: b"x" * (9 << 20), key=KEY)),
        (3, request("POST", "/v1/completions", lambda draw: {
            "model": "mill", "prompt": "The", "max_tokens": 2}, key=KEY)),
        (3, request("POST", "/v1/responses", lambda draw: {
            "model": "dam", "input": "Who?", "max_output_tokens": 2}, key=KEY)),
        (3, request("POST", "/v1/embeddings", lambda draw: {"model": "any", "input": ["a", "b"]}, key=KEY)),
        (3, request("POST", "/api/chat", lambda draw: {
            "model": "mill", "stream": False, "messages": [{"role": "user", "content": "Who?"}],
            "options": {"num_predict": 2}}, key=KEY)),
        (2, request("POST", "/lloco/v1/search", lambda draw: {"query": "the dam", "group": "mill"}, key=KEY)),
        (3, request("GET", "/v1/models", key=READER)), (2, request("GET", "/lloco/v1/documents?group=mill", key=KEY)),
        (2, request("GET", "/lloco/v1/documents/{}/text".format(number), key=KEY)),
        (2, request("GET", "/lloco/v1/documents/{}/text".format(number), key=KEY, headers=(("Range", "bytes=9-4"),))),
        (1, request("DELETE", "/lloco/v1/documents/999999", key=READER)),
        (1, request("GET", "/metrics", key=KEY)), (1, request("GET", "/nowhere", key=KEY)),
        (1, request("PUT", "/v1/models", key=KEY)), (5, cancelled), (2, slow), (2, noise),
    ]
    weights = [weight for weight, _ in kinds]

    def send_one(seed):
        draw = random.Random(seed)
        work = draw.choices([work for _, work in kinds], weights)[0]
        try:
            result = work(draw)
        except (ConnectionError, http.client.HTTPException) as error:
            # The server closes the connection before it has received a body that is too long.
            result = None
            with lock:
                counts[type(error).__name__] = counts.get(type(error).__name__, 0) + 1
        if result is None:
            return
        method, path, status = result
        plain = path.partition("?")[0]
        route = next((found for found in routes if found[0] == method and found[1].match(plain)), None)
        allowed = route[2] if route else {404, 405, 401, 429}
        with lock:
            counts[status] = counts.get(status, 0) + 1
            if status not in allowed:
                wrong.append((method, path, status))

    total, sizes = place.options.requests, []
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for first in range(0, total, total // 10):
            list(pool.map(send_one, (rng.getrandbits(64) for _ in range(total // 10))))
            expect(place.process.poll() is None, "the server exited: " + place.log())
            sizes.append(place.resident_bytes())
            print("mixed: {} requests, {:.1f} MB".format(first + total // 10, sizes[-1] / 1e6), flush=True)
    print("mixed: replies by status: {}".format(dict(sorted(counts.items(), key=str))))
    expect(not wrong, "undocumented statuses: {}".format(wrong[:5]))
    growth = sizes[-1] / sizes[0] - 1
    expect(growth <= 0.02, "memory grew by {:.1%} after the first tenth".format(growth))
    expect(place.object("POST", "/v1/chat/completions", chat(rng), key=KEY)["choices"], "no answer at the end")
    place.stop()


# Kills

def kills(place):
    place.add("mill")
    place.add("dam", 60)
    place.run("list")
    for round in range(place.options.kills):
        place.start()
        jobs = place.object("GET", "/lloco/v1/jobs")
        jobs = jobs["jobs"]
        for job in jobs:
            expect(job["state"] != "failed", "a job failed: {}".format(job))
        if not any(job["state"] in ("waiting", "running") for job in jobs):
            form = ("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"doc{}.txt\"\r\n\r\n{}\r\n"
                    "--cut--\r\n").format(round, TEXT * 150)
            upload = place.object(
                "POST", "/lloco/v1/uploads", form, headers=(("Content-Type", "multipart/form-data; boundary=cut"),))
            place.object("POST", "/lloco/v1/jobs", {"kind": "add", "group": "new", "upload": upload["id"]})
        end = threading.Event()

        def load(index):
            while not end.is_set():
                try:
                    place.ask("POST", "/v1/chat/completions", {
                        "model": ("mill", "dam:full")[index % 2], "max_tokens": 16,
                        "messages": [{"role": "user", "content": "Who?"}]}, timeout=30)
                except (OSError, http.client.HTTPException):
                    return

        threads = [threading.Thread(target=load, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(random.Random(round).uniform(0.1, 2))
        place.kill()
        end.set()
        for thread in threads:
            thread.join()
    place.start()
    deadline = time.monotonic() + 600
    while True:
        jobs = place.object("GET", "/lloco/v1/jobs")
        jobs = jobs["jobs"]
        if all(job["state"] not in ("waiting", "running") for job in jobs):
            break
        expect(time.monotonic() < deadline, "unfinished jobs: {}".format(jobs))
        time.sleep(0.5)
    expect(jobs and all(job["state"] == "done" for job in jobs), "jobs: {}".format(jobs))
    place.stop()
    listed = [json.loads(line) for line in place.run("list", "--json").splitlines()]
    new = [line for line in listed if line["group"] == "new"]
    expect(len(new) == len(jobs), "{} documents, expected one for each of {} jobs".format(len(new), len(jobs)))
    expect(len({(line["tokens"], line["vectors"]) for line in new}) == 1, "documents differ: {}".format(new))
    print("kills: {} kills, {} jobs, all done; the library has all documents".format(
        place.options.kills, len(jobs)))


def schema(place):
    import schemathesis  # noqa: F401
    place.add("mill")
    place.add("dam")
    place.start()
    command = [
        sys.executable, str(PACKAGES / "bin/schemathesis"), "run",
        "http://127.0.0.1:{}/openapi.json".format(place.port), "--url", "http://127.0.0.1:{}".format(place.port),
        "--seed", str(place.options.seed), "--max-examples", str(place.options.examples),
        "--exclude-path", "/lloco/v1/stop", "--generation-database", "none"]
    environment = dict(os.environ, PYTHONPATH=str(PACKAGES))
    status = subprocess.run(command, env=environment, cwd=place.folder).returncode
    expect(place.process.poll() is None, "the server exited: " + place.log())
    expect(status == 0, "schemathesis found the failures above")
    place.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="clients, mixed, kills or schema; default: all")
    parser.add_argument("--model", help="the model; default: the tests' tiny one")
    parser.add_argument("--requests", type=int, default=10_000, help="number of requests of mixed (10000)")
    parser.add_argument("--kills", type=int, default=20, help="number of kills of kills (20)")
    parser.add_argument("--examples", type=int, default=50, help="examples per operation of schema (50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--lloco", default=str(ROOT / ".build/release/lloco"), help="the program (.build/release/lloco)")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error("unknown part {}; expected {}".format(unknown[0], ", ".join(PARTS)))
    status = 0
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(options, folder)
            try:
                globals()[part](place)
                print("{}: passed".format(part), flush=True)
            except ImportError as error:
                print("{}: {}; Scripts/bootstrap --server installs it".format(part, error), file=sys.stderr)
                status = max(status, 2)
            except Failure as failure:
                print("{}: FAILED: {}".format(part, failure), file=sys.stderr)
                status = 1
            finally:
                if place.process and place.process.poll() is None:
                    place.kill()
    return status


if __name__ == "__main__":
    sys.exit(main())
