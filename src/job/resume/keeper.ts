import { rmSync } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Config } from "../../config/types.js";
import type { Command } from "../../ffmpeg/command.js";
import type { Lock } from "../../lib/lock.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { framesOf } from "../../plan/chunk.js";
import type { Sharing } from "../../plan/chunk-sizes.js";
import type { FilmPlan } from "../../plan/film.js";
import { workloadOf } from "../../plan/slots.js";
import { isFirstPass, treeSuffix } from "../../plan/rate-control/plan.js";
import type { VerifiedChunk } from "../../join/verify-chunk.js";
import type { EncodedChunk } from "../chunk-run.js";
import type { ChunkTask } from "../chunk-task.js";
import type { EventStream } from "../events.js";
import { plannedSharing } from "../slot-places.js";
import { sweepHost } from "../clean/host.js";
import { readLog } from "../pass-files.js";
import { ChunkKeys, hashFile } from "./chunk-key.js";
import { commandId, ffmpegBuild, settingsOf, whyAnew } from "./identity.js";
import { empty, lockIn, place as putAt } from "./keep-files.js";
import {
  type Journal,
  type JournalRecord,
  JournalWriter,
  type KeptFile,
  type KeptRecord,
  readJournal,
  type SourceFact,
} from "./journal.js";
import { heldBy, JOURNAL, LOCK, type Resumable, stateFolder } from "./state.js";

export interface KeeperOptions {
  readonly command: Command;
  /** The command as it was typed, without the `-df_` flags, and these. */
  readonly argv: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  readonly config: Config;
  readonly plans: readonly FilmPlan[];
  /** The sources as they were when the job began. */
  readonly sources: readonly SourceFact[];
  /** The job's folder, in which chunks are handed on. */
  readonly folder: string;
  readonly events: EventStream;
}

/**
 * Keeps the finished chunks of a job until its outputs are in place, so that the same command can go on where it was
 * stopped, by whatever stopped it. Planning and the split run again: they are cheap, and come to the same.
 */
export class Keeper {
  readonly #o: KeeperOptions;
  readonly #place: string;
  readonly #id: string;
  readonly #lock: Lock;
  readonly #keys: ChunkKeys;
  readonly #records: Map<string, KeptRecord>;
  /** For whom the film is cut: as in the first run, so that what that has finished fits. */
  readonly sharing: Sharing;
  #total: Journal["total"];
  /** Set when the journal has its head. */
  #headed: boolean;
  /** Keys of what was last ordered of a chunk. */
  readonly #ordered = new Map<number, readonly (string | undefined)[]>();
  /** Chunks that the outputs have: what is kept of them only serves a later run. */
  readonly #spent = new Set<number>();
  #writing: Promise<void> = Promise.resolve();
  #writer: JournalWriter | undefined;
  #broken = false;
  #closed = false;

  private constructor(options: KeeperOptions, id: string, place: string, lock: Lock, journal: Journal | undefined) {
    this.#o = options;
    this.#id = id;
    this.#place = place;
    this.#lock = lock;
    this.#keys = new ChunkKeys(options.plans);
    this.#records = new Map(journal?.chunks);
    this.#total = journal?.total;
    this.sharing = journal?.head.sharing ?? plannedSharing(options.config, workloadOf(options.plans));
    this.#headed = journal !== undefined;
  }

