import type { Task } from "./lane.js";
import type { Station } from "./station.js";

interface Share<T extends Task, R> {
  readonly station: Station<T, R>;
  /** Units of work a millisecond. */
  readonly capacity: number;
  /** Work that it holds. */
  readonly backlog: number;
  /** Milliseconds that a unit of work takes to be uploaded. */
  readonly upload: number;
}

/** Parts of a task that are nothing. */
const SAME = 1e-6;

/** When all would be done that waits and is held, if work could be shared out to the last drop; and who does how much until when. */
export class Forecast<T extends Task, R> {
  /** The pace of a lane that has not shown its own, milliseconds a unit of work; undefined while none has shown any. */
  readonly typical: number | undefined;
  /** Milliseconds from `at` on. */
  readonly end: number;
  readonly at: number;
  readonly #lanes: readonly Share<T, R>[];

  constructor(stations: Iterable<Station<T, R>>, waitingWork: number, now: number) {
    const all = [...stations];
    this.at = now;
    this.typical = typicalPace(all);
    const typical = this.typical ?? Number.POSITIVE_INFINITY;
    this.#lanes = all
      .map((station) => ({
        station,
        capacity: station.capacity(typical),
        backlog: this.typical === undefined ? 0 : station.backlog(now, typical),
        upload: station.pace.prepare.mean ?? 0,
      }))
      .filter(({ capacity }) => capacity > 0)
      .sort((a, b) => a.backlog / a.capacity - b.backlog / b.capacity);
    this.end = endOf(this.#lanes, waitingWork);
  }

  /** How many tasks of so much work all lanes but one would have done before then; counts no further than `enough`. */
  doneElsewhere(until: number, work: number, except: Station<T, R>, enough: number): number {
    let count = 0;
    for (const { station, capacity, backlog, upload } of this.#lanes) {
      if (count >= enough || until * capacity <= backlog) break;
      const tasks = ((until - work * upload) * capacity - backlog) / work;
      // Of several that would be done at the same time one has to begin.
      if (station !== except && tasks > 1) count += Math.ceil(tasks - SAME) - 1;
    }
    return count;
  }
}

/** The mean of those that are known, in work a millisecond, as a time for a unit of it. */
function typicalPace<T extends Task, R>(stations: readonly Station<T, R>[]): number | undefined {
  let [sum, known] = [0, 0];
  for (const { pace, lane } of stations) {
    const { mean } = pace.execute;
    if (mean === undefined || mean <= 0) continue;
    sum += lane.slots / mean;
    known += lane.slots;
  }
  return known === 0 ? undefined : known / sum;
}

/** The time until which lanes, sorted by when they are through with what they hold, have done so much more. */
function endOf<T extends Task, R>(lanes: readonly Share<T, R>[], work: number): number {
  let [capacity, held] = [0, 0];
  for (const [i, lane] of lanes.entries()) {
    capacity += lane.capacity;
    held += lane.backlog;
    const end = (work + held) / capacity;
    const next = lanes[i + 1];
    if (!next || end <= next.backlog / next.capacity) return end;
  }
  return Number.POSITIVE_INFINITY;
}
