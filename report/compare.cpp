#include "report/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "codec/constant_coding.h"
#include "ir/onnx/write.h"
#include "report/constants.h"
#include "report/inspect.h"

namespace pith::report {
namespace {

std::map<std::string, std::int64_t> operators_of(const ir::Model& model) {
  std::map<std::string, std::int64_t> counts;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::NodeId id : graph.nodes()) ++counts[operator_name(graph.node(id))];
  }
  return counts;
}

std::map<std::string, std::int64_t> opsets_of(const ir::Model& model) {
  return {model.opsets.begin(), model.opsets.end()};
}

// The names whose numbers differ; 0 where a model has none.
std::vector<CountPair> differing(const std::map<std::string, std::int64_t>& a,
                                 const std::map<std::string, std::int64_t>& b) {
  std::map<std::string, CountPair> pairs;
  for (const auto& [name, count] : a) pairs[name].a = count;
  for (const auto& [name, count] : b) pairs[name].b = count;
  std::vector<CountPair> found;
  for (auto& [name, pair] : pairs) {
    if (pair.a == pair.b) continue;
    pair.name = name;
    found.push_back(std::move(pair));
  }
  return found;
}

std::string without_name(const ir::Value& value) {
  return declaration(value).substr(value.name.size() + 1);
}

std::vector<DeclarationPair> differing(const ir::Graph& a, const std::vector<ir::ValueId>& in_a,
                                       const ir::Graph& b, const std::vector<ir::ValueId>& in_b) {
  std::vector<DeclarationPair> pairs;
  for (const ir::ValueId id : in_a)
    pairs.push_back({a.value(id).name, without_name(a.value(id)), std::nullopt});
  for (const ir::ValueId id : in_b) {
    const ir::Value& value = b.value(id);
    auto same = std::ranges::find(pairs, value.name, &DeclarationPair::name);
    if (same == pairs.end()) same = pairs.insert(pairs.end(), {value.name, std::nullopt, std::nullopt});
    same->b = without_name(value);
  }
  std::erase_if(pairs, [](const DeclarationPair& pair) { return pair.a == pair.b; });
  return pairs;
}

// Equal messages, with the constants left out by name.
bool same_graph(const ir::Model& a, const ir::Model& b) {
  const auto first = ir::onnx::write_without_values(a);
  const auto second = ir::onnx::write_without_values(b);
  if (!first || !second || first->file.joined() != second->file.joined()) return false;
  return std::ranges::equal(
      first->left_out, second->left_out, {}, [](const auto& one) { return one.name; },
      [](const auto& one) { return one.name; });
}

ConstantEntry entry_of(const ir::Constant& constant, Storage storage) {
  return {std::string(ir::name_of(constant.dtype)), constant.shape, std::string(ir::form_name(constant.form)),
          constant.encoding ? std::string(codec::coder_name(constant.encoding->coder())) : "none",
          bytes_in(storage, constant)};
}

void compare_values(const ir::Constant& a, const ir::Constant& b, TensorPair& pair) {
  if (a.shape != b.shape) return;
  if (&a == &b || ir::same_bits(a, b)) {
    pair.equal = true;
    pair.max_abs_error = 0;
    return;
  }
  const auto found = difference(a, b);
  pair.equal = found && found->equal;
  if (pair.equal) pair.max_abs_error = 0;
  if (!found || !std::isfinite(found->max_abs)) return;
  pair.max_abs_error = found->max_abs;
  pair.sqnr_db = found->sqnr_db();
}

void compare_tensors(const ir::Model& a, Storage in_a, const ir::Model& b, Storage in_b, unsigned threads,
                     CompareReport& report) {
  const auto of_a = constants_of(a);
  const auto of_b = constants_of(b);
  const auto names_of_a = by_name(of_a);
  const auto names_of_b = by_name(of_b);
  std::vector<NamedConstant> both;
  for (const NamedConstant& named : of_a) {
    if (names_of_b.contains(named.name)) {
      both.push_back(named);
    } else {
      report.only_in_a.emplace_back(named.name, entry_of(*named.constant, in_a));
    }
  }
  for (const NamedConstant& named : of_b) {
    if (!names_of_a.contains(named.name))
      report.only_in_b.emplace_back(named.name, entry_of(*named.constant, in_b));
  }
  report.tensors.resize(both.size());
  for_each_constant(both, threads, [&](std::size_t i, unsigned) {
    const ir::Constant& other = *names_of_b.at(both[i].name);
    TensorPair& pair = report.tensors[i];
    pair.name = both[i].name;
    pair.a = entry_of(*both[i].constant, in_a);
    pair.b = entry_of(other, in_b);
    compare_values(*both[i].constant, other, pair);
  });
}

}  // namespace

double CompareReport::ratio() const {
  return b.bytes == 0 ? 0 : static_cast<double>(a.bytes) / static_cast<double>(b.bytes);
}

std::string CompareReport::exceeded() const {
  if (!tolerance || !run) return "";
  for (const engine::OutputDifference& output : run->comparison.outputs) {
    const std::string& name = output.name.empty() ? output.other : output.name;
    if (!output.not_compared.empty())
      return fmt::format("output '{}' was not compared: {}", name, output.not_compared);
    if (*tolerance == 0 && !output.difference.equal)
      return fmt::format("output '{}' is not equal bit for bit", name);
    // Written so that nothing passes that is no number.
    if (!(output.difference.relative() <= *tolerance)) {
      return fmt::format("output '{}' has a relative error of {:.4g}, over the tolerance of {:.4g}", name,
                         output.difference.relative(), *tolerance);
    }
  }
  return "";
}

CompareReport compare(const ir::Model& a, Storage in_a, FileEntry file_a, const ir::Model& b, Storage in_b,
                      FileEntry file_b, unsigned threads) {
  CompareReport report;
  report.size_a = size_of(a, in_a, file_a.bytes);
  report.size_b = size_of(b, in_b, file_b.bytes);
  report.a = std::move(file_a);
  report.b = std::move(file_b);
  report.same_graph = same_graph(a, b);
  report.operators = differing(operators_of(a), operators_of(b));
  report.opsets = differing(opsets_of(a), opsets_of(b));
  report.inputs = differing(a.graph(), a.graph().inputs(), b.graph(), b.graph().inputs());
  report.outputs = differing(a.graph(), a.graph().outputs(), b.graph(), b.graph().outputs());
  compare_tensors(a, in_a, b, in_b, threads, report);
  return report;
}

}  // namespace pith::report
