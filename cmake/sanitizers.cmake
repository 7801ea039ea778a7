# PITH_SANITIZE=address,undefined builds everything of ours with those sanitizers.
if(PITH_SANITIZE)
  add_compile_options(-fsanitize=${PITH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(PITH_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A check at every pointer costs a fifth of a build. A null pointer ends under AddressSanitizer as well; there are no
    # casts to derived classes here.
    add_compile_options(-fno-sanitize=null,object-size,vptr)
  endif()
  add_link_options(-fsanitize=${PITH_SANITIZE})
endif()
