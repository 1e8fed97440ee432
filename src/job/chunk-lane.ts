import { rm } from "node:fs/promises";
import { join } from "node:path";
import { endNotWritten } from "../ffmpeg/log.js";
import { ProgressBlocks } from "../ffmpeg/progress.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { firstFrameData } from "../join/frame-data.js";
import { type VerifiedChunk, verifyChunk } from "../join/verify-chunk.js";
import { type ChunkPart, framesOf } from "../plan/chunk.js";
import { renditionName } from "../plan/film.js";
import { isFirstPass, logName } from "../plan/rate-control/plan.js";
import { remoteArgs } from "../plan/remote.js";
import type { Lane, LaneFailure } from "../schedule/dispatcher.js";
import type { ProcessEnd, Session, TransportFailure } from "../workers/transport.js";
import { type ChunkTask, isWanted, resultName, resultNames, sourceName } from "./chunk-task.js";
import { type LaneJob, LaneFiles, type LaneSetup } from "./lane-files.js";
import { decoderComplaint, encodeFailure, laneFailure } from "./lane-failures.js";
import { fetchChunkLog } from "./pass-files.js";
import type { SceneAnswer, SceneTask } from "./scene-desk.js";
import { SceneLane } from "./scene-lane.js";
import { Pulse, StallWatch } from "./stall.js";

/** What came of a chunk, rendition by rendition; undefined where one shows none of its frames. */
export type EncodedChunk = readonly (VerifiedChunk | undefined)[];

/** What a lane may be asked for. */
export type LaneTask = ChunkTask | SceneTask;
export type LaneResult = EncodedChunk | SceneAnswer;

/** A worker at work on chunks: uploads the next while it encodes, fetches what is encoded, and holds it against the plan. */
export class ChunkLane implements Lane<LaneTask, LaneResult> {
  readonly name: string;
  readonly slots: number;
  readonly ahead: number;
  readonly #uploaded = new Map<number, string>();
  /** Where the chunks' parts of a first pass' log are on the worker. */
  readonly #logs = new Map<number, string>();
  readonly #files: LaneFiles;
  readonly #pulse = new Pulse();
  readonly #scenes: SceneLane;

  constructor(
    private readonly setup: LaneSetup,
    private readonly job: LaneJob,
  ) {
    this.name = setup.name;
    this.slots = setup.slots;
    // Where nothing is copied there is nothing to do ahead.
    this.ahead = setup.sharesHostFiles ? 0 : 1;
    this.#files = new LaneFiles(setup, job);
    this.#scenes = new SceneLane(setup, job);
  }

  async prepare(task: LaneTask, signal: AbortSignal): Promise<Result<void, LaneFailure>> {
    if ("scenes" in task) return this.#scenes.prepare(task, signal);
    if (!this.setup.sharesHostFiles) {
      this.job.events.emit({ type: "chunk-upload", chunk: task.index, worker: this.name, slot: 0 });
    }
    const sides = await this.#files.sides();
    if (!sides.ok) return fail(laneFailure(sides.failure));
    const put = await this.#files.bring(task, signal);
    if (!put.ok) return fail(laneFailure(put.failure));
    this.#uploaded.set(task.index, put.value);
    for (const [i, { path, name }] of (task.logs ?? []).entries()) {
      const log = await this.#session(0).put(path, name, signal);
      if (!log.ok) return fail(laneFailure(log.failure));
      if (i === 0) this.#logs.set(task.index, log.value);
    }
    return ok(undefined);
  }

