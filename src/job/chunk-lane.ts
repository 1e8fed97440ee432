import { rm } from "node:fs/promises";
import { join } from "node:path";
import { endNotWritten } from "../ffmpeg/log.js";
import { ProgressBlocks } from "../ffmpeg/progress.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { firstFrameData } from "../join/frame-data.js";
import { type VerifiedChunk, verifyChunk } from "../join/verify-chunk.js";
import type { FilmPlan } from "../plan/film.js";
import { type ChunkRate, isFirstPass, logName } from "../plan/rate-control/plan.js";
import type { SideFile } from "../plan/sides.js";
import { remoteArgs } from "../plan/stages.js";
import type { Lane, LaneFailure } from "../schedule/dispatcher.js";
import type { ReadyChunk } from "../split/splitter.js";
import type { ProcessEnd, Session, TransportFailure } from "../workers/transport.js";
import type { EventStream } from "./events.js";
import { fetchChunkLog, passFiles } from "./pass-files.js";

/** A task of the dispatcher: a chunk by its place in the film. */
export interface ChunkTask {
  readonly index: number;
  readonly ready: ReadyChunk;
  /** What it is told of its size. */
  readonly told?: ChunkRate;
  /** Its part of a first pass' log, which goes up with it: the log first. */
  readonly logs?: readonly SideFile[];
}

/** What a lane needs to know of its worker. */
export interface LaneSetup {
  readonly name: string;
  readonly slots: number;
  /** One session for every few slots; never empty. */
  readonly sessions: readonly Session[];
  readonly sharesHostFiles: boolean;
  readonly ffmpeg: string;
  /** The words that bind ffmpeg to a NUMA node, before its name; empty where there is none. */
  readonly binding: readonly string[];
}

/** What all lanes of a job share. */
export interface LaneJob {
  readonly plan: FilmPlan;
  readonly hostFfmpeg: string;
  readonly folder: string;
  readonly events: EventStream;
  /** What the first chunk that was finished has before its first packet: all others must too. */
  readonly headers: { first?: string };
  readonly hostFfprobe: string;
  /** What plain ffmpeg's first frame says beside its picture, where the chunks' are held against it (FilmPlan). */
  readonly frameData?: Promise<Result<string, Problem>>;
}

/** A worker at work on chunks: uploads the next while it encodes, fetches what is encoded, and holds it against the plan. */
export class ChunkLane implements Lane<ChunkTask, VerifiedChunk> {
  readonly name: string;
  readonly slots: number;
  readonly ahead: number;
  readonly #uploaded = new Map<number, string>();
  /** Where the chunks' parts of a first pass' log are on the worker. */
  readonly #logs = new Map<number, string>();
  /** The side files on the worker: they go up once, with the first chunk. */
  #sides: Promise<Result<readonly string[], TransportFailure>> | undefined;

  constructor(
    private readonly setup: LaneSetup,
    private readonly job: LaneJob,
  ) {
    this.name = setup.name;
    this.slots = setup.slots;
    // Where nothing is copied there is nothing to do ahead.
    this.ahead = setup.sharesHostFiles ? 0 : 1;
  }

  async prepare(task: ChunkTask, signal: AbortSignal): Promise<Result<void, LaneFailure>> {
    if (!this.setup.sharesHostFiles) {
      this.job.events.emit({ type: "chunk-upload", chunk: task.index, worker: this.name, slot: 0 });
    }
    const sides = await this.#putSides();
    if (!sides.ok) return fail(laneFailure(sides.failure));
    const put = await this.#session(0).put(task.ready.path, sourceName(task), signal);
    if (!put.ok) return fail(laneFailure(put.failure));
    this.#uploaded.set(task.index, put.value);
    for (const [i, { path, name }] of (task.logs ?? []).entries()) {
      const log = await this.#session(0).put(path, name, signal);
      if (!log.ok) return fail(laneFailure(log.failure));
      if (i === 0) this.#logs.set(task.index, log.value);
    }
    return ok(undefined);
  }

