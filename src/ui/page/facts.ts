import type { JobEvent, Stage } from "../../job/events.js";
import { SpeedBins } from "./speed-bins.js";

/** What a slot, or the line to it, did with a chunk; `failed` and `cancelled` are encodes that came to nothing. */
export type SpanKind = "upload" | "encode" | "download" | "failed" | "cancelled";

/** Times are seconds since the start of the job. */
export interface Span {
  readonly kind: SpanKind;
  readonly chunk: number;
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

export interface WorkerFacts {
  readonly name: string;
  slots: number;
  detail: string;
  readonly up: number;
  dropped?: { readonly at: number; readonly reason: string };
  readonly spans: Span[];
}

/** A finished chunk; `worker` is empty for what an earlier run has made. */
export interface ChunkFacts {
  readonly worker: string;
  readonly frames: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** How the job ended. */
export type End = "done" | "stopped" | "failed" | "whole" | "running";

/** All that the report tells, collected from the events. */
export interface JobFacts {
  readonly seconds: number;
  readonly route: string;
  readonly reason: string;
  readonly end: End;
  readonly endText: string;
  readonly framesPerSecond: number | undefined;
  readonly workers: readonly WorkerFacts[];
  readonly chunks: ReadonlyMap<number, ChunkFacts>;
  readonly speeds: SpeedBins;
  readonly commands: ReadonlyMap<Stage, { readonly argv: readonly string[]; readonly worker: string }>;
  readonly notices: readonly { readonly at: number; readonly text: string }[];
  /** Notices for which there was no room. */
  readonly moreNotices: number;
}

const NOTICES = 200;

interface Open {
  kind: "upload" | "waiting" | "encode" | "download";
  slot: number;
  from: number;
  frames: number;
  uploaded?: { readonly from: number; readonly to: number };
}

/** The listener behind `-df_report`. What it keeps grows with chunks and workers, not with time. */
export class FactsCollector {
  readonly #now: () => number;
  readonly #start: number;
  readonly #workers = new Map<string, WorkerFacts>();
  readonly #open = new Map<string, Map<number, Open>>();
  readonly #chunks = new Map<number, ChunkFacts>();
  readonly #speeds = new SpeedBins();
  readonly #commands = new Map<Stage, { argv: readonly string[]; worker: string }>();
  readonly #notices: { at: number; text: string }[] = [];
  #moreNotices = 0;
  #route = "";
  #reason = "";
  #end: End = "running";
  #endText = "";
  #framesPerSecond: number | undefined;

