# What the files of modules include most, parsed once. The loader, which others build too and which has flags of its
# own, goes without.
add_library(pith_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
target_include_directories(pith_precompiled PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(pith_precompiled PRIVATE fmt::fmt pith_warnings)
target_precompile_headers(pith_precompiled PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled.h)

# pith_module(FOLDER USES FOLDER... LINKS TARGET...)
#   FOLDER  one static library from every .cpp in that folder and the folders
#           below it that are not modules themselves; target pith_<folder>
#   USES    the folders of ours that its headers may include
#   LINKS   third-party targets
function(pith_module folder)
  cmake_parse_arguments(MODULE "" "" "USES;LINKS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(folder STREQUAL "ir")
    list(FILTER sources EXCLUDE REGEX "/ir/onnx/")
  endif()
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/cli/main.cpp)
  add_library(pith_${name} STATIC ${sources})
  target_include_directories(pith_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  list(TRANSFORM MODULE_USES REPLACE "/" "_")
  list(TRANSFORM MODULE_USES PREPEND "pith_")
  target_link_libraries(pith_${name} PUBLIC ${MODULE_USES} ${MODULE_LINKS} PRIVATE pith_warnings)
  target_compile_definitions(pith_${name} PRIVATE PITH_VERSION="${PROJECT_VERSION}")
  if(PITH_SANITIZE MATCHES "undefined" AND folder MATCHES "^(ir/onnx|engine|report|cli)$")
    # Bytes become numbers in the other folders.
    target_compile_options(pith_${name} PRIVATE -fno-sanitize=alignment)
  endif()
  if(NOT folder STREQUAL "loader")
    target_precompile_headers(pith_${name} REUSE_FROM pith_precompiled)
  endif()
endfunction()
