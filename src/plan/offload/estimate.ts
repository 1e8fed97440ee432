import { type Command, fileOptions, globalOptions, type OutputFile } from "../../ffmpeg/command.js";
import { parseFiltergraph } from "../../ffmpeg/filtergraph.js";
import type { MediaInfo } from "../../ffmpeg/media.js";
import { toNumber } from "../../lib/rational.js";
import { deviceFilter } from "../filters/index.js";
import { isFilm, usedSeconds } from "../film-length.js";
import { isDiscarded } from "../muxers.js";
import { sideUses } from "../sides.js";
import { looksLikePath } from "./filters.js";
import type { Needs } from "./needs.js";

/** A short piece of work of the command's kind, which says how quick a machine is at it. */
export interface Trial {
  readonly argv: readonly string[];
  readonly frames: number;
}

/** How much of the command's work there is. */
export interface Work {
  readonly trial: Trial;
  /** Frames of the film; undefined where nobody knows how long it is. */
  readonly frames: number | undefined;
}

/** Pixels of a trial: a second of a small film, a few frames of a large one. */
const PIXELS = 25 * 640 * 360;

/** Options of an output that say how much work its encoder has. */
const EFFORT = new Set(
  `c b crf qp q cq preset tune profile level g bf refs pix_fmt threads x264-params x264opts x265-params svtav1-params
  aom-params rav1e-params cpu-used deadline quality speed row-mt tiles tile-columns maxrate bufsize`.split(/\s+/),
);

/** Global options that open the devices which encoders and filters work on. */
const DEVICES = new Set(["init_hw_device", "filter_hw_device", "vaapi_device", "qsv_device"]);

const QUIET = ["-v", "error", "-nostdin", "-hide_banner"];
const NOWHERE = ["-an", "-f", "null", "-"];

/** The output whose film is made anew; undefined where there is none, and the work is that of copying. */
function encodedOutput(command: Command): OutputFile | undefined {
  return command.outputs.find((output) => {
    const options = fileOptions(output);
    const codec = options.findLast((use) => use.name === "c" && (use.spec ?? "v").startsWith("v"))?.value;
    return codec !== "copy" && !options.some((use) => use.name === "vn" && !use.negated);
  });
}

/** The work of a command whose film is `media`; undefined where there is none to speak of. */
export function workOf(command: Command, media: readonly MediaInfo[]): Work | undefined {
  const output = encodedOutput(command);
  const at = media.findIndex(({ streams }) => streams.some(isFilm));
  const input = command.inputs[at];
  const stream = media[at]?.streams.find(isFilm);
  if (!output || !input || !stream) return undefined;
  const { width = 640, height = 360 } = stream;
  const rate = toNumber(stream.averageFrameRate ?? { num: 25n, den: 1n }) || 25;
  const frames = Math.max(3, Math.min(250, Math.round(PIXELS / (width * height))));
  const whole = Math.max(1, Math.round(rate));
  // It ends by itself: some filters begin only then.
  const source = `testsrc2=size=${width}x${height}:rate=${whole}:duration=${frames / whole}`;
  const seconds = usedSeconds(fileOptions(input), fileOptions(output), media[at]?.durationSeconds);
  return {
    trial: {
      argv: [...QUIET, ...devices(command), "-f", "lavfi", "-i", source, ...effort(output), ...NOWHERE],
      frames,
    },
    frames: seconds === undefined ? undefined : Math.ceil(seconds * rate),
  };
}

function devices(command: Command): string[] {
  const uses = globalOptions(command).filter((use) => DEVICES.has(use.name));
  return uses.flatMap((use) => [use.flag, use.value ?? ""]);
}

/** The encoder with its options, and the filters before it where these need nothing else. */
function effort(output: OutputFile): string[] {
  const options = isDiscarded(output) ? [] : fileOptions(output);
  const own = options.filter(
    ({ name, spec, value }) => EFFORT.has(name) && !/^[asdt]/.test(spec ?? "") && !looksLikePath(value ?? ""),
  );
  const filter = fileOptions(output).findLast((use) => use.name === "filter" && !/^[asdt]/.test(use.spec ?? ""))?.value;
  const graph = parseFiltergraph(filter ?? "");
  const alone =
    graph.ok &&
    graph.value.chains
      .flat()
      .every((use) => sideUses(use).length === 0 && !use.options.some(({ value }) => looksLikePath(value)));
  return [
    ...(alone && filter !== undefined ? ["-vf", filter] : []),
    ...own.flatMap((use) => {
      const spec = use.spec === undefined || use.name === "c" ? "v" : use.spec.replace(/^v.*|^\d+$/, "v");
      return [use.spec === undefined && use.name !== "c" ? use.flag : `-${use.name}:${spec}`, use.value ?? ""];
    }),
  ];
}

/** Commands that succeed on a machine only where the devices that a command works on are there. */
export function deviceTrials(command: Command, needs: Needs): string[][] {
  const opened = devices(command);
  const picture = ["-f", "lavfi", "-i", "color=size=256x256:rate=25", "-frames:v", "1"];
  const encoders = needs.deviceEncoders.map((encoder) => {
    const device =
      encoder.endsWith("_vaapi") && opened.length === 0
        ? ["-init_hw_device", "vaapi=df", "-filter_hw_device", "df"]
        : opened;
    const upload = encoder.endsWith("_vaapi") ? ["-vf", "format=nv12,hwupload"] : [];
    return [...QUIET, ...device, ...picture, ...upload, "-c:v", encoder, ...NOWHERE];
  });
  const others = needs.devices.filter((name) => !needs.deviceEncoders.includes(name));
  const kinds = new Set(others.map((name) => deviceKind(name)));
  return [
    ...encoders,
    ...[...kinds].map((kind) => [
      ...QUIET,
      ...(opened.length > 0 ? opened : ["-init_hw_device", kind]),
      ...picture,
      ...NOWHERE,
    ]),
  ];
}

/** The kind of device behind a decoder, a filter or a way of decoding (libavutil/hwcontext.c hw_type_names). */
function deviceKind(name: string): string {
  const ending = deviceFilter(name) || name.includes("_") ? name.slice(name.lastIndexOf("_") + 1) : name;
  const kinds: Readonly<Record<string, string>> = {
    cuvid: "cuda",
    npp: "cuda",
    vt: "videotoolbox",
    mt: "videotoolbox",
    cl: "opencl",
  };
  return kinds[ending] ?? ending;
}

/** What is known of a machine's speed: seconds for the trial, and bytes a second each way (infinite where nothing is sent). */
export interface Pace {
  readonly trialSeconds: number;
  readonly bytesPerSecond: number;
}

/** When a machine would be done, in seconds from now; `bytes`: what has to be sent to it, and about as much comes back. */
export function expectedSeconds(
  { trial, frames = 0 }: Work,
  { trialSeconds, bytesPerSecond }: Pace,
  bytes: number,
): number {
  return (trialSeconds * frames) / trial.frames + (2 * bytes) / bytesPerSecond;
}
