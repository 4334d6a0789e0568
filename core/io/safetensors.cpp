// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <type_traits>

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/json_check.h"
#include "core/io/sha256.h"

namespace ergo::io {
namespace {

static_assert(std::endian::native == std::endian::little, "the data are copied as they lie");

using Json = nlohmann::json;
constexpr std::uint64_t header_limit = 100'000'000;
constexpr std::size_t file_limit = std::size_t{16} << 30;
constexpr std::size_t max_dimensions = 8;
constexpr const char* data_key = "sha256";
constexpr const char* header_key = "header_sha256";

struct Reader {
  std::string source;
  [[noreturn]] void fail(const std::string& rule) const {
    throw Error(ExitCode::data,
                fmt::format("{} is not a valid safetensors file: {}", source, rule));
  }
};

struct ElementType {
  std::string_view name;
  std::uint64_t size;
  bool readable;  ///< elements() knows it
};

/// All types of the format; those of the first rows are read.
constexpr ElementType element_types[] = {
    {"F16", 2, true},  {"BF16", 2, true},     {"F32", 4, true},      {"F64", 8, true},
    {"I32", 4, true},  {"I64", 8, true},      {"BOOL", 1, false},    {"U8", 1, false},
    {"I8", 1, false},  {"F8_E5M2", 1, false}, {"F8_E4M3", 1, false}, {"I16", 2, false},
    {"U16", 2, false}, {"U32", 4, false},     {"U64", 8, false}};

const ElementType* element_type(std::string_view name) {
  const auto* it = std::find_if(std::begin(element_types), std::end(element_types),
                                [name](const ElementType& type) { return type.name == name; });
  return it == std::end(element_types) ? nullptr : it;
}

std::uint64_t element_size(std::string_view dtype) {
  const ElementType* type = element_type(dtype);
  return type ? type->size : 0;
}

bool checked_multiply(std::uint64_t a, std::uint64_t b, std::uint64_t& product) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return false;
  product = a * b;
  return true;
}

std::string_view header_text(std::string_view bytes, const Reader& reader) {
  if (bytes.size() < 8) {
    reader.fail(
        fmt::format("it has {} bytes, the length of the header alone takes 8", bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length > header_limit) {
    reader.fail(fmt::format("the header claims {} bytes, the limit is {}", length, header_limit));
  }
  if (length > bytes.size() - 8) {
    reader.fail(fmt::format("the header claims {} bytes, {} are left", length, bytes.size() - 8));
  }
  const std::string_view text = bytes.substr(8, length);
  if (!text.starts_with('{')) reader.fail("the header does not begin with '{'");
  return text;
}

/// nlohmann::json keeps the last of two equal keys; here the second one is an error.
Json parse_header(std::string_view text, const Reader& reader) {
  const std::string fault = json_fault(text, {.deepest = 4, .unique_keys = true});
  if (!fault.empty()) reader.fail("the header: " + fault);
  return Json::parse(text);
}

std::map<std::string, std::string> read_metadata(const Json& object, const Reader& reader) {
  if (!object.is_object()) reader.fail("'__metadata__' is not an object of strings");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) reader.fail(fmt::format("metadata '{}' is not a string", key));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

std::uint64_t read_unsigned(const Json& value, const std::string& what, const Reader& reader) {
  if (!value.is_number_unsigned()) reader.fail(what + " is not a whole number of at least 0");
  const auto number = value.get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    reader.fail(fmt::format("{} is {}, too large", what, number));
  }
  return number;
}

const Json& member(const Json& entry, const char* key, Json::value_t type, const std::string& name,
                   const Reader& reader) {
  const auto it = entry.find(key);
  if (it == entry.end() || it->type() != type) {
    reader.fail(fmt::format("tensor '{}' has no proper '{}'", name, key));
  }
  return *it;
}

struct Entry {
  Array array;
  std::uint64_t begin = 0, end = 0;
};

/// The number of bytes that dtype and shape ask for.
std::uint64_t read_shape(const Json& list, Entry& entry, const Reader& reader) {
  const std::string& name = entry.array.name;
  if (list.size() > max_dimensions) {
    reader.fail(fmt::format("tensor '{}' has {} dimensions, the limit is {}", name, list.size(),
                            max_dimensions));
  }
  std::uint64_t bytes = element_size(entry.array.dtype);
  for (const Json& item : list) {
    const std::uint64_t extent = read_unsigned(item, "a dimension of '" + name + "'", reader);
    if (!checked_multiply(bytes, extent, bytes)) {
      reader.fail(fmt::format("the shape of tensor '{}' overflows", name));
    }
    entry.array.shape.push_back(static_cast<std::int64_t>(extent));
  }
  return bytes;
}

Entry read_entry(const std::string& name, const Json& object, const Reader& reader) {
  if (!object.is_object()) reader.fail(fmt::format("tensor '{}' is not an object", name));
  if (object.size() != 3) {
    reader.fail(fmt::format("tensor '{}' has {} keys instead of dtype, shape and data_offsets",
                            name, object.size()));
  }
  Entry entry;
  entry.array.name = name;
  entry.array.dtype =
      member(object, "dtype", Json::value_t::string, name, reader).get<std::string>();
  if (element_size(entry.array.dtype) == 0) {
    reader.fail(fmt::format("tensor '{}' has dtype '{}', which the format does not have", name,
                            entry.array.dtype));
  }
  const auto bytes =
      read_shape(member(object, "shape", Json::value_t::array, name, reader), entry, reader);
  const Json& offsets = member(object, "data_offsets", Json::value_t::array, name, reader);
  if (offsets.size() != 2) reader.fail(fmt::format("tensor '{}' needs two data_offsets", name));
  entry.begin = read_unsigned(offsets[0], "an offset of '" + name + "'", reader);
  entry.end = read_unsigned(offsets[1], "an offset of '" + name + "'", reader);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    reader.fail(fmt::format("tensor '{}' needs {} bytes, its offsets are {} to {}", name, bytes,
                            entry.begin, entry.end));
  }
  return entry;
}

void place(std::vector<Entry>& entries, std::string_view data, const Reader& reader) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (Entry& entry : entries) {
    if (entry.begin != position) {
      reader.fail(fmt::format("tensor '{}' begins at byte {} instead of {}", entry.array.name,
                              entry.begin, position));
    }
    if (entry.end > data.size()) {
      reader.fail(fmt::format("tensor '{}' ends at byte {}, the data have {}", entry.array.name,
                              entry.end, data.size()));
    }
    entry.array.bytes = data.substr(entry.begin, entry.end - entry.begin);
    position = entry.end;
  }
  if (position != data.size()) {
    reader.fail(fmt::format("{} bytes follow the last tensor", data.size() - position));
  }
}

