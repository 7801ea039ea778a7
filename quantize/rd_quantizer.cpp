#include "quantize/rd_quantizer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <set>

#include "ir/rewriter.h"
#include "loader/trellis.h"
#include "passes/parallel.h"

namespace pith::quantize {
namespace {

using Eigen::Index;

// Bits of the symmetric grid that holds these codes.
int width_of(std::span<const std::int8_t> codes) {
  int largest = 1;
  for (const std::int8_t code : codes) largest = std::max(largest, std::abs(static_cast<int>(code)));
  int bits = 2;
  while ((1 << (bits - 1)) - 1 < largest) ++bits;
  return bits;
}

ir::Constant grid_constant(const ir::Shape& shape, std::vector<std::int8_t> codes, float step) {
  ir::Affine form;
  form.bits = width_of(codes);
  form.codes = ir::Tensor::of(shape, std::move(codes));
  form.scales = ir::Tensor::of<float>({}, {step});
  return {ir::DType::float32, shape, std::move(form), {}};
}

// A step for values of this magnitude: not below what the grid can hold, and a normal number.
float bounded_step(double step, float largest) {
  const double least = std::max(static_cast<double>(largest) / kLargestCode,
                                static_cast<double>(std::numeric_limits<float>::min()));
  return static_cast<float>(std::clamp(step, least, std::max(least, 4.0 * static_cast<double>(largest))));
}

Matrix matrix_of(const MatrixView& view, std::size_t group, const auto& value) {
  Matrix matrix(static_cast<Index>(view.rows), static_cast<Index>(view.columns));
  for (std::size_t c = 0; c < view.columns; ++c) {
    for (std::size_t r = 0; r < view.rows; ++r)
      matrix(static_cast<Index>(r), static_cast<Index>(c)) = value(view.at(group, r, c));
  }
  return matrix;
}

// Powers of two that are near the root mean squares of the products of rows, relative to the largest.
std::vector<float> scales_of_rows(const std::vector<double>& powers) {
  const double largest = std::ranges::max(powers);
  std::vector<float> scales;
  for (const double power : powers) {
    const double octaves = power > 0 ? std::round(std::log2(power / largest) / 2) : 0;
    scales.push_back(static_cast<float>(std::exp2(std::max(octaves, -20.0))));
  }
  const bool alike = std::ranges::all_of(scales, [](float scale) { return scale == 1; });
  return alike ? std::vector<float>() : scales;
}

// A layer whose inputs are not known.
void count_alike(Layer& layer) {
  layer.kind = Layer::Kind::values;
  layer.view = {.rows = layer.weights.element_count(), .row_stride = 1};
  layer.bias = ir::kNoValue;
}

// The step of a trellis with the error of a plain grid at the same price of bits, relative to that grid's:
// 0.57 at high rate, where a trellis of eight states has 1.1 dB less error than one of its grids.
constexpr double kTrellisStep = 0.58;

constexpr int kSweeps = 3;  // the rates of one are those of the codes before it

// mu (rd_quantizer.h), in errors that count as the layer's importance says.
double price_of_bits(double lambda, double distortion) {
  return lambda * 2 * std::numbers::ln2 * distortion;
}

// Rounds until the codes and their rates fit each other.
Rounded settle(std::span<const RowGroup> groups, const passes::RateModel* rate, const RdPlan& plan,
               GridChoice grid) {
  Rounded rounded = round_with_compensation(groups, grid, {});
  if (plan.lambda == 0 || rate == nullptr) return rounded;
  grid.bit_cost = price_of_bits(plan.lambda, plan.distortion);
  for (int i = 0; i < kSweeps; ++i)
    rounded = round_with_compensation(groups, grid, bits_of(rounded.counts, *rate));
  return rounded;
}

// The squared error of the products, or of the weights themselves, as RowGroup counts it.
double counted_error(std::span<const RowGroup> groups, const std::vector<Moments>& moments,
                     const GridChoice& grid, const Rounded& rounded) {
  double error = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Matrix lost = *groups[i].weights - rounded.codes[i].cast<float>() * grid.step;
    error += groups[i].error_cost *
             (moments.empty() ? lost.cast<double>().squaredNorm() : product_error(lost, moments[i].second));
  }
  return error;
}

struct Settled {
  GridChoice grid;
  Rounded rounded;
};

// The one of these that costs least in errors and bits; bits count also where they do not steer the rounding.
Settled best_of(std::span<const GridChoice> choices, std::span<const RowGroup> groups,
                const std::vector<Moments>& moments, const passes::RateModel* rate, const RdPlan& plan) {
  const double price = price_of_bits(plan.lambda > 0 ? plan.lambda : 1, plan.distortion);
  Settled best;
  double least = std::numeric_limits<double>::infinity();
  for (const GridChoice& grid : choices) {
    Settled settled{grid, settle(groups, rate, plan, grid)};
    if (choices.size() == 1) return settled;
    const double cost = counted_error(groups, moments, grid, settled.rounded) +
                        price * total_bits(settled.rounded.counts, *rate);
    if (cost >= least) continue;
    least = cost;
    best = std::move(settled);
  }
  return best;
}

// Of every weight alone.
const Compensation kNoCompensation{.order = {0}, .factor = Matrix::Identity(1, 1)};

struct RoundedValues {
  ir::Constant constant;
  double bits = 0;
};

// How much an error of the bias counts, on average over rows.
double bias_weight(const std::vector<float>& row_scales, const std::vector<double>& group_costs) {
  if (row_scales.empty()) return 1;
  const std::size_t rows = row_scales.size() / group_costs.size();
  double sum = 0;
  for (std::size_t i = 0; i < row_scales.size(); ++i) {
    const double scale = row_scales[i];
    sum += 1 / (scale * scale * group_costs[i / rows]);
  }
  return sum / static_cast<double>(row_scales.size());
}

void set_row_scales(ir::Constant& constant, std::int64_t axis, std::vector<float> scales) {
  auto& form = std::get<ir::Affine>(constant.form);
  const float step = form.scales.as<float>()[0];
  for (float& scale : scales) scale *= step;
  const ir::Shape shape{std::ssize(scales)};
  form.axis = axis;
  form.scales = ir::Tensor::of(shape, std::move(scales));
}

// Values that each count by themselves.
RoundedValues round_values(const std::vector<float>& values, const RdPlan& plan, double importance,
                           const passes::RateModel* rate) {
  const Matrix column = Eigen::Map<const Matrix>(values.data(), std::ssize(values), 1);
  const GridChoice grid{
      .step = bounded_step(std::sqrt(12 * plan.distortion / importance), column.cwiseAbs().maxCoeff())};
  const RowGroup group{.weights = &column, .compensation = &kNoCompensation, .error_cost = importance};
  const Rounded rounded = settle({&group, 1}, rate, plan, grid);
  std::vector<std::int8_t> codes(rounded.codes[0].data(), rounded.codes[0].data() + values.size());
  RoundedValues result;
  result.bits = rate == nullptr ? 0 : total_bits(rounded.counts, *rate);
  result.constant = grid_constant({std::ssize(values)}, std::move(codes), grid.step);
  return result;
}

}  // namespace

