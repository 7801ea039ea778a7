"""Prints a table from report.json files, and fails when no row meets the bar. Figures are those of the first
output; further outputs add a column with their bytes.

usage: demo_table.py --ratio MINIMUM --drop MAXIMUM_POINTS REPORT...
"""

import argparse
import json
import sys


def points(rate):
    return f"{100 * rate:.2f}"


def row(report):
    quality = report["quality"]
    return {
        "pipeline": report["recipe"]["pipeline"],
        "bytes": f"{report['model']['after']['bytes']:,}",
        **{f"as {o['path'].rpartition('.')[2]}": f"{o['bytes']:,}" for o in report["outputs"][1:]},
        "ratio": f"{report['ratio']:.2f}x",
        "top-1 before": points(quality["before"]),
        "after": points(quality["after"]),
        "drop (pt)": points(quality["drop"]),
        "agreement": points(quality["agreement"]),
        "seconds": f"{report['invocation']['wall_s']:.2f}",
    }


def print_table(rows):
    names = list(rows[0])
    widths = {name: max(len(name), *(len(r[name]) for r in rows)) for name in names}

    def line(cells):
        return "  ".join(
            cells[n].ljust(widths[n]) if n == names[0] else cells[n].rjust(widths[n]) for n in names
        ).rstrip()

    print(line({name: name for name in names}))
    print(line({name: "-" * widths[name] for name in names}))
    for cells in rows:
        print(line(cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratio", type=float, required=True)
    parser.add_argument("--drop", type=float, required=True)
    parser.add_argument("reports", nargs="+")
    arguments = parser.parse_args()

    reports = []
    for path in arguments.reports:
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))
    before = reports[0]["model"]["before"]["bytes"]
    samples = reports[0]["quality"]["samples"]
    print(f"original: {before:,} bytes; accuracy in per cent of {samples:,} labelled images, of the files read back")
    print_table([row(report) for report in reports])

    met = [r for r in reports if r["ratio"] >= arguments.ratio and 100 * r["quality"]["drop"] <= arguments.drop]
    if not met:
        print(f"no pipeline reached {arguments.ratio:g}x at {arguments.drop:g} points or less", file=sys.stderr)
        return 1
    best = max(met, key=lambda r: r["ratio"])
    print(f"best within {arguments.drop:g} points: {best['ratio']:.2f}x with {best['recipe']['pipeline']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
