#include "report/tensors.h"

#include <xxhash.h>

#include <cmath>
#include <map>
#include <tuple>

#include "codec/constant_coding.h"
#include "report/constants.h"

namespace pith::report {
namespace {

using ir::Constant, ir::Tensor;

// The constant of that name, if it has the type and shape of `like`.
std::shared_ptr<const Constant> find(const ConstantsByName& constants, const std::string& name,
                                     const Constant& like) {
  const auto found = constants.find(name);
  if (found == constants.end() || found->second->dtype != like.dtype || found->second->shape != like.shape)
    return nullptr;
  return found->second;
}

// Equal for equal values; 128 bits, so that others are equal by malice only.
using Digest = std::pair<std::uint64_t, std::uint64_t>;

Digest digest_of(const Tensor& tensor) {
  const XXH128_hash_t hash = XXH3_128bits(tensor.bytes().data(), tensor.bytes().size());
  return {hash.high64, hash.low64};
}

struct Measured {
  TensorEntry entry;
  std::optional<Digest> digest;  // of the values, when they were looked at
};

class Measurer {
 public:
  Measurer(const ir::Model& before, Storage before_in, const ir::Model& exact, Storage after_in,
           Statistics statistics)
      : originals_(by_name(constants_of(before))),
        before_in_(before_in),
        exact_(by_name(constants_of(exact))),
        after_in_(after_in),
        statistics_(statistics) {}

  [[nodiscard]] Measured measure(const NamedConstant& named, unsigned threads) const {
    const Constant& constant = *named.constant;
    TensorEntry entry;
    entry.name = named.name;
    entry.shape = constant.shape;
    entry.dtype = ir::name_of(constant.dtype);
    entry.form = ir::form_name(constant.form);
    entry.coder = constant.encoding ? codec::coder_name(constant.encoding->coder()) : "none";
    entry.elements = ir::element_count(constant.shape).value_or(0);
    entry.bytes_after = bytes_in(after_in_, constant);
    const auto elements = static_cast<double>(entry.elements);
    entry.bits_per_weight = 8.0 * static_cast<double>(entry.bytes_after) / elements;
    if (const auto found = find(originals_, named.name, constant))
      entry.bytes_before = bytes_in(before_in_, *found);
    if (statistics_ == Statistics::none) return {std::move(entry), std::nullopt};
    const Tensor values = to_dense(constant);
    if (const auto found = measure_values(values, statistics_, threads)) {
      entry.sparsity = static_cast<double>(found->zeros) / elements;
      entry.distinct = found->distinct;
      entry.entropy_bits = found->entropy_bits;
    }
    if (const auto found = find(exact_, named.name, constant)) add_error(*found, values, entry);
    const Digest digest = digest_of(values);
    ir::release(constant);
    return {std::move(entry), digest};
  }

 private:
  static void add_error(const Constant& original, const Tensor& values, TensorEntry& entry) {
    const auto found = difference(original, Constant::dense(values));
    if (!found || !std::isfinite(found->max_abs)) return;
    entry.max_abs_error = found->max_abs;
    entry.sqnr_db = found->sqnr_db();
  }

  ConstantsByName originals_;
  Storage before_in_;
  ConstantsByName exact_;
  Storage after_in_;
  Statistics statistics_;
};

std::vector<TensorEntry> measure_all(const Measurer& measurer, const ir::Model& model, unsigned threads) {
  const std::vector<NamedConstant> constants = constants_of(model);
  std::vector<Measured> measured(constants.size());
  for_each_constant(constants, threads, [&](std::size_t i, unsigned inside) {
    measured[i] = measurer.measure(constants[i], inside);
  });

  std::map<std::tuple<std::string, ir::Shape, Digest>, std::string> first_of;
  std::vector<TensorEntry> entries;
  for (Measured& one : measured) {
    if (one.digest) {
      const auto [first, is_new] =
          first_of.try_emplace(std::tuple(one.entry.dtype, one.entry.shape, *one.digest), one.entry.name);
      if (!is_new) one.entry.same_as = first->second;
    }
    entries.push_back(std::move(one.entry));
  }
  return entries;
}

}  // namespace

std::optional<std::uint64_t> TensorEntry::entropy_bytes() const {
  if (!entropy_bits) return std::nullopt;
  return static_cast<std::uint64_t>(std::ceil(*entropy_bits * static_cast<double>(elements) / 8));
}

std::uint64_t bytes_in(Storage storage, const Constant& constant) {
  if (storage == Storage::container) {
    return constant.encoding ? constant.encoding->size() : ir::stored_bytes(constant);
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
                                         const ir::Model& after, Storage after_in,
                                         const MeasureOptions& options) {
  return measure_all(Measurer(before, before_in, exact, after_in, options.statistics), after,
                     options.threads);
}

std::vector<TensorEntry> measure_tensors(const ir::Model& model, Storage storage,
                                         const MeasureOptions& options) {
  return measure_all(Measurer(model, storage, ir::Model(), storage, options.statistics), model,
                     options.threads);
}

std::uint64_t duplicate_bytes(std::span<const TensorEntry> tensors) {
  std::uint64_t total = 0;
  for (const TensorEntry& tensor : tensors) total += tensor.same_as ? tensor.bytes_after : 0;
  return total;
}

}  // namespace pith::report
