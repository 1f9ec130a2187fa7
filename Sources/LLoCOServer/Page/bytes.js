// Pieces of a document's text. Offsets are bytes of UTF-8; pieces begin and end between characters.

import { request } from "./api.js";
import { brokenOff } from "./failures.js";
import { documentPath } from "./groups.js";

export const decoded = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const continues = (byte) => (byte & 0xc0) === 0x80;
const characterLength = (lead) => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1);

/** The start of the character that an offset is in. */
export function characterStart(bytes, offset) {
  let start = Math.min(Math.max(0, offset), bytes.length);
  while (start > 0 && start < bytes.length && continues(bytes[start])) start -= 1;
  return start;
}

/** The whole characters among a document's bytes from `low` to `high`, where they begin, and how long all of it is. */
export async function readBytes(id, low, high) {
  const asked = Math.max(0, low);
  const response = await request(`${documentPath(id)}/text`, {
    headers: { Range: `bytes=${asked}-${Math.max(asked, high - 1)}` },
  });
  let bytes;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw brokenOff();
  }
  if (response.status === 200) return { bytes, from: 0, total: bytes.length };
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range")) ?? [0, asked, high];
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
