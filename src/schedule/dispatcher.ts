import { fail, type Result } from "../lib/result.js";
import { Costs } from "./costs.js";
import { type Clock, type DispatchEvents, type Lane, type LaneFailure, systemClock, type Task } from "./lane.js";
import { MOST_ASKED, Outlook } from "./outlook.js";
import { Retries } from "./retries.js";
import { beginCopy, type Copy, type Held, Station } from "./station.js";
import { Waiting } from "./waiting.js";

/** Milliseconds after which an idle lane is looked at again though nothing has happened. */
const LOOK_AGAIN = 250;

/**
 * Hands tasks to lanes, lowest first: every lane executes as many at once as it has slots; the next is prepared and the
 * last is collected meanwhile. How quick each lane is shows in what it does. Towards the end a lane is only given what
 * it will have done when the others are through with the rest, the largest first; what is too large for all of them goes
 * to the one that ends it first. When nothing waits any more, what an idle lane would have done earlier than the one that
 * has it is started there a second time: the first result counts.
 * A task that fails goes to another lane, up to `maxRetries` times; the tasks of a lane that is lost go back without
 * counting. Time and lanes are given from outside, so that the same code runs in simulation.
 */
export class Dispatcher<T extends Task, R> {
  readonly #events: DispatchEvents<T, R>;
  readonly #maxRetries: number;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #waiting = new Waiting<Held<T, R>>();
  /** Those that have failed before. */
  readonly #retries = new Retries<Held<T, R>>();
  readonly #lanes = new Map<string, Station<T, R>>();
  /** Those that would execute one more at once, and those that would only prepare it: the one that waits longest first. */
  readonly #idle = new Set<Station<T, R>>();
  readonly #ahead = new Set<Station<T, R>>();
  /** All that is at work, on lanes that are lost as well. */
  readonly #copies = new Set<Copy<T, R>>();
  readonly #costs = new Costs();
  readonly #outlook: Outlook<T, R>;
  #looked = Number.NEGATIVE_INFINITY;
  #endLook: (() => void) | undefined;
  #paused = false;
  #stopped = false;

