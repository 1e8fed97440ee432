import type { Progress } from "./progress.js";

/** C's `%.{digits}f`. toFixed rounds an exact half up where C rounds it to even (512 bytes are `0kB`). */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = value.toFixed(digits);
  // 30 more digits tell a true half from a double that is merely close to one.
  const rest = Math.abs(value)
    .toFixed(digits + 30)
    .slice(-30);
  if (rest !== `5${"0".repeat(29)}` || /[02468]$/.test(rounded)) return rounded;
  const step = 10 ** -digits / 2;
  return (value < 0 ? value + step : value - step).toFixed(digits);
}

/** C's `%.{precision}g` for values from zero up. */
function general(value: number, precision: number): string {
  if (!Number.isFinite(value)) return String(value);
  const [digits = "0", power = "0"] = value.toExponential(precision - 1).split("e");
  const exponent = Number(power);
  const strip = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < precision) return strip(fixed(value, precision - 1 - exponent));
  // Here too an exact half goes to even; below 1e-4 no double is one at so few digits.
  const unit = 10 ** (exponent - precision + 1);
  const half = unit >= 1 && value % unit === unit / 2 && /[13579]$/.test(digits);
  const mantissa = half ? ((value - unit / 2) / 10 ** exponent).toFixed(precision - 1) : digits;
  return `${strip(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function formatClock(microseconds: number, digits = 2): string {
  const absolute = Math.floor(Math.abs(microseconds));
  const seconds = Math.floor(absolute / 1e6);
  const two = (value: number): string => String(value).padStart(2, "0");
  const fraction = String(absolute % 1e6)
    .padStart(6, "0")
    .slice(0, digits);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
  return microseconds < 0 ? `-${clock}` : clock;
}

/**
 * Writes a stat line as ffmpeg 5.1 and 7.1 do (print_report in fftools/ffmpeg.c), without what ends it:
 * ffmpeg adds four spaces and a carriage return, or a newline after the last.
 * Without `frame` it is the line of a film without video, which begins with `size=`. `unit`: of 1024 bytes.
 */
export function formatStatLine(stat: Progress, unit: "kB" | "KiB" = "kB"): string {
  let line = "";
  if (stat.frame !== undefined) {
    // ffmpeg keeps fps as a C float, and shows no decimals from 9.95 up.
    const fps = Math.fround(stat.fps ?? 0);
    const shownFps = fixed(fps, fps < 9.95 ? 1 : 0).padStart(3);
    const shownQ = fixed(Math.fround(stat.q ?? -1), 1).padStart(3);
    line += `frame=${String(stat.frame).padStart(5)} fps=${shownFps} q=${shownQ} ${stat.last ? "L" : ""}`;
    for (const q of stat.moreQ ?? []) line += `q=${fixed(Math.fround(q), 1)} `;
  }
  line += stat.size === undefined ? "size=N/A" : `size=${fixed(stat.size / 1024, 0).padStart(8)}${unit}`;
  line += ` time=${stat.time === undefined ? "N/A" : formatClock(stat.time)} `;
  line += stat.bitrate === undefined ? "bitrate=N/A" : `bitrate=${fixed(stat.bitrate, 1).padStart(6)}kbits/s`;
  if ((stat.dup ?? 0) > 0 || (stat.drop ?? 0) > 0) line += ` dup=${stat.dup ?? 0} drop=${stat.drop ?? 0}`;
  line += stat.speed === undefined ? " speed=N/A" : ` speed=${general(stat.speed, 3).padStart(4)}x`;
  return line;
}

/**
 * Writes a block for `-progress` as ffmpeg 5.1 does (print_report in fftools/ffmpeg.c), its last line included.
 * `places`: by the numbers of output and stream, those of the films.
 */
export function formatProgressBlock(
  stat: Progress,
  places: readonly { readonly output: number; readonly stream: number }[],
): string {
  const or = <T>(value: T | undefined, text: (value: T) => string): string =>
    value === undefined ? "N/A" : text(value);
  const { frame = 0, fps = 0, q = -1, size, time, bitrate, dup = 0, drop = 0, speed } = stat;
  const lines = [
    `frame=${frame}`,
    `fps=${fixed(Math.fround(fps), 2)}`,
    ...places.map(({ output, stream }, i) => {
      const own = i === 0 ? q : (stat.moreQ?.[i - 1] ?? -1);
      return `stream_${output}_${stream}_q=${fixed(Math.fround(own), 1)}`;
    }),
    `bitrate=${or(bitrate, (value) => `${fixed(value, 1).padStart(6)}kbits/s`)}`,
    `total_size=${or(size, String)}`,
    `out_time_us=${or(time, String)}`,
    `out_time_ms=${or(time, String)}`,
    `out_time=${or(time, (value) => formatClock(value, 6))}`,
    `dup_frames=${dup}`,
    `drop_frames=${drop}`,
    `speed=${or(speed, (value) => `${general(value, 3).padStart(4)}x`)}`,
    `progress=${stat.last ? "end" : "continue"}`,
  ];
  return `${lines.join("\n")}\n`;
}