/// Text from outside may be no UTF-8: such bytes are replaced instead of failing at the end of a
/// run.
template <class Document>
std::string compact(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

/// SHA-256 of the compact JSON text of [metadata, {name: [dtype, shape, first byte]}].
std::string header_hash(const std::map<std::string, std::string>& metadata, const Json& tensors) {
  return sha256_hex(compact(Json::array({metadata, tensors})));
}

Json described(const Array& array, std::uint64_t begin) {
  return Json::array({array.dtype, array.shape, begin});
}

void check_seal(SafeTensors& tensors, const std::vector<Entry>& entries, std::string_view data,
                const Reader& reader) {
  const auto take = [&tensors](const char* key) {
    const auto node = tensors.metadata.extract(key);
    return node.empty() ? std::string() : node.mapped();
  };
  const std::string of_data = take(data_key), of_header = take(header_key);
  if (!of_data.empty() && of_data != sha256_hex(data))
    reader.fail("its data do not have the SHA-256 that its metadata name; it was damaged");
  if (of_header.empty()) return;
  Json list = Json::object();
  for (const Entry& e : entries) list[e.array.name] = described(e.array, e.begin);
  if (of_header != header_hash(tensors.metadata, list))
    reader.fail("its header does not have the SHA-256 that its metadata name; it was damaged");
}

/// In the order of the data: 8-byte elements first.
std::vector<const Array*> in_order(const SafeTensors& tensors) {
  std::vector<const Array*> order;
  std::set<std::string_view> names;
  for (const Array& array : tensors.arrays) {
    order.push_back(&array);
    if (!names.insert(array.name).second)
      throw std::invalid_argument("two arrays are called '" + array.name + "'");
  }
  std::stable_sort(order.begin(), order.end(), [](const Array* a, const Array* b) {
    return element_size(a->dtype) > element_size(b->dtype);
  });
  return order;
}

std::string assemble(const SafeTensors& tensors, bool sealed) {
  std::string data;
  Json list = Json::object();
  std::vector<std::pair<std::string, Json>> entries;  // ordered_json would look every name up
  for (const Array* array : in_order(tensors)) {
    const std::size_t begin = data.size();
    data += array->bytes;
    list[array->name] = described(*array, begin);
    entries.emplace_back(array->name, Json{{"dtype", array->dtype},
                                           {"shape", array->shape},
                                           {"data_offsets", {begin, data.size()}}});
  }
  auto metadata = tensors.metadata;
  if (sealed) {
    metadata[header_key] = header_hash(tensors.metadata, list);
    metadata[data_key] = sha256_hex(data);
  }
  std::string text = "{";
  const auto add = [&text](const std::string& name, const Json& value) {
    text += (text.size() > 1 ? "," : "") + compact(Json(name)) + ":" + compact(value);
  };
  if (!metadata.empty()) add("__metadata__", metadata);
  for (const auto& [name, entry] : entries) add(name, entry);
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text + data;
}

template <class Stored, class Wanted>
void convert(const std::string& bytes, std::vector<Wanted>& out) {
  out.resize(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = static_cast<Wanted>(value);
  }
}

/// IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 of fraction.
struct Half {
  std::uint16_t bits;
  explicit operator double() const {
    const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    double value = std::ldexp(fraction + (exponent > 0 ? 1024 : 0), std::max(exponent, 1) - 25);
    if (exponent == 31) {
      value = fraction == 0 ? std::numeric_limits<double>::infinity()
                            : std::numeric_limits<double>::quiet_NaN();
    }
    return bits >> 15 ? -value : value;
  }
  explicit operator float() const { return static_cast<float>(static_cast<double>(*this)); }
};

/// The upper half of a float.
struct Brain {
  std::uint16_t bits;
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  explicit operator double() const { return static_cast<float>(*this); }
};

template <class Wanted>
std::vector<Wanted> elements(const Array& array) {
  std::vector<Wanted> out;
  if (array.dtype == "F32") convert<float>(array.bytes, out);
  if (array.dtype == "F64") convert<double>(array.bytes, out);
  if (array.dtype == "I32") convert<std::int32_t>(array.bytes, out);
  if (array.dtype == "I64") convert<std::int64_t>(array.bytes, out);
  if constexpr (std::is_floating_point_v<Wanted>) {
    if (array.dtype == "F16") convert<Half>(array.bytes, out);
    if (array.dtype == "BF16") convert<Brain>(array.bytes, out);
  }
  return out;
}

template <class T>
Array make_array(std::string name, const char* dtype, std::vector<std::int64_t> shape,
                 const std::vector<T>& values) {
  Array array{std::move(name), dtype, std::move(shape), {}};
  if (array.size() != static_cast<std::int64_t>(values.size())) {
    throw std::invalid_argument(fmt::format("array '{}': shape holds {} elements, given are {}",
                                            array.name, array.size(), values.size()));
  }
  array.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return array;
}

}  // namespace