  constructor(events: DispatchEvents<T, R>, maxRetries: number, signal: AbortSignal, clock: Clock = systemClock) {
    this.#events = events;
    this.#maxRetries = maxRetries;
    this.#signal = signal;
    this.#clock = clock;
    this.#outlook = new Outlook(this.#lanes, this.#costs, clock);
    const end = (): void => {
      this.#endLook?.();
      for (const { over } of this.#copies) over.abort();
    };
    signal.addEventListener("abort", end, { once: true });
  }

  add(task: T): void {
    this.#enqueue({ task, attempts: 0, failedOn: new Set(), copies: [], doubled: false });
    this.#feed();
  }

  addLane(lane: Lane<T, R>): void {
    const station = new Station(lane, this.#paused);
    this.#lanes.set(lane.name, station);
    this.#outlook.forget();
    this.#place(station);
    this.#feed();
  }

  /** Hands a lane nothing more; what it holds it may finish. */
  removeLane(name: string): void {
    const station = this.#lanes.get(name);
    if (!station) return;
    this.#lanes.delete(name);
    this.#idle.delete(station);
    this.#ahead.delete(station);
    this.#outlook.forget();
    // What waits on it while all wait would wait for ever: nobody tells this lane any more that work goes on.
    station.runs.start();
  }

  /** Names of the lanes that are working. */
  get lanes(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  /** Tasks that wait for a lane. */
  get waiting(): number {
    return this.#waiting.count + this.#retries.count;
  }

  /** Has tasks wait that are not running yet, or go on. */
  hold(held: boolean): void {
    this.#paused = held;
    for (const { runs } of this.#lanes.values()) {
      if (held) runs.pause();
      else runs.start();
    }
    this.#feed();
  }

  /** Hands out nothing more; what runs is ended by the signal. */
  stop(): void {
    this.#stopped = true;
    this.#endLook?.();
    for (const { runs } of this.#lanes.values()) runs.start();
    this.#waiting.clear();
    this.#retries.clear();
  }

  #enqueue(held: Held<T, R>): void {
    held.doubled = false;
    if (held.failedOn.size > 0) this.#retries.add(held);
    else this.#waiting.add(held);
  }

  /** A lane's room for more may have changed; gives whether there is any. */
  #place(station: Station<T, R>): boolean {
    this.#outlook.changed();
    this.#idle.delete(station);
    this.#ahead.delete(station);
    if (this.#lanes.get(station.lane.name) !== station || !station.hasRoom) return false;
    (station.isIdle ? this.#idle : this.#ahead).add(station);
    return true;
  }

  #feed(): void {
    if (this.#stopped || this.#paused || this.#signal.aborted) return;
    // A lane that is given something goes to the end of its set, and is come upon again there: all have their turn. No
    // lane prepares ahead what another could execute at once.
    for (const stations of [this.#idle, this.#ahead]) {
      let asked = Math.min(stations.size, MOST_ASKED);
      for (const station of stations) {
        if (this.waiting === 0 || asked-- === 0) break;
        if (this.#give(station)) {
          asked = Math.min(stations.size, MOST_ASKED);
          continue;
        }
        stations.delete(station);
        stations.add(station);
      }
    }
    // Whatever the estimates say: who waits for others while nobody works would wait for ever.
    const [station] = this.#idle;
    const lowest = this.#copies.size === 0 ? this.#waiting.lowest() : undefined;
    if (station && lowest) {
      this.#waiting.remove(lowest);
      this.#hand(station, lowest);
    }
    if (this.waiting > 0 && this.#lanes.size === 0) this.#events.onStranded();
    if (this.#idle.size > 0 && this.#copies.size > 0) this.#look();
  }

  /** Gives a lane what it is to do next; false where the others would have done all before it. */
  #give(station: Station<T, R>): boolean {
    const late = this.#outlook.rescue(station);
    const held =
      this.#retries.take(station.lane.name, this.#lanes) ??
      (late ? undefined : this.#outlook.next(station, this.#waiting));
    if (held) {
      this.#waiting.remove(held);
      this.#hand(station, held);
    } else if (late) this.#double(late, station);
    return held !== undefined || late !== undefined;
  }

  #hand(station: Station<T, R>, held: Held<T, R>): void {
    const cost = held.task.work * this.#costs.of(held.task.index);
    const copy = beginCopy(held, station, cost, this.#clock.now());
    held.copies.push(copy);
    station.copies.add(copy);
    this.#copies.add(copy);
    this.#place(station);
    void this.#process(copy);
  }

  /** Looks for tasks that an idle lane would have done clearly before the lane that has them, now and then. */
  #look(): void {
    const now = this.#clock.now();
    const wait = this.#looked + LOOK_AGAIN - now;
    if (wait <= 0) {
      this.#looked = now;
      const doubles = this.waiting === 0 ? this.#outlook.doubles(this.#copies, this.#idle) : [];
      for (const { copy, station } of doubles) this.#double(copy, station);
    }
    this.#endLook ??= this.#clock.after(Math.max(wait, 0) || LOOK_AGAIN, () => {
      this.#endLook = undefined;
      this.#feed();
    });
  }

  #double({ held, station: holder }: Copy<T, R>, station: Station<T, R>): void {
    held.doubled = true;
    this.#events.onDoubled(held.task, station.lane.name, holder.lane.name);
    this.#hand(station, held);
  }

  async #process(copy: Copy<T, R>): Promise<void> {
    const result = await this.#stages(copy);
    const { held, station, run, slot } = copy;
    const { task, copies } = held;
    station.drop(copy);
    this.#copies.delete(copy);
    copies.splice(copies.indexOf(copy), 1);
    this.#place(station);
    // Another was the first, and had this one cancelled.
    const beaten = copy.over.signal.aborted && !this.#signal.aborted;
    run.end(result.ok && !beaten);
    if (!result.ok && !this.#stopped && !this.#signal.aborted) {
      if (result.failure.kind === "lost") this.#lose(station, result.failure);
      if (!beaten) this.#failed(copy, result.failure);
    }
    if (beaten) this.#events.onCancelled(task, station.lane.name, slot);
    else if (result.ok) {
      for (const { over } of copies) over.abort();
      this.#events.onDone(task, result.value, station.lane.name);
    }
    this.#feed();
  }

  /** What waits its turn while it is cancelled does not begin. */
  async #stages(copy: Copy<T, R>): Promise<Result<R, LaneFailure>> {
    const { station, run, held } = copy;
    const { uploads, runs, downloads, pace } = station;
    const { signal } = copy.over;
    const { work, optional = false } = held.task;
    const measured = async <V>(stage: keyof typeof pace, what: () => Promise<Result<V, LaneFailure>>) => {
      if (signal.aborted) return fail<LaneFailure>({ kind: "cancelled", what: "not needed any more" });
      copy.since = copy.seen = this.#clock.now();
      const result = await what();
      const took = this.#clock.now() - copy.since;
      if (!result.ok || optional) return result;
      if (stage === "execute") this.#executed(copy, took);
      else pace[stage].saw(took, work);
      return result;
    };
    const prepared = await uploads.add(() => measured("prepare", () => run.prepare(signal)));
    if (!prepared.ok) return prepared;
    copy.stage = "prepared";
    const executed = await runs.add(async () => {
      copy.stage = "executed";
      copy.slot = station.takeSlot();
      const result = await measured("execute", () =>
        run.execute(copy.slot, signal, (done) => {
          if (done > copy.done) [copy.done, copy.seen] = [done, this.#clock.now()];
        }),
      );
      station.giveSlot(copy.slot);
      return result;
    });
    if (!executed.ok) return executed;
    station.collects(copy);
    copy.since = this.#clock.now();
    if (this.#place(station)) this.#feed();
    return downloads.add(() => measured("collect", () => run.collect(signal)));
  }

  /** What a task took tells of its lane and of its neighbours. */
  #executed({ held: { task }, station }: Copy<T, R>, took: number): void {
    const { execute } = station.pace;
    const { mean } = execute;
    execute.saw(took, task.work * this.#costs.of(task.index));
    if (mean !== undefined) this.#costs.saw(task.index, took / (mean * task.work));
  }

  #lose(station: Station<T, R>, failure: LaneFailure): void {
    if (station.lost) return;
    const { name } = station.lane;
    station.lost = true;
    if (this.#lanes.get(name) === station) this.removeLane(name);
    this.#events.onLost(name, failure);
  }

  /** A task has failed on a lane; what the other copy of it comes to is waited for. */
  #failed({ held, station, slot }: Copy<T, R>, failure: LaneFailure): void {
    const { name } = station.lane;
    const { task, copies } = held;
    const alone = copies.length === 0;
    // However its last tasks end: it was the lane that failed them.
    if (station.lost) {
      this.#events.onFailed(task, name, slot, held.attempts, failure, alone);
      if (alone) this.#enqueue(held);
      return;
    }
    held.failedOn.add(name);
    if (failure.kind !== "unfit" && !alone) {
      this.#events.onFailed(task, name, slot, held.attempts + 1, failure, false);
      return;
    }
    held.attempts++;
    const retry = failure.kind !== "unfit" && held.attempts <= this.#maxRetries;
    this.#events.onFailed(task, name, slot, held.attempts, failure, retry);
    if (retry) {
      this.#enqueue(held);
      return;
    }
    if (task.optional !== true) this.stop();
    this.#events.onGivenUp(task, name, failure);
  }
}
