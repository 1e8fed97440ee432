import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
} from "../ffmpeg/command.js";
import {
  divide,
  fromDouble,
  parseRational,
  type Rational,
  rational,
  reduce,
  subtract,
  toNumber,
} from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { EncoderTrait } from "./encoders/index.js";
import type { FilmPlan } from "./film.js";
import type { SyncMode } from "./frame-clock.js";
import { isSet } from "./times.js";
import { table } from "../lib/table.js";

const SYNC_MODES: Readonly<Record<string, SyncMode>> = table({
  passthrough: "passthrough",
  "0": "passthrough",
  cfr: "cfr",
  "1": "cfr",
  vfr: "vfr",
  "2": "vfr",
});

type Rates = Pick<FilmPlan, "outputRate" | "encoderTimeBase">;

/** The encoder's rate and time base (fftools/ffmpeg.c init_output_stream_encode). */
export function outputRates(
  options: readonly OptionUse[],
  graphRate: Rational | undefined,
  trait: EncoderTrait,
): Result<Rates, string> {
  const asked = options.findLast((use) => use.name === "r")?.value;
  const given = asked === undefined ? undefined : readRate(asked);
  if (asked !== undefined && !given) return fail(`-r ${asked} is not understood`);
  const wanted = given ?? graphRate ?? rational(25);
  const rate = trait.frameRates ? nearest(wanted, trait.frameRates) : wanted;
  const largest = BigInt(trait.largestTerm ?? Number.MAX_SAFE_INTEGER);
  if (rate.num > largest || rate.den > largest)
    return fail("the encoder cannot write the source's frame rate as it is");
  const base = options.findLast((use) => use.name === "enc_time_base");
  if (base) return fail("-enc_time_base is not split");
  return ok({ outputRate: rate, encoderTimeBase: divide(rational(1), rate) });
}

/** libavutil/parseutils.c av_parse_video_rate. */
const LARGEST_RATE_TERM = 1_001_000n;

/** av_parse_video_rate: the named rates of libavutil/parseutils.c, a ratio or a number. */
function readRate(text: string): Rational | undefined {
  const named: Readonly<Record<string, string>> = {
    ntsc: "30000/1001",
    pal: "25",
    qntsc: "30000/1001",
    qpal: "25",
    sntsc: "30000/1001",
    spal: "25",
    film: "24",
    "ntsc-film": "24000/1001",
  };
  const value = parseRational(named[text] ?? text);
  if (!value || value.num <= 0n) return undefined;
  // av_parse_ratio: what is no ratio with a colon is a double, and the nearest ratio with terms this small is taken.
  const rate = text.includes(":") ? reduce(value, LARGEST_RATE_TERM) : fromDouble(toNumber(value), LARGEST_RATE_TERM);
  return rate.num > 0n && rate.den > 0n ? rate : undefined;
}

function nearest(wanted: Rational, rates: readonly string[]): Rational {
  const distance = (r: Rational): number => Math.abs(toNumber(subtract(r, wanted)));
  const known = rates.flatMap((text) => parseRational(text) ?? []);
  return known.reduce((best, r) => (distance(r) < distance(best) ? r : best), known[0] ?? wanted);
}

/**
 * What happens to frames between filters and encoder: what the user says, or what this ffmpeg does for the container.
 * `input` is the one that the film is in, and has so many streams; undefined where ffmpeg asks for none.
 */
export function syncMode(
  command: Command,
  input: InputFile,
  options: readonly OptionUse[],
  { muxer, defaultSync }: { readonly muxer: string; readonly defaultSync: "cfr" | "vfr" },
  inputStreams: number | undefined,
): Result<SyncMode, string> {
  // ffmpeg 5.1: `-vsync` speaks for all outputs, `-fps_mode` for its own.
  const asked = (options.findLast((use) => use.name === "fps_mode") ?? lastOption(globalOptions(command), "vsync"))
    ?.value;
  if (asked !== undefined && asked !== "auto" && asked !== "-1") {
    const mode = SYNC_MODES[asked];
    return mode ? ok(mode) : fail(`-fps_mode ${asked} is not split`);
  }
  // It takes frames as they come (AVFMT_NOTIMESTAMPS; fftools/ffmpeg.c, VSYNC_PASSTHROUGH).
  if (muxer === "null") return ok("passthrough");
  if (defaultSync === "vfr") return ok("vfr");
  if (isSet(command, "copyts")) return ok("vscfr");
  // A file of one stream alone keeps its offset: fftools/ffmpeg_opt.c new_video_stream, VSYNC_VSCFR.
  const offset = lastOption(fileOptions(input), "itsoffset") !== undefined;
  return ok(inputStreams === 1 && !offset ? "vscfr" : "cfr");
}
