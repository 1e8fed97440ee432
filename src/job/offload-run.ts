import { randomBytes } from "node:crypto";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { dirname, join, sep } from "node:path";
import { PassThrough, type Readable, Transform, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Command } from "../ffmpeg/command.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { fileNames } from "../plan/offload/file-names.js";
import type { OffloadPlan, Renaming } from "../plan/offload/index.js";
import type { LiveSession, ProcessEnd, TransportFailure } from "../workers/transport.js";
import type { HandedSignal } from "../workers/wrapper.js";
import type { Stop } from "./events.js";
import { discard, type OutputPlace, publish } from "./output.js";

/** One run of a whole command on a worker. */
export interface OffloadRun {
  readonly command: Command;
  readonly plan: OffloadPlan;
  /** Output by output; undefined where nothing is put in place. */
  readonly places: readonly (OutputPlace | undefined)[];
  readonly session: LiveSession;
  /** The program with what stands before it. */
  readonly ffmpeg: readonly string[];
  /** A folder of this machine for texts on their way. */
  readonly folder: string;
  /** What ffmpeg reads on its standard input: the film, or the user's keys. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly onProgress: (text: string) => void;
  /** The user's wish to end it. */
  readonly signal: AbortSignal;
  readonly stoppedBy: () => Stop;
}

/** `lost`: the machine could not do it, another may. `final`: no other may, since half of it is told already. */
export type OffloadFailure = Problem & { readonly kind: "lost" | "final" | "cancelled" };

/** Signals by their numbers, as they are handed on. */
const HANDED: Readonly<Record<number, HandedSignal>> = { 1: "HUP", 2: "INT", 3: "QUIT", 15: "TERM" };

/** Sends, runs, fetches and puts in place; gives ffmpeg's exit status. What was made in vain is taken away. */
export async function runOffloaded(run: OffloadRun): Promise<Result<number, OffloadFailure>> {
  const { session, plan, signal } = run;
  const sent = await send(run);
  if (!sent.ok) return fail(failureOf(sent.failure, false));
  for (const [i, { kind }] of plan.outputs.entries()) if (kind === "shared") run.places[i]?.live?.start();
  const counted = new Counter(run.stdout);
  const progress = new PassThrough().on("data", (block: Buffer) => run.onProgress(block.toString()));
  const stderr = new Renamer(plan.renamings);
  stderr.pipe(run.stderr, { end: false });
  let stop: (() => void) | undefined;
  const stopOutput = new AbortController();
  // ffmpeg would meet the same error on a pipe that nobody reads any more.
  const onGone = (): void => stopOutput.abort();
  run.stdout.once("error", onGone);
  const ended = await session.runLive([...run.ffmpeg, ...plan.argv], {
    signal: stopOutput.signal,
    stdout: plan.progress ? progress : counted,
    stderr,
    ...(run.stdin ? { stdin: run.stdin } : {}),
    onStarted: (sendSignal) => {
      stop = () => sendSignal(HANDED[run.stoppedBy().signal ?? 2] ?? "TERM");
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    },
  });
  if (stop) signal.removeEventListener("abort", stop);
  run.stdout.off("error", onGone);
  stderr.end();
  await finished(stderr, { readable: false }).catch(() => undefined);
  if (!ended.ok) {
    if (stopOutput.signal.aborted) return ok(1);
    return fail(failureOf(ended.failure, counted.bytes > 0));
  }
  const status = statusOf(ended.value, signal.aborted);
  if (!status.ok) return fail({ ...status.failure, kind: counted.bytes > 0 ? "final" : "lost" });
  const fetched = await fetchAll(run);
  return fetched.ok ? status : fetched;
}

/** Another machine has nothing to add to ffmpeg's own word; to a program that was killed, or never started, it has. */
function statusOf({ code, signal }: ProcessEnd, stopped: boolean): Result<number, Problem> {
  if (code !== undefined && code !== 126 && code !== 127) return ok(code);
  if (stopped && signal !== undefined) return ok(128 + constants.signals[signal as NodeJS.Signals]);
  return fail({ what: signal === undefined ? "its ffmpeg does not start" : `its ffmpeg was ended by ${signal}` });
}

function failureOf({ kind, what, detail, fix }: TransportFailure, told: boolean): OffloadFailure {
  const more = { ...(detail === undefined ? {} : { detail }), ...(fix === undefined ? {} : { fix }) };
  return { kind: kind === "cancelled" ? "cancelled" : told ? "final" : "lost", what, ...more };
}

