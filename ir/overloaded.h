// std::visit with one lambda a case.
#pragma once

namespace pith::ir {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace pith::ir
