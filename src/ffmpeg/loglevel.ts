/** ffmpeg's levels (libavutil/log.h): a message is shown when its level is not above the chosen one. */
export const LEVELS = {
  quiet: -8,
  panic: 0,
  fatal: 8,
  error: 16,
  warning: 24,
  info: 32,
  verbose: 40,
  debug: 48,
  trace: 56,
} as const;

export type LevelName = keyof typeof LEVELS;

function isLevelName(text: string): text is LevelName {
  return Object.hasOwn(LEVELS, text);
}

/**
 * Reads what ffmpeg's -v and -loglevel take: a name or a number, with flags before it (`repeat+level+warning`).
 * Flags alone keep the level at ffmpeg's own default, info. Returns undefined for what ffmpeg would refuse.
 */
export function parseLoglevel(text: string): number | undefined {
  const level = text.replace(/^(?:[+-]?(?:repeat|level|time|datetime)(?=[+-]|$))+/, "").replace(/^\+/, "");
  if (level === "") return LEVELS.info;
  if (isLevelName(level)) return LEVELS[level];
  return /^-?\d+$/.test(level) ? Number(level) : undefined;
}

/** A line of ffmpeg's log, its words alone, and how much it matters (see LEVELS). */
export interface LogLine {
  readonly level: number;
  readonly text: string;
}

const LEVELLED =
  /^((?:\[[^\]]* @ (?:0x)?[0-9a-f]+\] )*)\[(quiet|panic|fatal|error|warning|info|verbose|debug|trace)\] /;

/** Options that make ffmpeg tell the level of each line (libavutil/log.c AV_LOG_PRINT_LEVEL); `LogReader` takes it off again. */
export function tellLevels(level: LevelName): string[] {
  return ["-v", `+level+${level}`];
}

/** Reads the log of an ffmpeg that was started with `tellLevels`. A line without a level goes with the one before it. */
export class LogReader {
  #level: number = LEVELS.info;

  /** One line without its end. */
  read(line: string): LogLine {
    const [all = "", speakers = "", level] = LEVELLED.exec(line) ?? [];
    if (level !== undefined && isLevelName(level)) this.#level = LEVELS[level];
    return { level: this.#level, text: speakers + line.slice(all.length) };
  }
}
