#include "codec/fast_plan.h"

#include <algorithm>
#include <limits>

#include "codec/fast_planner.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::FastModel;
using loader::TokenAlphabet;

// As many lanes as cost at most about 1/200 of the bytes, at two bytes each.
std::size_t choose_lanes(std::size_t weights, double bits) {
  const double share =
      static_cast<double>(std::min(weights, loader::kFastSegment)) / static_cast<double>(weights);
  std::size_t lanes = 1;
  while (lanes < loader::kFastMaxLanes && static_cast<double>(4 * lanes) * 200 <= bits / 8 * share)
    lanes *= 2;
  return lanes;
}

}  // namespace

double slowness(const FastModel& model) {
  constexpr std::size_t register_entries = 128;
  if (model.tables() == 1) return 1;
  return model.tables() << loader::bucket_bits(model.alphabet.tokens()) <= register_entries ? 1.001 : 1.003;
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
    const auto consider = [&](std::size_t row_axis, std::size_t column_axis, bool rows, bool columns) {
      auto models = planner.class_models(row_axis, column_axis, rows, columns);
      double least = std::numeric_limits<double>::max();
      for (const Candidate& candidate : models) least = std::min(least, candidate.bits);
      if (models.empty() || least >= best) return;
      best = least;
      few_classes = std::move(models);
    };
    std::size_t first = 1;  // leading axes of one element say nothing
    while (first < shape.rank && shape.product(0, first) == 1) ++first;
    if (first < shape.rank) {
      consider(first, shape.rank, true, true);
      consider(first, shape.rank, true, false);
      consider(first, shape.rank, false, true);
      if (first + 1 < shape.rank) {
        consider(first, first + 1, true, true);
        consider(first + 1, shape.rank, true, false);
        consider(first + 1, shape.rank, true, true);
        consider(first, first + 1, false, true);
      }
    }
    candidates = few_classes;
    std::erase_if(few_classes, [](const Candidate& candidate) { return candidate.model.classes.count > 4; });
  }
  if (options.neighbours) {
    const loader::ClassMap none(planner.single().classes, shape);
    std::vector<std::pair<double, std::size_t>> ranked;
    for (const std::size_t offset : planner.offsets()) {
      FastModel model = planner.single();
      model.neighbours[0] = planner.neighbour(offset, 5);
      if (model.neighbours[0].levels < 2) continue;
      ranked.emplace_back(planner.bits(model, none), offset);
      candidates.push_back({model, ranked.back().first});
      model.neighbours[0] = planner.neighbour(offset, 3);
      candidates.push_back({model, planner.bits(model, none)});
    }
    std::ranges::sort(ranked);
    if (ranked.size() > 4) ranked.resize(4);
    // Where one neighbour says nothing, two say little more.
    if (!ranked.empty() && ranked.front().first > planner.single_bits() * 1.001) ranked.clear();
    for (std::size_t i = 0; i < ranked.size(); ++i) {
      for (std::size_t k = i + 1; k < ranked.size(); ++k) {
        for (const auto& [near, far] : {std::pair(3, 3), std::pair(5, 3), std::pair(3, 5), std::pair(5, 5)}) {
          FastModel model = planner.single();
          model.neighbours[0] = planner.neighbour(ranked[i].second, static_cast<std::size_t>(near));
          model.neighbours[1] = planner.neighbour(ranked[k].second, static_cast<std::size_t>(far));
          if (model.tables() > most_tables) continue;
          candidates.push_back({model, planner.bits(model, none)});
        }
      }
    }
    // The best of these again, with a few classes.
    std::vector<Candidate> bare;
    for (const Candidate& candidate : candidates) {
      if (candidate.model.has_neighbours()) bare.push_back(candidate);
    }
    std::ranges::sort(bare, {}, &Candidate::bits);
    bare.resize(ranked.empty() ? 0 : std::min<std::size_t>(bare.size(), 4));
    for (const Candidate& with : few_classes) {
      const loader::ClassMap map(with.model.classes, shape);
      for (const Candidate& candidate : bare) {
        FastModel model = candidate.model;
        model.classes = with.model.classes;
        if (model.tables() > most_tables) continue;
        const double levels =
            levels_bits(model.classes.row_levels) + levels_bits(model.classes.column_levels) + 20;
        candidates.push_back({model, planner.bits(model, map) + levels});
      }
    }
  }
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.model.tables() > most_tables || candidate.bits > planner.single_bits() * 1.02 + 64;
  });
  for (Candidate& candidate : candidates) candidate.bits *= slowness(candidate.model);
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
  const bool sure = !candidates.empty() && candidates.front().bits < planner.single_bits() * 0.99;
  if (!sure || trials > 1) add(planner.single(), planner.single_bits());
  return result;
}

}  // namespace pith::codec
