// Where the loader takes its memory from: the caller's functions during a call of the C API, operator new
// otherwise.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <type_traits>
#include <vector>

namespace pith::loader {

// A caller's functions, or none. `allocate` gives memory that is aligned as malloc()'s is, or nullptr.
struct Memory {
  void* (*allocate)(std::size_t size, void* user) = nullptr;
  void (*release)(void* memory, void* user) = nullptr;
  void* user = nullptr;

  // nullptr when there is none.
  [[nodiscard]] void* take(std::size_t size) const {
    return allocate != nullptr ? allocate(size, user) : ::operator new(size, std::nothrow);
  }
  void give_back(void* memory) const {
    if (allocate != nullptr) {
      release(memory, user);
    } else {
      ::operator delete(memory);
    }
  }
};

// Makes `memory`, which must outlive everything that is allocated from it, this thread's while it lives.
class MemoryScope {
 public:
  explicit MemoryScope(const Memory& memory) : before_(current_) { current_ = &memory; }
  ~MemoryScope() { current_ = before_; }
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

  // nullptr outside of any scope.
  [[nodiscard]] static const Memory* current() { return current_; }

 private:
  const Memory* before_;
  // NOLINTNEXTLINE(readability-identifier-naming): as members
  static inline thread_local const Memory* current_ = nullptr;
};

// Takes from the memory that was this thread's when the allocator was made.
template <class T>
class Allocator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): names that the standard library asks for
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  // NOLINTEND(readability-identifier-naming)
  static_assert(alignof(T) <= alignof(std::max_align_t));

  Allocator() noexcept : memory_(MemoryScope::current()) {}
  template <class U>
  Allocator(const Allocator<U>& other) noexcept : memory_(other.memory()) {}  // NOLINT: as allocators do

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
    void* memory = Memory(memory_ != nullptr ? *memory_ : Memory()).take(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) noexcept {
    (memory_ != nullptr ? *memory_ : Memory()).give_back(static_cast<void*>(memory));
  }

  [[nodiscard]] const Memory* memory() const noexcept { return memory_; }
  bool operator==(const Allocator& other) const noexcept { return memory_ == other.memory_; }

 private:
  const Memory* memory_;
};

template <class T>
using Vector = std::vector<T, Allocator<T>>;

}  // namespace pith::loader
