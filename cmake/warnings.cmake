# Warnings every target of ours is built with; third-party headers are SYSTEM.
add_library(pith_warnings INTERFACE)
target_compile_options(pith_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wdouble-promotion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives of these in inlined std::variant, std::vector and std::string.
  target_compile_options(pith_warnings INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++ 12's own stable_sort uses a function that it deprecates; clang's double-promotion
  # also refuses to pass a float where a double is taken, which is exact.
  target_compile_options(pith_warnings INTERFACE -Wno-deprecated-declarations -Wno-double-promotion)
endif()
