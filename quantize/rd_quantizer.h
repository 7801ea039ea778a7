// Rate-distortion quantization of a whole model: every layer on a grid of its own, whose step follows from
// one trade-off between error and bits for all of them.
//
// With the error of layer l counted as importance_l * E_l, where E_l is the squared error of its products
// (mean over the calibration data, summed over its rows), and R bits in all, this looks for the least of
//   sum_l importance_l E_l + mu R.
// At high rate a uniform grid of step s has E_l = n_l c_l s^2 / 12, with n_l weights and c_l the mean cost
// of a unit error (Compensation::mean_cost), and each bit less a weight doubles s. Setting the derivative
// to zero gives importance_l c_l s^2 / 12 = D, the same `distortion` D for every weight of the model, and
// mu = 2 ln 2 D (Sullivan 1996, "Efficient scalar quantization of exponential and Laplacian random
// variables", and reverse water-filling, Cover and Thomas, section 10.3.3).
#pragma once

#include <optional>
#include <vector>

#include "quantize/obs.h"
#include "quantize/second_moments.h"

namespace pith::quantize {

// How one layer is rounded.
struct LayerPlan {
  double importance = 1;
  // Each output channel counts by its error relative to its power: rows are divided by powers of two that
  // make their products alike, and have a scale each. Only where RdQuantizer::has_rows() says so.
  bool scale_rows = false;
  // The codes are those of a trellis where that costs less. Only where RdQuantizer::has_trellis() says so.
  bool trellis = false;
  // Above 0: its weights share at most 2^shared_bits values, found by k-means, in place of a grid.
  int shared_bits = 0;
};

struct RdPlan {
  double distortion = 1e-4;  // D above
  double lambda = 0.5;       // mu = lambda * 2 ln 2 D; 0: bits cost nothing
  std::vector<LayerPlan> layers;
};

// A layer on its grid.
struct RoundedLayer {
  ir::Constant weight;
  std::optional<ir::Constant> bias;  // shifted by the mean error of the products, and rounded if it is large
  double error = 0;                  // E_l, of rows divided by their scales
  double bits = 0;                   // by the rate model, with 8 for the scale of a row
};

class RdQuantizer {
 public:
  // Finds the layers (find_layers) and what they multiply. Without calibration data all inputs count alike.
  // context.rate must outlive this; without one bits cost nothing and are not counted.
  [[nodiscard]] static Result<RdQuantizer> prepare(const ir::Model& model, passes::PassContext& context);

  [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }
  // Whether its rows can have scales of their own, which are not all equal.
  [[nodiscard]] bool has_rows(std::size_t layer) const { return !prepared_[layer].by_row.scales.empty(); }

  // Whether rows lie along one axis, so that codes can be those of a trellis, and the coder stores such.
  [[nodiscard]] bool has_trellis(std::size_t layer) const;

  // E_l of rounding everything to zero, of rows divided by their scales if they have such. An importance of
  // 1 / power makes all layers count alike.
  [[nodiscard]] double power(std::size_t layer, bool scale_rows) const {
    return rows_of(layer, scale_rows).power;
  }

  // Deterministic; may be called by several threads at once.
  [[nodiscard]] RoundedLayer round(std::size_t layer, const RdPlan& plan) const;
  // Every layer, in order, by `threads` threads.
  [[nodiscard]] Result<std::vector<RoundedLayer>> round_all(const RdPlan& plan, unsigned threads) const;
  // Puts rounded layers into the model that this was prepared from (or a copy of it).
  void apply(ir::Model& model, std::size_t layer, const RoundedLayer& rounded) const;

 private:
  // How the rows of a layer count.
  struct Rows {
    std::vector<float> scales;        // of each group's rows; empty: all are 1
    std::vector<double> group_costs;  // by which errors of a group are divided
    double mean_cost = 1;
    double power = 0;
    float largest = 0;  // magnitude of a weight divided by its scale
  };
  struct Prepared {
    std::vector<Compensation> compensation;  // of each group
    std::vector<Moments> moments;            // centred where a bias takes over the mean; may be empty
    std::vector<float> bias;                 // empty: none takes over the mean
    bool rounds_bias = false;
    Rows alike;
    Rows by_row;
  };

  static Prepared prepare_layer(const ir::Model& model, const Layer& layer, std::vector<Moments> moments);
  static Rows rows_alike(const Layer& layer, const Prepared& prepared);
  static Rows rows_by_power(const Layer& layer, const Prepared& prepared);
  // Sums power and largest up, group by group.
  static void complete(const Layer& layer, const Prepared& prepared, Rows& rows);
  // A bias that its layer rounds is no layer of its own.
  void take_over_biases();
  [[nodiscard]] const Rows& rows_of(std::size_t layer, bool scale_rows) const {
    return scale_rows && has_rows(layer) ? prepared_[layer].by_row : prepared_[layer].alike;
  }
  // The weights of a group divided by the scales of their rows.
  static Matrix weights_of(const Layer& layer, const std::vector<float>& row_scales, std::size_t group);
  // One codebook for the layer: k-means weighted by the power of what the weights multiply, as share-weights
  // does it with weighting=inputs.
  [[nodiscard]] RoundedLayer share(std::size_t layer, const RdPlan& plan) const;
  // Adds what the weights of each group lost (divided by the scales of rows), and what becomes of the bias.
  void finish(std::size_t layer, const RdPlan& plan, const std::vector<Matrix>& lost,
              RoundedLayer& result) const;
  void measure(std::size_t layer, const Rows& rows, const std::vector<Matrix>& lost, RoundedLayer& result,
               std::vector<float>& bias) const;

  const passes::RateModel* rate_ = nullptr;
  std::vector<Layer> layers_;
  std::vector<Prepared> prepared_;
};

}  // namespace pith::quantize
