// Opens an ONNX Runtime session from a .pith file: no temporary file, and weights in memory once.
// Header-only; wants ONNX Runtime 1.18's headers or newer, and libpith.
//
//   pith::RuntimeSession model(env, file, options);   // `file` from pith_open_file(); may be closed
//   afterwards model.session().Run(...);
#pragma once

#include <onnxruntime_cxx_api.h>
#include <pith.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pith {

// What libpith refused, and why.
class LoadError : public std::runtime_error {
 public:
  LoadError(pith_status status, const pith_message& message)
      : std::runtime_error(std::string(pith_status_name(status)) + ": " + message.text), status_(status) {}
  [[nodiscard]] pith_status status() const { return status_; }

 private:
  pith_status status_;
};

// A session and the weights that it reads. The weights are decoded, on up to `threads` threads (0: all), into
// one buffer that stands for a file of external data; tensors that the graph keeps (shapes, scalars, small
// ones) are in the model as ever. A runtime that knows
// "session.use_external_initializer_file_buffers_directly" (1.31 does) reads that buffer for as long as the
// session lives; others copy it once more. The session differs from one of the same .onnx file in nothing
// else, except that by default it does not keep a second, rearranged copy of weights
// ("session.disable_prepacking"): set that entry to "0" in `options` where speed counts more than memory.
//
// Throws LoadError, Ort::Exception and std::bad_alloc. `file` must be open and is not changed.
class RuntimeSession {
 public:
  RuntimeSession(const Ort::Env& env, const pith_file* file, const Ort::SessionOptions& options,
                 unsigned threads = 0)
      : weights_(decode(file, threads)), session_(make(env, file, options)) {}

  [[nodiscard]] Ort::Session& session() { return session_; }

 private:
  static constexpr const char* kLocation = "pith";  // of the file that is not there
  static constexpr std::size_t kAlignment = 64;

  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  struct Weights {
    std::unique_ptr<char, Free> bytes;
    std::size_t size = 0;
  };

  static void check(pith_status status, const pith_message& message) {
    if (status != PITH_OK) throw LoadError(status, message);
  }

  static Weights decode(const pith_file* file, unsigned threads) {
    pith_message message{};
    const std::size_t count = pith_tensor_count(file);
    std::vector<std::size_t> offsets(count);
    std::vector<std::size_t> sizes(count);
    Weights weights;
    for (std::size_t i = 0; i < count; ++i) {
      pith_tensor info{};
      info.struct_size = sizeof info;
      check(pith_tensor_info(file, i, &info, &message), message);
      if (info.external_offset == PITH_ALWAYS_INSIDE) continue;
      offsets[i] = static_cast<std::size_t>(info.external_offset);
      sizes[i] = static_cast<std::size_t>(info.bytes);
      weights.size = offsets[i] + sizes[i];
    }
    // A multiple of the alignment, as aligned_alloc() wants it, and never nothing.
    const std::size_t room = (weights.size / kAlignment + 1) * kAlignment;
    weights.bytes.reset(static_cast<char*>(std::aligned_alloc(kAlignment, room)));
    if (weights.bytes == nullptr) throw std::bad_alloc();
    std::vector<void*> buffers(count);
    for (std::size_t i = 0; i < count; ++i)
      if (sizes[i] != 0) buffers[i] = weights.bytes.get() + offsets[i];
    check(pith_decode_tensors(file, 0, count, buffers.data(), sizes.data(), threads, &message), message);
    return weights;
  }

  Ort::Session make(const Ort::Env& env, const pith_file* file, const Ort::SessionOptions& options) const {
    Ort::SessionOptions all = options.Clone();
    if (!all.HasConfigEntry("session.disable_prepacking"))
      all.AddConfigEntry("session.disable_prepacking", "1");
    if (weights_.size != 0) {
      all.AddConfigEntry("session.use_external_initializer_file_buffers_directly", "1");
      all.AddExternalInitializersFromFilesInMemory({kLocation}, {weights_.bytes.get()}, {weights_.size});
    }
    pith_message message{};
    std::size_t size = 0;
    check(pith_onnx_size(file, kLocation, &size, &message), message);
    std::vector<char> model(size);
    check(pith_to_onnx(file, kLocation, model.data(), model.size(), 1, &message), message);
    return Ort::Session(env, model.data(), model.size(), all);
  }

  Weights weights_;  // before the session, which reads it until its end
  Ort::Session session_;
};

}  // namespace pith
