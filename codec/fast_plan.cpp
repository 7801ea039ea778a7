#include "codec/fast_plan.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "codec/fast_planner.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::FastModel;
using loader::TokenAlphabet;

// Streams of one table decode one and a half times to twice as fast, so several must make them this much
// smaller (docs/adr/0017-what-fast-leaves-out.md): tensors where contexts save less get one table.
constexpr double kContextsSave = 1.06;

// Weights from which on neighbours are looked for: that takes most of the time of a small tensor, and their
// tables seldom pay there.
constexpr std::size_t kFewestForNeighbours = 16384;

// As many lanes as cost at most about 1/80 of the bytes, at two bytes each; of tensors of several segments,
// where lanes change less, 1/120.
std::size_t choose_lanes(std::size_t weights, double bits) {
  const double segments = std::max(1.0, static_cast<double>(weights) / loader::kFastSegment);
  const double most = bits / 8 / segments / (segments > 1 ? 120 : 80);
  std::size_t lanes = 1;
  while (lanes < loader::kFastMaxLanes && static_cast<double>(4 * lanes) <= most) lanes *= 2;
  return lanes;
}

// Models with one or two neighbours, also with few classes: a quick look at all that are worth it, and a
// close one at those that come out best.
std::vector<Candidate> neighbour_models(const Planner& planner, const CodeShape& shape,
                                        const std::vector<Candidate>& few_classes, std::size_t most_tables) {
  constexpr std::size_t kBest = 6;
  constexpr std::size_t kOffsets = 4;
  const std::size_t most_pairs = planner.is_large() ? 6 : 2;
  const std::size_t most_bare = planner.is_large() ? 4 : 2;
  const auto keep_best = [](auto& list, std::size_t count) {
    std::ranges::sort(list, {}, [](const auto& one) { return one.bits; });
    if (list.size() > count) list.resize(count);
  };
  const loader::ClassMap none(planner.single().classes, shape);
  const double single = planner.bits(planner.single(), none, Look::quick);
  std::vector<Candidate> found;
  const auto look_at = [&](FastModel model) {
    const double bits = planner.bits(model, none, Look::quick);
    found.push_back({std::move(model), bits});
    return bits;
  };
  struct Offsets {
    double bits = 0;
    std::size_t near = 0;
    std::size_t far = 0;
  };
  const auto with = [&](const Offsets& at, std::size_t near_levels, std::size_t far_levels) {
    FastModel model = planner.single();
    model.neighbours[0] = planner.neighbour(at.near, near_levels);
    if (at.far != 0) model.neighbours[1] = planner.neighbour(at.far, far_levels);
    return model;
  };

  std::vector<Offsets> ranked;
  for (const std::size_t offset : planner.offsets()) {
    FastModel model = with({0, offset, 0}, 5, 0);
    if (model.neighbours[0].levels < 2) continue;
    ranked.push_back({look_at(std::move(model)), offset, 0});
  }
  keep_best(ranked, kOffsets);
  // Where one neighbour says next to nothing, two do not say enough.
  if (ranked.empty() || ranked.front().bits > single * 0.97) return {};
  for (const Offsets& at : ranked) look_at(with(at, 3, 0));
  std::vector<Offsets> pairs;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    for (std::size_t k = i + 1; k < ranked.size(); ++k) {
      const Offsets at{0, ranked[i].near, ranked[k].near};
      FastModel model = with(at, 3, 3);
      if (model.tables() <= most_tables) pairs.push_back({look_at(std::move(model)), at.near, at.far});
    }
  }
  keep_best(pairs, most_pairs);
  for (const Offsets& at : pairs) {
    for (const auto& [near, far] : {std::pair(5U, 3U), std::pair(3U, 5U), std::pair(5U, 5U)}) {
      FastModel model = with(at, near, far);
      if (model.tables() <= most_tables) look_at(std::move(model));
    }
  }
  std::vector<Candidate> bare = found;
  keep_best(bare, most_bare);
  for (const Candidate& classes : few_classes) {
    const loader::ClassMap map(classes.model.classes, shape);
    const double levels =
        levels_bits(classes.model.classes.row_levels) + levels_bits(classes.model.classes.column_levels) + 20;
    for (const Candidate& candidate : bare) {
      FastModel model = candidate.model;
      model.classes = classes.model.classes;
      if (model.tables() > most_tables) continue;
      const double bits = planner.bits(model, map, Look::quick) + levels;
      found.push_back({std::move(model), bits, levels});
    }
  }
  keep_best(found, kBest);
  std::erase_if(found, [&](const Candidate& candidate) { return candidate.bits > single * 0.96; });
  for (Candidate& candidate : found) {
    const loader::ClassMap map(candidate.model.classes, shape);
    candidate.bits = planner.bits(candidate.model, map) + candidate.levels_bits;
  }
  return found;
}

}  // namespace

