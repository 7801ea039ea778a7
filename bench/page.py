"""Tables of docs/benchmarks.md, between <!-- NAME --> and <!-- /NAME -->."""

import pathlib

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/benchmarks.md"


def write_table(name, text):
    """Puts `text`, which ends with a newline, in the place of the table of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    PAGE.write_text(before + begin + text + end + after, encoding="utf-8")
