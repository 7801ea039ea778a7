#include "codec/list.h"

#include "codec/entropy_code.h"

namespace pith::codec {

void add_passes(passes::PassRegistry& registry) {
  registry.add<EntropyCode>();
}

}  // namespace pith::codec
