// Pipeline text of any kind is parsed or refused, and what is parsed prints as text that reads back the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/list.h"
#include "passes/list.h"
#include "passes/pipeline.h"
#include "prune/list.h"
#include "quantize/list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pith::passes::PassRegistry, pith::passes::Pipeline;
  static const PassRegistry kRegistry = [] {
    PassRegistry registry;
    pith::passes::add_passes(registry);
    pith::prune::add_passes(registry);
    pith::quantize::add_passes(registry);
    pith::codec::add_passes(registry);
    return registry;
  }();
  const auto pipeline =
      Pipeline::parse(std::string_view(reinterpret_cast<const char*>(data), size), kRegistry);
  if (!pipeline) return 0;
  const auto again = Pipeline::parse(pipeline->print(), kRegistry);
  if (!again || again->print() != pipeline->print()) std::abort();
  return 0;
}
