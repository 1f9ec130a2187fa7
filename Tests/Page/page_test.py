#!/usr/bin/env python3
"""Tests the page of `lloco serve` in a headless Chromium, against `mock_server.py` or a running server.

    Tests/Page/page_test.py [NAME ...]                       runs the tests whose names contain NAME; all by default
    Tests/Page/page_test.py --server URL [--key KEY]         tests a server; KEY needs the scope `write`
    Tests/Page/page_test.py --shots Docs/images pictures     takes the screenshots of the documentation

Exit status: 0 passed, 1 failed, 2 Playwright or Chromium is missing. Chromium is `$CHROMIUM`, else on the PATH. On a
server the tests create a group `page-test-...` and remove it, and skip what needs the mock. Tests named `test_` depend
on each other: they run in order, from the group's first document to its removal.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
import urllib.request
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / ".deps/page-tests"))
try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    print("Playwright is missing: Scripts/bootstrap --page installs it in .deps/page-tests", file=sys.stderr)
    sys.exit(2)

parser = argparse.ArgumentParser(
    description=__doc__.partition("\n")[0], epilog="Exit status: 0 passed, 1 failed, 2 Playwright or Chromium missing.")
parser.add_argument("names", nargs="*", metavar="NAME", help="part of the names of the tests to run")
parser.add_argument("--server", metavar="URL", help="the server to test; the mock by default")
parser.add_argument("--key", help="the server's key")
parser.add_argument("--tune", action="store_true", help="also tune on a server, which takes minutes")
parser.add_argument("--seconds", type=float, help="maximum seconds of a job or an answer; 20 with the mock, else 600")
parser.add_argument("--shots", metavar="DIR", type=Path, help="folder for screenshots, also of failed tests")
options = parser.parse_args()

MOCK = not options.server
URL = (options.server or "").rstrip("/")
TIME = 1000 * (options.seconds or (20 if MOCK else 600))
GROUP = f"page-test-{int(time.time()) % 100000}"
HOSTILE = "<img src=x onerror=alert(1)>"
DESKTOP = {"width": 1280, "height": 820}
PHONE = {"width": 360, "height": 740}

# Characters of one to four bytes, so that byte offsets differ from character offsets.
STORY = ("The miller’s daughter lived at the end of the valley — in a house of grey stone. Every spring the river rose "
         "by two metres and the bridge was closed. In May 1904 the council decided that a dam should be built at "
         "Ölbach. The miller promised the village forty sacks of flour if the dam kept the water back. 漢字。🏠 "
         "The engineer, Mr Ström, asked for €9,000 and was paid half of it. ")


def story(chapters):
    return "".join(f"Chapter {chapter}. {STORY}\n\n" for chapter in range(1, chapters + 1))


def file(name, text):
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def mock(**settings):
    body = json.dumps(settings).encode()
    urllib.request.urlopen(urllib.request.Request(f"{URL}/mock", body, {"Content-Type": "application/json"})).read()


def shot(page, name):
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=options.shots / f"{name}.png")


@contextmanager
def visit(browser, place="", size=DESKTOP, key=options.key, expected=(), **context_options):
    """Opens the page in a new browser context. Fails on unexpected errors and on requests to other servers."""
    context = browser.new_context(viewport=size, **context_options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors = []

    def record(message):
        if message.type in ("error", "warning") and not any(word in message.text for word in expected):
            errors.append(f"{message.type}: {message.text} ({message.location})")

    def dismiss(dialog):
        errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", record)
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
    page.on("dialog", dismiss)
    page.on("request", lambda request: request.url.startswith(f"{URL}/") or errors.append(f"request: {request.url}"))
    if key:
        page.add_init_script(f"sessionStorage.setItem('lloco.key', {json.dumps(key)})")
    page.goto(f"{URL}/{place}")
    page.locator(".view:not([hidden]), dialog[open], #notice:not([hidden])").first.wait_for()
    yield page
    context.close()
    assert not errors, errors


def visit_seeded(*arguments, **more):
    mock(reset=True, seed=True, key=None, scope="admin", drop_events=0)
    return visit(*arguments, **more)


def ask(page, question):
    page.fill("#question", question)
    page.click("#ask")


def wait_for_answer(page, answers=1):
    expect(page.locator("#stop")).to_be_hidden(timeout=answers * TIME)


def ask_and_wait(page, question):
    ask(page, question)
    wait_for_answer(page)


def last_answer(page):
    return page.locator(".answer").last


def add(page, *files):
    page.set_input_files("#files", list(files))
    page.click("#add-submit")


def wait_for_job(page, state="done"):
    expect(page.locator("#group-jobs .job .badge").first).to_have_text(state, timeout=TIME)


def documents(page):
    return page.locator(".documents li")


def named_button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def is_focused(page, selector):
    return page.evaluate("(selector) => document.activeElement.matches(selector)", selector)


def check_width(page):
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px too wide"


def check_layout(page):
    """Checks that the page fits the width and that all controls are at least 44 px high."""
    check_width(page)
    low = page.evaluate("""[...document.querySelectorAll('button, a, select, textarea, summary, .choices label, input')]
        .filter((node) => node.checkVisibility() && !node.matches('.skip, .file input, .choices input'))
        .filter((node) => node.getBoundingClientRect().height < 43.5)
        .map((node) => node.textContent.trim() || node.id)""")
    assert not low, f"lower than 44 px: {low}"


def check_passage(page):
    """Checks that the passage's bytes are marked, and that the whole text loads without broken characters."""
    numbers = re.match(r"Bytes ([\d,]+) to ([\d,]+)", page.text_content("#panel-facts")).groups()
    start, end = (int(number.replace(",", "")) for number in numbers)
    text = story(30)
    assert page.text_content("#panel mark") == text.encode()[start:end].decode()
    for name in ("Show more above", "Show more below"):
        while named_button(page, name).is_visible():
            before = page.text_content(".document-text")
            named_button(page, name).click()
            expect(page.locator(".document-text")).not_to_have_text(before)
    assert page.text_content(".document-text") == text


