import { rm } from "node:fs/promises";
import type { VerifiedChunk } from "../join/verify-chunk.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { RateBook, type RateOrder, type RateStep, type ShareOut } from "../plan/rate-control/book.js";
import { misfits } from "../plan/rate-control/misfits.js";
import { loggedFrames, sharesByLog, slicePassLog } from "../plan/rate-control/pass-log.js";
import { type ChunkRate, isFirstPass, levelNumber, toldLevel } from "../plan/rate-control/plan.js";
import { placeOf } from "../plan/reference.js";
import type { SideFile } from "../plan/sides.js";
import type { ReadyChunk } from "../split/splitter.js";
import type { ChunkTask } from "./chunk-lane.js";
import type { Head } from "./findings.js";
import { type ChunkLog, joinChunkLogs, writeSlice } from "./pass-files.js";

export interface RateDeskOptions {
  readonly plan: FilmPlan;
  /** The job's folder. */
  readonly folder: string;
  /** The head of the output as plain ffmpeg writes it. */
  readonly head: Promise<Result<Head, string>>;
  /** A chunk is to be encoded. */
  order(task: ChunkTask): void;
  /** A chunk stays as it is. */
  settled(index: number, result: VerifiedChunk): void;
  fail(problem: Problem & { readonly kind: "unfit" | "refused" | "failed" }): void;
  notice(text: string): void;
}

/**
 * Between the split, the workers and the join: says when a chunk is encoded and what it is told of its size, and keeps
 * what came back until it is settled. Where the film's size is left to a quality, all of it passes through at once.
 */
export class RateDesk {
  readonly #o: RateDeskOptions;
  readonly #book: RateBook | undefined;
  readonly #ready: ReadyChunk[] = [];
  readonly #results = new Map<number, VerifiedChunk>();
  readonly #slices = new Map<number, Promise<readonly SideFile[]>>();
  #steps: Promise<void> = Promise.resolve();
  #ended = false;
  #refined = false;
  #left = false;

  constructor(options: RateDeskOptions) {
    this.#o = options;
    const { rate, encoderTimeBase } = options.plan;
    this.#book = rate && new RateBook(rate, encoderTimeBase, this.#shareOut());
  }

  /** A chunk's source lies ready. */
  cut(ready: ReadyChunk): void {
    const { index, ticks } = ready.chunk;
    if (!this.#book) {
      this.#o.order({ index, ready });
      return;
    }
    this.#ready[index] = ready;
    this.#take(this.#book.cut({ ticks: ticks.map((t) => t.tick), sourceBytes: ready.bytes }));
  }

  /** The source has been read: no more chunks will come. */
  end(): void {
    this.#ended = true;
    if (!this.#book) return;
    const { passLog } = this.#o.plan;
    const frames = this.#ready.reduce((sum, { chunk }) => sum + chunk.ticks.length, 0);
    if (passLog && loggedFrames(passLog) !== frames) {
      const what = `the log of -pass 1 is one of ${loggedFrames(passLog)} frames, and the film has ${frames}`;
      this.#o.fail({ kind: "unfit", what });
      return;
    }
    this.#take(this.#book.end());
    this.#refine();
  }

  /** A worker has encoded a chunk as ordered. */
  done(task: ChunkTask, result: VerifiedChunk): void {
    if (!this.#book) {
      this.#keep(task.index, task.ready, result);
      return;
    }
    this.#results.set(task.index, result);
    if (isFirstPass(this.#o.plan.rate)) this.#refine();
    else
      this.#take(
        this.#book.done(
          task.index,
          result.sizes.map((bytes) => bytes * 8),
        ),
      );
  }

  /** Nothing more will be encoded: what is there from the film's first chunk on stays as it is. False: it was so before. */
  leave(): boolean {
    if (!this.#book || this.#left) return false;
    this.#left = true;
    for (const index of this.#book.leave()) this.#settle(index);
    return true;
  }

  /** The logs of all chunks of a first pass become the film's, at the place where plain ffmpeg leaves it. */
  async writeLogs(): Promise<Result<void, Problem>> {
    const { rate } = this.#o.plan;
    if (!rate?.pass) return ok(undefined);
    const logs = this.#logs();
    return logs.length === this.#ready.length
      ? joinChunkLogs(rate, rate.pass, logs)
      : fail({ what: "chunks are missing from the log" });
  }

  #logs(): ChunkLog[] {
    return this.#ready.flatMap((_, index) => {
      const { path, log } = this.#results.get(index) ?? {};
      return path !== undefined && log ? [{ path, log }] : [];
    });
  }

