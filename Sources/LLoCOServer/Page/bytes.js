// Pieces of a document's text. Offsets are in UTF-8 bytes; pieces contain whole characters.

import { request } from "./api.js";
import { interrupted } from "./failures.js";
import { documentPath } from "./groups.js";

export const decoded = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const continues = (byte) => (byte & 0xc0) === 0x80;
const characterLength = (lead) => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1);

/** The start of the character at an offset. */
export function characterStart(bytes, offset) {
  let start = Math.min(Math.max(0, offset), bytes.length);
  while (start > 0 && start < bytes.length && continues(bytes[start])) start -= 1;
  return start;
}

/** The whole characters between the bytes `low` and `high` of a document, their offset, and the document's length. */
export async function readBytes(id, low, high) {
  const start = Math.max(0, low);
  const response = await request(`${documentPath(id)}/text`, {
    headers: { Range: `bytes=${start}-${Math.max(start, high - 1)}` },
  });
  let bytes;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw interrupted();
  }
  if (response.status === 200) return { bytes, from: 0, total: bytes.length };
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range")) ?? [0, start, high];
  return wholeCharacters(bytes, Number(from), Number(total));
}

function wholeCharacters(bytes, from, total) {
  let first = 0;
  while (from > 0 && first < bytes.length && continues(bytes[first])) first += 1;
  let last = bytes.length;
  if (from + last < total) {
    const lead = characterStart(bytes, last - 1);
    if (lead + characterLength(bytes[lead]) > last) last = lead;
  }
  return { bytes: bytes.subarray(first, last), from: from + first, total };
}