bool Array::is_real() const { return dtype.find('F') != std::string::npos; }

std::int64_t Array::size() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) product *= extent;
  return product;
}

std::vector<float> Array::floats() const { return elements<float>(*this); }
std::vector<double> Array::doubles() const { return elements<double>(*this); }

std::vector<std::int64_t> Array::integers() const {
  if (dtype != "I64") throw std::invalid_argument("array '" + name + "' holds no integers");
  return elements<std::int64_t>(*this);
}

Array from_floats(std::string name, std::vector<std::int64_t> shape,
                  const std::vector<float>& values) {
  return make_array(std::move(name), "F32", std::move(shape), values);
}

Array from_doubles(std::string name, std::vector<std::int64_t> shape,
                   const std::vector<double>& values) {
  return make_array(std::move(name), "F64", std::move(shape), values);
}

Array from_integers(std::string name, std::vector<std::int64_t> shape,
                    const std::vector<std::int64_t>& values) {
  return make_array(std::move(name), "I64", std::move(shape), values);
}

void require_finite(const Array& array, const std::string& source) {
  const std::vector<double> values = array.doubles();
  const auto bad =
      std::find_if_not(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  if (bad == values.end()) return;
  throw Error(ExitCode::data, fmt::format("{}: number {} of tensor '{}' is {}, but must be finite.",
                                          source, bad - values.begin(), array.name, *bad));
}

const Array* SafeTensors::find(std::string_view name) const {
  const auto it = std::find_if(arrays.begin(), arrays.end(),
                               [name](const Array& array) { return array.name == name; });
  return it == arrays.end() ? nullptr : &*it;
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& source) {
  const Reader reader{source};
  const std::string_view text = header_text(bytes, reader);
  const Json header = parse_header(text, reader);
  SafeTensors tensors;
  std::vector<Entry> entries;
  for (const auto& [name, object] : header.items()) {
    if (name == "__metadata__")
      tensors.metadata = read_metadata(object, reader);
    else
      entries.push_back(read_entry(name, object, reader));
  }
  const std::string_view data = bytes.substr(8 + text.size());
  place(entries, data, reader);
  check_seal(tensors, entries, data, reader);
  for (Entry& entry : entries) {
    Array& array = entry.array;
    if (element_type(array.dtype)->readable)
      tensors.arrays.push_back(std::move(array));
    else
      tensors.unreadable.push_back(fmt::format("{} ({})", array.name, array.dtype));
  }
  return tensors;
}

SafeTensors load_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path, file_limit), path.string());
}

std::string strip_wrappers(SafeTensors& tensors) {
  std::string prefix;
  const auto all_begin = [&tensors](const std::string& with) {
    return !tensors.arrays.empty() &&
           std::all_of(tensors.arrays.begin(), tensors.arrays.end(),
                       [&with](const Array& array) { return array.name.starts_with(with); });
  };
  for (bool more = true; more;) {
    more = false;
    for (const char* part : {"_orig_mod.", "module."}) {
      if (all_begin(prefix + part)) prefix += part, more = true;
    }
  }
  for (Array& array : tensors.arrays) array.name.erase(0, prefix.size());
  return prefix;
}

std::string serialise(const SafeTensors& tensors) { return assemble(tensors, false); }
std::string serialise_sealed(const SafeTensors& tensors) { return assemble(tensors, true); }

void save_safetensors(const std::filesystem::path& path, const SafeTensors& tensors) {
  write_file(path, serialise_sealed(tensors));
}

}  // namespace ergo::io
