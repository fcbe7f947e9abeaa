"""The documentation site is built without a warning, and can be read.

pip install '.[docs]' && python -m pytest tests/test_site.py
"""

import json
import queue
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
READER = Path(__file__).with_name("site_reader.html")

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])),
    None,
)
NEEDED = ["mkdocs", "material", "mkdocstrings_handlers", "latex2mathml"]

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, NEEDED)), reason="needs pip install 'fgrad[docs]'"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Page(HTMLParser):
    """What a page links to, what it loads, and the places that others link to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.places = [], [], {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places.add(found.get("id"))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") in {"stylesheet", "icon", "preconnect"}:
            self.loads.append(found["href"])
        if "src" in found:
            self.loads.append(found["src"])


@pytest.fixture(scope="module")
def pages(site):
    """Each page by its address on the site."""
    return {
        f"/{path.relative_to(site)}": Page(path)
        for path in sorted(site.rglob("*.html"))
    }


def test_links_lead_somewhere(site, pages):
    count = 0
    for address, page in pages.items():
        for link in page.links + page.loads:
            scheme, _, path, _, place = urlsplit(urljoin(address, link))
            if scheme:
                assert scheme in {"https", "data"}, (address, link)
                continue
            path = path + "index.html" if path.endswith("/") else path
            assert (site / unquote(path)[1:]).is_file(), (address, link)
            if path in pages:
                assert unquote(place) in pages[path].places, (address, link)
            count += 1
    assert count > 3000


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for address, page in pages.items():
        for link in page.loads:
            assert not urlsplit(link).netloc, (address, link)
    for path in site.rglob("*.css"):
        for link in re.findall(
            r"(?:url\(|@import)\s*[\"']?([^\"')]+)", path.read_text()
        ):
            assert not urlsplit(link).netloc, (path, link)


class Server(ThreadingHTTPServer):
    """Serves the site, and the page which reads all others in a frame."""

    def __init__(self, site, pages):
        handler = partial(Handler, directory=str(site))
        super().__init__(("127.0.0.1", 0), handler)
        self.pages = [page.removesuffix("index.html") for page in pages]
        self.missing, self.faults = [], queue.Queue()


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/reader":
            self.answer(READER.read_bytes(), "text/html")
        elif self.path == "/pages":
            self.answer(json.dumps(self.server.pages).encode(), "application/json")
        else:
            super().do_GET()

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.faults.put(json.loads(self.rfile.read(length)))
        self.answer(b"", "text/plain")

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_error(self, *args):
        self.server.missing.append(self.path)

    def log_message(self, *args):
        pass


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_browser_shows_all_pages(site, pages, tmp_path):
    """At 400 and 1,280 px, in light and dark mode: see `site_reader.html`."""
    with Server(site, pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = subprocess.Popen(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--enable-logging=stderr",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                f"--user-data-dir={tmp_path}",
                "--window-size=1300,1000",
                "--remote-debugging-port=0",
                f"http://127.0.0.1:{server.server_port}/reader",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            faults = server.faults.get(timeout=300)
        finally:
            browser.terminate()
            _, log = browser.communicate(timeout=30)
            server.shutdown()
    assert len(faults) == len(pages)
    assert {page: found for page, found in faults.items() if found} == {}
    assert server.missing == []
    assert [line for line in log.splitlines() if ":CONSOLE" in line] == []
