import type { Command, OptionUse } from "../ffmpeg/command.js";
import type { StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import type { Rational } from "../lib/rational.js";
import type { Generation, SyncMode } from "./frame-clock.js";
import type { SoundOutput } from "./command-graphs.js";
import type { KeyPlan } from "./gop.js";
import type { FilterPlan } from "./graph.js";
import type { PacketHabits } from "./habits.js";
import type { PlannedFilters } from "./planned-filters.js";
import type { InputStream } from "./routing.js";
import type { PassLog } from "./rate-control/pass-log.js";
import type { RatePlan } from "./rate-control/plan.js";
import type { SideFile } from "./sides.js";
import type { InputTrim } from "./windows.js";

/**
 * A rendition: one encoded stream of an output, and all that is known of it before the first packet is read. What
 * concerns the source is the same in all renditions of a job, and PRE takes it from the first.
 */
export interface FilmPlan {
  readonly command: Command;
  /** The one video stream that is encoded by the workers. */
  readonly film: StreamMapping & { readonly encoder: string };
  /** Streams of the output that come from one of an input, the film among them. */
  readonly mappings: readonly StreamMapping[];
  /** Graphs of `-filter_complex` that make sound, for FINAL, and the streams of the output that they make. */
  readonly sound: readonly string[];
  readonly soundOutputs: readonly SoundOutput[];
  /** All streams of the inputs that the command uses. */
  readonly used: readonly InputStream[];
  /** Sound among them that is decoded. */
  readonly heard: readonly InputStream[];
  /** Streams of the output that are covers of the inputs. */
  readonly covers: readonly number[];
  readonly source: StreamInfo;
  /** The codec's tag that NUT must be told, where the source's container has none for it. */
  readonly sourceTag: string | undefined;
  /** The source's demuxer, as ffprobe names it. */
  readonly sourceFormat: string;
  readonly habits: PacketHabits;
  readonly muxer: string;
  /** Time base of the source's packets and of the frames that the filters see. */
  readonly timeBase: Rational;
  /** Whole seconds added to all times in PRE, so that none is below zero in NUT, and taken off again in REMOTE. */
  readonly shiftSeconds: bigint;
  /** About how many frames of the source are seen; undefined where nobody knows. */
  readonly sourceFrames: number | undefined;
  /** The rate ffmpeg has for the source; undefined when it knows none. */
  readonly sourceRate: Rational | undefined;
  /** What the user's filters need and make of the frames' times. */
  readonly graph: FilterPlan;
  /** Time base and rate behind the user's filters. */
  readonly graphTimeBase: Rational;
  readonly graphRate: Rational | undefined;
  /** Threads of the filters: as many as plain ffmpeg takes on this machine, since some show them in the picture. */
  readonly filterThreads: string;
  readonly outputRate: Rational;
  readonly encoderTimeBase: Rational;
  readonly syncMode: SyncMode;
  readonly generation: Generation;
  /** `-ss`, `-t` of the output, `-frames:v`. */
  readonly startMicroseconds: bigint;
  readonly limitMicroseconds: bigint | undefined;
  readonly maxFrames: number | undefined;
  readonly inputTrim: InputTrim;
  /** The user's filters for the film. */
  readonly filters: PlannedFilters | undefined;
  /** Files that the filters read, and that go up to the workers. */
  readonly sides: readonly SideFile[];
  /** True when what the first frame of each chunk says of its light is held against plain ffmpeg's. */
  readonly watchFrameData: boolean;
  /** True when the encoder must be kept from putting its headers beside the stream. */
  readonly headersInBand: boolean;
  /** Options with which a worker encodes the film, `-c:v` among them. */
  readonly encoderOptions: readonly OptionUse[];
  /** What the film's size is to be, over and above a quality. */
  readonly rate: RatePlan | undefined;
  /** The log of a first pass that the second goes by. */
  readonly passLog?: PassLog | undefined;
  /** Where keyframes are certain to be; undefined where that is left to the encoder. */
  readonly keys: KeyPlan | undefined;
}

/** What plain ffmpeg writes for this command, seen from the head of its output. */
export interface Reference {
  /** The scratch file with the head. */
  readonly path: string;
  readonly media: MediaInfo;
  /** The output stream of the film in it. */
  readonly film: StreamInfo;
  /** Bytes that FINAL leaves free in its head for what only plain ffmpeg can write there (join/head.ts). */
  readonly room: number;
}

/** A rendition by the output's name and its stream there, as the user knows it. */
export function renditionName({ command, film }: FilmPlan): string {
  return `${command.outputs[0]?.url ?? ""}, stream ${film.outputStream}, ${film.encoder}`;
}

/** PRE's shift in ticks of the source. */
export function shiftTicks(plan: FilmPlan): bigint {
  return (plan.shiftSeconds * plan.timeBase.den) / plan.timeBase.num;
}

/** PRE's shift for a time base: whole seconds, at least 1000, that are whole ticks of the time base too. */
export function shiftSeconds(timeBase: Rational): bigint {
  return timeBase.num * ((1000n + timeBase.num - 1n) / timeBase.num);
}