async function send({ session, plan, folder, signal }: OffloadRun): Promise<Result<void, TransportFailure>> {
  for (const name of plan.folders) {
    const made = await session.makeFolder(name);
    if (!made.ok) return made;
  }
  for (const freight of plan.freight) {
    const text = join(folder, `text-${randomBytes(6).toString("hex")}`);
    if ("text" in freight) await writeFile(text, freight.text);
    const put = await session.put("text" in freight ? text : freight.path, freight.name, signal);
    await rm(text, { force: true });
    if (!put.ok) return put;
  }
  return ok(undefined);
}

/** Brings the outputs here, beside their places, and when all are here puts them in place. */
async function fetchAll(run: OffloadRun): Promise<Result<void, OffloadFailure>> {
  const { plan, places, session } = run;
  const arrived: OutputPlace[] = [];
  for (const [i, way] of plan.outputs.entries()) {
    const place = places[i];
    if (!place) continue;
    let there = false;
    if (way.kind === "shared") {
      there = await stat(place.tree ?? place.temporary).then(
        () => true,
        () => false,
      );
    } else if (way.kind === "file" || way.kind === "tree") {
      const mayName = fileNames(run.command.outputs[i] ?? { url: "", options: [] });
      const fetched = await fetchOutput(session, way, place, mayName);
      if (!fetched.ok) return fail(failureOf(fetched.failure, false));
      there = fetched.value;
    }
    if (there) arrived.push(place);
  }
  const { logs } = plan;
  if (logs) {
    const files = await session.list(logs.name);
    for (const file of files.ok ? files.value : []) {
      const got = logs.isLog(file) ? await session.get(`${logs.name}/${file}`, join(logs.folder, file)) : undefined;
      if (got?.ok === false) return fail(failureOf(got.failure, false));
    }
  }
  for (const place of arrived) {
    const published = await publish(place);
    if (!published.ok) return fail({ kind: "final", ...published.failure });
  }
  return ok(undefined);
}

/** Fetches one output; false where ffmpeg has not made it. `mayName`: which files may be its. */
async function fetchOutput(
  session: LiveSession,
  way: { readonly kind: "file" | "tree"; readonly name: string },
  place: OutputPlace,
  mayName: (path: string) => boolean,
): Promise<Result<boolean, TransportFailure>> {
  const root = way.kind === "file" ? dirname(way.name) : way.name;
  const found = await session.list(root);
  if (!found.ok) return found;
  const target = place.tree;
  if (way.kind === "file" || target === undefined) {
    const name = way.name.slice(root.length + 1);
    if (!found.value.includes(name)) return ok(false);
    const got = await session.get(way.name, place.temporary);
    return got.ok ? ok(true) : got;
  }
  for (const file of found.value) {
    // A worker that has gone astray must not write elsewhere on this machine.
    if (!mayName(sep + file))
      return fail({ kind: "transfer", what: `it has made ${sep + file}, which is not the output's` });
    await mkdir(dirname(join(target, file)), { recursive: true });
    const got = await session.get(`${root}/${file}`, join(target, file));
    if (!got.ok) return got;
  }
  return ok(true);
}

/** Takes away what was made beside the outputs' places. */
export async function discardPlaces(places: readonly (OutputPlace | undefined)[]): Promise<void> {
  for (const place of places) if (place) await discard(place);
}

/** Hands bytes on and counts them: what has been told cannot be told anew. */
class Counter extends Transform {
  bytes = 0;

  constructor(target: Writable) {
    super();
    this.pipe(target, { end: false });
  }

  override _transform(block: Buffer, _: BufferEncoding, done: (error: null, block: Buffer) => void): void {
    this.bytes += block.length;
    done(null, block);
  }
}

/** ffmpeg's words with the user's names for files, line by line (`\r` ends one too); all else byte for byte. */
export class Renamer extends Transform {
  #rest = "";
  readonly #renamings: readonly Renaming[];

  constructor(renamings: readonly Renaming[]) {
    super();
    // A character a byte, whatever they mean.
    this.#renamings = renamings.map(([there, here]) => [bytesOf(there), bytesOf(here)]);
  }

  override _transform(block: Buffer, _: BufferEncoding, done: (error?: null, data?: Buffer) => void): void {
    const text = this.#rest + block.toString("latin1");
    const end = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
    this.#rest = text.slice(end);
    done(null, this.#named(text.slice(0, end)));
  }

  override _flush(done: (error?: null, data?: Buffer) => void): void {
    done(null, this.#named(this.#rest));
  }

  #named(text: string): Buffer {
    return Buffer.from(
      this.#renamings.reduce((said, [there, here]) => said.replaceAll(there, () => here), text),
      "latin1",
    );
  }
}

const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
