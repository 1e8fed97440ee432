import { statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { FramecrcParser, frameTime } from "../ffmpeg/packets.js";
import { type LocalProcess, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { type Chunk, framesOf } from "../plan/chunk.js";
import type { ClockCounts } from "../plan/frame-clock.js";
import type { SourceRun } from "../plan/extract.js";
import type { Timeline } from "../plan/timeline.js";
import type { Pace } from "./pace.js";
import { type SceneAnalyst, SceneRuns } from "./scene-runs.js";
import { gather, isWhole, segmentPath, x264BuildOf } from "./segment-files.js";
import { SourceRuns } from "./source-runs.js";

/** A chunk whose source packets lie ready in a file of their own. */
export interface ReadyChunk {
  readonly chunk: Chunk;
  /** A NUT file on this machine. */
  readonly path: string;
  readonly bytes: number;
  /** x264's build, when the source's first packet names one. */
  readonly x264Build: number | undefined;
  /** Frames repeated and left out up to its end, rendition by rendition. */
  readonly counts: readonly ClockCounts[];
  /** Where its packets are in the source, when that was asked for and is known. */
  readonly run?: SourceRun | undefined;
}

/** What the whole split came to. */
export interface SplitTotals {
  readonly chunks: number;
  readonly sourceFrames: number;
  /** Rendition by rendition. */
  readonly outputFrames: readonly number[];
  readonly counts: readonly ClockCounts[];
}

/** `unfit`: the source cannot be split exactly; `broken`: ffmpeg or the disk failed; `cancelled`: by the caller's signal. */
export type SplitFailure = { readonly kind: "unfit" | "broken" | "cancelled" } & Problem;

export interface SplitOptions {
  readonly ffmpeg: string;
  readonly args: readonly string[];
  /** Where PRE writes its segments, and the chunks are put together. */
  readonly folder: string;
  readonly timeline: Timeline;
  /** Whether workers take chunks out of the source themselves. */
  readonly runs: boolean;
  /** The source's, as ffprobe names it. */
  readonly codec: string | undefined;
  readonly stdin?: Readable;
  /** Who looks for scene changes, where the timeline goes by them. */
  readonly analyst?: SceneAnalyst | undefined;
  readonly onChunk: (ready: ReadyChunk) => void;
  readonly onFrames: (frames: number) => void;
  /** Told of all that is written: a chunk's file counts until the caller says that it is gone. */
  readonly pace?: Pace;
  readonly signal: AbortSignal;
}

/** What status 0 says nothing of: packets that a filter no longer took, segments that found no room (fftools/ffmpeg.c, 5.1). */
const HALF_DONE = /^Error applying bitstream filters|No space left on device|Disk quota exceeded/;

/**
 * PRE at work: runs the split, follows its index, and puts every chunk together as soon as its last segment is
 * complete, while the split goes on.
 */
export async function split(options: SplitOptions): Promise<Result<SplitTotals, SplitFailure>> {
  return new Splitter(options).run();
}

class Splitter {
  readonly #options: SplitOptions;
  /** PRE writes durations as `LONGER` makes them. */
  readonly #parser = new FramecrcParser(1);
  readonly #runs: SourceRuns | undefined;
  readonly #stop = new AbortController();
  readonly #waiting: { readonly chunk: Chunk; readonly counts: readonly ClockCounts[] }[] = [];
  #segments = 0;
  #ended = false;
  #assembling: Promise<void> = Promise.resolve();
  #failure: SplitFailure | undefined;
  #process: LocalProcess | undefined;
  #removed = 0;
  /** A chunk is being put together. */
  #building = false;
  /** Bytes of the segments that are there, where somebody wants to know. */
  readonly #weights = new Map<number, number>();
  #chunks = 0;
  #complete = false;
  #x264: Promise<number | undefined> | undefined;
  readonly #scenes: SceneRuns | undefined;
  /** The end of the timeline, once it has been reached before the source's. */
  #concluding: Promise<void> | undefined;

  constructor(options: SplitOptions) {
    this.#options = options;
    if (options.runs) this.#runs = new SourceRuns();
    const { analyst, folder, timeline } = options;
    this.#scenes =
      analyst &&
      new SceneRuns({
        analyst,
        folder,
        pace: options.pace,
        x264Build: () => this.#x264Build(),
        onScores: (scores) => {
          if (!this.#failure) this.#take(timeline.score(scores));
        },
      });
  }

  async run(): Promise<Result<SplitTotals, SplitFailure>> {
    const { ffmpeg, args, stdin, signal, timeline } = this.#options;
    const ending = AbortSignal.any([signal, this.#stop.signal]);
    this.#process = startLocal(ffmpeg, args, {
      ...(stdin ? { stdin } : {}),
      onStdoutLine: (line) => this.#index(line),
      onExtraLine: () => {
        this.#weigh(this.#segments++);
        this.#scenes?.complete(this.#segments);
        this.#assemble();
      },
      signal: ending,
    });
    const detach = this.#options.pace?.attach(this.#process, () => this.#building || this.#isReady());
    // One that waits would not hear that it is to end.
    ending.addEventListener("abort", () => detach?.(), { once: true });
    const end = await this.#process.end;
    detach?.();
    this.#scenes?.complete(Number.POSITIVE_INFINITY);
    await this.#concluding;
    if (signal.aborted) return fail({ kind: "cancelled", what: "the split was stopped" });
    if (this.#failure === undefined && !this.#complete) {
      if (end.code !== 0 || end.stderrTail.some((line) => HALF_DONE.test(line))) {
        const detail = end.startError ?? end.stderrTail.join("\n");
        this.#failure = { kind: "broken", what: "ffmpeg could not split the source", detail };
      } else {
        this.#runs?.end();
        await this.#endTimeline();
      }
    }
    this.#ended = true;
    this.#assemble();
    await this.#assembling;
    if (this.#failure) return fail(this.#failure);
    await this.#removeSegments(this.#segments);
    const { frames: sourceFrames, outputs: outputFrames, counts } = timeline;
    return ok({ chunks: this.#chunks, sourceFrames, outputFrames, counts });
  }

  #index(line: string): void {
    const { timeline, onFrames } = this.#options;
    if (this.#failure || (this.#concluding && !this.#runs)) return;
    const packet = this.#parser.line(line);
    if (packet) this.#runs?.push(packet);
    if (this.#concluding) return;
    if (packet) this.#scenes?.push(packet);
    const shown = packet ? undefined : frameTime(line);
    if (!packet && shown === undefined) return;
    const fits = this.#take(packet ? timeline.push(packet) : timeline.show(shown ?? 0));
    if (packet?.key) onFrames(timeline.frames);
    // What still comes cannot be seen in the output.
    if (fits && timeline.finished) this.#concluding = this.#conclude();
  }

  async #conclude(): Promise<void> {
    await this.#endTimeline(this.#scenes?.begun);
    this.#complete = true;
    this.#assemble();
  }

  /** Takes the last chunks when the scores of `segments` are there; of all without it. */
  async #endTimeline(segments?: number): Promise<void> {
    const { timeline, signal } = this.#options;
    if (this.#scenes) await this.#scenes.end(segments);
    if (!this.#failure && !signal.aborted) this.#take(timeline.end());
  }

  /** False when the source turned out not to fit. */
  #take(result: Result<readonly Chunk[], string>): boolean {
    if (!result.ok) {
      this.#failure ??= { kind: "unfit", what: result.failure };
      this.#stop.abort();
      return false;
    }
    const { counts } = this.#options.timeline;
    this.#waiting.push(...result.value.map((chunk) => ({ chunk, counts })));
    if (result.value.length > 0) this.#assemble();
    return true;
  }

  /** Puts together what is complete, one chunk after the other. */
  #assemble(): void {
    this.#assembling = this.#assembling.then(() => this.#assembleReady());
  }

  async #assembleReady(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (this.#failure || this.#options.signal.aborted) return;
      if (!next) {
        if (this.#complete) this.#stop.abort();
        return;
      }
      const { chunk, counts } = next;
      if (!this.#isReady()) return;
      this.#waiting.shift();
      try {
        if (chunk.decoded && !(await isWhole(this.#options.codec, this.#segment(chunk.firstSegment)))) {
          this.#failure ??= { kind: "unfit", what: "the source has no times, and its GOPs look at each other" };
          this.#stop.abort();
          return;
        }
        await this.#build(chunk, counts);
      } catch (error) {
        this.#failure ??= { kind: "broken", what: "a chunk could not be written", detail: String(error) };
        this.#stop.abort();
        return;
      }
    }
  }

  /** Whether the next chunk can be put together. */
  #isReady(): boolean {
    const [next] = this.#waiting;
    return next !== undefined && (this.#ended || next.chunk.lastSegment < this.#segments);
  }

  async #build(chunk: Chunk, counts: readonly ClockCounts[]): Promise<void> {
    const { folder, onChunk } = this.#options;
    const x264Build = await this.#x264Build();
    const path = join(folder, `chunk${chunk.index}.nut`);
    // While it is written both are there.
    const weight = this.#weightOf(chunk);
    this.#building = true;
    this.#options.pace?.add(weight);
    const bytes = await gather(folder, chunk, path);
    this.#building = false;
    this.#options.pace?.add(bytes - weight);
    await this.#removeSegments(chunk.firstSegment);
    this.#chunks++;
    this.#options.pace?.cut(framesOf(chunk));
    const run = this.#runs?.run(chunk, this.#parser.headers.get(0)?.extradata ?? "");
    this.#runs?.forget(chunk.firstSegment);
    onChunk({ chunk, path, bytes, x264Build, counts, run });
  }

  /** The H.264 decoder knows x264's build from a message that only the film's first packet carries (h264_sei.c). */
  #x264Build(): Promise<number | undefined> {
    this.#x264 ??= x264BuildOf(this.#segment(0));
    return this.#x264;
  }

  /** Segments before `index` belong to no chunk that is still to come. */
  async #removeSegments(index: number): Promise<void> {
    for (; this.#removed < index; this.#removed++) {
      await rm(this.#segment(this.#removed), { force: true });
      this.#options.pace?.free(this.#weights.get(this.#removed) ?? 0);
      this.#weights.delete(this.#removed);
    }
  }

  #weightOf({ firstSegment, lastSegment }: Chunk): number {
    let bytes = 0;
    for (let i = firstSegment; i <= lastSegment; i++) bytes += this.#weights.get(i) ?? 0;
    return bytes;
  }

  /** At once, so that a split that is too far ahead does not get further meanwhile. */
  #weigh(index: number): void {
    const { pace } = this.#options;
    if (!pace?.limited) return;
    const bytes = statSync(this.#segment(index), { throwIfNoEntry: false })?.size ?? 0;
    this.#weights.set(index, bytes);
    pace.add(bytes);
  }

  #segment(index: number): string {
    return segmentPath(this.#options.folder, index);
  }
}
