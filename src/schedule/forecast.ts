import type { Task } from "./lane.js";
import type { Station } from "./station.js";

/** A slot of a lane from now on, in milliseconds and units of work a millisecond. */
interface Share<T extends Task, R> {
  readonly station: Station<T, R>;
  /** Until it is through with what it holds. */
  readonly ready: number;
  readonly rate: number;
  /** What a unit of work takes to be uploaded. */
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
  /** The one that is ready first comes first. */
  readonly #slots: readonly Share<T, R>[];

  constructor(stations: Iterable<Station<T, R>>, waitingWork: number, now: number) {
    const all = [...stations];
    this.at = now;
    const typical = typicalPace(all);
    this.typical = typical;
    this.#slots = typical === undefined ? [] : all.flatMap((station) => sharesOf(station, now, typical));
    this.#slots = this.#slots.toSorted((a, b) => a.ready - b.ready);
    this.end = endOf(this.#slots, waitingWork);
  }

  /** Lanes that will not be through with what they hold so many milliseconds after all others. */
  late(by: number): ReadonlySet<Station<T, R>> {
    return new Set(this.#slots.filter(({ ready }) => ready > this.end + by).map(({ station }) => station));
  }

  /** How many tasks of so much work all lanes but one would have done before then; counts no further than `enough`. */
  doneElsewhere(until: number, work: number, except: Station<T, R>, enough: number): number {
    let count = 0;
    for (const { station, ready, rate, upload } of this.#slots) {
      if (count >= enough || until <= ready) break;
      const tasks = ((until - Math.max(ready, work * upload)) * rate) / work;
      // Of several that would be done at the same time one has to begin.
      if (station !== except && tasks > 1) count += Math.ceil(tasks - SAME) - 1;
    }
    return count;
  }
}

function sharesOf<T extends Task, R>(station: Station<T, R>, now: number, typical: number): Share<T, R>[] {
  const rate = station.capacity(typical) / station.lane.slots;
  const upload = station.pace.prepare.mean ?? 0;
  return station.slotTimes(now, typical).map((ready) => ({ station, ready, rate, upload }));
}

/** The mean of those that are known, in work a millisecond, as a time for a unit of it. */
function typicalPace<T extends Task, R>(stations: readonly Station<T, R>[]): number | undefined {
  let [sum, known] = [0, 0];
  for (const { pace, lane } of stations) {
    const { mean } = pace.execute;
    if (mean === undefined) continue;
    sum += lane.slots / mean;
    known += lane.slots;
  }
  return known === 0 ? undefined : known / sum;
}

/** The time until which slots, sorted by when they are ready, have done so much more. */
function endOf<T extends Task, R>(slots: readonly Share<T, R>[], work: number): number {
  let [rate, held] = [0, 0];
  for (const [i, slot] of slots.entries()) {
    rate += slot.rate;
    held += slot.rate * slot.ready;
    const end = (work + held) / rate;
    const next = slots[i + 1];
    if (!next || end <= next.ready) return end;
  }
  return Number.POSITIVE_INFINITY;
}
