#include "engine/compare_outputs.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

#include "engine/metrics.h"
#include "engine/session.h"
#include "passes/parallel.h"

namespace pith::engine {
namespace {

struct Subject {
  Session session;
  BoundDataset data;

  static Result<Subject> make(const Runtime& runtime, std::span<const std::byte> model, const Dataset& data,
                              const CompareOptions& options) {
    PITH_TRY(Session session, Session::create(runtime, model, {.threads = 1, .optimize = options.optimize}));
    PITH_TRY(BoundDataset bound, data.bind(session.inputs(), options.max_samples));
    return Subject{std::move(session), std::move(bound)};
  }

  [[nodiscard]] Result<std::vector<NamedTensor>> run(std::uint64_t batch,
                                                     std::span<const std::string> outputs) const {
    PITH_TRY(const auto inputs, data.batch(batch));
    return session.run(inputs, outputs);
  }
};

bool is_read(const TensorInfo& output) {
  return ir::bits_of(output.dtype) >= 8 && output.dtype != ir::DType::complex64 &&
         output.dtype != ir::DType::complex128;
}

// Which outputs are compared, and why others are not.
std::vector<OutputDifference> match(std::span<const TensorInfo> a, std::span<const TensorInfo> b) {
  std::vector<const TensorInfo*> left;
  for (const TensorInfo& output : b) {
    if (std::ranges::find(a, output.name, &TensorInfo::name) == a.end()) left.push_back(&output);
  }
  std::vector<OutputDifference> pairs;
  auto next = left.begin();
  for (const TensorInfo& output : a) {
    OutputDifference pair;
    pair.name = output.name;
    const auto same = std::ranges::find(b, output.name, &TensorInfo::name);
    const TensorInfo* other = same != b.end() ? &*same : nullptr;
    if (other == nullptr && a.size() == b.size()) other = *next++;
    if (other == nullptr) {
      pair.not_compared = "only the first model has it";
    } else if (pair.other = other->name; !is_read(output) || !is_read(*other)) {
      pair.not_compared = fmt::format("{} is not compared", describe(is_read(output) ? *other : output));
    }
    pairs.push_back(std::move(pair));
  }
  for (; a.size() != b.size() && next != left.end(); ++next) {
    OutputDifference pair;
    pair.other = (*next)->name;
    pair.not_compared = "only the second model has it";
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

// What is kept of one output of one batch.
struct Part {
  std::optional<Difference> difference;  // nullopt: it cannot be compared, for this reason:
  std::string reason;
  std::uint64_t decided = 0;  // samples; 0 when the outputs are no class scores
  std::uint64_t alike = 0;
};

Part compare_part(const ir::Tensor& x, const ir::Tensor& y) {
  Part part;
  part.difference = difference(x, y);
  if (!part.difference) {
    part.reason = fmt::format("its shapes are {} and {}", ir::to_string(x.shape()), ir::to_string(y.shape()));
    return part;
  }
  const auto first = decide(x);
  const auto second = decide(y);
  if (first && second && first->of_sample.size() == second->of_sample.size()) {
    part.decided = first->of_sample.size();
    part.alike = count_equal(first->of_sample, second->of_sample);
  }
  return part;
}

// The parts of one output, one a batch, in order.
void collect(OutputDifference& output, const std::vector<const Part*>& parts) {
  std::uint64_t decided = 0;
  std::uint64_t alike = 0;
  bool all_decided = true;
  for (const Part* part : parts) {
    if (!part->difference) {
      output.not_compared = part->reason;
      return;
    }
    output.difference.add(*part->difference);
    decided += part->decided;
    alike += part->alike;
    all_decided = all_decided && part->decided > 0;
  }
  if (all_decided && decided > 0)
    output.agreement = static_cast<double>(alike) / static_cast<double>(decided);
}

}  // namespace

Result<OutputComparison> compare_outputs(const Runtime& runtime, std::span<const std::byte> a,
                                         std::span<const std::byte> b, const Dataset& data,
                                         const CompareOptions& options) {
  auto first = Subject::make(runtime, a, data, options);
  if (!first) return std::unexpected(std::move(first).error().in("the first model"));
  auto second = Subject::make(runtime, b, data, options);
  if (!second) return std::unexpected(std::move(second).error().in("the second model"));
  if (first->data.samples() != second->data.samples() ||
      first->data.batch_size() != second->data.batch_size()) {
    return fail(ErrorCode::data, "the two models take the data in batches of different sizes");
  }
  OutputComparison result;
  result.samples = first->data.samples();
  result.outputs = match(first->session.outputs(), second->session.outputs());
  std::vector<std::string> names;
  std::vector<std::string> others;
  for (const OutputDifference& output : result.outputs) {
    if (!output.not_compared.empty()) continue;
    names.push_back(output.name);
    others.push_back(output.other);
  }
  if (names.empty()) return result;

  const std::uint64_t batches = first->data.batches();
  std::vector<std::vector<Part>> parts(batches);
  std::uint64_t done = 0;
  std::mutex mutex;
  PITH_CHECK_OK(passes::for_each_index(batches, options.threads, [&](std::uint64_t batch) -> Result<void> {
    {
      const std::lock_guard lock(mutex);
      if (options.cancelled && options.cancelled())
        return fail(ErrorCode::interrupted, "the comparison was stopped");
    }
    PITH_TRY(const auto x, first->run(batch, names));
    PITH_TRY(const auto y, second->run(batch, others));
    for (std::size_t i = 0; i < x.size(); ++i) parts[batch].push_back(compare_part(x[i].tensor, y[i].tensor));
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, batches);
    return {};
  }));

  std::size_t position = 0;
  for (OutputDifference& output : result.outputs) {
    if (!output.not_compared.empty()) continue;
    std::vector<const Part*> of_output;
    for (const auto& batch : parts) of_output.push_back(&batch[position]);
    collect(output, of_output);
    ++position;
  }
  return result;
}

}  // namespace pith::engine
