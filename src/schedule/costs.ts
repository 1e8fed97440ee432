/** How many places away what a task has cost still says something, and for how much its having no say counts. */
const REACH = 8;
const DOUBT = 0.25;

/** What a task cost is believed within these: a machine may have stood still meanwhile. */
const LEAST = 0.25;
const MOST = 4;

/**
 * What tasks cost for their work, beside others: neighbours are alike, for they show the same scenes. Learned from
 * those that are done, as parts of what the lanes that did them take on the average.
 */
export class Costs {
  readonly #seen = new Map<number, number>();

  /** A task took so many times as long as its lane takes for as much work. */
  saw(index: number, times: number): void {
    this.#seen.set(index, Math.min(MOST, Math.max(LEAST, times)));
  }

  /** How many times as long as for other work a task is likely to take. */
  of(index: number): number {
    let [sum, weight] = [DOUBT, DOUBT];
    for (let away = 1; away <= REACH; away++) {
      for (const neighbour of [index - away, index + away]) {
        const times = this.#seen.get(neighbour);
        if (times === undefined) continue;
        sum += times / away;
        weight += 1 / away;
      }
    }
    return sum / weight;
  }
}
