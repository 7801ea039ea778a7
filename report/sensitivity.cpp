#include "report/sensitivity.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report/json_parts.h"
#include "report/table.h"
#include "report/text.h"

namespace pith::report {
namespace {

constexpr std::size_t kShown = 20;

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double share_of_weights(const SensitivityReport& report, const LayerCost& layer) {
  return share(static_cast<double>(layer.weights), static_cast<double>(report.weights()));
}

std::vector<const LayerCost*> by_divergence(const SensitivityReport& report) {
  std::vector<const LayerCost*> layers;
  for (const LayerCost& layer : report.layers) layers.push_back(&layer);
  std::ranges::stable_sort(layers, std::greater{}, [](const LayerCost* layer) { return layer->divergence; });
  return layers;
}

std::string drop_text(const QualityEntry& original, double drop) {
  return original.metric == "mse" ? fmt::format("{:.4g}", drop) : fmt::format("{:.2f} pt", 100 * drop);
}

// In single quotes, as shells take it.
std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string advice(const SensitivityReport& report) {
  const auto suggested = report.suggested();
  if (suggested.empty()) {
    return fmt::format(
        "keep     no layer takes {:.0f} % of the divergence and twice its share of the weights\n",
        100 * SensitivityReport::kLeastShare);
  }
  double divergence = 0;
  double weights = 0;
  std::string flags;
  for (const LayerCost* layer : suggested) {
    divergence += share(layer->divergence, report.divergence());
    weights += share_of_weights(report, *layer);
    flags += " --exclude " + quoted(pattern_of(layer->name));
  }
  return fmt::format(
      "keep     {} of {} layers, with {:.1f} % of the divergence and {:.1f} % of the weights:\n"
      "        {}\n",
      suggested.size(), report.layers.size(), 100 * divergence, 100 * weights, flags);
}

}  // namespace

double SensitivityReport::divergence() const {
  double sum = 0;
  for (const LayerCost& layer : layers) sum += layer.divergence;
  return sum;
}

std::uint64_t SensitivityReport::weights() const {
  std::uint64_t sum = 0;
  for (const LayerCost& layer : layers) sum += layer.weights;
  return sum;
}

std::vector<const LayerCost*> SensitivityReport::suggested() const {
  std::vector<const LayerCost*> chosen = by_divergence(*this);
  const double all = divergence();
  std::erase_if(chosen, [&](const LayerCost* layer) {
    const double part = share(layer->divergence, all);
    return part < kLeastShare || part < 2 * share_of_weights(*this, *layer);
  });
  return chosen;
}

std::string pattern_of(const std::string& name) {
  std::string pattern = "^";
  for (const char c : name) {
    if (std::string_view(R"(\^$.|?*+()[]{})").contains(c)) pattern += '\\';
    pattern += c;
  }
  return pattern + "$";
}

std::string to_json(const SensitivityReport& report) {
  Json layers = Json::array();
  for (const LayerCost& layer : report.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"weights", layer.weights},
                      {"bits_per_weight", layer.bits_per_weight},
                      {"divergence", layer.divergence},
                      {"share", share(layer.divergence, report.divergence())},
                      {"metric", optional(layer.metric)},
                      {"drop", optional(layer.drop)}});
  }
  Json excludes = Json::array();
  for (const LayerCost* layer : report.suggested())
    excludes.push_back({{"name", layer->name}, {"pattern", pattern_of(layer->name)}});
  return text_of({{"schema_version", kSchemaVersion},
                  {"tool", tool()},
                  {"environment", json_of(report.environment)},
                  {"invocation", json_of(report.invocation)},
                  {"input", json_of(report.file)},
                  {"calibration", {{"data", report.calibration}, {"synthetic", report.synthetic}}},
                  {"quality", report.original ? json_of(*report.original) : Json(nullptr)},
                  {"layers", layers},
                  {"suggested_excludes", excludes}});
}

std::string to_text(const SensitivityReport& report, bool all) {
  const bool metric = report.original.has_value();
  std::string text = fmt::format("{}: {} layers, {} weights; each rounded alone, outputs compared on {}{}\n",
                                 report.file.name, report.layers.size(), with_commas(report.weights()),
                                 report.calibration, report.synthetic ? " data" : "");
  if (metric) {
    text += fmt::format("{} of the original {} on {} samples\n", report.original->metric,
                        quality_text(*report.original, report.original->after),
                        with_commas(report.original->samples));
  }
  std::vector<std::vector<std::string>> rows{{"layer", "kind", "weights", "bits", "divergence", "share"}};
  if (metric) rows.front().insert(rows.front().end(), {report.original->metric, "lost"});
  auto layers = by_divergence(report);
  if (!all && layers.size() > kShown) layers.resize(kShown);
  for (const LayerCost* layer : layers) {
    rows.push_back({layer->name, layer->kind, with_commas(layer->weights),
                    fmt::format("{:.2f}", layer->bits_per_weight), fmt::format("{:.3g}", layer->divergence),
                    fmt::format("{:.1f} %", 100 * share(layer->divergence, report.divergence()))});
    if (metric) {
      rows.back().push_back(quality_text(*report.original, layer->metric.value()));
      rows.back().push_back(drop_text(*report.original, layer->drop.value()));
    }
  }
  const auto right = Align::right;
  text += "\n" + table(rows, {Align::left, Align::left, right, right, right, right, right, right});
  if (layers.size() < report.layers.size())
    text += fmt::format("and {} less sensitive ones, see -v\n", report.layers.size() - layers.size());
  return text + "\n" + advice(report);
}

}  // namespace pith::report
