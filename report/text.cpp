#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report/table.h"

namespace pith::report {
namespace {

bool is_rate(const QualityEntry& quality) {
  return quality.metric != "mse";
}

std::string drop_text(const QualityEntry& quality) {
  const double drop = *quality.drop();
  if (is_rate(quality))
    return fmt::format("{:.2f} pt {}", 100 * std::abs(drop), drop < 0 ? "gained" : "lost");
  return fmt::format("{:.4g} {}", std::abs(drop), drop < 0 ? "better" : "worse");
}

std::string quality_line(const QualityEntry& q, std::string_view label = "quality",
                         std::string_view which = "") {
  std::string text = fmt::format("{:<8} {} ", label, q.metric);
  if (q.before) text += quality_text(q, *q.before) + " -> ";
  text += quality_text(q, q.after);
  if (q.before) text += fmt::format(" ({})", drop_text(q));
  text += fmt::format(", {} {}samples{}, 95 % interval {} to {}", with_commas(q.samples),
                      q.synthetic ? "synthetic " : "", which, quality_text(q, q.ci95_low),
                      quality_text(q, q.ci95_high));
  if (q.agreement && q.metric != "agreement") text += fmt::format(", agreement {:.2f} %", 100 * *q.agreement);
  return text + "\n";
}

std::string quality_lines(const CompressReport& report) {
  if (!report.quality) return "";
  if (!report.holdout) return quality_line(*report.quality);
  std::string text = quality_line(*report.quality, "quality", " held out of the search") +
                     quality_line(report.holdout->searched, "searched", " that the search saw");
  if (report.holdout->looks > 1) {
    text += fmt::format(
        "looks    {} plans were judged on the samples held out; each look makes their verdict a little "
        "kinder\n",
        report.holdout->looks);
  }
  return text;
}

std::string size_line(const CompressReport& report) {
  const bool larger = report.after.bytes > report.before.bytes;
  return fmt::format("size     {} -> {} bytes, {:.2f}x {}\n", with_commas(report.before.bytes),
                     with_commas(report.after.bytes), larger ? 1 / report.ratio() : report.ratio(),
                     larger ? "larger" : "smaller");
}

std::string passes_text(const CompressReport& report, Detail detail) {
  if (report.passes.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"pass", "changes", "weight bytes", "skipped", "seconds"}};
  for (const auto& pass : report.passes) {
    rows.push_back({pass.name, with_commas(pass.changes), with_commas(pass.bytes_after),
                    with_commas(pass.skipped.size()), fmt::format("{:.3f}", pass.wall_seconds)});
  }
  std::string text = table(rows, {Align::left, Align::right, Align::right, Align::right, Align::right});
  if (detail == Detail::everything) {
    for (const auto& pass : report.passes) {
      for (const auto& skipped : pass.skipped) {
        text += fmt::format("{} skipped {}: {}\n", pass.name, skipped.where, skipped.reason);
      }
    }
  }
  return text + "\n";
}

// The budgets, and the layers in which the search saw most.
std::string plan_text(const CompressReport& report, Detail detail) {
  std::string text;
  for (const BudgetEntry& budget : report.budgets)
    text += fmt::format("budget   {} {}\n", budget.budget, budget.held ? "holds" : "DOES NOT HOLD");
  if (report.layers.empty()) return text;
  text += fmt::format("plan     {} layers after {} trials; most sensitive first\n", report.layers.size(),
                      report.trials);
  std::vector<const LayerPlanEntry*> layers;
  for (const LayerPlanEntry& layer : report.layers) layers.push_back(&layer);
  std::ranges::stable_sort(layers, std::greater{}, &LayerPlanEntry::sensitivity);
  constexpr std::size_t kShown = 4;
  if (detail == Detail::summary && layers.size() > kShown) layers.resize(kShown);
  std::vector<std::vector<std::string>> rows;
  for (const LayerPlanEntry* layer : layers)
    rows.push_back(
        {"        ", layer->name, layer->decision, fmt::format("sensitivity {:.2g}", layer->sensitivity)});
  return text + table(rows, {Align::left, Align::left, Align::left, Align::left});
}

std::string largest_text(const CompressReport& report) {
  std::vector<const TensorEntry*> tensors;
  for (const TensorEntry& tensor : report.tensors) tensors.push_back(&tensor);
  const auto shown = std::min<std::size_t>(3, tensors.size());
  std::ranges::stable_sort(tensors, std::greater{}, [](const TensorEntry* t) { return t->bytes_after; });
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < shown; ++i) {
    const TensorEntry& t = *tensors[i];
    rows.push_back({i == 0 ? "largest" : "", t.name, ir::to_string(t.shape), t.form, t.coder,
                    with_commas(t.bytes_after) + " bytes",
                    fmt::format("{:.2f} bits a weight", t.bits_per_weight)});
  }
  return table(rows,
               {Align::left, Align::left, Align::left, Align::left, Align::left, Align::right, Align::right});
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

std::string quality_text(const QualityEntry& quality, double value) {
  return is_rate(quality) ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.6g}", value);
}

std::string to_text(const CompressReport& report, Detail detail) {
  std::string text = passes_text(report, detail) + size_line(report) + quality_lines(report);
  text += plan_text(report, detail) + largest_text(report);
  for (const std::string& warning : report.warnings) text += fmt::format("warning  {}\n", warning);
  if (!report.suggestion.empty()) text += fmt::format("next     {}\n", report.suggestion);
  return text;
}

std::string to_text(const EvaluateReport& report) {
  return quality_line(report.quality);
}

}  // namespace pith::report
