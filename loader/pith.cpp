#include <pith.h>

#include <algorithm>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "loader/decode.h"
#include "loader/open_file.h"
#include "loader/parallel.h"
#include "loader/sort.h"

struct pith_file {
  explicit pith_file(const pith::loader::Memory& from) : memory(from) {}

  const pith::loader::Memory memory;
  std::optional<pith::loader::OpenFile>
      opened;  // made in a scope of `memory`, and never empty once handed out
};

namespace pith::loader {
namespace {

constexpr unsigned kMostThreads = 256;
constexpr std::uint64_t kLargestSize = std::numeric_limits<std::size_t>::max() / 4;

template <class T>
bool is_aligned(const T* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignof(T) == 0;
}

// Not NULL and aligned.
template <class T>
bool is_usable(const T* pointer) {
  return pointer != nullptr && is_aligned(pointer);
}

void set_message(pith_message* message, std::string_view text) {
  if (message == nullptr) return;
  std::size_t size = std::min(text.size(), sizeof message->text - 1);
  // Not within a character.
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80) --size;
  text.copy(message->text, size);
  message->text[size] = '\0';
}

pith_status fail(pith_status status, pith_message* message, std::string_view text) {
  set_message(message, text);
  return status;
}

pith_status invalid(pith_message* message, std::string_view text) {
  return fail(PITH_INVALID_ARGUMENT, message, text);
}

pith_status finish(const Status& status, pith_message* message) {
  set_message(message, status.message());
  switch (status.code()) {
    case StatusCode::ok:
      return PITH_OK;
    case StatusCode::damaged:
      return PITH_DAMAGED;
    case StatusCode::unsupported:
      return PITH_UNSUPPORTED;
    case StatusCode::limit:
      return PITH_LIMIT;
    case StatusCode::out_of_memory:
      return PITH_OUT_OF_MEMORY;
    case StatusCode::unreadable:
      return PITH_UNREADABLE;
  }
  return PITH_DAMAGED;
}

pith_status too_small(pith_message* message) {
  return fail(PITH_BUFFER_TOO_SMALL, message, "the buffer is too small");
}

// Calls `function`, which returns a pith_status, with the file's memory; allocations that fail end here.
template <class Function>
pith_status with_memory(const Memory& memory, pith_message* message, Function&& function) noexcept {
  set_message(message, "");
  const MemoryScope scope(memory);
  try {
    return function();
  } catch (const std::exception&) {
    return fail(PITH_OUT_OF_MEMORY, message, "out of memory");
  }
}

// The caller's options in full. False: they cannot be.
bool read_options(const pith_options* given, pith_options& options) {
  options = {};
  if (given == nullptr) return true;
  if (!is_aligned(given) || given->struct_size < sizeof options || given->struct_size > 4096) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (std::any_of(bytes + sizeof options, bytes + given->struct_size, [](auto byte) { return byte != 0; }))
    return false;
  options = *given;
  return (options.flags & ~std::uint32_t{PITH_MAP_FILE}) == 0 &&
         (options.allocate == nullptr) == (options.release == nullptr);
}

void destroy(pith_file* file) {
  const Memory memory = file->memory;
  file->~pith_file();
  memory.give_back(file);
}

// Makes a handle; `source` gives a Status or the file's bytes, of which it may put the owner into a
// FileBytes.
template <class Source>
pith_status open_with(bool given_source, const pith_options* given, pith_file** result, pith_message* message,
                      Source&& source) noexcept {
  if (!is_usable(result)) return invalid(message, "there is no place for the file");
  *result = nullptr;
  if (!given_source) return invalid(message, "there is nothing to open");
  pith_options options;
  if (!read_options(given, options)) return invalid(message, "the options are not those of this version");
  const Memory memory{options.allocate, options.release, options.user};
  void* place = memory.take(sizeof(pith_file));
  if (place == nullptr) return fail(PITH_OUT_OF_MEMORY, message, "out of memory");
  auto* file = new (place) pith_file(memory);
  const pith_status status = with_memory(file->memory, message, [&] {
    FileBytes owned;
    const Expected<std::span<const std::uint8_t>> bytes = source(options, owned);
    if (!bytes) return finish(bytes.error(), message);
    Limits limits;
    if (options.max_decoded_bytes != 0) limits.max_decoded_bytes = options.max_decoded_bytes;
    limits.max_decoded_bytes = std::min(limits.max_decoded_bytes, kLargestSize);
    auto opened = OpenFile::open(std::move(owned), *bytes, limits);
    if (!opened) return finish(opened.error(), message);
    file->opened.emplace(*std::move(opened));
    return PITH_OK;
  });
  if (status == PITH_OK) {
    *result = file;
  } else {
    destroy(file);
  }
  return status;
}

std::uint64_t largest_file(const pith_options& options) {
  return options.max_file_bytes != 0 ? options.max_file_bytes : kLargestSize;
}

std::span<std::uint8_t> bytes_at(void* memory, std::uint64_t size) {
  return {static_cast<std::uint8_t*>(memory), static_cast<std::size_t>(size)};
}

std::size_t thread_count(unsigned threads) {
  return std::clamp(threads != 0 ? threads : std::thread::hardware_concurrency(), 1U, kMostThreads);
}

// Decodes tensor first + i to places[i] (nullptr: not wanted), those that take longest first.
Status decode_all(const OpenFile& file, std::size_t first, std::span<std::uint8_t* const> places,
                  unsigned threads) {
  constexpr std::uint64_t kBytesForThread = std::uint64_t{1} << 20;
  const auto size = [&](std::size_t i) { return file.container.tensors()[first + i].layout.dense_size; };
  Vector<std::size_t> order;
  std::uint64_t most_threads = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] == nullptr && size(i) != 0) continue;
    order.push_back(i);
    most_threads += 1 + size(i) / kBytesForThread;
  }
  sort_numbers(order,
               [&](std::size_t a, std::size_t b) { return size(a) != size(b) ? size(a) > size(b) : a < b; });
  const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(thread_count(threads), most_threads));
  return run_parallel(order, used,
                      [&](std::size_t i) { return file.decode(first + i, bytes_at(places[i], size(i))); });
}

