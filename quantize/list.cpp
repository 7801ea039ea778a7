#include "quantize/list.h"

#include "quantize/quantize_weights.h"
#include "quantize/rd_quantize.h"
#include "quantize/share_weights.h"

namespace pith::quantize {

void add_passes(passes::PassRegistry& registry) {
  registry.add<QuantizeWeights>();
  registry.add<RdQuantize>();
  registry.add<ShareWeights>();
}

}  // namespace pith::quantize
