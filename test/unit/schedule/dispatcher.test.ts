import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fail, ok, type Result } from "../../../src/lib/result.js";
import { Dispatcher } from "../../../src/schedule/dispatcher.js";
import {
  type Clock,
  type Lane,
  type LaneFailure,
  type LaneRun,
  systemClock,
  type Task,
} from "../../../src/schedule/lane.js";

const failed: LaneFailure = { kind: "failed", what: "it did not work" };
const lost: LaneFailure = { kind: "lost", what: "the line is dead" };
const cancelled: LaneFailure = { kind: "cancelled", what: "stopped" };

/** Lets everything that can happen now happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

interface Waiting<R> {
  readonly task: number;
  readonly slot: number;
  readonly end: (result: Result<R, LaneFailure>) => void;
}

/** A lane on which nothing ends before the test lets it end. */
class FakeLane implements Lane<Task, string> {
  readonly preparing: Waiting<void>[] = [];
  readonly executing: Waiting<string>[] = [];
  readonly seen: string[] = [];
  /** What became of the runs: `wanted`, or taken away. */
  readonly ends: string[] = [];
  /** Results that are not here yet; undefined where they come at once. */
  collecting: Waiting<void>[] | undefined;
  readonly signals = new Map<number, AbortSignal>();

  constructor(
    readonly name: string,
    readonly slots: number,
    readonly ahead = 1,
    /** Whether uploads end by themselves. */
    private readonly swift = true,
  ) {}

  begin(task: Task): LaneRun<string> {
    return {
      prepare: () => this.#prepare(task),
      execute: async (slot, signal) => {
        this.signals.set(task.index, signal);
        const result = await this.#execute(task, slot);
        if (result.ok) this.#results.set(task.index, result.value);
        return result.ok ? ok(undefined) : result;
      },
      collect: async () => {
        const { collecting } = this;
        const fetched = collecting
          ? await new Promise<Result<void, LaneFailure>>((end) => collecting.push({ task: task.index, slot: -1, end }))
          : ok(undefined);
        return fetched.ok ? ok(this.#results.get(task.index) ?? "") : fetched;
      },
      end: (wanted) => this.ends.push(`${task.index}${wanted ? " wanted" : ""}`),
    };
  }

  readonly #results = new Map<number, string>();

  #prepare(task: Task): Promise<Result<void, LaneFailure>> {
    this.seen.push(`prepare ${task.index}`);
    if (this.swift) return Promise.resolve(ok(undefined));
    return new Promise((end) => this.preparing.push({ task: task.index, slot: -1, end }));
  }

  #execute(task: Task, slot: number): Promise<Result<string, LaneFailure>> {
    this.seen.push(`execute ${task.index}`);
    return new Promise((end) => this.executing.push({ task: task.index, slot, end }));
  }

  get running(): number[] {
    return this.executing.map((w) => w.task);
  }

  get slotsInUse(): number[] {
    return this.executing.map((w) => w.slot).sort((a, b) => a - b);
  }

  async end(task: number, result: Result<string, LaneFailure> = ok(`${task} by ${this.name}`)): Promise<void> {
    const at = this.executing.findIndex((w) => w.task === task);
    const [waiting] = this.executing.splice(at, 1);
    if (at === -1 || !waiting) throw new Error(`${this.name} is not at work on ${task}`);
    waiting.end(result);
    await settle();
  }

  async prepared(task: number, result: Result<void, LaneFailure> = ok(undefined)): Promise<void> {
    const at = this.preparing.findIndex((w) => w.task === task);
    const [waiting] = this.preparing.splice(at, 1);
    if (at === -1 || !waiting) throw new Error(`${this.name} does not prepare ${task}`);
    waiting.end(result);
    await settle();
  }
}

interface Rig {
  readonly dispatcher: Dispatcher<Task, string>;
  readonly log: string[];
  readonly abort: AbortController;
  /** Adds tasks and lanes, and lets what follows happen. */
  add(...tasks: number[]): Promise<void>;
  lanes(...lanes: FakeLane[]): Promise<void>;
}

/** A clock that stands still until it is put forward. */
class HandClock implements Clock {
  #now = 0;
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const due = { at: this.#now + milliseconds, call };
    this.#calls.add(due);
    return () => this.#calls.delete(due);
  }

  /** So many seconds go by; what is due happens at its time. */
  async pass(seconds: number): Promise<void> {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const [next] = [...this.#calls].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#calls.delete(next);
      this.#now = next.at;
      next.call();
      await settle();
    }
    this.#now = end;
  }
}

