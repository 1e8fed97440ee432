import type { Costs } from "./costs.js";
import { Forecast } from "./forecast.js";
import type { Clock, Task } from "./lane.js";
import { type Copy, type Held, type Station, timeFor, workWithin } from "./station.js";
import type { Waiting } from "./waiting.js";

/** As long as the work that is left takes so many times as long as a task, its place counts and not its size. */
const FAR = 8;

/** Towards the end a lane is given what it should do in this part of the time: not all tasks cost the same. */
const SURE = 0.8;

/** A lane leaves a task to others that would have begun and ended it in so much of the time that it would take itself. */
const CLEARLY = 0.7;

/** A task is started a second time where that ends sooner by this part of what it takes, and by so many milliseconds. */
const SOONER = 0.25;
const SOONER_BY = 1000;

/** Lanes that are asked in vain at a time: the others have their turn the next time. */
export const MOST_ASKED = 32;

/** A forecast serves until so many of the lanes, as a part, have been given something or were through with it. */
const FORECAST_SERVES = 1 / 32;

/** Says who should do what, by how quick each lane has shown itself to be. */
export class Outlook<T extends Task, R> {
  readonly #lanes: ReadonlyMap<string, Station<T, R>>;
  readonly #costs: Costs;
  readonly #clock: Clock;
  #known: Forecast<T, R> | undefined;
  /** By that forecast. */
  #late: readonly Copy<T, R>[] = [];
  /** Things that have happened since. */
  #changes = 0;

  constructor(lanes: ReadonlyMap<string, Station<T, R>>, costs: Costs, clock: Clock) {
    this.#lanes = lanes;
    this.#costs = costs;
    this.#clock = clock;
  }

  /** A lane was given something, or is through with it. */
  changed(): void {
    this.#changes++;
  }

  /** Lanes have come or gone. */
  forget(): void {
    this.#known = undefined;
    this.#late = [];
  }

  /** What a lane is to do next of what waits; nothing where the others would have done all before it. */
  next(station: Station<T, R>, waiting: Waiting<Held<T, R>>): Held<T, R> | undefined {
    const lowest = waiting.lowest();
    const forecast = this.#forecast(waiting.work);
    if (!lowest || forecast.typical === undefined) return lowest;
    const now = this.#clock.now();
    const prospect = station.prospect(now, forecast.typical);
    const end = forecast.end - (now - forecast.at);
    if (timeFor(prospect, this.#cost(lowest)) * FAR <= end) return lowest;
    const within = workWithin(prospect, end) * SURE;
    // What is too large for all of them ends the later, the more is done before it.
    const largest = waiting.largest(Number.POSITIVE_INFINITY);
    const cost = largest ? this.#cost(largest) : 0;
    if (cost > within) {
      const until = timeFor(prospect, cost) + now - forecast.at;
      if (forecast.doneElsewhere(until, cost, station, 1) === 0) return largest;
    }
    const fitting = waiting.largest(within);
    if (fitting && this.#cost(fitting) <= within) return fitting;
    const smaller = fitting && waiting.largest((within * fitting.task.work) / this.#cost(fitting));
    if (smaller && this.#cost(smaller) <= within) return smaller;
    // It cannot be shared out to the last drop. Who is the first to be done with one more takes one more.
    const { count, work } = waiting;
    const late = (held: Held<T, R>): boolean => {
      const until = timeFor(prospect, this.#cost(held)) * CLEARLY + now - forecast.at;
      return forecast.doneElsewhere(until, work / count, station, count) >= count;
    };
    if (!late(lowest)) return lowest;
    const smallest = waiting.smallest();
    return smallest && smallest.task.work < lowest.task.work && !late(smallest) ? smallest : undefined;
  }

  #cost({ task }: Held<T, R>): number {
    return task.work * this.#costs.of(task.index);
  }

  /** A task that would still be at work on another lane when all else is done, and that this one would have done in time. */
  rescue(station: Station<T, R>): Copy<T, R> | undefined {
    const { typical, end, at } = this.#known ?? {};
    if (typical === undefined || end === undefined || at === undefined || this.#late.length === 0) return undefined;
    const now = this.#clock.now();
    const within = workWithin(station.prospect(now, typical), end - (now - at));
    if (within <= 0) return undefined;
    return this.#late.find(({ held, cost, station: holder }) => {
      if (cost > within || held.doubled || held.copies[0]?.station !== holder || holder === station) return false;
      return !held.failedOn.has(station.lane.name);
    });
  }

  /** Tasks that are not done when all others are. */
  #lateCopies(forecast: Forecast<T, R>): Copy<T, R>[] {
    const { typical, end, at } = forecast;
    if (typical === undefined) return [];
    const found: { copy: Copy<T, R>; left: number }[] = [];
    for (const station of forecast.late(SOONER_BY)) {
      for (const copy of station.copies) {
        const left = station.left(copy, at, typical);
        if (!copy.held.doubled && left > end * (1 + SOONER) + SOONER_BY) found.push({ copy, left });
      }
    }
    return found.sort((a, b) => b.left - a.left).map(({ copy }) => copy);
  }

  /** Tasks that an idle lane would have done clearly before the one that has them, the latest first. */
  doubles(
    copies: Iterable<Copy<T, R>>,
    idle: Iterable<Station<T, R>>,
  ): { readonly copy: Copy<T, R>; readonly station: Station<T, R> }[] {
    const { typical } = this.#forecast(0);
    if (typical === undefined) return [];
    const now = this.#clock.now();
    const late = [...copies]
      .filter(({ held }) => !held.doubled && held.copies.length === 1)
      .map((copy) => ({ copy, left: copy.station.left(copy, now, typical) }))
      .filter(({ left }) => left > SOONER_BY)
      .sort((a, b) => b.left - a.left);
    const pace = ({ pace: { execute } }: Station<T, R>): number => execute.mean ?? typical;
    // One each: which slots are left is looked at the next time.
    const quick = [...idle].sort((a, b) => pace(a) - pace(b));
    const found: { copy: Copy<T, R>; station: Station<T, R> }[] = [];
    for (const { copy, left } of late) {
      if (quick.length === 0) break;
      const { held } = copy;
      const at = quick.findIndex((other) => other !== copy.station && !held.failedOn.has(other.lane.name));
      const station = quick[at];
      if (!station) continue;
      const { work } = held.task;
      const takes = timeFor(station.prospect(now, typical), this.#cost(held)) + station.fetching(work);
      if (left < takes + Math.max(SOONER_BY, takes * SOONER)) continue;
      quick.splice(at, 1);
      found.push({ copy, station });
    }
    return found;
  }

  #forecast(waitingWork: number): Forecast<T, R> {
    if (!this.#known || this.#changes > this.#lanes.size * FORECAST_SERVES) {
      this.#known = new Forecast(this.#lanes.values(), waitingWork, this.#clock.now());
      this.#changes = 0;
      this.#late = waitingWork > 0 ? this.#lateCopies(this.#known) : [];
    }
    return this.#known;
  }
}