  #putSides(): Promise<Result<readonly string[], TransportFailure>> {
    this.#sides ??= this.#upload();
    const going = this.#sides;
    void going.then(({ ok: there }) => {
      // The next chunk tries again.
      if (!there && this.#sides === going) this.#sides = undefined;
    });
    return going;
  }

  async #upload(): Promise<Result<readonly string[], TransportFailure>> {
    const paths: string[] = [];
    for (const { path, name } of this.job.plan.sides) {
      const put = await this.#session(0).put(path, name);
      if (!put.ok) return put;
      paths.push(put.value);
    }
    return ok(paths);
  }

  async execute(task: ChunkTask, slot: number, signal: AbortSignal): Promise<Result<VerifiedChunk, LaneFailure>> {
    const { events } = this.job;
    const session = this.#session(slot);
    const place = { chunk: task.index, worker: this.name, slot };
    const started = performance.now();
    events.emit({ type: "chunk-encode", ...place });
    const end = await this.#encode(task, session, place, signal);
    try {
      if (!end.ok) return fail(laneFailure(end.failure));
      if (end.value.code !== 0 || endNotWritten(end.value.stderrTail)) return fail(encodeFailure(end.value));
      const damage = decoderComplaint(end.value, this.job.plan.film.decoder);
      if (damage !== undefined) return fail({ kind: "unfit", what: `the source is damaged (${damage})` });
      const seconds = (performance.now() - started) / 1000;
      events.emit({ type: "chunk-download", ...place });
      const fetched = await this.#fetch(task, session, signal);
      if (!fetched.ok) return fetched;
      events.emit({
        type: "chunk-done",
        ...place,
        frames: task.ready.chunk.ticks.length,
        bytes: fetched.value.bytes,
        seconds,
      });
      return ok(fetched.value.verified);
    } finally {
      this.#uploaded.delete(task.index);
      const { plan } = this.job;
      const first = isFirstPass(plan.rate) ? passFiles(plan.film.encoder, task.index) : [];
      const up = [sourceName(task), ...(task.logs ?? []).map(({ name }) => name)];
      await Promise.all([
        ...up.map((name) => this.#session(0).remove(name)),
        ...[resultName(task), ...first].map((name) => session.remove(name)),
      ]);
    }
  }

  /** Ends all sessions; their folders on the worker are removed. */
  async close(): Promise<void> {
    await Promise.all(this.setup.sessions.map((session) => session.close()));
  }

  async #encode(
    task: ChunkTask,
    session: Session,
    place: { chunk: number; worker: string; slot: number },
    signal: AbortSignal,
  ): Promise<Result<ProcessEnd, TransportFailure>> {
    const { plan, events } = this.job;
    const { x264Build, chunk } = task.ready;
    const sides = await this.#putSides();
    if (!sides.ok) return sides;
    const files = {
      sides: sides.value,
      input: `file:${this.#uploaded.get(task.index) ?? sourceName(task)}`,
      output: `file:${session.folder}/${resultName(task)}`,
    };
    const progress = new ProgressBlocks();
    // A first pass writes where it runs; a second reads what was sent up.
    const log = isFirstPass(plan.rate) ? logName(task.index) : this.#logs.get(task.index);
    const args = remoteArgs({ ...plan, x264Build }, chunk, files, { ...task.told, log });
    return session.run([...this.setup.binding, this.setup.ffmpeg, ...args], {
      signal,
      onStdoutLine: (line) => {
        const now = progress.push(line);
        if (now?.frame !== undefined) {
          const { frame: frames, fps = 0, size: bytes, q } = now;
          const more = { ...(bytes === undefined ? {} : { bytes }), ...(q === undefined ? {} : { q }) };
          events.emit({ type: "chunk-progress", ...place, frames, fps, ...more });
        }
      },
    });
  }

  async #fetch(
    task: ChunkTask,
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const { plan, hostFfmpeg, folder } = this.job;
    if (isFirstPass(plan.rate)) return this.#fetchLog(task, session, signal);
    const from = join(folder, `result${task.index}.nut`);
    const to = join(folder, `verified${task.index}.nut`);
    const got = await session.get(resultName(task), from, signal);
    if (!got.ok) return fail(laneFailure(got.failure));
    const verified = await verifyChunk(hostFfmpeg, task.ready.chunk, plan.encoderTimeBase, { from, to }, signal);
    await rm(from, { force: true });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    if (!verified.ok)
      return fail({ kind: "refused", ...verified.failure, what: `its result was refused: ${verified.failure.what}` });
    const headers = this.#oddHeaders(verified.value);
    // Another worker's encoder may be of the build that the rest were made by.
    if (headers !== undefined) return fail({ kind: "refused", what: `its result was refused: ${headers}` });
    const data = await this.#oddFrameData(verified.value, signal);
    if (data !== undefined) return fail({ kind: "unfit", what: data });
    return ok({ verified: verified.value, bytes: got.value });
  }

  /** What the first pass of a chunk has left on the worker. */
  async #fetchLog(
    task: ChunkTask,
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const { encoder } = this.job.plan.film;
    const fetched = await fetchChunkLog(encoder, task.index, task.ready.chunk.ticks.length, {
      get: (name) => session.get(name, join(this.job.folder, `first-${name}`), signal),
      path: (name) => join(this.job.folder, `first-${name}`),
    });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    if (!fetched.ok)
      return fail("kind" in fetched.failure ? laneFailure(fetched.failure) : { kind: "refused", ...fetched.failure });
    const { path, log, bytes } = fetched.value;
    return ok({ verified: { path, log, header: "", sizes: [] }, bytes });
  }

  /** Chunks with other headers than the rest would not be decoded with them: which are the right ones nobody knows. */
  #oddHeaders({ header }: VerifiedChunk): string | undefined {
    const { headers } = this.job;
    headers.first ??= header;
    return headers.first === header ? undefined : "its headers are not those of the other chunks";
  }

  async #oddFrameData({ path }: VerifiedChunk, signal: AbortSignal): Promise<string | undefined> {
    const wanted = await this.job.frameData;
    if (!wanted) return undefined;
    if (!wanted.ok) return wanted.failure.what;
    const got = await firstFrameData({ ffprobe: this.job.hostFfprobe, signal }, path);
    if (got.ok && got.value === wanted.value) return undefined;
    return "what the source keeps beside its stream would not reach the frames";
  }

  #session(slot: number): Session {
    const { sessions } = this.setup;
    const session = sessions[slot % sessions.length];
    if (!session) throw new Error(`lane ${this.name} has no session`);
    return session;
  }
}

