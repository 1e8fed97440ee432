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
