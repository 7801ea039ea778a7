// Which results are worth storing: folding must not make a file larger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pith::passes::fold {

// A constant that is there, or the known result of a node.
struct Piece {
  std::uint64_t bytes = 0;       // of the values
  std::uint64_t overhead = 0;    // that a constant takes beside them in a file
  std::uint64_t node_bytes = 0;  // that the node of a result takes in a file
  bool is_result = false;
  bool needed = false;              // something that is no piece reads it
  std::size_t content = 0;          // equal for results of equal bits: they are stored once
  std::vector<std::size_t> inputs;  // the pieces that a result is computed from; all before it
};

// For each piece: whether it is a result whose node goes. A result that goes is stored if it is needed or a
// node that stays reads it; a constant that nothing reads any more is freed. Results that are connected
// through other results, or constants of more than `free_bytes` bytes, are taken together: what they store
// may not be more than what they free, else the largest of those stored stay nodes, and the others are asked
// again. Pieces of up to `free_bytes` cost nothing and free nothing, as long as the file as a whole does not
// grow by that; if it would, each byte counts, those of nodes too.
[[nodiscard]] std::vector<bool> worth_folding(const std::vector<Piece>& pieces, std::uint64_t free_bytes);

}  // namespace pith::passes::fold