  async execute(task: LaneTask, slot: number, signal: AbortSignal): Promise<Result<LaneResult, LaneFailure>> {
    const { events } = this.job;
    const session = this.#session(slot);
    if ("scenes" in task) return this.#scenes.execute(task, session, this.#pulse, signal);
    const place = { chunk: task.index, worker: this.name, slot };
    const started = performance.now();
    events.emit({ type: "chunk-encode", ...place });
    const end = await this.#encode(task, session, place, signal);
    try {
      if (!end.ok) return fail(laneFailure(end.failure));
      if (end.value.code !== 0 || endNotWritten(end.value.stderrTail)) return fail(encodeFailure(end.value));
      const damage = decoderComplaint(end.value, this.job.plans[0]?.film.decoder);
      if (damage !== undefined) return fail({ kind: "unfit", what: `the source is damaged (${damage})` });
      const seconds = (performance.now() - started) / 1000;
      events.emit({ type: "chunk-download", ...place });
      const fetched = await this.#fetch(task, session, signal);
      if (!fetched.ok) return fetched;
      events.emit({
        type: "chunk-done",
        ...place,
        frames: framesOf(task.ready.chunk),
        bytes: fetched.value.bytes,
        seconds,
      });
      return ok(fetched.value.verified);
    } finally {
      this.#uploaded.delete(task.index);
      const up = [sourceName(task), ...(task.logs ?? []).map(({ name }) => name)];
      const made = this.job.plans.flatMap((plan, i) => resultNames(task, i, plan));
      await Promise.all([
        ...up.map((name) => this.#session(0).remove(name)),
        ...made.map((name) => this.#files.removeResult(session, name)),
      ]);
    }
  }

  /** Ends all sessions; their folders on the worker are removed. */
  async close(): Promise<void> {
    await Promise.all(this.setup.sessions.map((session) => session.close()));
    await this.#files.close();
  }

  async #encode(
    task: ChunkTask,
    session: Session,
    place: { chunk: number; worker: string; slot: number },
    signal: AbortSignal,
  ): Promise<Result<ProcessEnd, TransportFailure>> {
    const { plans, events, stall } = this.job;
    const { x264Build, chunk } = task.ready;
    const source = this.#uploaded.get(task.index) ?? sourceName(task);
    const sides = await this.#files.sides();
    if (!sides.ok) return sides;
    const files = {
      x264Build,
      input: `file:${source}`,
      renditions: sides.value.map((own, i) =>
        isWanted(task, i)
          ? {
              sides: own,
              output: `file:${this.#files.resultPath(session, resultName(task, i))}`,
              // A first pass writes its log where it runs; a second reads what was sent up.
              told: {
                ...task.told?.get(i),
                log: isFirstPass(plans[i]?.rate) ? logName(task.index) : this.#logs.get(task.index),
              },
            }
          : undefined,
      ),
    };
    const progress = new ProgressBlocks();
    // Of what is stopped on this machine its user knows.
    const watch = this.setup.sharesHostFiles
      ? undefined
      : new StallWatch(stall, signal, (stop) => this.#pulse.read(session, source, stop));
    const end = await session.run([...this.setup.binding, this.setup.ffmpeg, ...remoteArgs(plans, chunk, files)], {
      signal: watch?.signal ?? signal,
      onStdoutLine: (line) => {
        const now = progress.push(line);
        if (now) watch?.saw(`${now.frame ?? ""} ${now.size ?? ""} ${now.time ?? ""}`);
        if (now?.frame !== undefined) {
          const { frame: frames, fps = 0, size: bytes, q, moreQ = [] } = now;
          const more = { ...(bytes === undefined ? {} : { bytes }), ...(q === undefined ? {} : { q: [q, ...moreQ] }) };
          events.emit({ type: "chunk-progress", ...place, frames, fps, ...more });
        }
      },
    });
    watch?.end();
    return watch?.verdict === undefined ? end : fail({ kind: "connection", what: `${this.name}: ${watch.verdict}` });
  }

  async #fetch(
    task: ChunkTask,
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: EncodedChunk; bytes: number }, LaneFailure>> {
    const verified: (VerifiedChunk | undefined)[] = [];
    let bytes = 0;
    for (const [rendition, part] of task.ready.chunk.parts.entries()) {
      if (!part || !isWanted(task, rendition)) {
        verified.push(undefined);
        continue;
      }
      const one = await this.#fetchOne(task, { rendition, part }, session, signal);
      if (!one.ok) return one;
      if (rendition === 0) bytes = one.value.bytes;
      verified.push(one.value.verified);
    }
    return ok({ verified, bytes });
  }

  async #fetchOne(
    task: ChunkTask,
    { rendition, part }: { readonly rendition: number; readonly part: ChunkPart },
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const { plans, tools } = this.job;
    const plan = plans[rendition];
    if (!plan) throw new Error(`chunk ${task.index} has a rendition ${rendition} that nobody planned`);
    if (isFirstPass(plan.rate)) return this.#fetchLog(task, { encoder: plan.film.encoder, part }, session, signal);
    const to = join(tools.folder, `verified${task.index}-${rendition}.nut`);
    const got = await this.#files.fetch(session, resultName(task, rendition), signal);
    if (!got.ok) return fail(laneFailure(got.failure));
    const { path: from, bytes } = got.value;
    // What was made of it before may be kept under another name: it must not be written over.
    await rm(to, { force: true });
    const verified = await verifyChunk(tools.ffmpeg, part, plan.encoderTimeBase, { from, to }, signal);
    await rm(from, { force: true });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    const refuse = (reason: string, more: Partial<Problem> = {}): Result<never, LaneFailure> => {
      const which = plans.length === 1 ? "" : ` (${renditionName(plan)})`;
      return fail({ ...more, kind: "refused", what: `its result${which} was refused: ${reason}` });
    };
    if (!verified.ok) return refuse(verified.failure.what, verified.failure);
    // Another worker's encoder may be of the build that the rest were made by.
    if (this.#oddHeaders(rendition, verified.value)) return refuse("its headers are not those of the other chunks");
    const data = await this.#oddFrameData(rendition, verified.value, signal);
    if (data !== undefined) return fail({ kind: "unfit", what: data });
    return ok({ verified: verified.value, bytes });
  }

  /** What the first pass of a chunk has left on the worker. */
  async #fetchLog(
    { index }: ChunkTask,
    { encoder, part }: { readonly encoder: string; readonly part: ChunkPart },
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const path = (name: string): string => join(this.job.tools.folder, `first-${name}`);
    const get = (name: string): Promise<Result<number, TransportFailure>> => session.get(name, path(name), signal);
    const fetched = await fetchChunkLog(encoder, index, part.ticks.length, { get, path });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    if (fetched.ok) {
      const { path: log, bytes } = fetched.value;
      return ok({ verified: { path: log, log: fetched.value.log, header: "", sizes: [] }, bytes });
    }
    return fail("kind" in fetched.failure ? laneFailure(fetched.failure) : { kind: "refused", ...fetched.failure });
  }

  /** Chunks with other headers than the rest would not be decoded with them: which are the right ones nobody knows. */
  #oddHeaders(rendition: number, { header }: VerifiedChunk): boolean {
    const { headers } = this.job;
    if (!headers.has(rendition)) headers.set(rendition, header);
    return headers.get(rendition) !== header;
  }

  async #oddFrameData(rendition: number, { path }: VerifiedChunk, signal: AbortSignal): Promise<string | undefined> {
    const wanted = await this.job.frameData[rendition];
    if (!wanted) return undefined;
    if (!wanted.ok) return wanted.failure.what;
    const got = await firstFrameData({ ffprobe: this.job.tools.ffprobe, signal }, path);
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
