import PQueue from "p-queue";
import type { Lane, LaneRun, Task } from "./lane.js";

/** A task, as long as the dispatcher has it. */
export interface Held<T extends Task, R> {
  readonly task: T;
  attempts: number;
  /** Lanes it has failed on: it goes elsewhere while there is an elsewhere. */
  readonly failedOn: Set<string>;
  /** Where it is at work now: nowhere while it waits, on two lanes at most. */
  readonly copies: Copy<T, R>[];
  /** It has been started a second time: never a third. */
  doubled: boolean;
}

/** A task on a lane. */
export interface Copy<T extends Task, R> {
  readonly held: Held<T, R>;
  readonly station: Station<T, R>;
  readonly run: LaneRun<R>;
  readonly over: AbortController;
  /** Its work, as far as it is known what that costs. */
  readonly cost: number;
  stage: "waiting" | "prepared" | "executed" | "collected";
  /** When the stage began. */
  since: number;
  /** How much of its work is done, and when that was last seen to grow. */
  done: number;
  seen: number;
  slot: number;
}

/** Begins a task on a lane. */
export function beginCopy<T extends Task, R>(
  held: Held<T, R>,
  station: Station<T, R>,
  cost: number,
  now: number,
): Copy<T, R> {
  const run = station.lane.begin(held.task);
  const over = new AbortController();
  return { held, station, run, over, cost, stage: "waiting", since: now, done: 0, seen: now, slot: -1 };
}

/** Results that are collected side by side: more would only share the same connection. */
const COLLECTED_AT_ONCE = 4;

/** How much of the mean a new measure counts for: what tasks cost changes with what the film shows. */
const NEWEST = 0.4;

/** Milliseconds that something takes at least, whatever the clock says. */
const SHORTEST = 0.001;

/** A moving mean of the milliseconds that a unit of work takes. */
export class Pace {
  #mean: number | undefined;

  /** Undefined before anything was measured. */
  get mean(): number | undefined {
    return this.#mean;
  }

  saw(milliseconds: number, work: number): void {
    if (work <= 0) return;
    // A clock may not have moved on.
    const now = Math.max(milliseconds, SHORTEST) / work;
    this.#mean = this.#mean === undefined ? now : NEWEST * now + (1 - NEWEST) * this.#mean;
  }
}

/** What becomes of a task that is given to a lane now, in milliseconds and milliseconds a unit of work. */
export interface Prospect {
  /** Until a slot is free. */
  readonly slot: number;
  /** Until it can be uploaded. */
  readonly upload: number;
  readonly uploadPace: number;
  readonly pace: number;
}

/** Milliseconds until a task of so much work is executed. */
export function timeFor({ slot, upload, uploadPace, pace }: Prospect, work: number): number {
  return Math.max(slot, upload + work * uploadPace) + work * pace;
}

/** The most work that is executed in so many milliseconds. */
export function workWithin({ slot, upload, uploadPace, pace }: Prospect, milliseconds: number): number {
  return Math.min((milliseconds - slot) / pace, (milliseconds - upload) / (uploadPace + pace));
}

/** A lane at work: what it holds, how quick it was so far, and when it would be through with what. */
export class Station<T extends Task, R> {
  readonly lane: Lane<T, R>;
  readonly uploads = new PQueue({ concurrency: 1 });
  readonly runs: PQueue;
  readonly downloads: PQueue;
  /** All that it was given and that has not ended. */
  readonly copies = new Set<Copy<T, R>>();
  /** A unit of work in each of the stages. */
  readonly pace = { prepare: new Pace(), execute: new Pace(), collect: new Pace() };
  readonly #freeSlots: number[];
  #collecting = 0;
  lost = false;

  constructor(lane: Lane<T, R>, paused: boolean) {
    this.lane = lane;
    this.runs = new PQueue({ concurrency: lane.slots, autoStart: !paused });
    this.downloads = new PQueue({ concurrency: Math.min(lane.slots, COLLECTED_AT_ONCE) });
    this.#freeSlots = Array.from({ length: lane.slots }, (_, i) => i);
  }

  takeSlot(): number {
    return this.#freeSlots.shift() ?? 0;
  }