function rig(maxRetries = 3, clock: Clock = systemClock): Rig {
  const log: string[] = [];
  const abort = new AbortController();
  const dispatcher = new Dispatcher<Task, string>(
    {
      onDone: (task, result, lane) => log.push(`done ${task.index} ${lane}: ${result}`),
      onFailed: (task, lane, slot, attempt, failure, retry) =>
        log.push(
          `failed ${task.index} ${lane} slot ${slot} attempt ${attempt} ${failure.kind}${retry ? " again" : ""}`,
        ),
      onLost: (lane) => log.push(`lost ${lane}`),
      onGivenUp: (task, lane) => log.push(`given up ${task.index} ${lane}`),
      onStranded: () => log.push("stranded"),
      onDoubled: (task, lane, holder) => log.push(`doubled ${task.index} ${lane} for ${holder}`),
      onCancelled: (task, lane) => log.push(`cancelled ${task.index} ${lane}`),
    },
    maxRetries,
    abort.signal,
    clock,
  );
  return {
    ...{ dispatcher, log, abort },
    add: (...tasks) => {
      for (const index of tasks) dispatcher.add({ index, work: 1 });
      return settle();
    },
    lanes: (...lanes) => {
      for (const lane of lanes) dispatcher.addLane(lane);
      return settle();
    },
  };
}

describe("handing out", () => {
  test("lowest first, as many at once as there are slots", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 2, 0);
    await lanes(a);
    await add(0, 1, 2, 3);
    expect(a.running).toEqual([0, 1]);
    expect(a.slotsInUse).toEqual([0, 1]);
    await a.end(1);
    expect(a.running).toEqual([0, 2]);
    expect(a.slotsInUse).toEqual([0, 1]);
    await a.end(0);
    await a.end(2);
    await a.end(3);
    expect(log).toEqual(["done 1 a: 1 by a", "done 0 a: 0 by a", "done 2 a: 2 by a", "done 3 a: 3 by a"]);
  });

  test("tasks that come out of order wait in order", async () => {
    const { add, lanes, dispatcher } = rig();
    await add(7, 3, 9, 1);
    expect(dispatcher.waiting).toBe(4);
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    for (const task of [1, 3, 7, 9]) await a.end(task);
    expect(a.seen.filter((s) => s.startsWith("execute"))).toEqual(["execute 1", "execute 3", "execute 7", "execute 9"]);
    expect(dispatcher.waiting).toBe(0);
  });

  test("the emptiest lane gets the next one", async () => {
    const { add, lanes } = rig();
    const [small, big] = [new FakeLane("small", 1, 1), new FakeLane("big", 3, 1)];
    await lanes(small, big);
    await add(0, 1, 2, 3);
    expect(small.running).toEqual([0]);
    expect(big.running).toEqual([1, 2, 3]);
    // Only now is anything prepared beyond what runs.
    await add(4, 5, 6, 7);
    expect(small.seen.length + big.seen.length).toBe(4 * 2 + 2);
  });

  test("no lane prepares ahead what another could run at once", async () => {
    const { add, lanes } = rig();
    const [a, b] = [new FakeLane("a", 1, 5), new FakeLane("b", 1, 5)];
    await lanes(a);
    await lanes(b);
    await add(0, 1);
    expect([a.running, b.running]).toEqual([[0], [1]]);
  });

  test("a lane that comes later takes its share", async () => {
    const { add, lanes, dispatcher } = rig();
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 2, 0)];
    await lanes(a);
    await add(0, 1, 2, 3);
    await lanes(b);
    expect(b.running).toEqual([1, 2]);
    expect(dispatcher.lanes).toEqual(["a", "b"]);
    expect(dispatcher.waiting).toBe(1);
  });
});

describe("uploading ahead", () => {
  test("the next is uploaded while one runs, and no more than that", async () => {
    const { add, lanes } = rig();
    const a = new FakeLane("a", 1, 1);
    await lanes(a);
    await add(0, 1, 2, 3);
    expect(a.seen).toEqual(["prepare 0", "prepare 1", "execute 0"]);
    await a.end(0);
    expect(a.seen.slice(3).sort()).toEqual(["execute 1", "prepare 2"]);
  });

  test("nothing is uploaded ahead where it is not wanted", async () => {
    const { add, lanes } = rig();
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0, 1);
    expect(a.seen).toEqual(["prepare 0", "execute 0"]);
  });

  test("one upload at a time, in order, and none is run before its upload has ended", async () => {
    const { add, lanes } = rig();
    const a = new FakeLane("a", 2, 1, false);
    await lanes(a);
    await add(0, 1, 2);
    expect(a.preparing.map((w) => w.task)).toEqual([0]);
    expect(a.running).toEqual([]);
    await a.prepared(0);
    expect(a.preparing.map((w) => w.task)).toEqual([1]);
    expect(a.running).toEqual([0]);
    await a.prepared(1);
    await a.prepared(2);
    expect(a.running).toEqual([0, 1]);
    await a.end(0);
    expect(a.running).toEqual([1, 2]);
    expect(a.slotsInUse).toEqual([0, 1]);
  });
});

