import type { OptionUse } from "../../ffmpeg/command.js";
import { makeOption } from "../../ffmpeg/options.js";
import { parsePairs } from "../../ffmpeg/quantity.js";
import { table } from "../../lib/table.js";
import { lastValue } from "./types.js";

/** What an encoder's threads depend on: its options, and the size of its pictures. */
export interface ThreadedFilm {
  readonly options: readonly OptionUse[];
  readonly width: number;
  readonly height: number;
}

/**
 * How an encoder uses threads. Only encoders whose threads are a matter of speed are told how many to take: none whose
 * headers, slices or tiles go by them (FFmpeg's own mpegvideo family and FFV1 make as many slices as threads).
 */
interface ThreadTrait {
  /** Threads that one process keeps busy well: up to here one more brings most of what a core by itself would. */
  readonly useful: (film: ThreadedFilm) => number;
  /**
   * Pictures that it holds, and so many more for each thread: lookahead, references, pictures under way. By the memory of
   * ffmpeg 5.1 at 720p on two cores: x264 256 MB, x265 232, SVT-AV1 296, libaom 272, VP9 205, VP8 94, rav1e 730.
   */
  readonly pictures: number;
  readonly perThread: number;
  /** How it is told: by `-threads`, or by a key of its parameters. Undefined: it is left alone. */
  readonly told?: {
    readonly by: "threads" | { readonly params: string; readonly key: string };
    /** What it is told for so many cores; `host`: cores of this machine. Undefined: nothing. */
    readonly threads: (cores: number, host: number) => number | undefined;
    /** Keys of the parameters with which a user has said it, or something that hangs on it. */
    readonly keys: readonly string[];
  };
}

const within = (value: number, least: number, most: number): number =>
  Math.min(Math.max(Math.round(value), least), most);

/** VP9 and AV1 have a column of tiles for every 256 pixels, a power of two of them (VP9 spec 7.2.14 tile_info; libvpx takes all there may be). */
const tileColumns = (width: number): number => 2 ** Math.floor(Math.log2(Math.max(1, width / 256)));

const X264: ThreadTrait = {
  // A thread a frame, each some rows of macroblocks behind the one before: x264 itself takes no more than half as many
  // threads as there are rows (encoder/encoder.c validate_parameters), and is efficient up to about a quarter. The
  // lookahead, which takes no such share at faster presets, then holds up the rest ("Threaded lookahead", x264 df700eae).
  useful: ({ options, height }) => {
    const fast = /^(ultra|super|very)fast$/.test(lastValue(options, "preset") ?? "");
    return within(height / 16 / (fast ? 8 : 4), 2, 16);
  },
  pictures: 110,
  perThread: 4,
  told: {
    by: "threads",
    // As x264 does by itself: half as many again as cores (encoder/encoder.c, X264_THREADS_AUTO).
    threads: (cores) => (cores > 1 ? Math.floor((cores * 3) / 2) : 1),
    // Sliced threads make as many slices as threads, and so does what switches them on.
    keys: ["threads", "lookahead-threads", "sliced-threads", "slices", "tune"],
  },
};

const X265: ThreadTrait = {
  // Rows of 64 pixels side by side, each two blocks behind the one above, so that not all run at the same time, and a
  // few frames (x265 docs, threading: wavefront parallel processing, frame threading).
  useful: ({ height }) => within((height / 64) * (2 / 3), 2, 24),
  pictures: 100,
  perThread: 4,
  told: {
    // Frame threads (ffmpeg's `-threads`) go by the pool then (x265 docs, --frame-threads). Without a pool (`none`)
    // there would be no wavefronts, which the headers tell: the pool always has a thread.
    by: { params: "x265-params", key: "pools" },
    threads: (cores) => cores,
    keys: [
      "pools",
      "numa-pools",
      "threads",
      "frame-threads",
      "wpp",
      "no-wpp",
      "pmode",
      "pme",
      "lookahead-threads",
      "slices",
    ],
  },
};

const SVT: ThreadTrait = {
  // Known to level off between 16 and 24 threads at 1080p, and at half as many it is efficient; slow presets wait for
  // one another's pictures longer.
  useful: ({ options, width, height }) => {
    const preset = Number(lastValue(options, "preset") ?? 10);
    const pixels = width * height;
    return (pixels > 4e6 ? 16 : pixels > 1.2e6 ? 8 : 6) / (preset <= 4 ? 2 : 1);
  },
  pictures: 130,
  perThread: 12,
  told: {
    by: { params: "svtav1-params", key: "lp" },
    // Up to 2.2 a number of processors, from 2.3 on a level of 1 to 6 (its Docs/Parameters.md): alike where they mean few.
    threads: (cores) => (cores <= 6 ? cores : undefined),
    keys: ["lp", "logical-processors", "pin", "ss", "socket"],
  },
};

const AOM: ThreadTrait = {
  // Rows of a tile side by side; between them all wait for one another, and for what is done in one thread alone.
  useful: ({ height }) => (height > 1200 ? 4 : height > 800 ? 3 : 2),
  pictures: 130,
  perThread: 4,
  told: {
    by: "threads",
    // With a single thread it makes other headers than with any other number (seen in 3.12, with ffmpeg 7.1), and on a machine
    // of one core that is what plain ffmpeg asks it for.
    threads: (cores, host) => (host === 1 ? 1 : Math.max(2, cores)),
    keys: ["threads"],
  },
};

