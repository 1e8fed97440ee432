const INT64_MAX = 2n ** 63n - 1n;

/**
 * A duration as ffmpeg's options take it, in microseconds: `[-][HH:]MM:SS[.m…]` or `[-]S+[.m…][s|ms|us]`
 * (libavutil/parseutils.c av_parse_time; digits beyond the microsecond are cut off). Undefined for anything else.
 */
export function parseDuration(text: string): bigint | undefined {
  const clock = /^(-?)(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)(?:\.(\d*))?s?$/.exec(text);
  if (clock) {
    const [, sign, hours = "0", minutes = "0", seconds = "0", fraction = ""] = clock;
    const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
    return signed(sign, whole * 1_000_000n + micros(fraction, 6));
  }
  const plain = /^(-?)(\d+)(?:\.(\d*))?(s|ms|us)?$/.exec(text);
  if (!plain) return undefined;
  const [, sign, whole = "", fraction = "", unit = "s"] = plain;
  const digits = unit === "us" ? 0 : unit === "ms" ? 3 : 6;
  return signed(sign, BigInt(whole) * 10n ** BigInt(digits) + micros(fraction, digits));
}

function micros(fraction: string, digits: number): bigint {
  return BigInt(fraction.slice(0, digits).padEnd(digits, "0") || "0");
}

function signed(sign: string | undefined, value: bigint): bigint | undefined {
  if (value > INT64_MAX) return undefined;
  return sign === "-" ? -value : value;
}
