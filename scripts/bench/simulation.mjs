// The real scheduler, the real lengths of chunks and the real cuts, with workers, networks and time made up. Given the
// modules from outside, so that tests run it on src/ and the bench on dist/.

/** Seconds of film, frames a second, and what a frame weighs on the way to a worker and back, bytes. */
const RATE = 25;
const SOURCE_BYTES = 20_000;
const RESULT_BYTES = 8_000;

/** What the split makes a second, frames; and what a chunk costs beside its frames: a channel and a program to start. */
const SPLIT_RATE = 10_000;
const START_SECONDS = 0.1;
const LATENCY_SECONDS = 0.02;

/** Seconds until a program that is not needed any more has ended. */
const CANCEL_SECONDS = 0.2;

/** Numbers from 0 to 1, always the same for a seed (mulberry32). @param {number} seed @returns {() => number} */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Time that passes only when everything that could happen has happened. */
class VirtualClock {
  #now = 0;
  #next = 0;
  /** The one that is next is on top; of several at a time, the one that was asked for first. */
  #events;

  /** @param {import("./simulation.d.mts").Modules["LeastFirst"]} LeastFirst */
  constructor(LeastFirst) {
    this.#events = new LeastFirst((a, b) => a.at - b.at || a.number - b.number);
  }

  now() {
    return this.#now;
  }

  /** @param {number} milliseconds @param {() => void} call */
  after(milliseconds, call) {
    const event = { at: this.#now + Math.max(0, milliseconds), number: this.#next++, call, gone: false };
    this.#events.push(event);
    return () => {
      event.gone = true;
    };
  }

  /** Goes on to the next moment at which something happens; false where nothing will. */
  step() {
    let event = this.#events.pop();
    while (event?.gone) event = this.#events.pop();
    if (!event) return false;
    this.#now = event.at;
    event.call();
    return true;
  }
}

/** The lengths of a film's GOPs: a regular distance, and scene changes in between. */
function gops(random, frames, distance) {
  const lengths = [];
  for (let seen = 0; seen < frames; ) {
    const scene = Math.ceil(-Math.log(1 - random()) * 4 * RATE);
    const length = Math.min(frames - seen, distance, Math.max(5, scene));
    lengths.push(length);
    seen += length;
  }
  return lengths;
}

/** @type {import("./simulation.d.mts").cutLengths} */
export function cutLengths(cuts, gopLengths) {
  const chunks = [];
  let [first, seen] = [0, 0];
  for (const next of gopLengths) {
    for (;;) {
      const at = seen > first ? cuts.at({ pts: seen, held: seen - first, next, first }) : undefined;
      if (at === undefined) break;
      chunks.push(at - first);
      cuts.forget();
      first = at;
    }
    cuts.passed(next);
    seen += next;
  }
  return [...chunks, seen - first];
}

/** A worker that takes its time. */
class SimulatedLane {
  /** @param {{ name: string, slots: number, fps: number, bytes: number }} worker */
  constructor(worker, world) {
    this.name = worker.name;
    this.slots = worker.slots;
    this.ahead = 1;
    this.worker = worker;
    this.world = world;
    this.dead = false;
    this.endings = new Set();
  }

  begin(task) {
    const { worker, world } = this;
    const takes = (seconds, signal, value) => this.#takes(seconds, signal, value);
    return {
      prepare: (signal) => takes(LATENCY_SECONDS + (task.frames * SOURCE_BYTES) / worker.bytes, signal),
      execute: (slot, signal, onProgress) => {
        const seconds = START_SECONDS + task.cost / worker.fps;
        for (const share of [0.25, 0.5, 0.75]) {
          world.clock.after(seconds * share * 1000, () => {
            if (!signal.aborted && !this.dead && !this.stuck) onProgress(task.frames * share);
          });
        }
        if (world.random() < world.failing) return takes(seconds * world.random(), signal, FAILED);
        return takes(seconds, signal);
      },
      collect: (signal) => takes(LATENCY_SECONDS + (task.frames * RESULT_BYTES) / worker.bytes, signal),
      end: () => undefined,
    };
  }

  /** Its machine is gone. */
  die() {
    this.dead = true;
    for (const end of this.endings) end(LOST);
  }

  /** Nothing on it moves any more, and it does not say so. */
  freeze() {
    this.stuck = true;
  }

  #takes(seconds, signal, value = OK) {
    const { clock } = this.world;
    if (this.dead) return Promise.resolve(LOST);
    return new Promise((resolve) => {
      const end = (result) => {
        this.endings.delete(end);
        cancel();
        resolve(result);
      };
      const cancel = clock.after(seconds * 1000, () => !this.stuck && end(value));
      this.endings.add(end);
      signal.addEventListener("abort", () => clock.after(CANCEL_SECONDS * 1000, () => end(CANCELLED)), { once: true });
    });
  }
}

const OK = { ok: true, value: undefined };
const FAILED = { ok: false, failure: { kind: "failed", what: "it failed" } };
const LOST = { ok: false, failure: { kind: "lost", what: "it is gone" } };
const CANCELLED = { ok: false, failure: { kind: "cancelled", what: "stopped" } };

/**
 * The earliest end that no scheduler could beat: the capacity of all workers, as long as each is there, has done all the
 * work; the longest chunk is done by the fastest; and the split comes to its end.
 */
