/* The types of the C interface of pith (pith.h). C99. */
#ifndef PITH_TYPES_H
#define PITH_TYPES_H

/* C, with the names that C has. NOLINTBEGIN */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a function returns. Numbers are never given another meaning; later versions may add some. */
typedef enum pith_status {
  PITH_OK = 0,
  PITH_INVALID_ARGUMENT = 1, /* NULL, a misaligned pointer, a struct of unknown size, an index out of range */
  PITH_UNREADABLE = 2,       /* the system does not give the file's bytes */
  PITH_DAMAGED = 3,          /* not a .pith file, or not the bytes that were written */
  PITH_UNSUPPORTED = 4,      /* a version, feature, form or coder that this library does not know */
  PITH_LIMIT = 5,            /* more than the caller's limits, or than ONNX's 2 GiB for a message, allow */
  PITH_OUT_OF_MEMORY = 6,    /* an allocation failed; the call may be repeated */
  PITH_BUFFER_TOO_SMALL = 7, /* nothing was written */
  PITH_NOT_ALLOWED = 8       /* an operator that is not in the caller's list */
} pith_status;

/* One sentence about a failure, in UTF-8, always ended by NUL, cut where it is longer. Empty after PITH_OK.
 */
typedef struct pith_message {
  char text[256];
} pith_message;

/* An open file. */
typedef struct pith_file pith_file;

enum {
  /* pith_open_file() maps the file instead of reading it into memory. It must then stay as it is until
   * pith_close(): reading from a mapped file that was cut short ends the process. */
  PITH_MAP_FILE = 1
};

/* How a file is opened. Set everything to zero, then struct_size, then what shall be different. */
typedef struct pith_options {
  uint32_t struct_size;       /* sizeof(pith_options); what a later version adds must be zero here */
  uint32_t flags;             /* 0 or PITH_MAP_FILE */
  uint64_t max_file_bytes;    /* size of the file; 0: no limit */
  uint64_t max_decoded_bytes; /* graph and all tensors together; 0: 8 GiB */
  /* The caller's memory, or both NULL: C++'s operator new. `allocate` returns memory aligned as that of
   * malloc(), or NULL. Both are called by every thread that uses the file, those that the library starts
   * among them, and by no one after pith_close(). Not from here come error sentences, threads and what zstd
   * needs for the graph (below 200 KB together), all given back before a call returns. */
  void* (*allocate)(size_t size, void* user);
  void (*release)(void* memory, void* user);
  void* user;
} pith_options;

/* How the values of a tensor are stored. */
typedef enum pith_form {
  PITH_DENSE = 0,    /* parts: values */
  PITH_AFFINE = 1,   /* parts: codes, scales, zero points; value = (code - zero point) * scale */
  PITH_CODEBOOK = 2, /* parts: indices, centroids; value = centroid[index] */
  PITH_SPARSE = 3    /* parts: positions, values; the others are zero */
} pith_form;

enum { PITH_MAX_RANK = 8, PITH_MAX_PARTS = 3, PITH_NO_AXIS = 255 };

/* The external_offset of a tensor of a subgraph: runtimes look for external data in the main graph only. */
#define PITH_ALWAYS_INSIDE UINT64_MAX

/* One stored tensor. */
typedef struct pith_tensor {
  uint32_t struct_size;     /* set by the caller to sizeof(pith_tensor) */
  uint32_t dtype;           /* ONNX's TensorProto.DataType of the values */
  uint32_t form;            /* a pith_form; affine and codebook tensors are float32 */
  uint32_t rank;            /* at most 8 */
  uint64_t dims[8];         /* the first `rank` of them; the rest 0 */
  const char* name;         /* of the initializer; UTF-8, ended by NUL; valid until pith_close() */
  uint64_t elements;        /* the product of dims */
  uint64_t bytes;           /* of the plain values: row-major, little-endian, as ONNX's raw_data */
  uint64_t stored_bytes;    /* in the file */
  uint64_t external_offset; /* in the file of external data, see pith_to_onnx(); or PITH_ALWAYS_INSIDE */
  uint64_t part_bytes[3];   /* of the parts of the form, decoded; 0 for those that there are not */
  uint64_t block;           /* affine: elements along the axis that share a scale; 0: see axis */
  uint64_t entries;         /* codebook: centroids in each codebook */
  uint32_t code_bits;       /* affine, codebook: 1 to 8; each code still takes one byte in its part */
  uint32_t code_is_signed;  /* affine: 1 when codes and zero points are int8, 0 when uint8 */
  uint32_t axis;            /* affine, codebook: along which scales or codebooks differ; or PITH_NO_AXIS */
  uint32_t reserved;        /* 0 */
} pith_tensor;

#ifdef __cplusplus
}
#endif

/* NOLINTEND */
#endif