# Tests for any server, in this order

def test_first_view_when_empty(browser):
    if MOCK:
        mock(reset=True)
    with visit(browser) as page:
        if page.locator("#groups li").count() > 0:
            return "the library is not empty"
        expect(page.locator("#library-empty")).to_contain_text("Add your first document")
        page.click("[data-view=ask]")
        expect(page.locator("#ask-empty")).to_contain_text("No documents yet")
        page.click("#ask-empty .button")
        expect(page.locator("#add-name")).to_be_visible()


def test_add_by_input(browser):
    with visit(browser, "#/new") as page:
        add(page, file("story.txt", story(30)))
        expect(page.locator("#add .outcome")).to_contain_text("Enter a group name first")
        page.fill("#add-name", GROUP)
        page.click("#add-submit")
        expect(page.locator("#group-name")).to_have_text(GROUP)
        expect(page.locator("#group-jobs .job h3")).to_have_text(f"Adding story.txt to {GROUP}")
        if MOCK:
            expect(page.locator("#group-jobs .job .hint").first).to_contain_text("Compressing story.txt")
            expect(page.locator("#jobs-active")).to_have_text("1")
        wait_for_job(page)
        expect(documents(page)).to_contain_text(["story.txt"])
        expect(page.locator("#groups a[aria-current]")).to_contain_text(GROUP)
        expect(page.locator("#jobs-active")).to_be_hidden()


def test_add_by_drop_with_hostile_name(browser):
    name = f"{HOSTILE}.txt"
    with visit(browser, f"#/library/{GROUP}") as page:
        data = page.evaluate_handle("""([name, text]) => {
            const data = new DataTransfer();
            data.items.add(new File([text], name, { type: "text/plain" }));
            return data;
        }""", [name, story(4)])
        page.dispatch_event("#drop", "dragover", {"dataTransfer": data})
        assert "over" in page.get_attribute("#drop", "class")
        page.dispatch_event("#drop", "drop", {"dataTransfer": data})
        expect(page.locator("#chosen")).to_contain_text(name)
        page.click("#add-submit")
        wait_for_job(page)
        expect(documents(page)).to_have_count(2)
        expect(page.locator(".documents")).to_contain_text(name)
        assert page.locator("img").count() == 0


