/**
 * What ffmpeg says of a running encode, in `-progress` blocks and in stat lines.
 * A field is missing when ffmpeg did not say it or said `N/A`.
 */
export interface Progress {
  /** Video frames written so far. */
  readonly frame?: number;
  /** Average over the whole run. */
  readonly fps?: number;
  /** Quantizer of the last frame; -1 for a copied stream. */
  readonly q?: number;
  /** Those of further video streams. */
  readonly moreQ?: readonly number[];
  /** Bytes written so far. */
  readonly size?: number;
  /** How far the output reaches, in microseconds of film; may be below zero. */
  readonly time?: number;
  /** Kilobits (1000 bits) per second of film. */
  readonly bitrate?: number;
  readonly dup?: number;
  readonly drop?: number;
  /** Seconds of film per second of work. */
  readonly speed?: number;
  /** True for ffmpeg's final report. */
  readonly last: boolean;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const CLOCK = /^(-?)(\d{1,6}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/;

/**
 * ffmpeg 5.1 prints the time of "no frame yet" as -577014:32:22.77 (INT64_MIN in
 * microseconds); no film is a tenth that long.
 */
const LONGEST_HOURS = 50_000;

/** Units of `size=`: all count 1024, whatever their spelling (`kB` to ffmpeg 6, `KiB` from 7). */
const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1024],
  ["kib", 1024],
  ["mb", 1024 ** 2],
  ["mib", 1024 ** 2],
  ["gb", 1024 ** 3],
  ["gib", 1024 ** 3],
]);

function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function parseCount(text: string | undefined): number | undefined {
  const value = parseNumber(text);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function parseSize(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text ?? "") ?? [];
  const factor = SIZE_UNITS.get((unit ?? "").toLowerCase());
  const value = parseNumber(digits);
  return value === undefined || factor === undefined ? undefined : Math.round(value * factor);
}

function parseWithUnit(text: string | undefined, unit: string): number | undefined {
  return text?.endsWith(unit) === true ? parseNumber(text.slice(0, -unit.length)) : undefined;
}

function parseClock(text: string | undefined): number | undefined {
  const match = CLOCK.exec(text ?? "");
  if (match === null) return undefined;
  const [, sign, hours, minutes, seconds, fraction = ""] = match;
  if (Number(hours) > LONGEST_HOURS) return undefined;
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const microseconds = whole * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6));
  // Not -microseconds: that would make -0 of zero.
  return sign === "-" ? 0 - microseconds : microseconds;
}

function parseMicroseconds(text: string | undefined): number | undefined {
  const value = parseNumber(text);
  if (value === undefined || !Number.isSafeInteger(value)) return undefined;
  return Math.abs(value) > LONGEST_HOURS * 3600e6 ? undefined : value;
}

type Loose = { [K in keyof Progress]: Progress[K] | undefined };

/** Leaves out what is undefined, so that a missing field is missing. */
function compact(fields: Loose & { readonly last: boolean }): Progress {
  const known: { -readonly [K in keyof Progress]?: Progress[K] } & { last: boolean } = { last: fields.last };
  const keys = ["frame", "fps", "q", "size", "time", "bitrate", "dup", "drop", "speed"] as const;
  for (const key of keys) {
    const value = fields[key];
    if (value !== undefined) known[key] = value;
  }
  return known;
}

/**
 * Reads a stat line (`frame=   12 fps=0.0 q=28.0 size=     256kB time=00:00:01.23 ...`) as ffmpeg 4 to 8 print it.
 * Several reports overwriting each other by carriage returns count as the last of them.
 * Returns undefined for any other line; nothing in the line can make it throw.
 */
export function parseStatLine(line: string): Progress | undefined {
  const report = line.trimEnd().split("\r").at(-1) ?? "";
  const values = new Map<string, string>();
  for (const [, key, value] of report.matchAll(/\b([A-Za-z]{1,20})=\s*([^\s=]+)/g)) {
    // With several video streams `q=` comes once for each: the first is the one that `frame=` counts.
    if (key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
  }
  const last = values.has("Lsize");
  if (!values.has("time") || !values.has("bitrate") || !(last || values.has("size"))) return undefined;
  return compact({
    frame: parseCount(values.get("frame")),
    fps: parseNumber(values.get("fps")),
    q: parseNumber(values.get("q")),
    size: parseSize(values.get(last ? "Lsize" : "size")),
    time: parseClock(values.get("time")),
    bitrate: parseWithUnit(values.get("bitrate"), "kbits/s"),
    dup: parseCount(values.get("dup")),
    drop: parseCount(values.get("drop")),
    speed: parseWithUnit(values.get("speed"), "x"),
    last,
  });
}

/** Keys of a `-progress` block that are kept; all others are skipped, so that a block cannot grow without bound. */
const BLOCK_KEYS: ReadonlySet<string> = new Set(
  "frame fps q bitrate total_size out_time_us out_time_ms out_time dup_frames drop_frames speed".split(" "),
);

/** No block is read beyond this many video streams. */
const MOST_STREAMS = 100;

/**
 * Gathers the lines of ffmpeg's `-progress` output into blocks.
 * Feed it every line; foreign lines are ignored.
 */
export class ProgressBlocks {
  readonly #values = new Map<string, string>();
  readonly #moreQ: number[] = [];

  /** Takes one line without its newline; returns the report when the line (`progress=continue` or `end`) closes a block. */
  push(line: string): Progress | undefined {
    const [, rawKey, rawValue] = /^([A-Za-z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (rawKey === undefined || rawValue === undefined) return undefined;
    const value = rawValue.trim();
    if (rawKey === "progress") return this.#close(value === "end");
    const key = /^stream_\d+_\d+_q$/.test(rawKey) ? "q" : rawKey;
    if (key === "q" && this.#values.has("q")) this.#another(parseNumber(value));
    else if (BLOCK_KEYS.has(key)) this.#values.set(key, value);
    return undefined;
  }

  #another(q: number | undefined): void {
    if (q !== undefined && this.#moreQ.length < MOST_STREAMS) this.#moreQ.push(q);
  }

  #close(last: boolean): Progress {
    const get = (key: string): string | undefined => this.#values.get(key);
    const moreQ = this.#moreQ.splice(0);
    const report = compact({
      frame: parseCount(get("frame")),
      fps: parseNumber(get("fps")),
      q: parseNumber(get("q")),
      size: parseCount(get("total_size")),
      // out_time_ms has always been microseconds too (fftools/ffmpeg.c); old builds have only that.
      time:
        parseMicroseconds(get("out_time_us")) ?? parseClock(get("out_time")) ?? parseMicroseconds(get("out_time_ms")),
      bitrate: parseWithUnit(get("bitrate"), "kbits/s"),
      dup: parseCount(get("dup_frames")),
      drop: parseCount(get("drop_frames")),
      speed: parseWithUnit(get("speed"), "x"),
      last,
    });
    this.#values.clear();
    return moreQ.length === 0 ? report : { ...report, moreQ };
  }
}
