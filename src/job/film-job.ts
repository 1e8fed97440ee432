import { rm } from "node:fs/promises";
import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { Joiner } from "../join/joiner.js";
import type { VerifiedChunk } from "../join/verify-chunk.js";
import { allTicks, compareStreams, verifyFilm } from "../join/verify-film.js";
import { toNumber } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan, Reference } from "../plan/film.js";
import { finalArgs } from "../plan/stages.js";
import type { Chunk } from "../plan/timeline.js";
import { Dispatcher, type LaneFailure } from "../schedule/dispatcher.js";
import type { ReadyChunk } from "../split/splitter.js";
import { ChunkLane, type ChunkTask, type LaneSetup } from "./chunk-lane.js";
import type { EventStream } from "./events.js";
import { type HostTools, probeFile, readReference } from "./findings.js";
import { localSlots, openFleet, openLocalLane } from "./fleet.js";
import type { OutputPlace } from "./output.js";
import { splitFilm } from "./stages.js";

/** How a film job ended short of success: `unfit` and `refused` send the command the whole way, the others end it. */
export type FilmFailure = { readonly kind: "unfit" | "refused" | "failed" | "cancelled" } & Problem;

export interface FilmJobInput {
  readonly config: Config;
  readonly command: Command;
  readonly plan: FilmPlan;
  readonly reference: Promise<Result<MediaInfo, string>>;
  readonly tools: HostTools;
  readonly place: OutputPlace;
  readonly events: EventStream;
}

/** Splits, encodes, joins and proves one film; leaves it under its temporary name. */
export async function runFilm(input: FilmJobInput): Promise<Result<{ frames: number }, FilmFailure>> {
  return new FilmJob(input).run();
}

class FilmJob {
  readonly #in: FilmJobInput;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #dispatcher: Dispatcher<ChunkTask, VerifiedChunk>;
  readonly #lanes: ChunkLane[] = [];
  readonly #chunks: Chunk[] = [];
  readonly #verified = new Map<number, VerifiedChunk>();
  #failure: FilmFailure | undefined;
  #total: number | undefined;
  #joined = 0;
  #extradata: string | undefined;
  #fleetSettled = false;
  #standingIn = false;
  #wake: () => void = () => undefined;

