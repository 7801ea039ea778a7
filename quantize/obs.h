// Rounding the rows of a matrix to a grid so that its products, not its elements, stay what they were, at
// the fewest bits.
//
// One column after another is rounded, and its error is made up for by the columns that are not rounded yet:
// Frantar et al. 2023, "GPTQ" (arXiv:2210.17323), algorithm 1, which is Hassibi and Stork's optimal brain
// surgeon (1993) in a fixed order. Each element takes the code that costs the least of error and bits, as in
// Conzel et al. 2025, "CERWU" (arXiv:2505.18758).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quantize/rate.h"

namespace pith::quantize {

// [rows, columns], a column of numbers after the other.
using Matrix = Eigen::MatrixXf;

// Columns, the one that matters most first, on average over groups with these second moments.
[[nodiscard]] std::vector<int> column_order(std::span<const Eigen::MatrixXd> moments);

// How the columns of a matrix take over each other's errors.
struct Compensation {
  std::vector<int> order;
  // Upper triangular, in that order, with H^-1 = U^T U of the damped second moments H. An error e of column j
  // costs (e / U[j,j])^2 and adds e U[j,k] / U[j,j] to what column k > j has to take over.
  Matrix factor;

  // The cost of a unit error, 1 / U[j,j]^2, averaged over columns.
  [[nodiscard]] double mean_cost() const;
};

// From the second moments H[i,j] = mean of x_i x_j of the inputs; H is symmetric and positive semidefinite.
// A hundredth of the mean of its diagonal is added to the diagonal, and more where that does not make it
// positive definite. Zeros everywhere: as if all inputs mattered alike.
[[nodiscard]] Compensation compensation_of(const Eigen::MatrixXd& moments, std::vector<int> order);

struct GridChoice {
  float step = 1;       // value = code * step
  double bit_cost = 0;  // against a unit of squared error of the products
  // Codes are those of a trellis with one path a column from this state, through the rows of all groups:
  // about as many bits for a step 0.58 times as large.
  std::optional<std::uint8_t> trellis_start = {};
};

// Rows that multiply the same inputs.
struct RowGroup {
  const Matrix* weights = nullptr;  // [rows, columns]
  const Compensation* compensation = nullptr;
  double error_cost = 1;  // of a unit of squared error of the products
};

using Codes = Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic>;

struct Rounded {
  std::vector<Codes> codes;  // of each group, laid out as its weights
  CodeCounts counts = no_counts();
};

// Rounds the rows of groups with equally many columns, and equal orders of columns if there is a trellis.
// Without a trellis each code lies between zero and the nearest one; the nearest is taken when bits cost
// nothing. A weight that is zero stays zero.
[[nodiscard]] Rounded round_with_compensation(std::span<const RowGroup> groups, const GridChoice& grid,
                                              const CodeBits& bits);

// sum over rows e of `errors` of e^T H e: the squared error of the products.
[[nodiscard]] double product_error(const Matrix& errors, const Eigen::MatrixXd& moments);

}  // namespace pith::quantize
