"""Every link in the book that was made leads somewhere in it, or out of it by https."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag


class Page(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif tag == "a" and name == "href" and value:
                self.links.append(value)


def main(book: Path) -> int:
    # All chapters on one page, with their ids beside each other: for printers.
    paths = [path for path in book.rglob("*.html") if path.name not in ("print.html", "toc.html", "404.html")]
    pages = {path.resolve(): Page(path) for path in paths}
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(unquote(link))
            if target.startswith(("https://", "http://127.0.0.1", "mailto:")):
                continue
            to = (path.parent / target).resolve() if target else path
            if not to.exists() or (anchor and to in pages and anchor not in pages[to].ids):
                wrong.append(f"{path.relative_to(book.resolve())}: {link}")
    for one in sorted(set(wrong)):
        print(f"leads nowhere: {one}", file=sys.stderr)
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links")
    return 1 if wrong or len(pages) < 15 else 0


sys.exit(main(Path(sys.argv[1])))
