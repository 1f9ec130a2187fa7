// Formats numbers, dates, sizes and durations.

export const numbers = new Intl.NumberFormat("en");
export const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export const count = (number, thing) => `${numbers.format(number)} ${thing}${number === 1 ? "" : "s"}`;
export const percent = (part, whole) => `${Math.round((100 * part) / Math.max(1, whole))} %`;

export function moment(text, format = times) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const unit = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${Number((bytes / unit[1]).toPrecision(3))} ${unit[0]}`;
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