describe("failures", () => {
  test("a task that failed is tried elsewhere", async () => {
    const { add, lanes, log } = rig();
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0, 1, 2);
    await a.end(0, fail(failed));
    // 0 waits for b, though a is free: 2 goes to a.
    expect([a.running, b.running]).toEqual([[2], [1]]);
    await b.end(1);
    expect(b.running).toEqual([0]);
    await b.end(0);
    expect(log).toEqual(["failed 0 a slot 0 attempt 1 failed again", "done 1 b: 1 by b", "done 0 b: 0 by b"]);
  });

  test("a task that failed everywhere may go anywhere again", async () => {
    const { add, lanes, log } = rig(2);
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0);
    await a.end(0, fail(failed));
    await b.end(0, fail(failed));
    expect(a.running).toEqual([0]);
    await a.end(0);
    expect(log.at(-1)).toBe("done 0 a: 0 by a");
  });

  test("a failed upload counts as a try, and has no slot", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 1, 0, false);
    await lanes(a);
    await add(0);
    await a.prepared(0, fail(failed));
    expect(log).toEqual(["failed 0 a slot -1 attempt 1 failed again"]);
    await a.prepared(0);
    await a.end(0);
    expect(log.at(-1)).toBe("done 0 a: 0 by a");
  });

  test("a retry comes before later tasks", async () => {
    const { add, lanes } = rig();
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0, 1, 2);
    await a.end(0, fail(failed));
    expect(a.running).toEqual([0]);
  });

  test.each([0, 1, 3])("given up after %i retries, and nothing more is handed out", async (retries) => {
    const { add, lanes, log, dispatcher } = rig(retries);
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0, 1);
    for (let i = 0; i <= retries; i++) await a.end(0, fail(failed));
    expect(log.slice(-2)).toEqual([`failed 0 a slot 0 attempt ${retries + 1} failed`, "given up 0 a"]);
    expect(log.filter((line) => line.endsWith("again"))).toHaveLength(retries);
    expect(a.running).toEqual([]);
    expect(dispatcher.waiting).toBe(0);
    await add(2);
    expect(a.running).toEqual([]);
  });

  test("what no lane can do is tried nowhere else", async () => {
    const { add, lanes, log } = rig(3);
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0);
    await a.end(0, fail({ kind: "unfit", what: "the source is damaged" }));
    expect(log).toEqual(["failed 0 a slot 0 attempt 1 unfit", "given up 0 a"]);
    expect(b.seen).toEqual([]);
  });

  test("what still runs when a task is given up is told no more as a failure", async () => {
    const { add, lanes, log } = rig(0);
    const a = new FakeLane("a", 2, 0);
    await lanes(a);
    await add(0, 1);
    await a.end(0, fail(failed));
    await a.end(1, fail(failed));
    expect(log.at(-1)).toBe("given up 0 a");
  });
});

describe("a lane that is set aside", () => {
  test("is given nothing more, and may finish what it holds", async () => {
    const { add, lanes, log, dispatcher } = rig(0);
    const [a, b] = [new FakeLane("a", 2, 0), new FakeLane("b", 1, 0)];
    await lanes(a);
    await add(0, 1, 2);
    dispatcher.removeLane("a");
    await a.end(0);
    expect(a.running).toEqual([1]);
    await lanes(b);
    await a.end(1);
    await b.end(2);
    expect(log).toEqual(["done 0 a: 0 by a", "stranded", "done 1 a: 1 by a", "done 2 b: 2 by b"]);
  });
});

