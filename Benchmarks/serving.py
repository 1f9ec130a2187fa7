"""Made-up documents and a running `lloco serve`, for serve and serve_compare."""
import http.client
import random
import subprocess
import sys

WORDS = "amber birch cobalt dune ember fjord garnet harbour indigo juniper kelp lagoon maple nickel onyx poplar".split()


def document_text(tokens, seed):
    """A text of about `tokens` tokens."""
    draws = random.Random(seed)
    return " ".join("The {} stands by the {} of the {}.".format(*draws.sample(WORDS, 3)) for _ in range(tokens // 11))


def start_lloco(lloco, arguments):
    """Starts `lloco serve` on a free port: the process and the port."""
    server = subprocess.Popen([lloco, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    if not line.startswith("listening on "):
        sys.exit("the server did not start")
    return server, int(line.rsplit(":", 1)[1])


def cache_bytes(port):
    """The size of a server's cached adapters, vectors and prompts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("lloco_cache_bytes{"))