  giveSlot(slot: number): void {
    this.#freeSlots.unshift(slot);
  }

  /** A task needs its slot no more: its result is collected. */
  collects(copy: Copy<T, R>): void {
    copy.stage = "collected";
    this.#collecting++;
  }

  /** A task has ended here. */
  drop(copy: Copy<T, R>): void {
    if (this.copies.delete(copy) && copy.stage === "collected") this.#collecting--;
  }

  /** Tasks that have a slot or wait for one. */
  get busy(): number {
    return this.copies.size - this.#collecting;
  }

  /** Whether it may be given one more. What cannot be fetched as quickly as it is made is not made further. */
  get hasRoom(): boolean {
    return !this.lost && this.busy < this.lane.slots + this.lane.ahead && this.#collecting <= this.lane.slots;
  }

  /** Whether one more would be executed as soon as it is prepared. */
  get isIdle(): boolean {
    return this.hasRoom && this.busy < this.lane.slots;
  }

  /** Units of work a millisecond, all slots together, as far as uploads keep up; `typical`: a lane's pace that is not known. */
  capacity(typical: number): number {
    const { prepare, execute, collect } = this.pace;
    const encoded = this.lane.slots / (execute.mean ?? typical);
    const fetched = Math.min(this.lane.slots, COLLECTED_AT_ONCE) / (collect.mean ?? 0);
    return Math.min(encoded, 1 / (prepare.mean ?? 0), fetched);
  }

  /**
   * Milliseconds until a task is executed that has a slot. First it is as the lane's other tasks were, later as its own
   * progress says. What shows nothing for long will show nothing for as long again: so a stuck one falls behind.
   */
  executionLeft({ held: { task }, cost, since, done, seen }: Copy<T, R>, now: number, pace: number): number {
    const elapsed = now - since;
    const planned = cost * pace - elapsed;
    const silent = now - Math.max(since + (done === 0 ? cost * pace : 0), seen);
    const share = Math.min(1, done / task.work);
    const seems = share > 0 ? ((seen - since) / share) * (1 - share) : planned;
    return Math.max(0, share * seems + (1 - share) * planned, silent);
  }

  /** Milliseconds until each slot is free and what waits for it is done, soonest first. */
  slotTimes(now: number, typical: number): number[] {
    const pace = this.pace.execute.mean ?? typical;
    const times: number[] = [];
    let queued: number[] | undefined;
    for (const copy of this.copies) {
      if (copy.stage === "executed") times.push(this.executionLeft(copy, now, pace));
      else if (copy.stage !== "collected") (queued ??= []).push(copy.cost * pace);
    }
    while (times.length < this.lane.slots) times.push(0);
    times.sort((a, b) => a - b);
    for (const time of queued ?? []) {
      // Each has the slot that is free first.
      times[0] = (times[0] ?? 0) + time;
      times.sort((a, b) => a - b);
    }
    return times;
  }

  /** When a task would be executed that is given to it now. */
  prospect(now: number, typical: number): Prospect {
    const { prepare, execute } = this.pace;
    const [slot = 0] = this.slotTimes(now, typical);
    let unsent = 0;
    for (const copy of this.copies) if (copy.stage === "waiting") unsent += copy.held.task.work;
    const upload = prepare.mean ?? 0;
    return { slot, upload: unsent * upload, uploadPace: upload, pace: execute.mean ?? typical };
  }

  /** Milliseconds that it takes to have a result here. */
  fetching(work: number): number {
    return work * (this.pace.collect.mean ?? 0);
  }

  /** Milliseconds until the result of a task that it holds is here. */
  left(copy: Copy<T, R>, now: number, typical: number): number {
    const { work } = copy.held.task;
    const { execute } = this.pace;
    const fetching = this.fetching(work);
    if (copy.stage === "collected") return Math.max(fetching - (now - copy.since), now - copy.since - fetching, 0);
    const pace = execute.mean ?? typical;
    if (copy.stage === "executed") return this.executionLeft(copy, now, pace) + fetching;
    const [slot = 0] = this.slotTimes(now, typical);
    return slot + fetching;
  }
}