double slowness(const FastModel& model) {
  return model.tables() == 1 ? 1 : kContextsSave;
}

std::vector<FastModel> plan_models(std::span<const std::uint8_t> tokens, const CodeShape& shape,
                                   const TokenAlphabet& alphabet, const FastOptions& options) {
  Planner planner(tokens, shape, alphabet);
  std::vector<FastModel> result;
  if (!options.contexts) {
    result.push_back(planner.single());
    result.front().lanes = choose_lanes(tokens.size(), planner.single_bits());
    return result;
  }
  const std::size_t most_tables =
      std::min(loader::kFastMaxTables, loader::kFastMaxEntries >> loader::bucket_bits(alphabet.tokens()));
  std::vector<Candidate> candidates;
  std::vector<Candidate> few_classes;
  if (options.classes) {
    double best = std::numeric_limits<double>::max();
    // False where levels of rows and columns say nothing: then those of either do not, and are not tried.
    const auto consider = [&](std::size_t row_axis, std::size_t column_axis, bool rows, bool columns) {
      auto models = planner.class_models(row_axis, column_axis, rows, columns);
      double least = std::numeric_limits<double>::max();
      for (const Candidate& candidate : models) least = std::min(least, candidate.bits);
      const bool some = !models.empty();
      if (least < best) {
        best = least;
        few_classes = std::move(models);
      }
      return some;
    };
    std::size_t first = 1;  // leading axes of one element say nothing
    while (first < shape.rank && shape.product(0, first) == 1) ++first;
    if (first < shape.rank) {
      if (consider(first, shape.rank, true, true)) {
        (void)consider(first, shape.rank, true, false);
        (void)consider(first, shape.rank, false, true);
      }
      if (first + 1 < shape.rank) {
        if (consider(first, first + 1, true, true)) (void)consider(first, first + 1, false, true);
        if (consider(first + 1, shape.rank, true, true)) (void)consider(first + 1, shape.rank, true, false);
      }
    }
    candidates = few_classes;
    std::erase_if(few_classes, [](const Candidate& candidate) { return candidate.model.classes.count > 4; });
  }
  if (options.neighbours && tokens.size() >= kFewestForNeighbours) {
    std::vector<Candidate> more = neighbour_models(planner, shape, few_classes, most_tables);
    std::ranges::move(more, std::back_inserter(candidates));
  }
  for (Candidate& candidate : candidates) candidate.bits *= slowness(candidate.model);
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.model.tables() > most_tables || candidate.bits > planner.single_bits() * 1.02 + 64;
  });
  std::ranges::sort(candidates, {}, &Candidate::bits);
  // A whole trial costs as much as coding does, so large tensors get few.
  const std::size_t trials = tokens.size() <= 65536 ? 3 : 1;
  const auto add = [&](FastModel model, double bits) {
    model.lanes = choose_lanes(tokens.size(), bits);
    result.push_back(std::move(model));
  };
  for (std::size_t i = 0; i < std::min(trials, candidates.size()); ++i) {
    add(std::move(candidates[i].model), candidates[i].bits);
  }
  const bool sure = !candidates.empty() && candidates.front().bits < planner.single_bits() * 0.9;
  if (!sure || trials > 1) add(planner.single(), planner.single_bits());
  return result;
}

}  // namespace pith::codec