function sourceName(task: ChunkTask): string {
  return `source${task.index}.nut`;
}

function resultName(task: ChunkTask): string {
  return `result${task.index}.nut`;
}

function laneFailure(failure: TransportFailure): LaneFailure {
  const kind = failure.kind === "connection" ? "lost" : failure.kind === "cancelled" ? "cancelled" : "failed";
  return { ...failure, kind };
}

function encodeFailure(end: ProcessEnd): LaneFailure {
  const how = end.signal === undefined ? `ended with status ${end.code ?? "unknown"}` : `was ended by ${end.signal}`;
  return { kind: "failed", what: `ffmpeg ${how}`, detail: end.stderrTail.join("\n") };
}

/**
 * H.264 frames behind a recovery point may let go of reference frames from before it, which a chunk never had
 * (h264_refs.c): nothing is decoded from those.
 */
const HARMLESS = /mmco: unref short failure$/;

/**
 * What the decoder said at loglevel error. Where it has to guess, its guess depends on its threads and on the packets
 * before, so that plain ffmpeg's pictures cannot be made again from a part of the film.
 */
function decoderComplaint(end: ProcessEnd, decoder: string | undefined): string | undefined {
  if (decoder === undefined) return undefined;
  // 7.1 speaks of the decoder as part of a stream, too: "[vist#0:0/h264 @ …] [dec:h264 @ …] …".
  const speakers = [`[${decoder} @ `, `[dec:${decoder} @ `];
  const complaint = end.stderrTail.find((line) => speakers.some((s) => line.includes(s)) && !HARMLESS.test(line));
  return complaint?.replace(/^(\[[^\]]*\] )+/, "");
}
