import { rm, stat } from "node:fs/promises";
import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { referenceFrameData } from "../join/frame-data.js";
import { type Closing, Joiner } from "../join/joiner.js";
import type { VerifiedChunk } from "../join/verify-chunk.js";
import { toNumber } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { notJoined, placeOf } from "../plan/reference.js";
import { isFirstPass } from "../plan/rate-control/plan.js";
import { beginsAsPlanned } from "../plan/switches.js";
import { finalArgs } from "../plan/stages.js";
import { intoFolder } from "../plan/streaming.js";
import type { ReadyChunk } from "../split/splitter.js";
import { Crew } from "./crew.js";
import type { EventStream } from "./events.js";
import { type Head, readReference } from "./findings.js";
import type { OutputPlace } from "./output.js";
import type { HostTools } from "./probing.js";
import { keepHead, proveFilm, proveSegments } from "./prove.js";
import { RateDesk } from "./rate-desk.js";
import { splitFilm } from "./stages.js";

/** How a film job ended short of success: `unfit` and `refused` send the command the whole way, the others end it. */
export type FilmFailure = { readonly kind: "unfit" | "refused" | "failed" | "cancelled" } & Problem;

/** A film that is made, or its head where the job was ended early: its frames, how long it is, and FINAL's last words. */
export interface MadeFilm {
  readonly frames: number;
  readonly seconds: number;
  readonly closing: Closing;
}

export interface FilmJobInput {
  readonly config: Config;
  readonly command: Command;
  readonly plan: FilmPlan;
  readonly head: Promise<Result<Head, string>>;
  readonly tools: HostTools;
  readonly place: OutputPlace;
  readonly events: EventStream;
  /** The user's wish to end it: what is finished by then becomes the output. */
  readonly leave: AbortSignal;
}

/** Splits, encodes, joins and proves one film; leaves it under its temporary name. */
export async function runFilm(input: FilmJobInput): Promise<Result<MadeFilm, FilmFailure>> {
  return new FilmJob(input).run();
}

