// "[FORMAT:]PATH[,key=value...]": how a user names data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/convert.h"
#include "engine/synthetic.h"
#include "ir/result.h"

namespace pith::engine {

enum class DataFormat : std::uint8_t { npz, npy, idx, synthetic };

[[nodiscard]] std::string_view name_of(DataFormat format);

struct DatasetSpec {
  std::optional<DataFormat> format;  // nullopt: told from extension and content
  std::filesystem::path path;
  std::string labels;  // labels=  the array of an .npz that holds the truth; for .npy and IDX a file
  std::string input;   // input=   the one array of an .npz to feed; for .npy and IDX what to call theirs
  Normalization normalization;  // scale=1/255, mean=0.5 or mean=a,b,c (one a channel), std= likewise

  // "synthetic:n=16,size=32": no file is read, `path` is "synthetic", and only these two keys are taken.
  SyntheticSpec synthetic;

  [[nodiscard]] bool is_synthetic() const { return format == DataFormat::synthetic; }

  // Refuses (ErrorCode::usage) unknown formats and keys (naming the nearest), keys given twice,
  // and numbers that are none, infinite, or zero where they divide.
  [[nodiscard]] static Result<DatasetSpec> parse(std::string_view text);
};

}  // namespace pith::engine
