// Weights that lie in files beside the model.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "ir/buffer.h"
#include "ir/onnx/confined_open.h"
#include "ir/onnx/data_folder.h"
#include "ir/onnx/proto.h"

namespace pith::ir::onnx {

// Maps the files that a model names, each once. A location is a path below the model's folder: relative,
// without "..", backslashes or NUL, at most 4,096 bytes; see open_below() for what it may lead to. Anything
// else is refused before it is opened (the attacks that this stops: CVE-2022-25882, CVE-2024-27318,
// CVE-2026-27489, CVE-2026-34446).
class ExternalData {
 public:
  // Called with the location and size of each file when it is first opened.
  using Opened = std::function<void(const std::string&, std::uint64_t)>;

  explicit ExternalData(DataFolder folder, Opened opened = {});

  // A file that is mapped already; nobody looks for it in the folder.
  void add(std::string location, Buffer file) { files_.emplace(std::move(location), std::move(file)); }

  // The bytes that the tensor's external_data entries describe. Refuses unknown or repeated keys,
  // numbers that are no plain decimals, and ranges outside of the file. Without a length the rest of
  // the file must be exactly `expected_size` bytes.
  [[nodiscard]] Result<Buffer> bytes_of(const proto::TensorProto& tensor, std::uint64_t expected_size);

 private:
  Result<Buffer> open(const std::string& location);

  bool enabled_ = false;
  std::filesystem::path root_;
  std::filesystem::path inside_;  // the model's folder below the root
  Links links_ = Links::refused;
  Opened opened_;
  std::map<std::string, Buffer> files_;
};

}  // namespace pith::ir::onnx
