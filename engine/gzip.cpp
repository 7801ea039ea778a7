#include "engine/gzip.h"

#include <algorithm>
#include <limits>
#include <new>

namespace pith::engine {
namespace {

// zlib counts in 32 bits.
uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

bool looks_like_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

void GzipReader::End::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

GzipReader::GzipReader(std::span<const std::byte> packed) : packed_(packed), stream_(new z_stream{}) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(stream_.get(), kGzipOnly) != Z_OK) throw std::bad_alloc();
}

Result<std::size_t> GzipReader::inflate_some(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    const uInt given = piece(packed_.size());
    const uInt room = piece(out.size() - done);
    stream_->next_in = reinterpret_cast<z_const Bytef*>(const_cast<std::byte*>(packed_.data()));
    stream_->avail_in = given;
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream_->avail_out = room;
    const int status = ::inflate(stream_.get(), Z_NO_FLUSH);
    packed_ = packed_.subspan(given - stream_->avail_in);
    done += room - stream_->avail_out;
    ended_ = status == Z_STREAM_END;
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_BUF_ERROR) return fail(ErrorCode::data, "the gzip data ends early");
    if (status != Z_OK && !ended_) return fail(ErrorCode::data, "the gzip data is damaged");
  }
  return done;
}

Result<void> GzipReader::read(std::span<std::byte> out) {
  PITH_TRY(const std::size_t count, inflate_some(out));
  if (count < out.size()) return fail(ErrorCode::data, "the gzip data ends early");
  return {};
}

Result<void> GzipReader::finish() {
  std::byte extra{};
  PITH_TRY(const std::size_t count, inflate_some({&extra, 1}));
  if (count > 0) return fail(ErrorCode::data, "the gzip data holds more than its header says");
  if (!packed_.empty()) return fail(ErrorCode::data, "something follows the gzip data");
  return {};
}

}  // namespace pith::engine