def test_answer_and_passages(browser):
    with visit(browser, f"#/ask/{GROUP}") as page:
        expect(page.locator("#ask-documents label")).to_have_count(2)
        page.check("#ask-documents input[value='story.txt']")
        ask(page, "What did the miller promise the village?")
        expect(page.locator("#stop")).to_be_visible()
        if MOCK:
            expect(page.locator(".answer .text")).not_to_be_empty()
            early = page.text_content(".answer .text")
            assert page.get_attribute("#turns", "aria-busy") == "true"
        wait_for_answer(page)
        if MOCK:
            assert len(page.text_content(".answer .text")) > len(early), "the answer was not streamed"
        assert page.get_attribute("#turns", "aria-busy") == "false"
        expect(page.locator(".cost")).to_contain_text("hybrid")
        page.locator(".citation").nth(1).click()
        expect(page.locator("#panel-title")).to_have_text("story.txt")
        expect(page.locator("#panel mark")).to_be_visible()
        check_passage(page)
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()
        assert is_focused(page, ".citation"), "the focus did not return"


def test_history_is_sent_and_stored(browser):
    with visit(browser, f"#/ask/{GROUP}") as page:
        ask_and_wait(page, "Who asked for money?")
        with page.expect_request("**/v1/chat/completions") as request:
            ask(page, "How many earlier messages?")
        wait_for_answer(page)
        messages = request.value.post_data_json["messages"]
        assert [message["role"] for message in messages] == ["user", "assistant", "user"]
        page.reload()
        expect(page.locator("#earlier-list li")).to_have_count(1)
        page.click("#earlier-list button")
        expect(page.locator(".turn")).to_have_count(2)
        expect(page.locator(".citation").first).to_be_visible()
        page.click("#clear-history")
        page.click("#confirm-yes")
        expect(page.locator("#earlier")).to_be_hidden()
        expect(page.locator(".turn")).to_have_count(0)
        assert page.evaluate("localStorage.getItem('lloco.conversations')") is None


def test_stop(browser):
    with visit(browser, f"#/ask/{GROUP}") as page:
        page.fill("#max-tokens", "2000")
        ask(page, "Tell a long story about the miller, the dam and the council, in as many words as you can.")
        page.wait_for_timeout(1200)
        if not page.locator("#stop").is_visible():
            return "the answer ended before it could be stopped"
        page.click("#stop")
        expect(page.locator("#stop")).to_be_hidden(timeout=2000)
        expect(last_answer(page)).to_contain_text("Stopped.")
        ask_and_wait(page, "And now?")
        expect(page.locator(".cost")).to_have_count(1)


def test_compare_modes(browser):
    with visit(browser, f"#/ask/{GROUP}") as page:
        page.fill("#question", "What was decided in May 1904?")
        page.click("#compare")
        page.check("#compare-modes input[value=full]")
        page.click("#compare-dialog [type=submit]")
        expect(page.locator(".compared .answer")).to_have_count(4)
        wait_for_answer(page, 4)
        assert page.locator(".compared h4").all_text_contents() == ["hybrid", "compressed", "retrieval", "full"]
        costs = page.locator(".compared .cost").all_text_contents()
        assert len(costs) == 4 and all(" s," in cost for cost in costs), costs