class FilmJob {
  readonly #in: FilmJobInput;
  /** Ends the work on chunks. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** Ends the join as well, because there is nothing to save. */
  readonly #halt = new AbortController();
  readonly #crew: Crew;
  readonly #desk: RateDesk;
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
    this.#signal = AbortSignal.any([tools.signal, input.leave, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#desk = new RateDesk({
      ...{ plan, folder: tools.folder, head: input.head },
      order: (task) => this.#crew.add(task),
      settled: (index, result) => this.#settled(index, result),
      fail: (problem) => this.#fail(problem),
      notice: (text) => events.emit({ type: "notice", level: "warning", text }),
    });
    this.#crew = new Crew({
      config,
      job: {
        ...{ plan, hostFfmpeg: tools.ffmpeg, hostFfprobe: tools.ffprobe, folder: tools.folder, events, headers: {} },
        ...(plan.watchFrameData ? { frameData: this.#frameData() } : {}),
      },
      signal: this.#signal,
      onDone: (task, result) => this.#desk.done(task, result),
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
    const result = await (isFirstPass(plan.rate) ? this.#firstPass() : this.#join());
    this.#stop.abort();
    await Promise.all([splitting, opening]);
    await this.#crew.close();
    return result;
  }

  async #frameData(): Promise<Result<string, Problem>> {
    const { head, tools, plan } = this.#in;
    const made = await head;
    return made.ok
      ? referenceFrameData(tools, made.value.path, placeOf(made.value.media, plan.film.outputStream))
      : fail({ what: made.failure });
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
    this.#desk.end();
    this.#wake();
  }

  #ready(ready: ReadyChunk): void {
    const { index, ticks } = ready.chunk;
    if (index === 0 && !beginsAsPlanned(this.#in.plan, ready.chunk)) {
      this.#fail({
        kind: "unfit",
        what: "whether a filter is switched on at the film's first frame is left to chance",
      });
      return;
    }
    this.#ticks[index] = ticks.map((t) => t.tick);
    this.#in.events.emit({ type: "chunk-ready", chunk: index, frames: ticks.length });
    this.#desk.cut(ready);
  }

  #settled(index: number, result: VerifiedChunk): void {
    this.#verified.set(index, result);
    this.#wake();
  }

  #fail(failure: FilmFailure): void {
    this.#failure ??= failure;
    this.#stop.abort();
    this.#halt.abort();
    this.#wake();
  }

  /** A first pass: nothing is joined but the logs. */
  async #firstPass(): Promise<Result<MadeFilm, FilmFailure>> {
    while (this.#total === undefined || this.#verified.size < this.#total) {
      if (this.#failure) return fail(this.#failure);
      if (this.#in.leave.aborted) return fail({ kind: "cancelled", what: "stopped" });
      await this.#woken();
    }
    const written = await this.#desk.writeLogs();
    if (!written.ok) return fail({ kind: "failed", ...written.failure });
    const ticks = this.#ticks.flat();
    const closing = { progress: undefined, sizes: undefined };
    return ok({ frames: ticks.length, seconds: this.#secondsUpTo(ticks), closing });
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Feeds FINAL with the head of the film while the tail is encoded, and proves what it wrote. */
  async #join(): Promise<Result<MadeFilm, FilmFailure>> {
    let final: Final | undefined;
    while (this.#total === undefined || this.#joined.chunks < this.#total) {
      if (this.#failure) return fail(this.#failure);
      const next = this.#verified.get(this.#joined.chunks);
      if (!next) {
        if (this.#in.leave.aborted) {
          // What is finished goes into the film, though its size is not what it was to be.
          if (!this.#desk.leave()) return this.#leave(final);
          continue;
        }
        if (final?.joiner.gone) return this.#finalFailed(await final.joiner.broken());
        await this.#woken();
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
    if (this.#failure || !final) return fail(this.#failure ?? { kind: "unfit", what: "nothing to join" });
    const finishing = final.joiner.finish();
    await Promise.race([finishing, aborted(this.#in.leave)]);
    const finished = await (this.#in.leave.aborted ? final.joiner.leave(this.#joined.frames) : finishing);
    if (!finished.ok) return this.#finalFailed(finished.failure);
    return this.#prove(final.reference, finished.value);
  }

  /** Ends early: all chunks in order that are finished have been handed to FINAL, and it writes its end. */
  async #leave(final: Final | undefined): Promise<Result<MadeFilm, FilmFailure>> {
    if (!final) return fail({ kind: "cancelled", what: "stopped" });
    const { plan, tools, place, command } = this.#in;
    const { frames } = this.#joined;
    const ended = await final.joiner.leave(frames);
    if (!ended.ok) return fail({ kind: "failed", ...ended.failure });
    const written = { path: place.temporary, frames };
    const kept =
      place.tree === undefined ? await keepHead(plan, command, final.reference, written, tools) : ok(undefined);
    if (!kept.ok) return fail({ kind: "failed", ...kept.failure });
    return ok({ frames, seconds: this.#secondsUpTo(this.#ticks[this.#joined.chunks - 1] ?? []), closing: ended.value });
  }

  async #startFinal(): Promise<Result<Final, string>> {
    const { tools, plan, place } = this.#in;
    const head = await this.#in.head;
    const reference = head.ok ? await readReference(head.value, plan.film.outputStream, plan.muxer) : head;
    if (!reference.ok) return reference;
    const own = place.tree === undefined ? plan : { ...plan, command: intoFolder(plan.command, place.tree) };
    const joiner = new Joiner({
      ffmpeg: tools.ffmpeg,
      args: finalArgs(own, { firstTick: this.#ticks[0]?.[0] ?? 0, reference: reference.value }, place.temporary),
      signal: AbortSignal.any([tools.signal, this.#halt.signal]),
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

  async #prove(reference: Reference, closing: Closing): Promise<Result<MadeFilm, FilmFailure>> {
    const { tools, plan, place, events } = this.#in;
    events.emit({ type: "verifying" });
    const ticks = this.#ticks.flat();
    const proven = await (place.tree === undefined
      ? proveFilm(plan, reference, place.temporary, ticks, tools)
      : proveSegments(plan, reference, { list: place.temporary, tree: place.tree }, ticks, tools));
    if (!proven.ok) return fail({ kind: "refused", ...proven.failure });
    return ok({ frames: ticks.length, seconds: this.#secondsUpTo(ticks), closing });
  }

  #finalFailed(problem: Problem): Result<never, FilmFailure> {
    if (this.#failure) return fail(this.#failure);
    // Plain ffmpeg would find the disk just as full.
    const full = /No space left on device|Disk quota exceeded/.test(problem.detail ?? "");
    return fail({ ...problem, kind: full ? "failed" : "refused" });
  }
}

interface Final {
  readonly joiner: Joiner;
  readonly reference: Reference;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