  /** Finds what an earlier run of the command has left. Fails where another run of it is at work, or nothing can be written. */
  static async open(options: KeeperOptions): Promise<Result<Keeper, Problem>> {
    const { command, config, events, sources } = options;
    const id = commandId(command, process.cwd());
    const place = stateFolder(config, id);
    const before = await stat(join(place, LOCK)).catch(() => undefined);
    let lock: Awaited<ReturnType<typeof lockIn>>;
    try {
      lock = await lockIn(place);
    } catch (error) {
      return fail({
        what: `no folder for finished chunks can be made in ${config.server_work_path}`,
        detail: String(error),
        fix: "-df_server_work_path=FOLDER, a folder that you may write, or -df_resume=never",
      });
    }
    if (!lock.ok) return fail(heldBy(lock.failure));
    // The run before did not end by itself.
    if (before) await sweepHost(config);
    let journal = await readJournal(join(place, JOURNAL));
    if (journal) {
      const now = { sources: [...sources], ffmpeg: await ffmpegBuild(config.ffmpeg_bin), settings: settingsOf(config) };
      const changed = whyAnew(journal.head, now);
      if (changed !== undefined) {
        const text = `what an earlier run of this command has finished is of no use: ${changed}; starting anew`;
        events.emit({ type: "notice", level: "warning", text });
        journal = undefined;
      }
    }
    if (!journal) await empty(place);
    const found = new Set([...(journal?.chunks.values() ?? [])].map(({ chunk }) => chunk)).size;
    if (found > 0) {
      const chunks = `${found} chunk${found === 1 ? "" : "s"}`;
      events.emit({ type: "notice", level: "info", text: `going on where an earlier run was stopped: ${chunks} kept` });
    }
    return ok(new Keeper(options, id, place, lock.value, journal));
  }

