// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/data/table/encoding.h"
#include "core/io/gz_reader.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;
using io::GzReader;
constexpr std::uint64_t size_limit = std::uint64_t{4} << 30;
constexpr std::size_t chunk = std::size_t{1} << 20;

struct ElementType {
  std::uint8_t code;
  const char* name;
  std::uint64_t size;
};

constexpr std::array<ElementType, 6> element_types = {{{0x08, "unsigned byte", 1},
                                                       {0x09, "signed byte", 1},
                                                       {0x0b, "int16", 2},
                                                       {0x0c, "int32", 4},
                                                       {0x0d, "float", 4},
                                                       {0x0e, "double", 8}}};

const ElementType* element_type(std::uint32_t code) {
  const auto it = std::find_if(element_types.begin(), element_types.end(),
                               [code](const ElementType& type) { return type.code == code; });
  return it == element_types.end() ? nullptr : it;
}

using Word = std::array<std::uint8_t, 4>;

Word read_word(GzReader& reader) {
  Word word{};
  if (reader.read(word.data(), word.size()) < word.size()) {
    reader.fail("the header is incomplete; 4 more bytes are expected.");
  }
  return word;
}

std::uint32_t number_of(const Word& b) {
  return static_cast<std::uint32_t>(b[0]) << 24 | static_cast<std::uint32_t>(b[1]) << 16 |
         static_cast<std::uint32_t>(b[2]) << 8 | b[3];
}

[[noreturn]] void fail_magic(const GzReader& reader, const Word& magic) {
  const std::string_view text(reinterpret_cast<const char*>(magic.data()), magic.size());
  const bool readable =
      std::all_of(magic.begin(), magic.end(), [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
  if (text.starts_with("<")) {
    reader.fail(fmt::format("a web page ('{}...'), but must be IDX; the download went wrong.",
                            tables::shown(text)));
  }
  if (text == "\x93NUM") reader.fail("a NumPy file, but must be IDX.");
  if (readable) reader.fail(fmt::format("text ('{}...'), but must be IDX.", text));
  reader.fail(fmt::format(
      "the magic number is 0x{:08x}, but must be 0x0000ttdd of IDX: element type tt of 08 to 0e "
      "and 1 to 4 dimensions dd.",
      number_of(magic)));
}

/// @return the number of bytes that the header announces.
std::uint64_t read_header(GzReader& reader, IdxArray& array) {
  const Word magic = read_word(reader);
  const ElementType* type = element_type(magic[2]);
  const int dimensions = magic[3];
  if (magic[0] != 0 || magic[1] != 0 || !type || dimensions < 1 || dimensions > 4) {
    fail_magic(reader, magic);
  }
  array.type = type->code;
  std::uint64_t size = type->size;
  for (int i = 0; i < dimensions; ++i) {
    const std::uint32_t extent = number_of(read_word(reader));
    array.shape.push_back(extent);
    // size <= 2^32 and extent < 2^32, so the product cannot wrap before it is checked.
    size *= extent;
    if (size > size_limit) {
      reader.fail(fmt::format("the header announces a size of more than {} bytes.", size_limit));
    }
  }
  return size;
}

/// Grows with what really arrives: a lying header costs no memory.
void read_elements(GzReader& reader, std::uint64_t size, std::vector<std::uint8_t>& bytes) {
  while (bytes.size() < size) {
    const std::size_t before = bytes.size();
    const std::size_t wanted = std::min<std::size_t>(chunk, size - before);
    bytes.resize(before + wanted);
    const std::size_t got = reader.read(bytes.data() + before, wanted);
    if (got < wanted) {
      reader.fail(
          fmt::format("the data have {} bytes, but the header announces {}.", before + got, size));
    }
  }
  std::uint8_t extra = 0;
  if (reader.read(&extra, 1) != 0) {
    reader.fail(fmt::format("more data follow the {} bytes that the header announces.", size));
  }
}

template <class T>
std::vector<double> converted(const std::vector<std::uint8_t>& bytes) {
  static_assert(std::endian::native == std::endian::little, "the file is big-endian");
  std::vector<double> out(bytes.size() / sizeof(T));
  std::array<std::uint8_t, sizeof(T)> element{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::reverse_copy(bytes.begin() + i * sizeof(T), bytes.begin() + (i + 1) * sizeof(T),
                      element.begin());
    out[i] = static_cast<double>(std::bit_cast<T>(element));
  }
  return out;
}

}  // namespace

std::string IdxArray::type_name() const { return element_type(type)->name; }

std::vector<double> IdxArray::numbers() const {
  switch (type) {
    case 0x08:
      return converted<std::uint8_t>(bytes);
    case 0x09:
      return converted<std::int8_t>(bytes);
    case 0x0b:
      return converted<std::int16_t>(bytes);
    case 0x0c:
      return converted<std::int32_t>(bytes);
    case 0x0d:
      return converted<float>(bytes);
    default:
      return converted<double>(bytes);
  }
}

IdxArray read_idx(const fs::path& path) {
  GzReader reader(path);
  IdxArray array;
  const std::uint64_t size = read_header(reader, array);
  read_elements(reader, size, array.bytes);
  return array;
}

}  // namespace ergo
