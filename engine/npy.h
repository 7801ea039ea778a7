// NumPy's .npy files, versions 1 to 3 (numpy.lib.format describes them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ir/buffer.h"
#include "ir/tensor.h"

namespace pith::engine {

struct NpyHeader {
  ir::DType dtype = ir::DType::undefined;
  ir::Shape shape;
  bool fortran_order = false;
  bool big_endian = false;
  std::uint64_t data_offset = 0;
  std::uint64_t data_bytes = 0;
};

// Reads the header of a file that starts with `bytes`. Reads numbers and booleans of either byte order;
// refuses Python objects (they would run code when read), structured types, complex numbers, text and dates.
[[nodiscard]] Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes);

// The array of a whole .npy file, row-major and little-endian. Shares the bytes where no change is
// needed. Refuses bytes missing or left over, and booleans other than 0 and 1.
[[nodiscard]] Result<ir::Tensor> read_npy(const ir::Buffer& file);

}  // namespace pith::engine