def test_keyboard_only(browser):
    def go_to(page, selector, key="Tab"):
        for _ in range(60):
            page.keyboard.press(key)
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            if is_focused(page, selector):
                return
            assert outline != "none", page.evaluate("document.activeElement.outerHTML")
        raise AssertionError(f"{key} does not reach {selector}")

    with visit(browser) as page:
        go_to(page, ".skip")
        page.keyboard.press("Enter")
        assert is_focused(page, "#main")
        go_to(page, "#ask-group")
        page.keyboard.type(GROUP)
        expect(page.locator("#ask-group")).to_have_value(GROUP)
        go_to(page, "#question")
        page.keyboard.type("Who lives in the house?")
        page.keyboard.press("Enter")
        wait_for_answer(page)
        assert is_focused(page, "#question")
        go_to(page, ".citation", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#panel")).to_be_visible()
        assert is_focused(page, "#panel *")
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()


def test_lost_connection(browser):
    with visit(browser, f"#/ask/{GROUP}", expected=["ERR_CONNECTION_REFUSED"]) as page:
        page.wait_for_load_state("networkidle")
        page.route("**/*", lambda route: route.abort("connectionrefused"))
        ask(page, "Is anyone there?")
        expect(last_answer(page)).to_contain_text("The server cannot be reached")
        page.click("[data-view=library]")
        expect(page.locator("#notice")).to_contain_text("The server cannot be reached")
        page.unroute("**/*")
        page.click("#notice button >> nth=0")
        expect(page.locator("#notice")).to_be_hidden()
        expect(documents(page)).to_have_count(2)
        page.click("[data-view=ask]")
        named_button(page, "Try again").click()
        wait_for_answer(page)
        expect(page.locator(".cost")).to_be_visible()
        expect(page.locator(".answer .failure")).to_have_count(0)


def test_phone(browser):
    with visit(browser, f"#/ask/{GROUP}", PHONE, is_mobile=True, has_touch=True) as page:
        check_layout(page)
        ask_and_wait(page, "What did the miller promise the village?")
        check_layout(page)
        page.locator(".citation").first.click()
        expect(page.locator("#panel .document-text")).to_be_visible()
        check_layout(page)
        page.click("#panel-close")
        page.click("#options summary")
        check_layout(page)
        page.click("[data-view=library]")
        page.click(f"#groups a:has-text('{GROUP}')")
        expect(documents(page)).to_have_count(2)
        page.click("#group-tune")
        check_layout(page)
        page.click("[data-view=jobs]")
        check_layout(page)


def test_widths(browser):
    with visit(browser, f"#/library/{GROUP}") as page:
        expect(documents(page)).to_have_count(2)
        for width in range(320, 1400, 60):
            page.set_viewport_size({"width": width, "height": 800})
            check_width(page)


def test_dark(browser):
    with visit(browser, f"#/library/{GROUP}", color_scheme="dark") as page:
        def brightness():
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            return max(map(int, re.findall(r"\d+", colour)[:3]))

        assert brightness() < 60
        page.click("#theme")
        assert brightness() > 200
        page.reload()
        assert brightness() > 200, "the choice is not stored"


def test_tune(browser):
    if not MOCK and not options.tune:
        return "without --tune"
    with visit(browser, f"#/library/{GROUP}") as page:
        page.click("#group-tune")
        page.click("#tune [type=submit]")
        expect(page.locator(".curve .mean").first).to_be_attached(timeout=TIME)
        wait_for_job(page)
        label = page.locator(".curve").first.get_attribute("aria-label")
        assert re.match(r"Loss by step\. From [\d.]+ at step 1 to [\d.]+ at step \d+ of \d+", label), label
        expect(page.locator("#group-facts")).to_contain_text("its own adapter")
        named_button(page, "Questions about story.txt").click()
        expect(page.locator("#panel .questions li").first).to_be_visible()
        named_button(page, "Show passage").first.click()
        expect(page.locator("#panel mark")).to_be_visible()
        page.click("#panel-back")
        expect(page.locator("#panel .questions li").first).to_be_visible()


def test_cancel_and_delete_a_job(browser):
    with visit(browser, f"#/library/{GROUP}") as page:
        add(page, file("long.txt", story(400)))
        named_button(page, "Cancel").first.click()
        wait_for_job(page, "cancelled")
        page.click("[data-view=jobs]")
        cards = page.locator("#all-jobs .job")
        before = cards.count()
        cards.first.get_by_role("button", name="Delete").click()
        expect(cards).to_have_count(before - 1)


def test_remove_document_and_group(browser):
    with visit(browser, f"#/library/{GROUP}") as page:
        expect(documents(page).first).to_be_visible()
        before = documents(page).count()
        named_button(page, "Remove story.txt").click()
        page.click("#confirm-dialog [data-cancel]")
        expect(documents(page)).to_have_count(before)
        named_button(page, "Remove story.txt").click()
        page.click("#confirm-yes")
        expect(documents(page)).to_have_count(before - 1)
        page.click("#group-remove")
        page.click("#confirm-yes")
        expect(page.locator(f"#groups a:has-text('{GROUP}')")).to_have_count(0)


# Tests for the mock only

def mock_key(browser):
    mock(reset=True, seed=True, key="open-sesame", scope="admin")

    def enter(page, key):
        page.fill("#key", key)
        page.keyboard.press("Enter")

    with visit(browser, key=None, expected=["401"]) as page:
        page.click("#key-dialog [data-cancel]")
        expect(page.locator("#notice")).to_contain_text("key")
        page.click("#notice button >> nth=0")
        enter(page, "wrong")
        expect(page.locator("#key-hint")).to_have_text("The key was not accepted.")
        enter(page, "open-sesame")
        expect(page.locator("#view-ask")).to_be_visible()
        assert "sesame" not in page.url + page.evaluate("Object.values(localStorage).join()")
        page.reload()
        expect(page.locator("#view-ask")).to_be_visible()
        page.wait_for_load_state("networkidle")
        mock(key="another")
        page.click("[data-view=library]")
        enter(page, "another")
        expect(documents(page).first).to_be_visible()
    mock(key=None)


def mock_read_scope(browser):
    mock(reset=True, seed=True, key=None, scope="read")
    with visit(browser, "#/library/contracts") as page:
        expect(documents(page)).to_have_count(3)
        for control in ("#group-tune", "#group-remove", "#add", "#new-group", "[data-view=jobs]"):
            expect(page.locator(control)).to_be_hidden()
        assert page.get_by_role("button", name="Remove").count() == 0
        mock(reset=True)
        page.goto(f"{URL}/#/ask")
        page.reload()
        page.click("[data-view=library]")
        expect(page.locator("#library-empty")).to_contain_text("The server's administrator")


def mock_failing_answers(browser):
    with visit_seeded(browser, expected=["503", "ERR_"]) as page:
        for question, words in (("busy?", "Too many answers at once. Try again in 2 seconds."),
                                ("fail", "The answer failed: out of memory."),
                                ("drop", "The connection was interrupted before the end."),
                                ("cut", "The answer was truncated at the maximum length.")):
            ask_and_wait(page, question)
            expect(last_answer(page)).to_contain_text(words)
        expect(page.locator(".answer .text").nth(2)).to_contain_text("Either party")


def mock_failing_files(browser):
    with visit_seeded(browser, "#/library/contracts") as page:
        uploads = []
        page.on("request", lambda request: "/uploads" in request.url and uploads.append(request))
        add(page, file("half.txt", "x" * 3_000_000), file("other-half.txt", "x" * 2_100_000))
        expect(page.locator("#add .outcome")).to_have_text(
            "The files have 5.1 MB in total; the maximum of one upload is 5 MB.Try again")
        assert not uploads, "the upload was sent"
        page.click("#add-clear")
        add(page, file("bad.pdf", "FAIL"))
        wait_for_job(page, "failed")
        expect(page.locator(".job .failure").first).to_contain_text("expected a text")
        assert len(uploads) == 1


def mock_job_events_are_interrupted(browser):
    with visit_seeded(browser, "#/library/contracts", expected=["ERR_"]) as page:
        mock(drop_events=1)
        add(page, file("a.txt", story(20)))
        expect(page.locator(".job .hint").first).to_contain_text("The connection is lost")
        wait_for_job(page)
        expect(documents(page)).to_have_count(4)
        expect(page.locator(".messages li")).to_have_count(1)


def mock_hostile_answer_and_group(browser):
    name = f"{HOSTILE} &/? 50%"
    with visit_seeded(browser, "#/new") as page:
        page.fill("#add-name", name)
        add(page, file("a.txt", story(2)))
        wait_for_job(page)
        expect(page.locator("#group-name")).to_have_text(name)
        page.click("#group-ask")
        expect(page.locator("#ask-group")).to_have_value(name)
        ask_and_wait(page, "hostile")
        expect(page.locator(".answer .text")).to_have_text(f"{HOSTILE}<script>alert(2)</script> **is** text")
        assert page.locator("img").count() == 0


def mock_file_of_questions(browser):
    with visit_seeded(browser, "#/library/archive") as page:
        page.click("#group-tune")
        page.check("input[value=file]")
        page.click("#tune [type=submit]")
        expect(page.locator("#tune .outcome")).to_contain_text("Choose a questions file")
        page.set_input_files("#questions-file input", [file("questions.jsonl", "{}\n")])
        page.click("#tune details summary")
        page.fill("#epochs", "3")
        page.fill("#learning-rate", "0.0001")
        with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/jobs")) as request:
            page.click("#tune [type=submit]")
        fields = request.value.post_data_json
        assert fields.pop("upload")
        assert fields == {"kind": "finetune", "group": "archive", "epochs": 3, "learning_rate": 0.0001}, fields
        expect(page.locator(".curve .mean")).to_be_attached()
        named_button(page, "Cancel").first.click()
        wait_for_job(page, "cancelled")


def mock_curve_of_an_ended_job(browser):
    with visit_seeded(browser, "#/library/archive") as page:
        page.click("#group-tune")
        page.click("#tune [type=submit]")
        wait_for_job(page)
        page.reload()
        expect(page.locator("#groups li").first).to_be_visible()
        expect(page.locator("#group-jobs .job")).to_have_count(0)
        page.click("[data-view=jobs]")
        page.click(".job summary")
        expect(page.locator(".curve .mean")).to_be_visible()


def mock_pictures(browser):
    if not options.shots:
        return "without --shots"
    with visit_seeded(browser, "#/ask/contracts", {"width": 1180, "height": 640}) as page:
        page.click("#options summary")
        ask_and_wait(page, "Who may end the lease early?")
        page.locator(".citation").first.click()
        expect(page.locator("#panel mark")).to_be_visible()
        page.evaluate("document.getElementById('earlier').open = false")
        shot(page, "page-ask")
    with visit_seeded(browser, "#/library/contracts", {"width": 1220, "height": 890}) as page:
        page.click("#group-tune")
        page.click("#tune [type=submit]")
        expect(page.locator(".job .hint").first).to_contain_text(re.compile(r"step [45]\d of"), timeout=TIME)
        shot(page, "page-library")
    with visit_seeded(browser, "#/ask/contracts", PHONE, is_mobile=True, has_touch=True) as page:
        ask_and_wait(page, "Who may end the lease early?")
        shot(page, "page-phone")


def run(name, test, browser):
    """Returns whether the test passed or was skipped."""
    start = time.time()
    try:
        reason = test(browser)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
        print(f"FAIL  {name}\n{''.join(traceback.format_list(frames))}{error}", flush=True)
        for context in browser.contexts:
            for page in context.pages:
                shot(page, f"failed-{name}")
            context.close()
        return False
    print(f"skip  {name}: {reason}" if reason else f"pass  {name}  {time.time() - start:.1f} s", flush=True)
    return True


def run_all(chromium):
    """Returns the number of failed tests."""
    kinds = ("test_", "mock_") if MOCK else ("test_",)
    tests = [(name, test) for name, test in globals().items() if name.startswith(kinds)
             and (not options.names or any(part in name for part in options.names))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        passed = [run(name, test, browser) for name, test in tests]
        browser.close()
    return passed.count(False)


def main():
    global URL
    requested = os.environ.get("CHROMIUM")
    names = [requested] if requested else ["chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        print("Chromium is missing: install it, or set $CHROMIUM to its path", file=sys.stderr)
        sys.exit(2)
    if not MOCK:
        failed = run_all(chromium)
    else:
        with subprocess.Popen([sys.executable, HERE / "mock_server.py"], stdout=subprocess.PIPE, text=True) as server:
            URL = server.stdout.readline().strip()
            try:
                failed = run_all(chromium)
            finally:
                server.terminate()
    print(f"{failed} failed" if failed else "all passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