  /** What of a task an earlier run has finished, rendition by rendition; each file is looked at anew. */
  async take(task: ChunkTask): Promise<EncodedChunk> {
    const keys = await this.#keys.of(task).catch(() => []);
    this.#ordered.set(task.index, keys);
    return Promise.all(
      this.#o.plans.map(async (plan, i) => {
        const record = this.#records.get(keys[i] ?? "");
        if (!record) return undefined;
        const made = await this.#restore(record, plan, task.index).catch(() => undefined);
        if (!made) {
          this.#records.delete(record.key);
          const text = `chunk ${task.index}: what was kept of it is damaged, and is made anew`;
          this.#o.events.emit({ type: "notice", level: "warning", text });
        }
        return made;
      }),
    );
  }

  /** Puts a kept chunk into the job's folder, if it is what was written down of it. */
  async #restore(record: KeptRecord, { rate, film }: FilmPlan, index: number): Promise<VerifiedChunk | undefined> {
    const [main] = record.files;
    if (!main) return undefined;
    const first = isFirstPass(rate);
    const path = join(this.#o.folder, `kept-${index}-${record.rendition}${first ? ".log" : ".nut"}`);
    const suffixes = ["", (first ? treeSuffix(film.encoder) : undefined) ?? ""];
    for (const [i, { file, bytes, sha256 }] of record.files.entries()) {
      const from = join(this.#place, basename(file));
      if ((await stat(from)).size !== bytes || (await hashFile(from)) !== sha256) return undefined;
      await rm(path + (suffixes[i] ?? ""), { force: true });
      await putAt(from, path + (suffixes[i] ?? ""));
    }
    const { header, sizes } = record;
    if (!first) return { path, header, sizes };
    const log = await readLog(film.encoder, path);
    return log.ok ? { path, header, sizes, log: log.value } : undefined;
  }

  /** Keeps what was made for a task. Settles when the files cannot get lost any more; they are written down behind it. */
  async keep(task: ChunkTask, made: EncodedChunk): Promise<void> {
    const keys = this.#ordered.get(task.index) ?? [];
    for (const [rendition, chunk] of made.entries()) {
      const key = keys[rendition];
      if (!chunk || key === undefined || this.#records.has(key) || this.#broken) continue;
      const suffix = chunk.log ? treeSuffix(this.#o.plans[rendition]?.film.encoder ?? "") : undefined;
      try {
        const names = await this.#link(`${task.index}-${rendition}-${key.slice(0, 16)}`, chunk, suffix);
        const { header, sizes } = chunk;
        const frames = framesOf(task.ready.chunk);
        const known = { kind: "chunk" as const, key, chunk: task.index, rendition, frames, header, sizes: [...sizes] };
        this.#enqueue(async () => this.#note({ ...known, files: await Promise.all(names.map((n) => this.#fact(n))) }));
      } catch (error) {
        this.#giveUp(error);
      }
    }
  }

  async #link(stem: string, { path, log }: VerifiedChunk, suffix: string | undefined): Promise<string[]> {
    const names = [`${stem}${log ? ".log" : ".nut"}`];
    await putAt(path, join(this.#place, names[0] ?? ""));
    const beside = suffix === undefined ? undefined : path + suffix;
    if (beside === undefined || !(await stat(beside).catch(() => undefined))) return names;
    await putAt(beside, join(this.#place, `${names[0]}${suffix}`));
    return [...names, `${names[0]}${suffix}`];
  }

  /** How many chunks there are in all is known. */
  total(chunks: number, frames: number): void {
    if (this.#total?.chunks === chunks) return;
    this.#total = { chunks, frames };
    if (this.#headed) this.#enqueue(() => this.#add({ kind: "total", chunks, frames }));
  }

  /** A chunk has been handed on to the outputs. */
  spent(index: number): void {
    this.#spent.add(index);
  }

  /** Gives up what is kept of chunks that the outputs have, oldest first; gives the bytes that this frees. */
  evict(bytes: number): number {
    let freed = 0;
    for (const record of this.#records.values()) {
      if (freed >= bytes) break;
      if (!this.#spent.has(record.chunk)) continue;
      this.#records.delete(record.key);
      for (const file of record.files) {
        freed += file.bytes;
        void rm(join(this.#place, file.file), { force: true });
      }
    }
    return freed;
  }

  /** Bytes of what is kept. */
  get bytes(): number {
    return [...this.#records.values()].flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  }

  /** What a later run will find, as far as it is written down. */
  resumable(): Resumable | undefined {
    const chunks = new Set([...this.#records.values()].map(({ chunk }) => chunk)).size;
    return chunks === 0 || this.#closed ? undefined : { id: this.#id, place: this.#place, chunks, bytes: this.bytes };
  }

  /** Ends it: what is kept stays for a later run (`keep`), or goes because nobody needs it any more. */
  async close({ keep }: { readonly keep: boolean }): Promise<Resumable | undefined> {
    if (this.#closed) return undefined;
    await this.#writing;
    const left = keep ? this.resumable() : undefined;
    this.#closed = true;
    await this.#writer?.close().catch(() => undefined);
    if (left) await this.#lock.release();
    else {
      await empty(this.#place).catch(() => undefined);
      await this.#lock.release();
      await rm(this.#place, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    }
    return left;
  }

  /** There is no time to close it: what is written down stays. */
  abandon(): Resumable | undefined {
    const left = this.resumable();
    if (!left && !this.#closed) rmSync(this.#place, { recursive: true, force: true });
    this.#closed = true;
    return left;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(async () => {
      if (this.#broken) return;
      await work().catch((error: unknown) => this.#giveUp(error));
    });
  }

  async #note(record: KeptRecord): Promise<void> {
    await this.#add(record);
    this.#records.set(record.key, record);
  }

  /** What is written down of a file, once it is on the disk. */
  async #fact(name: string): Promise<KeptFile> {
    const path = join(this.#place, name);
    const file = await open(path, "r");
    try {
      await file.datasync();
      return { file: name, bytes: (await file.stat()).size, sha256: await hashFile(path) };
    } finally {
      await file.close();
    }
  }

  async #add(record: JournalRecord): Promise<void> {
    this.#writer ??= await JournalWriter.open(join(this.#place, JOURNAL));
    if (!this.#headed) {
      const { argv, flags, config, sources } = this.#o;
      await this.#writer.add({
        ...{ kind: "job", version: 1, argv: [...argv], flags: Object.fromEntries(flags), cwd: process.cwd() },
        ...{ began: new Date().toISOString(), sources: [...sources], settings: settingsOf(config) },
        sharing: this.sharing,
        ffmpeg: await ffmpegBuild(config.ffmpeg_bin),
      });
      this.#headed = true;
      if (this.#total) await this.#writer.add({ kind: "total", ...this.#total });
    }
    await this.#writer.add(record);
  }

  /** The film is made all the same. */
  #giveUp(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const text = `finished chunks can no longer be kept for a later run: ${String(error)}`;
    this.#o.events.emit({ type: "notice", level: "warning", text });
  }
}
