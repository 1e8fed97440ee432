import { rm } from "node:fs/promises";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { ChunkPart } from "../plan/chunk.js";
import type { FilmPlan } from "../plan/film.js";
import {
  type BookedChunk,
  type LogShares,
  RateBook,
  type RateOrder,
  type RateStep,
} from "../plan/rate-control/book.js";
import { misfits } from "../plan/rate-control/misfits.js";
import { leastBits, loggedFrames, sharesByLog, slicePassLog } from "../plan/rate-control/pass-log.js";
import { type ChunkRate, isFirstPass, levelNumber, toldLevel, treeSuffix } from "../plan/rate-control/plan.js";
import { placeOf } from "../plan/reference.js";
import type { SideFile } from "../plan/sides.js";
import type { ReadyChunk } from "../split/splitter.js";
import type { EncodedChunk } from "./chunk-run.js";
import { type ChunkTask, workOf } from "./chunk-task.js";
import type { Head } from "./heads.js";
import { type ChunkLog, joinChunkLogs, writeSlice } from "./pass-files.js";

/** A rendition, and the head of its output as plain ffmpeg writes it. */
export interface RatedFilm {
  readonly plan: FilmPlan;
  readonly head: Promise<Result<Head, string>> | undefined;
}

export interface RateDeskOptions {
  readonly films: readonly RatedFilm[];
  /** The job's folder. */
  readonly folder: string;
  /** A chunk is to be encoded. */
  order(task: ChunkTask): void;
  /** A chunk stays as it is, in all renditions. */
  settled(index: number, result: EncodedChunk): void;
  fail(problem: Problem & { readonly kind: "unfit" | "failed" }): void;
  notice(text: string): void;
}

/** What is kept of a chunk until it is settled. */
interface Kept {
  readonly ready: ReadyChunk;
  /** By rendition. */
  readonly results: EncodedChunk[number][];
  /** Renditions that stay as they are, or of which there is nothing in this chunk. */
  readonly settled: Set<number>;
  /** Orders that wait: until there is one for all renditions, or until the chunk is back from where it is. */
  orders: Map<number, RateOrder>;
  out: boolean;
  slice?: Promise<readonly SideFile[]>;
}

/**
 * Between the split, the workers and the join: says when a chunk is encoded and what it is told of its size, and keeps
 * what came back until it is settled. Renditions whose size is left to a quality pass through at once. A chunk is first
 * encoded for all renditions together, and again for those alone that need it.
 */
export class RateDesk {
  readonly #o: RateDeskOptions;
  /** By rendition; undefined where nothing is to be kept. */
  readonly #books: readonly (RateBook | undefined)[];
  /** A first pass, or the second of two, is of one film alone. */
  readonly #plan: FilmPlan | undefined;
  /** By their places in the film. Where no size is to be kept, those that are settled are gone. */
  readonly #chunks = new Map<number, Kept>();
  /** Chunks of a rendition by their number in its book: there may be some that show none of its frames. */
  readonly #booked: number[][];
  #steps: Promise<void> = Promise.resolve();
  #ended = false;
  #refined = false;
  #left = false;

  constructor(options: RateDeskOptions) {
    this.#o = options;
    const plans = options.films.map((film) => film.plan);
    this.#plan = plans[0];
    this.#books = plans.map((plan) => plan.rate && new RateBook(plan.rate, plan.encoderTimeBase, logShares(plan)));
    this.#booked = plans.map(() => []);
  }

  /** A chunk's source lies ready. */
  cut(ready: ReadyChunk): void {
    const { index, parts } = ready.chunk;
    const kept: Kept = {
      ready,
      results: parts.map(() => undefined),
      settled: new Set(),
      orders: new Map(),
      out: false,
    };
    this.#chunks.set(index, kept);
    for (const [rendition, part] of parts.entries()) {
      if (!part) kept.settled.add(rendition);
      else this.#cutOne(rendition, index, part, ready.bytes);
    }
    this.#send(kept);
  }