// Bytes of the parts of a tensor's form.
std::array<std::uint64_t, PITH_MAX_PARTS> part_sizes(const TensorInfo& tensor) {
  std::array<std::uint64_t, PITH_MAX_PARTS> sizes{};
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = tensor.layout.streams[i].size;
  if (tensor.header.form == Form::sparse) sizes[0] = tensor.header.nonzeros * sizeof(std::int64_t);
  return sizes;
}

Status decode_into_parts(const TensorInfo& tensor, void* const* places) {
  Parts parts;
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i] = bytes_at(places[i], tensor.layout.streams[i].size);
  if (tensor.header.form != Form::sparse) return decode_parts(tensor, parts);
  Vector<std::uint8_t> gaps(static_cast<std::size_t>(tensor.layout.streams[0].size));
  parts[0] = gaps;
  if (Status status = decode_parts(tensor, parts); !status.ok()) return status;
  const std::span positions(static_cast<std::int64_t*>(places[0]),
                            static_cast<std::size_t>(tensor.header.nonzeros));
  Status status = decode_gaps(gaps, tensor.layout.elements, positions);
  return status.ok() ? status : std::move(status).in(place_of(tensor));
}

void describe(const OpenFile& file, std::size_t index, pith_tensor& info) {
  const TensorInfo& tensor = file.container.tensors()[index];
  const TensorHeader& header = tensor.header;
  info = {};
  info.struct_size = sizeof info;
  info.dtype = header.dtype;
  info.form = static_cast<std::uint32_t>(header.form);
  info.rank = static_cast<std::uint32_t>(header.dims.size());
  std::ranges::copy(header.dims, info.dims);
  info.name = file.tensor_names[index];
  info.elements = tensor.layout.elements;
  info.bytes = tensor.layout.dense_size;
  info.stored_bytes = tensor.payload.size();
  info.external_offset = file.offsets[index];
  std::ranges::copy(part_sizes(tensor), info.part_bytes);
  info.axis = PITH_NO_AXIS;
  if (header.form != Form::affine && header.form != Form::codebook) return;
  info.block = header.block;
  info.entries = header.entries;
  info.code_bits = header.bits;
  info.code_is_signed = header.signed_codes ? 1 : 0;
  info.axis = header.axis;
}

