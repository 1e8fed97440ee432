import { stripVTControlCharacters } from "node:util";

/** C0 but tab and newline, DEL, C1, and the marks that turn the direction of writing. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO_WIDTH = /[\p{Mark}\u200b-\u200d\ufeff]/u;

/**
 * Makes foreign text (a worker's stderr, a server's banner) harmless to a terminal:
 * escape sequences and control characters go, newlines and tabs stay, carriage returns become newlines.
 */
export function stripControl(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n?/g, "\n").replace(CONTROL, "");
}

/** Foreign text as one line: newlines become `; `, tabs and runs of spaces one space. */
export function oneLine(text: string): string {
  const lines = stripControl(text).split("\n");
  const words = lines.map((line) => line.replace(/\s+/g, " ").trim());
  return words.filter((line) => line !== "").join("; ");
}

/** Columns that `text` takes on a terminal; escape sequences take none. */
export function width(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (WIDE.test(character)) columns += 2;
    else if (!ZERO_WIDTH.test(character)) columns += 1;
  }
  return columns;
}

/** Cuts uncoloured text to at most `columns`, with `~` in the last one where something is missing. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += width(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return columns >= 1 ? `${kept}~` : "";
}

/** Fills with spaces up to `columns`, at the end or (numbers) at the start. */
export function pad(text: string, columns: number, side: "end" | "start" = "end"): string {
  const fill = " ".repeat(Math.max(0, columns - width(text)));
  return side === "end" ? text + fill : fill + text;
}

/** Seconds as `0:42`, `12:05` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** `1 chunk`, `2 chunks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A speed in frames per second: one decimal while that says something. */
export function rate(fps: number): string {
  return fps < 99.95 ? fps.toFixed(1) : fps.toFixed(0);
}

/** Bytes as `812 KiB` or `1.4 GiB`. */
export function size(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}
