import { rm, stat } from "node:fs/promises";
import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { referenceFrameData } from "../join/frame-data.js";
import { Joiner } from "../join/joiner.js";
import type { VerifiedChunk } from "../join/verify-chunk.js";
import { toNumber } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { notJoined } from "../plan/reference.js";
import { finalArgs } from "../plan/stages.js";
import type { ReadyChunk } from "../split/splitter.js";
import type { ChunkTask } from "./chunk-lane.js";
import { Crew } from "./crew.js";
import type { EventStream } from "./events.js";
import { type Head, readReference } from "./findings.js";
import type { OutputPlace } from "./output.js";
import type { HostTools } from "./probing.js";
import { proveFilm } from "./prove.js";
import { splitFilm } from "./stages.js";

/** How a film job ended short of success: `unfit` and `refused` send the command the whole way, the others end it. */
export type FilmFailure = { readonly kind: "unfit" | "refused" | "failed" | "cancelled" } & Problem;

/** A film that is made: its frames, and how long it is. */
export interface MadeFilm {
  readonly frames: number;
  readonly seconds: number;
}

export interface FilmJobInput {
  readonly config: Config;
  readonly command: Command;
  readonly plan: FilmPlan;
  readonly head: Promise<Result<Head, string>>;
  readonly tools: HostTools;
  readonly place: OutputPlace;
  readonly events: EventStream;
}

/** Splits, encodes, joins and proves one film; leaves it under its temporary name. */
export async function runFilm(input: FilmJobInput): Promise<Result<MadeFilm, FilmFailure>> {
  return new FilmJob(input).run();
}

class FilmJob {
  readonly #in: FilmJobInput;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #crew: Crew;
  /** The film's ticks, chunk by chunk. */
  readonly #ticks: number[][] = [];
  readonly #verified = new Map<number, VerifiedChunk>();
  #failure: FilmFailure | undefined;
  #total: number | undefined;
  #joined = { chunks: 0, frames: 0, bytes: 0 };
  #wake: () => void = () => undefined;

  constructor(input: FilmJobInput) {
    this.#in = input;
    const { config, plan, tools, events } = input;
    this.#signal = AbortSignal.any([tools.signal, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#crew = new Crew({
      config,
      job: {
        ...{ plan, hostFfmpeg: tools.ffmpeg, hostFfprobe: tools.ffprobe, folder: tools.folder, events, headers: {} },
        ...(plan.watchFrameData ? { frameData: this.#frameData() } : {}),
      },
      signal: this.#signal,
      onDone: (task, result) => this.#done(task, result),
      onGivenUp: ({ kind, ...problem }) =>
        this.#fail({ ...problem, kind: kind === "unfit" || kind === "refused" ? kind : "failed" }),
      onNobodyLeft: (problem) => this.#fail({ ...problem, kind: "failed" }),
    });
  }

