// NumPy's .npz files: zip archives of .npy members, stored or deflated.
#pragma once

#include <string>
#include <vector>

#include "engine/data_file.h"
#include "ir/buffer.h"
#include "ir/tensor.h"

namespace pith::engine {

struct NamedTensor {
  std::string name;
  ir::Tensor tensor;
};

// The arrays of an archive in the order of the archive; members that are no .npy are passed over.
// Refuses (ErrorCode::data) damaged archives, members whose checksum or size is wrong, encrypted
// members, methods other than stored and deflate, equal names, and contents over `max_bytes` in total.
[[nodiscard]] Result<std::vector<NamedTensor>> read_npz(const ir::Buffer& file,
                                                        std::uint64_t max_bytes = kMaxDataBytes);

}  // namespace pith::engine
