import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/types.js";
import { parseCommand } from "../ffmpeg/parse.js";
import { preArgs } from "../plan/pre.js";
import { finalArgs, remoteArgs } from "../plan/stages.js";
import { readsStandardInput } from "../plan/prepare.js";
import { mayBeSplit } from "../plan/route.js";
import type { ReadyChunk } from "../split/splitter.js";
import { type Decider, deciderOf } from "./decider.js";
import { localSlots } from "./fleet.js";
import { readReference } from "./findings.js";
import type { HostTools } from "./probing.js";
import { planFilm, splitFilm } from "./stages.js";

/** Who would encode: this machine as `local`, and the workers of the configuration, none of them asked. */
export interface Hand {
  readonly name: string;
  readonly slots: number;
}

/** A plan for people: the route and what decided it, who would work, and the command lines of each stage. */
export interface Explanation {
  readonly route: "chunks" | "local";
  readonly reason: string;
  /** Undefined when no word of the command decided it. */
  readonly decidedBy: Decider | undefined;
  /** Empty when nothing is split. */
  readonly workers: readonly Hand[];
  readonly pre: readonly string[];
  readonly remote: readonly { readonly chunk: number; readonly frames: number; readonly argv: readonly string[] }[];
  readonly final: readonly string[];
}

/** What would be run for a command. Reads the source's packets, encodes nothing but one frame, and leaves nothing. */
export async function explain(argv: readonly string[], config: Config, signal: AbortSignal): Promise<Explanation> {
  const parsed = parseCommand(argv);
  const local = (reason: string): Explanation => ({
    route: "local",
    reason,
    decidedBy: parsed.ok ? deciderOf(parsed.value, reason) : undefined,
    workers: [],
    pre: [],
    remote: [],
    final: [config.ffmpeg_bin, ...argv],
  });
  if (!parsed.ok) return local(parsed.failure.message);
  const may = mayBeSplit(parsed.value);
  if (!may.ok) return local(may.failure);
  if (readsStandardInput(parsed.value)) return local("standard input can be read once only, by the job itself");
  const folder = await mkdtemp(join(tmpdir(), "distffmpeg-plan-"));
  try {
    const tools: HostTools = {
      ffmpeg: config.ffmpeg_bin,
      ffprobe: config.ffprobe_bin,
      folder,
      stdin: undefined,
      alone: config.workers.length === 0,
      signal,
    };
    const planned = await planFilm(parsed.value, tools);
    if (!planned.ok) return local(planned.failure);
    const { plan } = planned.value;
    const head = await planned.value.head;
    const reference = head.ok ? await readReference(head.value, plan.film.outputStream, plan.muxer) : head;
    if (!reference.ok) return local(reference.failure);
    const chunks: ReadyChunk[] = [];
    const done = await splitFilm(plan, config, tools, signal, {
      onChunk: (ready) => {
        chunks.push(ready);
        // Only its plan is wanted.
        void rm(ready.path, { force: true });
      },
      onFrames: () => undefined,
    });
    if (!done.ok) return local(done.failure.what);
    const firstTick = chunks[0]?.chunk.ticks[0]?.tick ?? 0;
    return {
      route: "chunks",
      reason: `${plan.film.encoder} into ${plan.muxer}`,
      decidedBy: undefined,
      workers: hands(config),
      pre: [config.ffmpeg_bin, ...preArgs(plan, "WORK")],
      remote: chunks.map(({ chunk, x264Build }) => ({
        chunk: chunk.index,
        frames: chunk.ticks.length,
        argv: [
          "ffmpeg",
          ...remoteArgs({ ...plan, x264Build }, chunk, {
            input: `source${chunk.index}.nut`,
            output: `result${chunk.index}.nut`,
            sides: plan.sides.map((side) => side.name),
          }),
        ],
      })),
      final: [
        config.ffmpeg_bin,
        ...finalArgs(plan, { firstTick, reference: reference.value }, parsed.value.outputs[0]?.url ?? ""),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function hands(config: Config): Hand[] {
  const own = localSlots(config);
  const workers = config.workers.map(({ name, slots }) => ({ name, slots }));
  return own > 0 || workers.length === 0 ? [{ name: "local", slots: own }, ...workers] : workers;
}