Matrix RdQuantizer::weights_of(const Layer& layer, const std::vector<float>& row_scales, std::size_t group) {
  const auto values = layer.weights.as<float>();
  Matrix weights = matrix_of(layer.view, group, [&](std::size_t i) { return values[i]; });
  if (row_scales.empty()) return weights;
  for (std::size_t r = 0; r < layer.view.rows; ++r)
    weights.row(static_cast<Index>(r)) /= row_scales[group * layer.view.rows + r];
  return weights;
}

RdQuantizer::Prepared RdQuantizer::prepare_layer(const ir::Model& model, const Layer& layer,
                                                 std::vector<Moments> moments) {
  Prepared prepared;
  prepared.moments = std::move(moments);
  if (layer.bias != ir::kNoValue && !prepared.moments.empty()) {
    const auto bias = model.graph(layer.graph).constant_f32(layer.bias)->as<float>();
    prepared.bias.assign(bias.begin(), bias.end());
    for (Moments& group : prepared.moments) group.second -= group.mean * group.mean.transpose();
  }
  std::vector<Eigen::MatrixXd> seconds;
  for (const Moments& group : prepared.moments) seconds.push_back(group.second);
  for (const Eigen::MatrixXd& second : seconds)
    prepared.compensation.push_back(compensation_of(second, column_order(seconds)));
  prepared.alike = rows_alike(layer, prepared);
  if (layer.row_axis && !prepared.moments.empty()) prepared.by_row = rows_by_power(layer, prepared);
  return prepared;
}