  constructor(input: FilmJobInput) {
    this.#in = input;
    this.#signal = AbortSignal.any([input.tools.signal, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#dispatcher = new Dispatcher<ChunkTask, VerifiedChunk>(
      {
        onDone: (task, result, lane) => this.#done(task, result, lane),
        onFailed: (task, lane, slot, attempt, failure, retry) =>
          this.#chunkFailed(task, lane, slot, attempt, failure, retry),
        onLost: (lane, failure) => this.#laneLost(lane, failure),
        onGivenUp: (task, lane, failure) => this.#givenUp(task, lane, failure),
        onStranded: () => void this.#stranded(),
      },
      input.config.job_max_retries,
      this.#signal,
    );
  }

  async run(): Promise<Result<{ frames: number }, FilmFailure>> {
    const fleet = this.#openLanes();
    const splitting = this.#split();
    const result = await this.#join();
    this.#stop.abort();
    this.#dispatcher.stop();
    await Promise.all([splitting, fleet]);
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    if (this.#in.tools.signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    return result;
  }

  async #openLanes(): Promise<void> {
    const { config, plan, tools, events } = this.#in;
    const slots = localSlots(config);
    if (slots > 0) {
      const local = await openLocalLane(config, slots, tools.folder);
      if (local.ok) {
        events.emit({ type: "worker-up", worker: "local", slots, detail: "this machine" });
        this.#addLane(local.value);
      } else {
        events.emit({ type: "worker-dropped", worker: "local", reason: local.failure.reason });
      }
    }
    await openFleet(config, plan.film.encoder, this.#signal, events, (setup) => this.#addLane(setup));
    this.#fleetSettled = true;
    if (this.#dispatcher.lanes.length === 0) await this.#stranded();
  }

  #addLane(setup: LaneSetup): void {
    const { plan, tools, events } = this.#in;
    const lane = new ChunkLane(setup, { plan, hostFfmpeg: tools.ffmpeg, folder: tools.folder, events });
    this.#lanes.push(lane);
    this.#dispatcher.addLane(lane);
  }

  /** No worker is left: this machine stands in, or the job ends, as the user has set. */
  async #stranded(): Promise<void> {
    if (!this.#fleetSettled || this.#standingIn || this.#signal.aborted) return;
    this.#standingIn = true;
    const { config, tools, events } = this.#in;
    const fix = "look at each worker's line above, or set fallback to local";
    if (config.fallback === "fail" || this.#lanes.some((lane) => lane.name === "local")) {
      this.#fail({ kind: "failed", what: "no worker is left", fix });
      return;
    }
    events.emit({ type: "notice", level: "warning", text: "no worker is left: this machine encodes the chunks" });
    const local = await openLocalLane(
      config,
      localSlots({ ...config, workers: [], local_slots: "auto" }),
      tools.folder,
    );
    if (local.ok) {
      events.emit({ type: "worker-up", worker: "local", slots: local.value.slots, detail: "this machine" });
      this.#addLane(local.value);
    } else {
      this.#fail({ kind: "failed", what: local.failure.reason });
    }
  }

  async #split(): Promise<void> {
    const { plan, tools, config, events } = this.#in;
    const result = await splitFilm(plan, config, tools, this.#signal, {
      onChunk: (ready) => this.#chunkReady(ready),
      onFrames: (frames) => events.emit({ type: "split-progress", frames }),
    });
    if (!result.ok) {
      const { kind } = result.failure;
      if (kind !== "cancelled") this.#fail({ ...result.failure, kind: kind === "unfit" ? "unfit" : "refused" });
      return;
    }
    if (result.value.chunks === 0) {
      this.#fail({ kind: "unfit", what: "the source has no frames to split" });
      return;
    }
    this.#total = result.value.chunks;
    events.emit({ type: "split-progress", frames: result.value.sourceFrames, total: result.value.outputFrames });
    this.#wake();
  }

  #chunkReady(ready: ReadyChunk): void {
    const { chunk } = ready;
    this.#chunks[chunk.index] = chunk;
    this.#in.events.emit({ type: "chunk-ready", chunk: chunk.index, frames: chunk.ticks.length });
    this.#dispatcher.add({ index: chunk.index, ready });
  }

  #done(task: ChunkTask, result: VerifiedChunk, lane: string): void {
    this.#extradata ??= result.extradata;
    if (result.extradata !== this.#extradata) {
      // Another build of the encoder: chunks with other headers cannot be joined with the rest.
      this.#fail({
        kind: "refused",
        what: `${lane} made chunk ${task.index} with other headers than the chunks before it`,
      });
      return;
    }
    void rm(task.ready.path, { force: true });
    this.#verified.set(task.index, result);
    this.#wake();
  }

  #chunkFailed(
    task: ChunkTask,
    worker: string,
    slot: number,
    attempt: number,
    failure: LaneFailure,
    retry: boolean,
  ): void {
    const reason = failure.detail ? `${failure.what}: ${failure.detail}` : failure.what;
    this.#in.events.emit({
      type: "chunk-failed",
      chunk: task.index,
      worker,
      slot: Math.max(0, slot),
      attempt,
      reason,
      retry,
    });
  }

  #laneLost(worker: string, failure: LaneFailure): void {
    const { what: reason, fix } = failure;
    this.#in.events.emit({ type: "worker-dropped", worker, reason, ...(fix === undefined ? {} : { fix }) });
  }

  #givenUp(task: ChunkTask, lane: string, failure: LaneFailure): void {
    const what = `chunk ${task.index} failed on ${lane}, and on every try before: ${failure.what}`;
    const refused = failure.what.startsWith("its result was refused");
    this.#fail({
      kind: refused ? "refused" : "failed",
      what,
      ...(failure.detail ? { detail: failure.detail } : {}),
    });
  }

  #fail(failure: FilmFailure): void {
    this.#failure ??= failure;
    this.#stop.abort();
    this.#wake();
  }

  /** Feeds FINAL with the head of the film while the tail is encoded, and proves what it wrote. */
  async #join(): Promise<Result<{ frames: number }, FilmFailure>> {
    const { tools, plan, place, events } = this.#in;
    let joiner: Joiner | undefined;
    let reference: Reference | undefined;
    while (this.#total === undefined || this.#joined < this.#total) {
      const failure = this.#stopped();
      if (failure) return fail(failure);
      const next = this.#verified.get(this.#joined);
      if (!next) {
        if (joiner?.gone) return this.#finalFailed(await joiner.broken());
        await this.#woken();
        continue;
      }
      if (!joiner || !reference) {
        const head = await this.#reference();
        if (!head.ok) return fail({ kind: "refused", what: head.failure });
        reference = head.value;
        const firstTick = this.#chunks[0]?.ticks[0]?.tick ?? 0;
        joiner = new Joiner({
          ffmpeg: tools.ffmpeg,
          args: finalArgs(plan, { firstTick, reference }, place.temporary),
          signal: this.#signal,
          ...(tools.stdin ? { stdin: tools.stdin() } : {}),
        });
        void joiner.ended().then(() => this.#wake());
      }
      const appended = await joiner.append(next.path);
      if (!appended.ok) return this.#finalFailed(appended.failure);
      await rm(next.path, { force: true });
      this.#verified.delete(this.#joined);
      this.#joined++;
      this.#reportJoined();
    }
    const failure = this.#stopped();
    if (failure || !joiner || !reference) return fail(failure ?? { kind: "unfit", what: "nothing to join" });
    const finished = await joiner.finish();
    if (!finished.ok) return this.#finalFailed(finished.failure);
    events.emit({ type: "verifying" });
    return this.#prove(reference);
  }

  #finalFailed(problem: Problem): Result<never, FilmFailure> {
    const failure = this.#stopped();
    if (failure) return fail(failure);
    const full = /No space left on device|Disk quota exceeded/.test(problem.detail ?? "");
    return fail({ ...problem, kind: full ? "failed" : "refused" });
  }

  #stopped(): FilmFailure | undefined {
    if (this.#failure) return this.#failure;
    return this.#in.tools.signal.aborted ? { kind: "cancelled", what: "stopped" } : undefined;
  }

  /** Waits for the next thing to happen: a chunk, the end of the split, a failure, the end of FINAL. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #reference(): Promise<Result<Reference, string>> {
    const media = await this.#in.reference;
    return media.ok ? readReference(media.value, this.#in.plan.film.outputStream) : media;
  }

  #reportJoined(): void {
    const chunk = this.#chunks[this.#joined - 1];
    const last = chunk?.ticks.at(-1);
    if (!last) return;
    const frames = this.#chunks.slice(0, this.#joined).reduce((sum, c) => sum + c.ticks.length, 0);
    const seconds = (last.tick + 1) * toNumber(this.#in.plan.encoderTimeBase);
    this.#in.events.emit({ type: "join-progress", frames, seconds, bytes: 0 });
  }

  async #prove(reference: Reference): Promise<Result<{ frames: number }, FilmFailure>> {
    const { tools, plan, place } = this.#in;
    const ticks = allTicks(this.#chunks);
    const written = await probeFile(tools, place.temporary);
    if (!written.ok) return fail({ kind: "refused", what: written.failure });
    const difference = compareStreams(written.value, reference.media);
    if (difference !== undefined) return fail({ kind: "refused", what: difference });
    const expected = {
      encoderTimeBase: plan.encoderTimeBase,
      ticks,
      stream: plan.film.outputStream,
      reference: reference.media,
    };
    const proven = await verifyFilm(tools.ffmpeg, place.temporary, expected, tools.signal);
    if (!proven.ok) return fail({ kind: "refused", ...proven.failure });
    return ok({ frames: ticks.length });
  }
}
