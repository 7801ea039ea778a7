// The windows of its input that a convolution multiplies, as rows of a matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/node.h"
#include "ir/tensor.h"

namespace pith::quantize {

// The geometry of a Conv of any number of spatial axes.
class Windows {
 public:
  // For an input [N, C, spatial...] and a kernel of these sizes; nullopt when the attributes do not fit
  // them or there is no window.
  [[nodiscard]] static std::optional<Windows> of(const ir::Node& conv, const ir::Shape& input,
                                                 const std::vector<std::int64_t>& kernel);

  // Windows of one sample.
  [[nodiscard]] std::size_t count() const { return count_; }

  // Writes window number `index` of one sample, channels [first, first + channels), in the order of a
  // filter: channel, then the axes of the kernel. Zeros beyond the border. `row` is strided.
  void copy(const float* sample, std::size_t index, std::size_t first, std::size_t channels, float* row,
            std::size_t stride) const;

 private:
  struct Axis {
    std::int64_t size, kernel, stride, dilation, begin, outputs;
  };
  std::vector<Axis> axes_;
  std::size_t count_ = 0;
  std::size_t plane_ = 1;  // elements of a channel
};

}  // namespace pith::quantize