  /** `now`: milliseconds, never going back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#start = now();
  }

  get #at(): number {
    return (this.#now() - this.#start) / 1000;
  }

  readonly listen = (event: JobEvent): void => {
    switch (event.type) {
      case "route":
        this.#route = event.route;
        this.#reason = event.reason;
        this.#framesPerSecond = event.film?.framesPerSecond;
        if (event.route === "local") this.#end = "whole";
        return;
      case "command":
        // One of the many chunks stands for all.
        if (!this.#commands.has(event.stage))
          this.#commands.set(event.stage, { argv: event.argv, worker: event.worker ?? "" });
        return;
      case "worker-up": {
        const worker = this.#worker(event.worker);
        worker.slots = Math.max(worker.slots, event.slots);
        worker.detail = event.detail;
        delete worker.dropped;
        return;
      }
      case "worker-dropped":
        this.#worker(event.worker).dropped = { at: this.#at, reason: event.reason };
        this.#note(`${event.worker} dropped: ${event.reason}`);
        return;
      case "chunk-upload":
      case "chunk-uploaded":
      case "chunk-encode":
      case "chunk-progress":
      case "chunk-download":
      case "chunk-done":
      case "chunk-failed":
      case "chunk-cancelled":
        this.#chunk(event);
        return;
      case "chunk-kept":
        this.#chunks.set(event.chunk, { worker: "", frames: event.frames, bytes: event.bytes, seconds: 0 });
        return;
      case "fell-back":
        this.#end = "whole";
        this.#reason = event.reason;
        return;
      case "notice":
        this.#note(event.text);
        return;
      case "done":
        this.#end = "done";
        this.#endText = event.stop ? `stopped early: the film's first ${event.frames} frames are in it` : "";
        return;
      case "stopped":
        this.#end = "stopped";
        return;
      case "failed":
        this.#end = "failed";
        this.#endText = event.detail === undefined ? event.what : `${event.what}: ${event.detail}`;
        return;
      default:
    }
  };

  /** What is known by now; what is still at work counts as far as it has come. */
  facts(): JobFacts {
    const seconds = this.#at;
    const workers = [...this.#workers.values()].map((worker) => {
      const open = [...(this.#open.get(worker.name) ?? [])].flatMap(([chunk, { kind, slot, from }]) =>
        kind === "waiting" ? [] : [{ kind, chunk, slot, from, to: worker.dropped?.at ?? seconds }],
      );
      return { ...worker, spans: [...worker.spans, ...open] };
    });
    return {
      ...{ seconds, workers, route: this.#route, reason: this.#reason, end: this.#end, endText: this.#endText },
      ...{ framesPerSecond: this.#framesPerSecond, chunks: this.#chunks, speeds: this.#speeds },
      ...{ commands: this.#commands, notices: this.#notices, moreNotices: this.#moreNotices },
    };
  }

  #note(text: string): void {
    if (this.#notices.length < NOTICES) this.#notices.push({ at: this.#at, text });
    else this.#moreNotices += 1;
  }

  #worker(name: string): WorkerFacts {
    const known = this.#workers.get(name);
    if (known) return known;
    const made: WorkerFacts = { name, slots: 0, detail: "", up: this.#at, spans: [] };
    this.#workers.set(name, made);
    return made;
  }

  #chunk(event: Extract<JobEvent, { chunk: number; worker: string; type: `chunk-${string}` }>): void {
    const at = this.#at;
    const { spans } = this.#worker(event.worker);
    const open = this.#open.get(event.worker) ?? new Map<number, Open>();
    this.#open.set(event.worker, open);
    const { chunk } = event;
    const now = open.get(chunk);
    switch (event.type) {
      case "chunk-upload":
        open.set(chunk, { kind: "upload", slot: event.slot, from: at, frames: 0 });
        return;
      case "chunk-uploaded":
        if (now) open.set(chunk, { ...now, kind: "waiting", uploaded: { from: now.from, to: at } });
        return;
      case "chunk-encode":
        // Which slot it was sent for is known only now.
        if (now?.uploaded) spans.push({ kind: "upload", chunk, slot: event.slot, ...now.uploaded });
        open.set(chunk, { kind: "encode", slot: event.slot, from: at, frames: 0 });
        return;
      case "chunk-progress":
        if (now?.kind !== "encode") return;
        this.#speeds.add(event.worker, at, event.frames - now.frames);
        now.frames = event.frames;
        return;
      case "chunk-download":
        if (now) spans.push({ kind: "encode", chunk, slot: now.slot, from: now.from, to: at });
        open.set(chunk, { kind: "download", slot: event.slot, from: at, frames: now?.frames ?? 0 });
        return;
      case "chunk-done":
        if (now?.kind === "download") spans.push({ kind: "download", chunk, slot: now.slot, from: now.from, to: at });
        this.#speeds.add(event.worker, at, event.frames - (now?.frames ?? event.frames));
        open.delete(chunk);
        if (!this.#chunks.has(chunk)) {
          const { worker, frames, bytes, seconds } = event;
          this.#chunks.set(chunk, { worker, frames, bytes, seconds });
        }
        return;
      case "chunk-failed":
      case "chunk-cancelled": {
        const lost = event.type === "chunk-failed" ? "failed" : "cancelled";
        if (now && now.kind !== "waiting") {
          const kind = now.kind === "encode" ? lost : now.kind;
          spans.push({ kind, chunk, slot: now.slot, from: now.from, to: at });
        }
        // It was done, and was found bad by a later check.
        if (!now && lost === "failed") this.#chunks.delete(chunk);
        open.delete(chunk);
        if (event.type === "chunk-failed")
          this.#note(`chunk ${chunk} failed on ${event.worker} (attempt ${event.attempt}): ${event.reason}`);
        return;
      }
      default:
    }
  }
}