const VP9: ThreadTrait = {
  // A thread a column of tiles: four come to 2.4 times one ("tile-based multi-threaded encoder", libvpx 39e3937c); with
  // `-row-mt` more find work.
  useful: ({ options, width }) => Math.min(tileColumns(width), isOn(lastValue(options, "row-mt")) ? 4 : 2),
  pictures: 80,
  perThread: 2,
  told: { by: "threads", threads: (cores) => cores, keys: [] },
};

/**
 * Threads of VP8 spin while they wait for one another (libvpx vp8/encoder/ethreading.c): on a machine that is busy with other chunks
 * two of them used four times the processor time of one (measured).
 */
const VP8: ThreadTrait = { ...VP9, useful: () => 1, pictures: 30 };

const RAV1E: ThreadTrait = {
  // A thread a tile, and it makes one unless told (rav1e --tiles).
  useful: ({ options }) => within(Number(lastValue(options, "tiles") ?? 1), 1, 16),
  pictures: 450,
  perThread: 20,
  told: { by: "threads", threads: (cores) => cores, keys: ["threads", "tiles"] },
};

/** One picture after the other in a single thread. */
const SINGLE: ThreadTrait = { useful: () => 1, pictures: 10, perThread: 0 };
/** As many slices as threads, and the rest of the work in one (libavcodec/mpegvideo_enc.c). */
const SLICED: ThreadTrait = { useful: () => 2, pictures: 20, perThread: 1 };
/** Several pictures at the same time, or slices of one (AV_CODEC_CAP_FRAME_THREADS, AV_CODEC_CAP_SLICE_THREADS). */
const PARALLEL: ThreadTrait = { useful: () => 4, pictures: 10, perThread: 3 };

const TRAITS: Readonly<Record<string, ThreadTrait>> = table({
  libx264: X264,
  libx264rgb: X264,
  libx265: X265,
  libsvtav1: SVT,
  "libaom-av1": AOM,
  "libvpx-vp9": VP9,
  libvpx: VP8,
  librav1e: RAV1E,
  ...each("mpeg4 mpeg2video mpeg1video h261 h263 h263p flv msmpeg4v2 msmpeg4 wmv1 wmv2", SLICED),
  ...each(
    "prores prores_aw prores_ks dnxhd cfhd ffv1 mjpeg ffvhuff huffyuv utvideo magicyuv jpeg2000 libopenjpeg png",
    PARALLEL,
  ),
});

function each(names: string, trait: ThreadTrait): Record<string, ThreadTrait> {
  return Object.fromEntries(names.split(" ").map((name) => [name, trait]));
}

const traitOf = (encoder: string): ThreadTrait => TRAITS[encoder] ?? SINGLE;

/** Threads that an encoder keeps busy well, at least 1: as many as the user allows it, where he does. */
export function usefulThreads(encoder: string, film: ThreadedFilm): number {
  const said = threadsSaid(film.options);
  return said ?? Math.max(1, traitOf(encoder).useful(film));
}

/** Pictures of the film's size that an encoder holds when it works for so many cores. */
export function picturesHeld(encoder: string, cores: number): number {
  const { pictures, perThread } = traitOf(encoder);
  return pictures + perThread * cores;
}

/**
 * The options with which an encoder makes do with so many cores, where that changes nothing but its speed and the user
 * has not said it; else those that were given. `host`: cores of this machine, by which plain ffmpeg would go.
 */
export function withThreads(
  encoder: string,
  options: readonly OptionUse[],
  cores: number,
  host: number,
): readonly OptionUse[] {
  const { told } = traitOf(encoder);
  const threads = told?.threads(cores, host);
  if (!told || threads === undefined || saidOtherwise(options, told.keys)) return options;
  const { by } = told;
  if (by === "threads") {
    const others = options.filter((use) => use.name !== "threads");
    return [...others, makeOption("-threads:v", `${threads}`)];
  }
  const own = lastValue(options, by.params);
  const value = [...(own ? [own] : []), `${by.key}=${threads}`].join(":");
  return [...options.filter((use) => use.name !== by.params), makeOption(`-${by.params}`, value)];
}

/** The number of threads that the user gave; 0 and `auto` leave it to the encoder, as ffmpeg does when told nothing. */
function threadsSaid(options: readonly OptionUse[]): number | undefined {
  const said = Number(lastValue(options, "threads"));
  return Number.isInteger(said) && said > 0 ? said : undefined;
}

/** Options beside the parameters with which the number of threads is said, or what hangs on it. */
const SAID = new Set(["thread_type", "slices", "tune"]);

function saidOtherwise(options: readonly OptionUse[], keys: readonly string[]): boolean {
  const threads = lastValue(options, "threads");
  if (threads !== undefined && threads !== "0" && threads !== "auto") return true;
  return options.some(({ name, value = "" }) => {
    if (SAID.has(name)) return name !== "tune" || /zerolatency/.test(value);
    if (!/(?:params|opts)$/.test(name)) return false;
    return parsePairs(value).some(
      (pair) => keys.includes(pair.key) && (pair.key !== "tune" || /zerolatency/.test(pair.value)),
    );
  });
}

const isOn = (value: string | undefined): boolean => value === "1" || value === "true";