std::string_view location_of(const char* location) {
  return location != nullptr ? location : "";
}

}  // namespace
}  // namespace pith::loader

using namespace pith::loader;  // NOLINT(google-build-using-namespace): the functions below are all of these

uint32_t pith_version(void) {
  return PITH_VERSION_NUMBER;
}

const char* pith_status_name(pith_status status) {
  static constexpr std::array kNames{
      "PITH_OK",    "PITH_INVALID_ARGUMENT", "PITH_UNREADABLE",       "PITH_DAMAGED",    "PITH_UNSUPPORTED",
      "PITH_LIMIT", "PITH_OUT_OF_MEMORY",    "PITH_BUFFER_TOO_SMALL", "PITH_NOT_ALLOWED"};
  const auto number = static_cast<std::size_t>(status);
  return number < kNames.size() ? kNames[number] : "unknown";
}

pith_status pith_open_memory(const void* data, size_t size, const pith_options* options, pith_file** file,
                             pith_message* message) {
  return open_with(data != nullptr, options, file, message,
                   [&](const pith_options& all, FileBytes&) -> Expected<std::span<const std::uint8_t>> {
                     if (size > largest_file(all)) return std::unexpected(file_too_large());
                     return std::span(static_cast<const std::uint8_t*>(data), size);
                   });
}

pith_status pith_open_file(const char* path, const pith_options* options, pith_file** file,
                           pith_message* message) {
  return open_with(path != nullptr, options, file, message,
                   [&](const pith_options& all, FileBytes& owned) -> Expected<std::span<const std::uint8_t>> {
                     const bool map = (all.flags & PITH_MAP_FILE) != 0;
                     PITH_LOADER_TRY(owned, FileBytes::open(path, map ? FileAccess::map : FileAccess::read,
                                                            largest_file(all)));
                     return owned.bytes();
                   });
}

void pith_close(pith_file* file) {
  if (file != nullptr) destroy(file);
}

size_t pith_tensor_count(const pith_file* file) {
  return file != nullptr ? file->opened->container.tensors().size() : 0;
}

pith_status pith_tensor_info(const pith_file* file, size_t index, pith_tensor* info, pith_message* message) {
  if (file == nullptr || !is_usable(info))
    return invalid(message, "there is no file or no place for the answer");
  if (info->struct_size != sizeof *info) return invalid(message, "the struct is not that of this version");
  if (index >= pith_tensor_count(file)) return invalid(message, "there is no tensor of that number");
  return with_memory(file->memory, message, [&] {
    describe(*file->opened, index, *info);
    return PITH_OK;
  });
}

pith_status pith_decode_tensor(const pith_file* file, size_t index, void* buffer, size_t size,
                               pith_message* message) {
  if (buffer == nullptr && index < pith_tensor_count(file) &&
      file->opened->container.tensors()[index].layout.dense_size != 0)
    return invalid(message, "the buffer is NULL");
  return pith_decode_tensors(file, index, 1, &buffer, &size, 1, message);
}