function lowerBound(tasks, workers) {
  const work = tasks.reduce((sum, { cost }) => sum + cost, 0);
  const perFrame = work / tasks.reduce((sum, { frames }) => sum + frames, 0);
  // What it encodes at most, what it can be sent, and what can be fetched, in work a second.
  const capacity = ({ slots, fps, bytes }) => Math.min(slots * fps, (perFrame * bytes) / SOURCE_BYTES);
  const ends = workers
    .map((worker) => ({ ...worker, diesAt: worker.diesAt ?? worker.freezesAt }))
    .filter(({ diesAt }) => diesAt !== undefined)
    .sort((a, b) => a.diesAt - b.diesAt);
  let left = work;
  let time = 0;
  let all = workers.reduce((sum, worker) => sum + capacity(worker), 0);
  for (const worker of ends) {
    if (left <= all * (worker.diesAt - time)) break;
    left -= all * (worker.diesAt - time);
    time = worker.diesAt;
    all -= capacity(worker);
  }
  const longest = Math.max(...tasks.map(({ cost }) => cost)) / Math.max(...workers.map(({ fps }) => fps));
  // The last chunk cannot begin before it is cut.
  const split = tasks.reduce((sum, { frames }) => sum + frames, 0) / SPLIT_RATE;
  return Math.max(time + left / all, longest, split);
}

/** @type {import("./simulation.d.mts").runScenario} */
export async function runScenario(modules, scenario) {
  const { minutes, distance = 48, failing = 0, segmentFrames = "auto", keyintMin = 120, seed = 1 } = scenario;
  const random = randomNumbers(seed);
  const workers = scenario.workers(random);
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const wishes = { min: keyintMin, max: 600, target: segmentFrames };
  const frames = minutes * 60 * RATE;
  let mood = 1;
  const cuts = new modules.Cuts(modules.chunkBounds(wishes, frames, { slots, alike: false }));
  const tasks = cutLengths(cuts, gops(random, frames, distance)).map((length, index) => {
    // What a scene costs differs, and is like the one before.
    mood = Math.min(1.4, Math.max(0.6, mood + (random() - 0.5) * 0.2));
    return { index, work: length, frames: length, cost: length * mood };
  });
  const clock = new VirtualClock(modules.LeastFirst);
  const world = { clock, random, failing };
  const counts = { doubled: 0, failed: 0, cancelled: 0, lost: 0 };
  const done = new Set();
  let [next, waiting, mostWaiting] = [0, 0, 0];
  let givenUp = false;
  const dispatcher = new modules.Dispatcher(
    {
      onDone: (task) => {
        if (done.has(task.index)) throw new Error(`chunk ${task.index} is done twice`);
        done.add(task.index);
        waiting += task.frames;
        for (; done.has(next); next++) waiting -= tasks[next].frames;
        mostWaiting = Math.max(mostWaiting, waiting);
      },
      onFailed: () => counts.failed++,
      onLost: () => counts.lost++,
      onGivenUp: () => (givenUp = true),
      onStranded: () => undefined,
      onDoubled: () => counts.doubled++,
      onCancelled: () => counts.cancelled++,
    },
    10,
    new AbortController().signal,
    clock,
  );
  for (const worker of workers) {
    const lane = new SimulatedLane(worker, world);
    clock.after((worker.comesAt ?? 0) * 1000, () => dispatcher.addLane(lane));
    if (worker.diesAt !== undefined) clock.after(worker.diesAt * 1000, () => lane.die());
    if (worker.freezesAt !== undefined) clock.after(worker.freezesAt * 1000, () => lane.freeze());
  }
  let cut = 0;
  for (const task of tasks) {
    cut += task.frames;
    clock.after((cut / SPLIT_RATE) * 1000, () => dispatcher.add(task));
  }
  const started = process.cpuUsage();
  while (done.size < tasks.length && !givenUp && clock.step()) await new Promise((resolve) => setImmediate(resolve));
  const used = process.cpuUsage(started);
  if (done.size < tasks.length) throw new Error(`${scenario.name}: ${done.size} of ${tasks.length} chunks were done`);
  const makespan = clock.now() / 1000;
  const bound = lowerBound(tasks, workers);
  dispatcher.stop();
  return {
    ...{ scenario: scenario.name, minutes, workers: workers.length, slots, chunks: tasks.length },
    chunksPerSlot: tasks.length / slots,
    ...{ makespan, bound, ratio: makespan / bound },
    ...{ doubled: counts.doubled, failed: counts.failed, lost: counts.lost },
    mostWaiting: mostWaiting / frames,
    cpuPer1000: ((used.user + used.system) / 1000 / tasks.length) * 1000,
  };
}

/** So many workers; speeds in frames a second and slot, from a quarter of the fastest on; links in Mbit/s. */
export function mixed(count, { slots = () => 1, slowest = 6, fastest = 24, mbits = 1000, more = () => ({}) } = {}) {
  return (random) =>
    Array.from({ length: count }, (_, i) => ({
      name: `w${i}`,
      slots: slots(random),
      fps: slowest * (fastest / slowest) ** random(),
      bytes: ((typeof mbits === "function" ? mbits(random) : mbits) * 1e6) / 8,
      ...more(i, random),
    }));
}