void RdQuantizer::complete(const Layer& layer, const Prepared& prepared, Rows& rows) {
  for (std::size_t group = 0; group < layer.view.groups; ++group) {
    const Matrix weights = weights_of(layer, rows.scales, group);
    rows.largest = std::max(rows.largest, weights.cwiseAbs().maxCoeff());
    rows.power += prepared.moments.empty()
                      ? weights.cast<double>().squaredNorm()
                      : product_error(weights, prepared.moments[group].second) / rows.group_costs[group];
  }
}

RdQuantizer::Rows RdQuantizer::rows_alike(const Layer& layer, const Prepared& prepared) {
  Rows rows;
  rows.group_costs.assign(layer.view.groups, 1);
  if (!prepared.compensation.empty()) {
    double sum = 0;
    for (const Compensation& group : prepared.compensation) sum += group.mean_cost();
    rows.mean_cost = sum / static_cast<double>(prepared.compensation.size());
  }
  complete(layer, prepared, rows);
  return rows;
}

RdQuantizer::Rows RdQuantizer::rows_by_power(const Layer& layer, const Prepared& prepared) {
  Rows rows;
  std::vector<double> powers;
  for (std::size_t group = 0; group < layer.view.groups; ++group) {
    // A unit error of one group counts as much as that of another, on average over columns.
    rows.group_costs.push_back(prepared.compensation[group].mean_cost());
    const Matrix weights = weights_of(layer, {}, group);
    for (Index r = 0; r < weights.rows(); ++r) {
      powers.push_back(product_error(weights.row(r), prepared.moments[group].second) /
                       rows.group_costs.back());
    }
  }
  rows.scales = scales_of_rows(powers);
  complete(layer, prepared, rows);
  return rows;
}

Result<RdQuantizer> RdQuantizer::prepare(const ir::Model& model, passes::PassContext& context) {
  RdQuantizer quantizer;
  quantizer.rate_ = context.rate;
  quantizer.layers_ = find_layers(model, context);
  PITH_TRY(auto moments, second_moments(model, quantizer.layers_, context));
  const std::size_t count = quantizer.layers_.size();
  for (std::size_t i = 0; i < count; ++i) {
    Layer& layer = quantizer.layers_[i];
    if (!moments[i].empty()) continue;
    if (context.activations != nullptr && layer.kind != Layer::Kind::values) {
      context.skipped_tensor(layer.name,
                             "what it is multiplied with cannot be followed; all inputs count alike");
    }
    count_alike(layer);
  }
  quantizer.prepared_.resize(count);
  auto all_prepared = passes::for_each_index(count, context.threads, [&](std::uint64_t i) -> Result<void> {
    PITH_CHECK_OK(context.keep_going());
    quantizer.prepared_[i] = prepare_layer(model, quantizer.layers_[i], std::move(moments[i]));
    return {};
  });
  PITH_CHECK_OK(std::move(all_prepared));
  quantizer.take_over_biases();
  return quantizer;
}

void RdQuantizer::take_over_biases() {
  std::set<ir::ValueId> found;
  for (const Layer& layer : layers_) {
    if (layer.graph == ir::kMainGraph) found.insert(layer.value);
  }
  std::set<ir::ValueId> taken;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (prepared_[i].bias.empty() || !found.contains(layers_[i].bias)) continue;
    prepared_[i].rounds_bias = true;
    taken.insert(layers_[i].bias);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].graph == ir::kMainGraph && taken.contains(layers_[i].value)) continue;
    if (kept != i) {
      layers_[kept] = std::move(layers_[i]);
      prepared_[kept] = std::move(prepared_[i]);
    }
    ++kept;
  }
  layers_.resize(kept);
  prepared_.resize(kept);
}

void RdQuantizer::measure(std::size_t index, const Rows& rows, const std::vector<Matrix>& lost,
                          RoundedLayer& result, std::vector<float>& bias) const {
  const Layer& layer = layers_[index];
  const Prepared& prepared = prepared_[index];
  for (std::size_t group = 0; group < layer.view.groups; ++group) {
    if (prepared.moments.empty()) {
      result.error += lost[group].cast<double>().squaredNorm();
      continue;
    }
    const Moments& moments = prepared.moments[group];
    result.error += product_error(lost[group], moments.second) / rows.group_costs[group];
    if (bias.empty()) continue;
    const Eigen::VectorXd shift = lost[group].cast<double>() * moments.mean;
    for (std::size_t r = 0; r < layer.view.rows; ++r) {
      const std::size_t row = group * layer.view.rows + r;
      const double scale = rows.scales.empty() ? 1.0 : static_cast<double>(rows.scales[row]);
      bias[row] += static_cast<float>(scale * shift[static_cast<Index>(r)]);
    }
  }
}