  /** A first pass' chunks that were told far from what they will have are looked at once more, nearer to it. */
  #refine(): void {
    const { rate, encoderTimeBase } = this.#o.plan;
    if (!rate || !this.#ended || !isFirstPass(rate)) return;
    const logs = this.#logs();
    if (logs.length < this.#ready.length) return;
    const again = this.#refined
      ? []
      : misfits(
          rate,
          this.#ready.map(({ chunk }) => chunk),
          logs.map(({ log }) => log),
          encoderTimeBase,
        );
    this.#refined = true;
    for (const { chunk } of again) this.#results.delete(chunk);
    const settled = again.length > 0 ? [] : [...this.#ready.keys()];
    this.#take({ orders: again, settled });
  }

  #take({ orders, settled }: RateStep): void {
    for (const index of settled) this.#settle(index);
    for (const order of orders) {
      this.#steps = this.#steps
        .then(() => this.#give(order))
        .catch((error: unknown) => {
          this.#o.fail({ kind: "failed", what: "a chunk's log could not be written", detail: String(error) });
        });
    }
  }

  async #give({ chunk: index, bitrate, start }: RateOrder): Promise<void> {
    const ready = this.#ready[index];
    const { rate } = this.#o.plan;
    if (!ready || !rate) return;
    const told: ChunkRate = { bitrate, start, level: toldLevel(rate) ? await this.#level() : undefined };
    const slice = this.#slices.get(index) ?? this.#slice(ready);
    this.#slices.set(index, slice);
    this.#o.order({ index, ready, told, logs: await slice });
  }

  /** The level that plain ffmpeg's encoder has chosen by the bitrate of the whole. */
  async #level(): Promise<number | undefined> {
    const { head, plan } = this.#o;
    const made = await head;
    if (!made.ok) return undefined;
    const place = placeOf(made.value.media, plan.film.outputStream);
    return levelNumber(plan.film.encoder, made.value.media.streams.find(({ index }) => index === place)?.level);
  }

  /** The part of the user's log that a chunk's second pass reads. */
  async #slice({ chunk }: ReadyChunk): Promise<readonly SideFile[]> {
    const { plan, folder } = this.#o;
    const { passLog, rate } = plan;
    if (!passLog || !rate?.pass) return [];
    const slice = slicePassLog(passLog, chunk.outputsBefore, chunk.outputsBefore + chunk.ticks.length);
    if (slice.ok) return writeSlice(rate, rate.pass, slice.value, { folder, chunk: chunk.index });
    this.#o.fail({ kind: "unfit", what: `the log of -pass 1 cannot be shared out: ${slice.failure}` });
    return [];
  }

  #settle(index: number): void {
    const [ready, result] = [this.#ready[index], this.#results.get(index)];
    if (ready && result) this.#keep(index, ready, result);
    // The last one is settled when all are.
    if (index !== this.#ready.length - 1 || !this.#book || this.#book.strained === 0) return;
    const { strained } = this.#book;
    const chunks = `${strained} chunk${strained === 1 ? "" : "s"}`;
    this.#o.notice(`the encoder lets the buffer of -bufsize run dry in ${chunks}, told how full it is`);
  }

  #keep(index: number, ready: ReadyChunk, result: VerifiedChunk): void {
    void rm(ready.path, { force: true });
    void this.#slices.get(index)?.then((files) => files.map((file) => rm(file.path, { force: true })));
    this.#o.settled(index, result);
  }

  #shareOut(): ShareOut | undefined {
    const { passLog, rate, source } = this.#o.plan;
    if (!passLog || !rate) return undefined;
    return (chunks, target, seconds) =>
      sharesByLog(
        passLog,
        rate,
        chunks.map(({ ticks }) => ticks.length),
        { target, seconds, height: source.height ?? 1080 },
      );
  }
}
