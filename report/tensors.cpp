#include "report/tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>

#include "codec/constant_coding.h"

namespace pith::report {
namespace {

using ir::Constant, ir::DType, ir::Tensor;

template <class Visit>
void each_constant(const ir::Model& model, const Visit& visit) {
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::ValueId id : graph.values()) {
      const ir::Value& value = graph.value(id);
      if (value.constant != nullptr && value.constant->dtype != DType::string)
        visit(value.name, value.constant);
    }
  }
}

using ByName = std::unordered_map<std::string, std::shared_ptr<const Constant>>;

ByName by_name(const ir::Model& model) {
  ByName constants;
  each_constant(model,
                [&](const std::string& name, const auto& constant) { constants.emplace(name, constant); });
  return constants;
}

// The constant of that name, if it has the type and shape of `like`.
std::shared_ptr<const Constant> find(const ByName& constants, const std::string& name, const Constant& like) {
  const auto found = constants.find(name);
  if (found == constants.end() || found->second->dtype != like.dtype || found->second->shape != like.shape)
    return nullptr;
  return found->second;
}

// Values as fixed-width byte strings, sorted; for types of whole bytes.
template <class Word>
std::vector<Word> sorted_words(const Tensor& tensor) {
  std::vector<Word> words(tensor.bytes().size() / sizeof(Word));
  std::memcpy(words.data(), tensor.bytes().data(), words.size() * sizeof(Word));
  std::ranges::sort(words);
  return words;
}

template <class Word>
void count_runs(const std::vector<Word>& sorted, bool has_sign_bit, TensorEntry& entry) {
  const auto total = static_cast<double>(sorted.size());
  for (auto run = sorted.begin(); run != sorted.end();) {
    const auto end = std::upper_bound(run, sorted.end(), *run);
    const auto count = static_cast<double>(end - run);
    ++entry.distinct;
    entry.entropy_bits -= count / total * std::log2(count / total);
    // Without its sign bit, -0 is a zero like the other.
    if (*run == 0 || (has_sign_bit && static_cast<Word>(*run << 1) == 0)) entry.sparsity += count / total;
    run = end;
  }
  entry.entropy_bits = std::max(entry.entropy_bits, 0.0);
}

void measure_values(const Tensor& tensor, TensorEntry& entry) {
  switch (ir::bits_of(tensor.dtype())) {
    case 8:
      return count_runs(sorted_words<std::uint8_t>(tensor), false, entry);
    case 16:
      return count_runs(sorted_words<std::uint16_t>(tensor), is_float(tensor.dtype()), entry);
    case 32:
      return count_runs(sorted_words<std::uint32_t>(tensor), is_float(tensor.dtype()), entry);
    case 64:
      return count_runs(sorted_words<std::uint64_t>(tensor), is_float(tensor.dtype()), entry);
    default:
      return;  // packed and 128-bit types: no statistics
  }
}

void compare_values(const Tensor& before, const Tensor& after, TensorEntry& entry) {
  if (before.dtype() != DType::float32 || after.dtype() != DType::float32 || before.shape() != after.shape())
    return;
  const auto x = before.as<float>();
  const auto y = after.as<float>();
  double signal = 0;
  double noise = 0;
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = static_cast<double>(x[i]);
    const double error = value - static_cast<double>(y[i]);
    signal += value * value;
    noise += error * error;
    largest = std::max(largest, std::abs(error));
  }
  if (!std::isfinite(signal) || !std::isfinite(noise)) return;
  entry.max_abs_error = largest;
  if (noise > 0 && signal > 0) entry.sqnr_db = 10 * std::log10(signal / noise);
}

}  // namespace

bool is_float(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16 ||
         dtype == DType::float64;
}

std::uint64_t bytes_in(Storage storage, const Constant& constant) {
  if (storage == Storage::container) {
    return constant.encoding ? constant.encoding->payload.size() : ir::stored_bytes(constant);
  }
  if (const auto* form = std::get_if<ir::Affine>(&constant.form)) {
    return form->codes.bytes().size() + form->scales.bytes().size() +
           form->zero_points.size() * sizeof(float);
  }
  if (const auto* form = std::get_if<ir::Codebook>(&constant.form)) {
    return form->indices.bytes().size() + form->centroids.bytes().size();
  }
  return ir::stored_bytes(constant);
}

std::vector<TensorEntry> measure_tensors(const ir::Model& before, Storage before_in, const ir::Model& exact,
                                         const ir::Model& after, Storage after_in) {
  const ByName originals = by_name(before);
  const ByName exact_values = by_name(exact);
  std::vector<TensorEntry> entries;
  each_constant(after, [&](const std::string& name, const std::shared_ptr<const Constant>& constant) {
    const Tensor values = to_dense(*constant);
    if (values.element_count() == 0) return;
    TensorEntry entry;
    entry.name = name;
    entry.shape = constant->shape;
    entry.dtype = ir::name_of(constant->dtype);
    entry.form = ir::form_name(constant->form);
    entry.coder = constant->encoding ? codec::coder_name(constant->encoding->coder) : "none";
    entry.elements = values.element_count();
    entry.bytes_after = bytes_in(after_in, *constant);
    entry.bits_per_weight =
        8.0 * static_cast<double>(entry.bytes_after) / static_cast<double>(entry.elements);
    measure_values(values, entry);
    if (const auto found = find(originals, name, *constant)) entry.bytes_before = bytes_in(before_in, *found);
    if (const auto found = find(exact_values, name, *constant))
      compare_values(to_dense(*found), values, entry);
    entries.push_back(std::move(entry));
  });
  return entries;
}

std::uint64_t duplicate_bytes(const ir::Model& model, Storage storage) {
  // Keyed by type, shape and bytes.
  std::map<std::tuple<DType, ir::Shape, std::string_view>, int> seen;
  std::vector<Tensor> keep_alive;
  std::uint64_t total = 0;
  each_constant(model, [&](const std::string&, const std::shared_ptr<const Constant>& constant) {
    keep_alive.push_back(to_dense(*constant));
    const Tensor& values = keep_alive.back();
    if (!seen.emplace(std::tuple(values.dtype(), values.shape(), values.buffer().text()), 0).second) {
      total += bytes_in(storage, *constant);
    }
  });
  return total;
}

}  // namespace pith::report