  async run(): Promise<Result<MadeFilm, FilmFailure>> {
    const { plan } = this.#in;
    // What plain ffmpeg refuses, it refuses at the head: nothing need be encoded to find out.
    void this.#in.head.then((head) => {
      if (!head.ok) this.#fail({ kind: "refused", what: head.failure });
      else {
        const odd = notJoined(head.value.media, plan);
        if (odd !== undefined) this.#fail({ kind: "unfit", what: odd });
      }
    });
    const opening = this.#crew.open();
    const splitting = this.#split();
    const result = await this.#join();
    this.#stop.abort();
    await Promise.all([splitting, opening]);
    await this.#crew.close();
    if (this.#in.tools.signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    return result;
  }

  async #frameData(): Promise<Result<string, Problem>> {
    const { head, tools, plan } = this.#in;
    const made = await head;
    return made.ok ? referenceFrameData(tools, made.value.path, plan.film.outputStream) : fail({ what: made.failure });
  }

  async #split(): Promise<void> {
    const { plan, tools, config, events } = this.#in;
    const result = await splitFilm(plan, config, tools, this.#signal, {
      onChunk: (ready) => this.#ready(ready),
      onFrames: (frames) => events.emit({ type: "split-progress", frames }),
    });
    if (!result.ok) {
      const { kind } = result.failure;
      if (kind !== "cancelled") this.#fail({ ...result.failure, kind: kind === "unfit" ? "unfit" : "refused" });
      return;
    }
    const { chunks, sourceFrames, outputFrames } = result.value;
    if (chunks === 0) {
      this.#fail({ kind: "unfit", what: "the source has no frames to split" });
      return;
    }
    this.#total = chunks;
    events.emit({ type: "split-progress", frames: sourceFrames, total: outputFrames });
    this.#wake();
  }

  #ready(ready: ReadyChunk): void {
    const { index, ticks } = ready.chunk;
    this.#ticks[index] = ticks.map((t) => t.tick);
    this.#in.events.emit({ type: "chunk-ready", chunk: index, frames: ticks.length });
    this.#crew.add({ index, ready });
  }

  #done(task: ChunkTask, result: VerifiedChunk): void {
    void rm(task.ready.path, { force: true });
    this.#verified.set(task.index, result);
    this.#wake();
  }

  #fail(failure: FilmFailure): void {
    this.#failure ??= failure;
    this.#stop.abort();
    this.#wake();
  }

  /** Feeds FINAL with the head of the film while the tail is encoded, and proves what it wrote. */
  async #join(): Promise<Result<MadeFilm, FilmFailure>> {
    let final: { readonly joiner: Joiner; readonly reference: Reference } | undefined;
    while (this.#total === undefined || this.#joined.chunks < this.#total) {
      const failure = this.#stopped();
      if (failure) return fail(failure);
      const next = this.#verified.get(this.#joined.chunks);
      if (!next) {
        if (final?.joiner.gone) return this.#finalFailed(await final.joiner.broken());
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      if (!final) {
        const started = await this.#startFinal();
        if (!started.ok) return fail({ kind: "refused", what: started.failure });
        final = started.value;
      }
      const appended = await this.#append(final.joiner, next);
      if (!appended.ok) return this.#finalFailed(appended.failure);
    }
    const failure = this.#stopped();
    if (failure || !final) return fail(failure ?? { kind: "unfit", what: "nothing to join" });
    const finished = await final.joiner.finish();
    if (!finished.ok) return this.#finalFailed(finished.failure);
    return this.#prove(final.reference);
  }

  async #startFinal(): Promise<Result<{ joiner: Joiner; reference: Reference }, string>> {
    const { tools, plan, place } = this.#in;
    const head = await this.#in.head;
    const reference = head.ok ? await readReference(head.value, plan.film.outputStream, plan.muxer) : head;
    if (!reference.ok) return reference;
    const joiner = new Joiner({
      ffmpeg: tools.ffmpeg,
      args: finalArgs(plan, { firstTick: this.#ticks[0]?.[0] ?? 0, reference: reference.value }, place.temporary),
      signal: this.#signal,
      ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    });
    void joiner.ended().then(() => this.#wake());
    return ok({ joiner, reference: reference.value });
  }

  async #append(joiner: Joiner, next: VerifiedChunk): Promise<Result<void, Problem>> {
    const { size } = await stat(next.path);
    const appended = await joiner.append(next.path);
    if (!appended.ok) return appended;
    await rm(next.path, { force: true });
    this.#verified.delete(this.#joined.chunks);
    const ticks = this.#ticks[this.#joined.chunks] ?? [];
    this.#joined = {
      chunks: this.#joined.chunks + 1,
      frames: this.#joined.frames + ticks.length,
      bytes: this.#joined.bytes + size,
    };
    const { frames, bytes } = this.#joined;
    this.#in.events.emit({ type: "join-progress", frames, seconds: this.#secondsUpTo(ticks), bytes });
    return ok(undefined);
  }

  #secondsUpTo(ticks: readonly number[]): number {
    return ((ticks.at(-1) ?? -1) + 1) * toNumber(this.#in.plan.encoderTimeBase);
  }

  async #prove(reference: Reference): Promise<Result<MadeFilm, FilmFailure>> {
    const { tools, plan, place, events } = this.#in;
    events.emit({ type: "verifying" });
    const ticks = this.#ticks.flat();
    const proven = await proveFilm(plan, reference, place.temporary, ticks, tools);
    if (!proven.ok) return fail({ kind: "refused", ...proven.failure });
    return ok({ frames: ticks.length, seconds: this.#secondsUpTo(ticks) });
  }

  #finalFailed(problem: Problem): Result<never, FilmFailure> {
    const failure = this.#stopped();
    if (failure) return fail(failure);
    // Plain ffmpeg would find the disk just as full.
    const full = /No space left on device|Disk quota exceeded/.test(problem.detail ?? "");
    return fail({ ...problem, kind: full ? "failed" : "refused" });
  }

  #stopped(): FilmFailure | undefined {
    if (this.#failure) return this.#failure;
    return this.#in.tools.signal.aborted ? { kind: "cancelled", what: "stopped" } : undefined;
  }
}
