"""Prints a Markdown table from the report.json files that bench/models.sh collects.

usage: models_table.py FOLDER PLAN...      reports: FOLDER/PLAN/MODEL/report.json, a ':' in MODEL is a '/'
"""

import json
import pathlib
import sys


def read_reports(folder):
    reports = {}
    for path in folder.glob("*/report.json"):
        with open(path, encoding="utf-8") as file:
            reports[path.parent.name.replace(":", "/").removesuffix(".onnx")] = json.load(file)
    return reports


def shown(quality, key):
    if quality is None:
        return "-"
    return f"{quality[key]:.2f}" if quality["metric"] == "mse" else f"{100 * quality[key]:.2f}"


def plan_cells(report):
    if report is None:
        return ["failed", "-"]
    mark = " *" if report["status"] == "not_smaller" else ""
    return [f"{report['ratio']:.2f}x{mark}", shown(report["quality"], "after")]


def row(model, reports):
    first = next(report for report in reports if report is not None)
    quality = first["quality"]
    metric = "-" if quality is None else f"{quality['metric']}, {quality['samples']:,}"
    seconds = sum(report["invocation"]["wall_s"] for report in reports if report is not None)
    cells = [model, f"{first['model']['before']['bytes']:,}", metric, shown(quality, "before")]
    for report in reports:
        cells += plan_cells(report)
    return [*cells, f"{seconds:.1f}"]


def print_table(head, rows):
    left = {0, 2}
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join(" --- " if i in left else " ---: " for i in range(len(head))) + "|")
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


def main():
    folder, plans = pathlib.Path(sys.argv[1]), sys.argv[2:]
    of_plan = {plan: read_reports(folder / plan) for plan in plans}
    models = sorted({model for reports in of_plan.values() for model in reports})
    every = [report for reports in of_plan.values() for report in reports.values()]

    for plan, reports in of_plan.items():
        pipeline = next((report["recipe"]["pipeline"] for report in reports.values()), "")
        print(f"- {plan}: `{pipeline}`")
    print()
    head = ["model", "bytes", "metric, samples", "original"]
    for plan in plans:
        head += [plan, "after"]
    print_table([*head, "seconds"], [row(m, [of_plan[plan].get(m) for plan in plans]) for m in models])
    runtimes = {report["environment"]["onnxruntime"] for report in every} - {""}
    print(f"\nMeasured with ONNX Runtime {', '.join(sorted(runtimes))}; seconds: all plans together, evaluation included.")
    if any(report["status"] == "not_smaller" for report in every):
        print("* not smaller, so nothing was written.")


if __name__ == "__main__":
    main()
