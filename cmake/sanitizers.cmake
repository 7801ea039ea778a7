# PITH_SANITIZE=address,undefined builds everything of ours with those sanitizers.
if(PITH_SANITIZE)
  add_compile_options(-fsanitize=${PITH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PITH_SANITIZE})
endif()