describe("a lane that is lost", () => {
  test("its tasks go back without counting, and it is told once", async () => {
    const { add, lanes, log, dispatcher } = rig(0);
    const [a, b] = [new FakeLane("a", 2, 0), new FakeLane("b", 1, 0)];
    await lanes(a);
    await add(0, 1, 2);
    await lanes(b);
    expect([a.running, b.running]).toEqual([[0, 1], [2]]);
    await a.end(1, fail(lost));
    await a.end(0, fail(lost));
    expect(dispatcher.lanes).toEqual(["b"]);
    expect(log).toEqual(["lost a", "failed 1 a slot 1 attempt 0 lost again", "failed 0 a slot 0 attempt 0 lost again"]);
    await b.end(2);
    expect(b.running).toEqual([0]);
    await b.end(0);
    await b.end(1);
    expect(log.slice(3)).toEqual(["done 2 b: 2 by b", "done 0 b: 0 by b", "done 1 b: 1 by b"]);
  });

  test("it is given nothing more, though some of its slots are free", async () => {
    const { add, lanes } = rig();
    const [a, b] = [new FakeLane("a", 3, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0);
    await a.end(0, fail(lost));
    await add(1, 2);
    expect(a.running).toEqual([]);
    expect(b.running).toEqual([0]);
  });

  test("a task that failed on the lane that stays may go there again", async () => {
    const { add, lanes } = rig();
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0, 1);
    await a.end(0, fail(failed));
    expect(a.running).toEqual([]);
    await b.end(1, fail(lost));
    expect(a.running).toEqual([0]);
    await a.end(0);
    expect(a.running).toEqual([1]);
  });

  test("however its last tasks end, that does not count against them", async () => {
    const { add, lanes, log } = rig(0);
    const [a, b] = [new FakeLane("a", 2, 0), new FakeLane("b", 1, 0)];
    await lanes(a);
    await add(0, 1);
    await a.end(0, fail(lost));
    await a.end(1, fail(cancelled));
    expect(log).toContain("failed 1 a slot 1 attempt 0 cancelled again");
    await lanes(b);
    expect(b.running).toEqual([0]);
  });

  test("one that comes back under its name is given work, and what the old one still held goes back to it", async () => {
    const { add, lanes, log, dispatcher } = rig(0);
    const [old, young] = [new FakeLane("a", 2, 0), new FakeLane("a", 2, 0)];
    await lanes(old);
    await add(0, 1);
    await old.end(0, fail(lost));
    await lanes(young);
    expect(young.running).toEqual([0]);
    await old.end(1, fail(lost));
    expect(young.running).toEqual([0, 1]);
    expect(dispatcher.lanes).toEqual(["a"]);
    expect(log.filter((line) => line === "lost a")).toHaveLength(1);
  });

  test("what was prepared on it while all wait is not kept waiting", async () => {
    const { add, lanes, dispatcher } = rig(0);
    const [a, b] = [new FakeLane("a", 1, 1), new FakeLane("b", 2, 0)];
    await lanes(a);
    await add(0, 1);
    dispatcher.hold(true);
    await a.end(0, fail(lost));
    await a.end(1, fail(lost));
    await lanes(b);
    expect(b.running).toEqual([]);
    dispatcher.hold(false);
    await settle();
    expect(b.running).toEqual([0, 1]);
  });

  test("a result that it still brought counts", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 2, 0);
    await lanes(a);
    await add(0, 1);
    await a.end(0, fail(lost));
    await a.end(1);
    expect(log).toContain("done 1 a: 1 by a");
  });

  test("the last one: the rest is stranded, until another comes", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0, 1);
    await a.end(0, fail(lost));
    expect(log).toEqual(["lost a", "failed 0 a slot 0 attempt 0 lost again", "stranded"]);
    const b = new FakeLane("b", 1, 0);
    await lanes(b);
    expect(b.running).toEqual([0]);
    await b.end(0);
    await b.end(1);
    expect(log.slice(-2)).toEqual(["done 0 b: 0 by b", "done 1 b: 1 by b"]);
  });

  test("nothing is stranded when nothing is left", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0);
    await a.end(0);
    expect(log).toEqual(["done 0 a: 0 by a"]);
  });

  test("tasks without any lane are stranded from the start", async () => {
    const { add, log } = rig();
    await add(0);
    expect(log).toEqual(["stranded"]);
  });
});

