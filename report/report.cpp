#include "report/report.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <memory>

namespace pith::report {
std::optional<double> QualityEntry::drop() const {
  if (!before) return std::nullopt;
  return higher_is_better ? *before - after : after - *before;
}

double CompressReport::ratio() const {
  return after.bytes == 0 ? 0 : static_cast<double>(before.bytes) / static_cast<double>(after.bytes);
}

ModelSize size_of(const ir::Model& model, Storage storage, std::uint64_t file_bytes) {
  return size_of(model, storage, file_bytes, count_macs(model));
}

ModelSize size_of(const ir::Model& model, Storage storage, std::uint64_t file_bytes, const MacCount& macs) {
  ModelSize size;
  size.bytes = file_bytes;
  if (macs.nodes > 0 || macs.unknown_nodes == 0) size.macs = macs.total;
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    size.nodes += graph.nodes().size();
    for (const ir::ValueId id : graph.values()) {
      const auto& constant = graph.value(id).constant;
      if (constant == nullptr) continue;
      size.weight_bytes += bytes_in(storage, *constant);
      if (ir::is_float(constant->dtype)) size.parameters += ir::element_count(constant->shape).value_or(0);
    }
  }
  return size;
}

std::string sha256(std::span<const std::byte> bytes) {
  return sha256_of(ir::Buffer::view(bytes));
}

std::string sha256_of(const ir::Buffer& bytes) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const ir::Buffer& window : bytes.windows()) {
    EVP_DigestUpdate(context.get(), window.bytes().data(), window.size());
    window.release();
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace pith::report