pith_status pith_decode_tensors(const pith_file* file, size_t first, size_t count, void* const* buffers,
                                const size_t* sizes, unsigned threads, pith_message* message) {
  if (file == nullptr) return invalid(message, "there is no file");
  const auto tensors = file->opened->container.tensors();
  if (first > tensors.size() || count > tensors.size() - first)
    return invalid(message, "there is no tensor of that number");
  if (count != 0 && (!is_usable(buffers) || !is_usable(sizes)))
    return invalid(message, "there are no buffers");
  return with_memory(file->memory, message, [&] {
    Vector<std::uint8_t*> places;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t wanted = tensors[first + i].layout.dense_size;
      const bool left_out = buffers[i] == nullptr && sizes[i] == 0;
      if (!left_out && sizes[i] < wanted) return too_small(message);
      if (!left_out && buffers[i] == nullptr && wanted != 0) return invalid(message, "a buffer is NULL");
      places.push_back(static_cast<std::uint8_t*>(buffers[i]));
    }
    return finish(decode_all(*file->opened, first, places, threads), message);
  });
}

pith_status pith_decode_parts(const pith_file* file, size_t index, void* const parts[3],
                              const size_t sizes[3], pith_message* message) {
  if (file == nullptr || !is_usable(parts) || !is_usable(sizes))
    return invalid(message, "there is no file or there are no buffers");
  if (index >= pith_tensor_count(file)) return invalid(message, "there is no tensor of that number");
  const TensorInfo& tensor = file->opened->container.tensors()[index];
  const auto wanted = part_sizes(tensor);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (sizes[i] < wanted[i]) return too_small(message);
    if (parts[i] == nullptr && wanted[i] != 0) return invalid(message, "a buffer is NULL");
  }
  if (tensor.header.form == Form::sparse && !is_aligned(static_cast<const std::int64_t*>(parts[0])))
    return invalid(message, "the buffer of positions is not aligned");
  return with_memory(file->memory, message,
                     [&] { return finish(decode_into_parts(tensor, parts), message); });
}

const void* pith_graph(const pith_file* file, size_t* size) {
  if (file == nullptr || !is_usable(size)) return nullptr;
  *size = file->opened->graph.size();
  return file->opened->graph.data();
}

pith_status pith_onnx_size(const pith_file* file, const char* location, size_t* size, pith_message* message) {
  if (file == nullptr || !is_usable(size))
    return invalid(message, "there is no file or no place for the answer");
  return with_memory(file->memory, message, [&] {
    const auto model = file->opened->onnx(location_of(location));
    if (!model) return finish(model.error(), message);
    *size = static_cast<std::size_t>(model->size());
    return PITH_OK;
  });
}

pith_status pith_to_onnx(const pith_file* file, const char* location, void* buffer, size_t size,
                         unsigned threads, pith_message* message) {
  if (file == nullptr || buffer == nullptr) return invalid(message, "there is no file or no buffer");
  return with_memory(file->memory, message, [&] {
    const auto model = file->opened->onnx(location_of(location));
    if (!model) return finish(model.error(), message);
    if (size < model->size()) return too_small(message);
    Vector<std::uint8_t*> places(file->opened->container.tensors().size());
    model->write(static_cast<std::uint8_t*>(buffer), places);
    return finish(decode_all(*file->opened, 0, places, threads), message);
  });
}

size_t pith_operator_count(const pith_file* file) {
  return file != nullptr ? file->opened->operator_names.size() : 0;
}

const char* pith_operator(const pith_file* file, size_t index) {
  return index < pith_operator_count(file) ? file->opened->operator_names[index] : nullptr;
}

pith_status pith_check_operators(const pith_file* file, const char* const* allowed, size_t count,
                                 pith_message* message) {
  if (file == nullptr || (count != 0 && !is_usable(allowed)))
    return invalid(message, "there is no file or no list");
  const std::span names(allowed, count);
  if (std::ranges::find(names, nullptr) != names.end()) return invalid(message, "a name in the list is NULL");
  return with_memory(file->memory, message, [&] {
    // Each operator of the model is another one, so no more than count + 1 of them are looked for.
    for (const std::string_view name : file->opened->container.operators()) {
      if (std::ranges::find(names, name, [](const char* n) { return std::string_view(n); }) == names.end())
        return fail(PITH_NOT_ALLOWED, message, quoted("operator", name, " is not allowed"));
    }
    return PITH_OK;
  });
}