describe("stopping", () => {
  test("hands out nothing more, and tells of no failure", async () => {
    const { add, lanes, log, dispatcher } = rig();
    const a = new FakeLane("a", 1, 0);
    await lanes(a);
    await add(0, 1);
    dispatcher.stop();
    expect(dispatcher.waiting).toBe(0);
    await a.end(0, fail(cancelled));
    await add(2);
    await lanes(new FakeLane("b", 1, 0));
    expect(a.seen).toEqual(["prepare 0", "execute 0"]);
    expect(log).toEqual([]);
  });

  test("so does the signal", async () => {
    const { add, lanes, log, abort } = rig();
    const a = new FakeLane("a", 2, 0);
    await lanes(a);
    await add(0, 1, 2);
    abort.abort();
    await a.end(0, fail(cancelled));
    await a.end(1, fail(lost));
    await add(3);
    expect(a.running).toEqual([]);
    expect(log).toEqual([]);
  });
});

describe("collecting", () => {
  test("holds no slot, and is bounded", async () => {
    const { add, lanes, log } = rig();
    const a = new FakeLane("a", 1, 0);
    a.collecting = [];
    await lanes(a);
    await add(0, 1, 2, 3);
    await a.end(0);
    expect(a.running).toEqual([1]);
    await a.end(1);
    // Two results wait to be fetched: there is no third before one is here.
    expect(a.running).toEqual([]);
    expect(log).toEqual([]);
    a.collecting[0]?.end(ok(undefined));
    await settle();
    expect(log).toEqual(["done 0 a: 0 by a"]);
    expect(a.running).toEqual([2]);
  });

  test("what does not come back counts as a try, and the task goes elsewhere", async () => {
    const { add, lanes, log } = rig();
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    a.collecting = [];
    await lanes(a, b);
    await add(0);
    await a.end(0);
    a.collecting[0]?.end(fail({ kind: "refused", what: "short" }));
    await settle();
    expect(log).toEqual(["failed 0 a slot 0 attempt 1 refused again"]);
    expect(a.ends).toEqual(["0"]);
    expect(b.running).toEqual([0]);
  });
});

describe("a task that is late", () => {
  /** A does ten seconds' work in ten, b in a tenth of that; and then both have one more. */
  async function lateTask(): Promise<Rig & { a: FakeLane; b: FakeLane; clock: HandClock }> {
    const clock = new HandClock();
    const made = rig(1, clock);
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await made.lanes(a, b);
    await made.add(0, 1);
    await clock.pass(1);
    await b.end(1);
    await clock.pass(19);
    return { ...made, a, b, clock };
  }

  test("is started a second time when nothing waits, and the first good answer counts", async () => {
    const { a, b, log } = await lateTask();
    expect(log).toEqual(["done 1 b: 1 by b", "doubled 0 b for a"]);
    expect([a.running, b.running]).toEqual([[0], [0]]);
    await b.end(0);
    expect(log.at(-1)).toBe("done 0 b: 0 by b");
    expect(a.signals.get(0)?.aborted).toBe(true);
    await a.end(0, fail(cancelled));
    expect(log.at(-1)).toBe("cancelled 0 a");
    expect([a.ends, b.ends]).toEqual([["0"], ["1 wanted", "0 wanted"]]);
  });

  test("is kept where it is, when that was the first after all", async () => {
    const { a, b, log } = await lateTask();
    await a.end(0);
    expect(b.signals.get(0)?.aborted).toBe(true);
    await b.end(0);
    expect(log.slice(2)).toEqual(["done 0 a: 0 by a", "cancelled 0 b"]);
    expect(b.ends).toEqual(["1 wanted", "0"]);
  });

  test("is not started a third time", async () => {
    const { lanes, log, clock } = await lateTask();
    await lanes(new FakeLane("c", 1, 0));
    await clock.pass(60);
    expect(log.filter((line) => line.startsWith("doubled"))).toHaveLength(1);
  });

  test("a failure of one of the two costs nothing, and the other goes on", async () => {
    const { a, b, log } = await lateTask();
    await b.end(0, fail(failed));
    expect(log.at(-1)).toBe("failed 0 b slot 0 attempt 1 failed");
    expect([a.running, b.running]).toEqual([[0], []]);
    await a.end(0);
    expect(log.at(-1)).toBe("done 0 a: 0 by a");
  });

  test("when both fail, that is one try", async () => {
    const { a, b, log } = await lateTask();
    await b.end(0, fail(failed));
    await a.end(0, fail(failed));
    expect(log.at(-1)).toBe("failed 0 a slot 0 attempt 1 failed again");
    expect([...a.running, ...b.running]).toEqual([0]);
  });

  test("a lost lane gives back nothing that runs elsewhere", async () => {
    const { a, b, log } = await lateTask();
    await a.end(0, fail(lost));
    expect(log.slice(2)).toEqual(["lost a", "failed 0 a slot 0 attempt 0 lost"]);
    expect(b.running).toEqual([0]);
    await b.end(0);
    expect(log.at(-1)).toBe("done 0 b: 0 by b");
  });

  test("is left alone while others wait, and where nobody would be quicker", async () => {
    const clock = new HandClock();
    const { add, lanes, log } = rig(1, clock);
    const [a, b] = [new FakeLane("a", 1, 0), new FakeLane("b", 1, 0)];
    await lanes(a, b);
    await add(0, 1, 2);
    await clock.pass(10);
    await b.end(1);
    await clock.pass(10);
    expect(b.running).toEqual([2]);
    await b.end(2);
    // What is late by as much as b would take is not clearly sooner there.
    expect(log).toEqual(["done 1 b: 1 by b", "done 2 b: 2 by b"]);
    expect([a.running, b.running]).toEqual([[0], []]);
  });
});

