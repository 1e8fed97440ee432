const PREFIXES: Readonly<Record<string, number>> = { k: 1, K: 1, M: 2, G: 3, T: 4 };

/**
 * A number as ffmpeg's options take it: `1500k`, `2.5M`, `1e6`, `4Mi` (powers of 1024), `1MB` (times 8)
 * (libavutil/eval.c av_strtod). Undefined for anything else, expressions among them.
 */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?:([kKMGT])(i)?)?(B)?$/.exec(text.trim());
  if (!match) return undefined;
  const [, digits, prefix, binary, bytes] = match;
  const power = prefix === undefined ? 0 : (PREFIXES[prefix] ?? 0);
  return Number(digits) * (binary === undefined ? 1000 : 1024) ** power * (bytes === undefined ? 1 : 8);
}

/** The pairs of `key=value:key=value`, as x264, x265 and others take them; `_` counts as `-` in keys. */
export function parsePairs(text: string): { readonly key: string; readonly value: string }[] {
  return splitPairs(text).map(readPair);
}

/** The same text without the pairs whose key is to go. */
export function withoutPairs(text: string, goes: (key: string) => boolean): string {
  return splitPairs(text)
    .filter((pair) => !goes(readPair(pair).key))
    .join(":");
}

function splitPairs(text: string): string[] {
  return text.split(/(?<!\\):/).filter((pair) => pair !== "");
}

function readPair(pair: string): { readonly key: string; readonly value: string } {
  const equals = pair.indexOf("=");
  const key = equals === -1 ? pair : pair.slice(0, equals);
  return { key: key.replaceAll("_", "-"), value: equals === -1 ? "" : pair.slice(equals + 1) };
}