  #cutOne(rendition: number, index: number, part: ChunkPart, sourceBytes: number): void {
    const book = this.#books[rendition];
    if (!book) {
      this.#chunks.get(index)?.orders.set(rendition, { chunk: index, bitrate: undefined, start: undefined });
      return;
    }
    this.#booked[rendition]?.push(index);
    this.#take(rendition, book.cut({ ticks: part.ticks.map((t) => t.tick), sourceBytes }));
  }

  /** The source has been read: no more chunks will come. */
  end(): void {
    this.#ended = true;
    const { passLog } = this.#plan ?? {};
    const frames = this.#parts(0).reduce((sum, part) => sum + part.ticks.length, 0);
    if (passLog && loggedFrames(passLog) !== frames) {
      const what = `the log of -pass 1 is one of ${loggedFrames(passLog)} frames, and the film has ${frames}`;
      this.#o.fail({ kind: "unfit", what });
      return;
    }
    for (const [rendition, book] of this.#books.entries()) if (book) this.#take(rendition, book.end());
    this.#sendAll();
    this.#refine();
  }

  /** A worker has encoded a chunk as ordered. */
  done(task: ChunkTask, result: EncodedChunk): void {
    const kept = this.#chunks.get(task.index);
    if (!kept) return;
    kept.out = false;
    for (const [rendition, made] of result.entries()) {
      if (!made) continue;
      this.#drop(kept.results[rendition]);
      kept.results[rendition] = made;
    }
    if (isFirstPass(this.#plan?.rate)) {
      this.#refine();
      return;
    }
    for (const [rendition, made] of result.entries()) {
      if (!made) continue;
      const book = this.#books[rendition];
      const bits = made.sizes.map((bytes) => bytes * 8);
      if (book) this.#take(rendition, book.done(this.#booked[rendition]?.indexOf(task.index) ?? 0, bits));
      else this.#settle(rendition, task.index);
    }
    this.#sendAll();
  }

  /** It is made anew. */
  #drop(made: EncodedChunk[number]): void {
    if (!made) return;
    const beside = made.log && treeSuffix(this.#plan?.film.encoder ?? "");
    for (const path of [made.path, ...(beside === undefined ? [] : [made.path + beside])])
      void rm(path, { force: true });
  }

  /** Nothing more will be encoded: what is there from the first chunk on stays as it is. False: it was so before. */
  leave(): boolean {
    if (this.#left || this.#books.every((book) => !book) || isFirstPass(this.#plan?.rate)) return false;
    this.#left = true;
    for (const [rendition, book] of this.#books.entries()) {
      for (const chunk of book?.leave() ?? []) this.#settle(rendition, this.#booked[rendition]?.[chunk] ?? chunk);
    }
    return true;
  }

  /** The logs of all chunks of a first pass become the film's, at the place where plain ffmpeg leaves it. */
  async writeLogs(): Promise<Result<void, Problem>> {
    const { rate } = this.#plan ?? {};
    if (!rate?.pass) return ok(undefined);
    const logs = this.#logs();
    return logs.length === this.#chunks.size
      ? joinChunkLogs(rate, rate.pass, logs)
      : fail({ what: "chunks are missing from the log" });
  }

  #logs(): ChunkLog[] {
    return [...this.#chunks.values()].flatMap(({ results: [made] }) =>
      made?.log ? [{ path: made.path, log: made.log }] : [],
    );
  }

  #parts(rendition: number): ChunkPart[] {
    return [...this.#chunks.values()].flatMap(({ ready }) => ready.chunk.parts[rendition] ?? []);
  }

  /** A first pass' chunks that were told far from what they will have are looked at once more, nearer to it. */
  #refine(): void {
    const { rate, encoderTimeBase } = this.#plan ?? {};
    if (!rate || !encoderTimeBase || !this.#ended || !isFirstPass(rate)) return;
    const logs = this.#logs();
    if (logs.length < this.#chunks.size) return;
    const parts = this.#parts(0);
    const again = this.#refined
      ? []
      : misfits(
          rate,
          parts,
          logs.map(({ log }) => log),
          encoderTimeBase,
        );
    this.#refined = true;
    for (const { chunk } of again) this.#drop(this.#chunks.get(chunk)?.results.splice(0, 1, undefined)[0]);
    this.#take(0, { orders: again, settled: again.length > 0 ? [] : [...parts.keys()] });
    this.#sendAll();
  }

  #take(rendition: number, { orders, settled }: RateStep): void {
    const indexOf = (chunk: number): number => this.#booked[rendition]?.[chunk] ?? chunk;
    for (const chunk of settled) this.#settle(rendition, indexOf(chunk));
    for (const order of orders) this.#chunks.get(indexOf(order.chunk))?.orders.set(rendition, order);
    const book = this.#books[rendition];
    const last = this.#booked[rendition]?.length === (settled.at(-1) ?? -2) + 1;
    if (!book || !this.#ended || !last || book.strained === 0) return;
    const chunks = `${book.strained} chunk${book.strained === 1 ? "" : "s"}`;
    this.#o.notice(`the encoder lets the buffer of -bufsize run dry in ${chunks}, told how full it is`);
  }

  #sendAll(): void {
    for (const kept of this.#chunks.values()) this.#send(kept);
  }

  /** Sends a chunk to be encoded: the first time when all its renditions are ordered, later as soon as one is. */
  #send(kept: Kept): void {
    const { ready, orders, settled, results } = kept;
    const first = results.every((made) => made === undefined) && !this.#refined;
    if (kept.out || orders.size === 0 || this.#left) return;
    if (first && orders.size + settled.size < results.length) return;
    kept.out = true;
    kept.orders = new Map();
    this.#steps = this.#steps.then(async () => {
      try {
        this.#o.order(await this.#taskOf(ready, orders, kept));
      } catch (error) {
        this.#o.fail({ kind: "failed", what: "a chunk's log could not be written", detail: String(error) });
      }
    });
  }

  async #taskOf(ready: ReadyChunk, orders: ReadonlyMap<number, RateOrder>, kept: Kept): Promise<ChunkTask> {
    const { index } = ready.chunk;
    const told = new Map<number, ChunkRate>();
    for (const [rendition, { bitrate, start }] of orders) {
      told.set(rendition, { bitrate, start, level: await this.#level(rendition) });
    }
    kept.slice ??= this.#slice(ready);
    return { index, work: workOf(ready), ready, told, logs: await kept.slice };
  }

  /** The level that plain ffmpeg's encoder has chosen by the bitrate of the whole, where chunks are told. */
  async #level(rendition: number): Promise<number | undefined> {
    const film = this.#o.films[rendition];
    if (!film?.plan.rate || !toldLevel(film.plan.rate)) return undefined;
    const made = await film.head;
    if (!made?.ok) return undefined;
    const place = placeOf(made.value.media, film.plan.film.outputStream);
    return levelNumber(film.plan.film.encoder, made.value.media.streams.find(({ index }) => index === place)?.level);
  }

  /** The part of the user's log that a chunk's second pass reads. */
  async #slice({ chunk }: ReadyChunk): Promise<readonly SideFile[]> {
    const { passLog, rate } = this.#plan ?? {};
    const [part] = chunk.parts;
    if (!passLog || !rate?.pass || !part) return [];
    const slice = slicePassLog(passLog, part.outputsBefore, part.outputsBefore + part.ticks.length);
    if (slice.ok) return writeSlice(rate, rate.pass, slice.value, { folder: this.#o.folder, chunk: chunk.index });
    this.#o.fail({ kind: "unfit", what: `the log of -pass 1 cannot be shared out: ${slice.failure}` });
    return [];
  }

  #settle(rendition: number, index: number): void {
    const kept = this.#chunks.get(index);
    if (!kept) return;
    kept.settled.add(rendition);
    if (kept.settled.size < kept.results.length) return;
    void rm(kept.ready.path, { force: true });
    void kept.slice?.then((files) => files.map((file) => rm(file.path, { force: true })));
    // Of a long film they are many.
    if (this.#books.every((book) => !book) && !this.#plan?.passLog) this.#chunks.delete(index);
    this.#o.settled(index, kept.results);
  }
}

function logShares({ passLog, rate, source }: FilmPlan): LogShares | undefined {
  if (!passLog || !rate) return undefined;
  const framesOf = (chunks: readonly BookedChunk[]): number[] => chunks.map(({ ticks }) => ticks.length);
  return {
    share: (chunks, target, seconds) =>
      sharesByLog(passLog, rate, framesOf(chunks), { target, seconds, height: source.height ?? 1080 }),
    least: (chunks, chunk) => {
      const first = framesOf(chunks.slice(0, chunk)).reduce((a, b) => a + b, 0);
      return leastBits(passLog, first, first + (chunks[chunk]?.ticks.length ?? 0));
    },
  };
}