describe("who does what", () => {
  test("a slow lane is given nothing that the others would have done sooner, but what it can do meanwhile", async () => {
    const clock = new HandClock();
    const { lanes, log, dispatcher } = rig(1, clock);
    const [slow, quick] = [new FakeLane("slow", 1, 0), new FakeLane("quick", 1, 0)];
    const add = (index: number, work: number): Promise<void> => {
      dispatcher.add({ index, work });
      return settle();
    };
    await lanes(slow, quick);
    // Three in the time of one.
    for (const index of [0, 1, 2, 3]) await add(index, 100);
    for (const index of [1, 2, 3]) {
      await clock.pass(10);
      if (index === 3) await slow.end(0);
      await quick.end(index);
    }
    await add(4, 100);
    await add(5, 100);
    expect([slow.running, quick.running]).toEqual([[], [4]]);
    await add(6, 10);
    expect(slow.running).toEqual([6]);
    await clock.pass(3);
    await slow.end(6);
    expect(slow.running).toEqual([]);
    await clock.pass(7);
    await quick.end(4);
    expect(quick.running).toEqual([5]);
    await quick.end(5);
    expect(log.filter((line) => line.startsWith("done"))).toHaveLength(7);
  });

  test("of the last tasks of one machine the largest is first: it would be the last to end otherwise", async () => {
    const clock = new HandClock();
    const { lanes, dispatcher } = rig(1, clock);
    const only = new FakeLane("only", 2, 0);
    await lanes(only);
    for (const [index, work] of [100, 100, 50, 100].entries()) dispatcher.add({ index, work });
    await settle();
    await clock.pass(10);
    await only.end(0);
    expect(only.running).toEqual([1, 3]);
    await only.end(1);
    expect(only.running).toEqual([3, 2]);
  });
});

test("whatever fails, every task is done once, slots are never shared, and lanes hold no more than they may", async () => {
  const lanesArbitrary = fc.array(fc.record({ slots: fc.integer({ min: 1, max: 3 }), ahead: fc.nat(2) }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(
      lanesArbitrary,
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.nat(999)),
      async (shapes, tasks, luck) => {
        const { add, lanes, log, dispatcher } = rig(1000);
        const all = shapes.map(({ slots, ahead }, i) => new FakeLane(`${i}`, slots, ahead));
        await lanes(...all);
        await add(...Array.from({ length: tasks }, (_, i) => i));
        for (let step = 0; step < 500; step++) {
          const busy = all.filter((lane) => lane.executing.length > 0);
          for (const lane of all) {
            expect(lane.executing.length).toBeLessThanOrEqual(lane.slots);
            expect(new Set(lane.slotsInUse).size).toBe(lane.executing.length);
            expect(lane.slotsInUse.every((slot) => slot >= 0 && slot < lane.slots)).toBe(true);
          }
          const [which = 0, what = 0, how = 0] = [luck.next().value, luck.next().value, luck.next().value];
          const lane = busy[which % Math.max(1, busy.length)];
          if (!lane) break;
          const task = lane.executing[what % lane.executing.length]?.task ?? 0;
          const gone = !dispatcher.lanes.includes(lane.name);
          // What runs on a lost lane is lost; the last lane is not lost.
          const loses = gone || (how % 10 === 0 && dispatcher.lanes.length > 1);
          await lane.end(task, loses ? fail(lost) : how % 4 === 0 ? fail(failed) : undefined);
        }
        const done = log.filter((line) => line.startsWith("done")).map((line) => Number(line.split(" ")[1]));
        expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: tasks }, (_, i) => i));
        expect(log).not.toContain("stranded");
      },
    ),
    { numRuns: 60 },
  );
});