bool RdQuantizer::has_trellis(std::size_t index) const {
  const Layer& layer = layers_[index];
  return rate_ != nullptr && rate_->stores_trellises() && layer.row_axis && layer.kind != Layer::Kind::values;
}

RoundedLayer RdQuantizer::round(std::size_t index, const RdPlan& plan) const {
  const Layer& layer = layers_[index];
  const Prepared& prepared = prepared_[index];
  const MatrixView& view = layer.view;
  const LayerPlan& how = plan.layers.at(index);
  if (how.shared_bits > 0) return share(index, plan);
  const Rows& rows = rows_of(index, how.scale_rows);
  const double wanted = std::sqrt(12 * plan.distortion / (how.importance * rows.mean_cost));
  std::vector<Matrix> weights;
  std::vector<RowGroup> groups;
  for (std::size_t group = 0; group < view.groups; ++group)
    weights.push_back(weights_of(layer, rows.scales, group));
  for (std::size_t group = 0; group < view.groups; ++group) {
    groups.push_back(
        {.weights = &weights[group],
         .compensation = prepared.compensation.empty() ? &kNoCompensation : &prepared.compensation[group],
         .error_cost = how.importance / rows.group_costs[group]});
  }
  std::vector<GridChoice> choices{{.step = bounded_step(wanted, rows.largest)}};
  // Weights that a fine grid cannot hold have a plain one.
  const double fine = kTrellisStep * wanted;
  if (how.trellis && has_trellis(index) && static_cast<double>(rows.largest) < fine * kLargestCode) {
    for (std::uint8_t start = 0; start < loader::trellis::kStarts; ++start)
      choices.push_back({.step = bounded_step(fine, rows.largest), .trellis_start = start});
  }
  const auto [grid, rounded] = best_of(choices, groups, prepared.moments, rate_, plan);
  std::vector<std::int8_t> codes(layer.weights.element_count());
  for (std::size_t group = 0; group < view.groups; ++group) {
    for (std::size_t c = 0; c < view.columns; ++c) {
      for (std::size_t r = 0; r < view.rows; ++r)
        codes[view.at(group, r, c)] = rounded.codes[group](static_cast<Index>(r), static_cast<Index>(c));
    }
  }

  RoundedLayer result;
  result.bits = (rate_ == nullptr ? 0 : total_bits(rounded.counts, *rate_)) +
                8.0 * static_cast<double>(rows.scales.size());
  result.weight = grid_constant(layer.weights.shape(), std::move(codes), grid.step);
  if (!rows.scales.empty()) set_row_scales(result.weight, *layer.row_axis, rows.scales);
  for (std::size_t group = 0; group < view.groups; ++group)
    weights[group] -= rounded.codes[group].cast<float>() * grid.step;
  finish(index, plan, weights, result);
  return result;
}

void RdQuantizer::finish(std::size_t index, const RdPlan& plan, const std::vector<Matrix>& lost,
                         RoundedLayer& result) const {
  const Prepared& prepared = prepared_[index];
  const LayerPlan& how = plan.layers.at(index);
  const Rows& rows = rows_of(index, how.scale_rows);
  std::vector<float> bias = prepared.bias;
  measure(index, rows, lost, result, bias);
  if (prepared.rounds_bias) {
    RoundedValues rounded_bias =
        round_values(bias, plan, how.importance * bias_weight(rows.scales, rows.group_costs), rate_);
    result.bits += rounded_bias.bits;
    result.bias = std::move(rounded_bias.constant);
  } else if (!bias.empty()) {
    const ir::Shape shape{std::ssize(bias)};
    result.bias = ir::Constant::dense(ir::Tensor::of(shape, std::move(bias)));
  }
}

Result<std::vector<RoundedLayer>> RdQuantizer::round_all(const RdPlan& plan, unsigned threads) const {
  std::vector<RoundedLayer> rounded(layers_.size());
  PITH_CHECK_OK(passes::for_each_index(layers_.size(), threads, [&](std::uint64_t i) -> Result<void> {
    rounded[i] = round(i, plan);
    return {};
  }));
  return rounded;
}

void RdQuantizer::apply(ir::Model& model, std::size_t index, const RoundedLayer& rounded) const {
  const Layer& layer = layers_[index];
  ir::Rewriter rewriter(model, layer.graph);
  rewriter.set_constant(layer.value, rounded.weight);
  if (rounded.bias) rewriter.set_constant(layer.bias, *rounded.bias);
}

}  // namespace pith::quantize
