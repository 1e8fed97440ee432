/**
 * Do ffmpeg expressions (libavutil/eval.c) depend on more than one frame and its
 * time? Found by the identifiers in them, not by evaluation: too strict at times,
 * never too lax.
 */

/**
 * Variables that count frames or bytes, or carry what earlier frames left. `r`,
 * `tb` and `pts` are the link's rate, time base and raw ticks: a chunk is in a
 * container of its own, whose ticks and guessed rate may differ from the film's.
 */
const VARIABLES = new Set(
  `n N in on out_time pos pts PTS r tb TB FR FRAME_RATE S SR STARTPTS STARTT PREV_INPTS PREV_INT PREV_OUTPTS
   PREV_OUTT RTCTIME RTCSTART T_CHANGE duration pduration pkt_pos pkt_size pkt_duration zoom px py x_prev y_prev`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

/**
 * Functions that remember: st() writes registers that last as long as the parsed
 * expression, so ld() may read what an earlier frame wrote; random() keeps its seed there.
 */
const FUNCTIONS = new Set(["random", "randomi", "rand", "rand_between", "st", "ld", "time", "print"]);

/** A number with its exponent, hexadecimal digits or SI suffix ("1e3", "0x1F", "5n"), or a word, with "(" where it calls. */
const TOKEN = /((?:\d|\.\d)[\dA-Za-z.]*)|([A-Za-z_]\w*)(\s*\()?/g;

export interface Identifier {
  readonly name: string;
  readonly call: boolean;
}

/** Every identifier of an expression, in order. */
export function identifiers(expression: string): readonly Identifier[] {
  // Quotes and backslashes may be left by a level of escaping; ffmpeg joins what they part.
  const found: Identifier[] = [];
  for (const [, , name, paren] of expression.replace(/['"\\]/g, "").matchAll(TOKEN)) {
    if (name !== undefined) found.push({ name, call: paren !== undefined });
  }
  return found;
}

/** The first identifier by which `expression` depends on more than a frame and its time, or one of `also`. */
export function countingIdentifier(expression: string, also: readonly string[] = []): string | undefined {
  const hit = identifiers(expression).find(
    ({ name, call }) => also.includes(name) || (call ? FUNCTIONS.has(name) : VARIABLES.has(name)),
  );
  return hit && (hit.call ? `${hit.name}()` : hit.name);
}
