import type { Expression } from "../ffmpeg/expression.js";
import type { FilterUse } from "../ffmpeg/filtergraph.js";
import { divide, multiply, type Rational, rational, rescale, toNumber } from "../lib/rational.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { GraphNode } from "./film-graph.js";
import { type Condition, type FilterTrait, filterTrait, optionsInput, pairTrait } from "./filters/index.js";

/**
 * What a chain of filters needs around a chunk, and what it makes of the frames' times: enough to run it over a part of
 * the film and get what it makes of the whole.
 */
export interface FilterPlan {
  /** Source frames that are needed before the chunk's first. */
  readonly before: number;
  /** After the chunk's last frame: all frames within so many seconds, and then … */
  readonly afterSpan: Rational;
  /** … so many more. */
  readonly after: number;
  /** Frames of which nothing comes out at the film's own ends. */
  readonly dropsFirst: number;
  readonly dropsLast: number;
  readonly rate:
    | { readonly kind: "same" | "double" }
    | { readonly kind: "grid"; readonly rate: Rational }
    | { readonly kind: "moved"; readonly times: Expression };
}

/** No filters, or only such as look at one frame at a time. */
export const FRAME_BY_FRAME: FilterPlan = {
  before: 0,
  afterSpan: rational(0),
  after: 0,
  dropsFirst: 0,
  dropsLast: 0,
  rate: { kind: "same" },
};

/** What is known of a film's filters that cannot be seen in their words. */
export interface FilterFacts {
  /** What holds for a filter, beside what the plan vouches for itself. */
  readonly granted: (use: FilterUse) => ReadonlySet<Condition>;
  /** Whether the picture that a filter of two inputs takes comes again and again (`-loop 1`). */
  readonly endless: (node: GraphNode) => boolean;
}

/** What the plan vouches for: every stage is told the number of filter threads that plain ffmpeg would take here. */
const VOUCHED: readonly Condition[] = ["same-filter-threads"];

/** Plans the filters that a film goes through; fails with the reason why they must run over the whole of it. */
export function planFilters(line: readonly GraphNode[], facts: FilterFacts): Result<FilterPlan, string> {
  let plan = FRAME_BY_FRAME;
  let joined = false;
  for (const node of line) {
    const { name, options } = node.use;
    const odd = name === "fps" && options.some((o, i) => (o.name === undefined ? i > 0 : o.name !== "fps"));
    if (odd) return fail("filter fps with options of its own");
    const pair = node.inputs.length === 2;
    const input = optionsInput(name, options);
    const trait = pair
      ? pairTrait(input, facts.endless(node))
      : filterTrait(input, new Set([...VOUCHED, ...facts.granted(node.use)]));
    // Filters of two inputs do not hand on when the film ends, and the grid's last frames hang on that.
    if (joined && trait.kind === "grid") return fail(`filter ${name} stands behind one that adds a picture`);
    if (pair && plan.rate.kind === "moved") return fail(`filter ${name} stands behind one that moves frames in time`);
    joined ||= pair;
    const next = addFilter(plan, name, trait);
    if (!next.ok) return next;
    plan = next.value;
  }
  return ok(plan);
}

function addFilter(plan: FilterPlan, name: string, trait: FilterTrait): Result<FilterPlan, string> {
  if (trait.kind === "whole") return fail(`filter ${name}: ${trait.reason}`);
  if (trait.kind === "frame") return ok(plan);
  if (trait.kind === "move") {
    if (plan !== FRAME_BY_FRAME) return fail(`filter ${name} stands behind one that looks at several frames`);
    return ok({ ...plan, rate: { kind: "moved", times: trait.times } });
  }
  // What a window or a grid behind a changed rate needs is not a number of source frames.
  if (plan.rate.kind !== "same") return fail(`filter ${name} stands behind one that changes the rate`);
  const before = plan.before + trait.before;
  const after = plan.after + trait.after;
  if (trait.kind === "grid") {
    if (trait.startTime !== undefined) return fail(`filter ${name} with a start time`);
    if (name !== "fps") return fail(`filter ${name} makes new frames between those of the film`);
    const afterSpan = divide(rational(BigInt(trait.afterPeriods)), trait.rate);
    return ok({ ...plan, before, after, afterSpan, rate: { kind: "grid", rate: trait.rate } });
  }
  if (trait.rate === "mixed") return fail(`filter ${name} changes the rate from frame to frame`);
  const dropsFirst = plan.dropsFirst + trait.edge.dropsFirst;
  const dropsLast = plan.dropsLast + trait.edge.dropsLast;
  return ok({ ...plan, before, after, dropsFirst, dropsLast, rate: { kind: trait.rate } });
}

/** The time base and rate of what comes out of the filters. */
export interface GraphOutput {
  readonly timeBase: Rational;
  readonly rate: Rational | undefined;
}

/** Time base and rate behind the filters, from those before them. */
export function graphOutput(plan: FilterPlan, timeBase: Rational, rate: Rational | undefined): GraphOutput {
  if (plan.rate.kind === "grid") return { timeBase: divide(rational(1), plan.rate.rate), rate: plan.rate.rate };
  if (plan.rate.kind === "same" || plan.rate.kind === "moved") return { timeBase, rate };
  return { timeBase: divide(timeBase, rational(2)), rate: rate && multiply(rate, rational(2)) };
}

/** A source frame, in ticks of the source. */
export interface GraphSource {
  readonly pts: number;
  /** 0 when unknown. */
  readonly duration: number;
}

/** A frame behind the filters, in ticks of their output's time base. */
export interface GraphFrame {
  readonly pts: number;
  readonly duration: number;
  /** The source frame it is shown for: the chunk that has the one has the other. */
  readonly owner: number;
}

/** Follows a chain of filters over the frames' times alone. */
export interface GraphClock {
  push(frame: GraphSource): readonly GraphFrame[];
  end(): readonly GraphFrame[];
}

/** The clock of a planned chain whose input has this time base. */
export function graphClock(plan: FilterPlan, timeBase: Rational): GraphClock {
  const edges = new EdgeClock(plan.dropsFirst, plan.dropsLast);
  switch (plan.rate.kind) {
    case "same":
      return edges;
    case "double":
      return new ChainedClock(edges, new FieldClock());
    case "moved":
      return new MovedClock(plan.rate.times, toNumber(timeBase));
    case "grid":
      return new ChainedClock(edges, new FpsClock(timeBase, plan.rate.rate));
  }
}

/** The setpts filter (libavfilter/setpts.c, 5.1): doubles, cut to whole ticks. */
class MovedClock implements GraphClock {
  #first: number | undefined;

  constructor(
    private readonly times: Expression,
    private readonly seconds: number,
  ) {}

  push({ pts, duration }: GraphSource): readonly GraphFrame[] {
    this.#first ??= pts;
    const moved = Math.trunc(this.times({ PTS: pts, STARTPTS: this.#first, TB: this.seconds }));
    return [{ pts: moved, duration, owner: pts }];
  }

  end(): readonly GraphFrame[] {
    return [];
  }
}

class ChainedClock implements GraphClock {
  constructor(
    private readonly first: GraphClock,
    private readonly second: GraphClock,
  ) {}

  push(frame: GraphSource): readonly GraphFrame[] {
    return this.first.push(frame).flatMap((f) => this.second.push(f));
  }

  end(): readonly GraphFrame[] {
    return [...this.first.end().flatMap((f) => this.second.push(f)), ...this.second.end()];
  }
}

/** As many frames out as in, but for the film's ends. */
class EdgeClock implements GraphClock {
  #skip: number;
  readonly #held: GraphSource[] = [];

  constructor(
    dropsFirst: number,
    private readonly dropsLast: number,
  ) {
    this.#skip = dropsFirst;
  }

  push(frame: GraphSource): readonly GraphFrame[] {
    if (this.#skip > 0) {
      this.#skip--;
      return [];
    }
    this.#held.push(frame);
    if (this.#held.length <= this.dropsLast) return [];
    const out = this.#held.shift();
    return out ? [{ ...out, owner: out.pts }] : [];
  }

  end(): readonly GraphFrame[] {
    return [];
  }
}

/** A frame for every field: the second halfway to the next frame (libavfilter/yadif_common.c), in half the time base. */
class FieldClock implements GraphClock {
  #previous: number | undefined;
  #held: GraphSource | undefined;

  push(frame: GraphSource): readonly GraphFrame[] {
    const fields = this.#held ? this.#fields(this.#held, frame.pts) : [];
    this.#previous = this.#held?.pts;
    this.#held = frame;
    return fields;
  }

  end(): readonly GraphFrame[] {
    const held = this.#held;
    if (!held) return [];
    // The last frame's next is guessed from the one before.
    return this.#fields(held, 2 * held.pts - (this.#previous ?? held.pts));
  }

  #fields(frame: GraphSource, next: number): readonly GraphFrame[] {
    const { pts, duration } = frame;
    return [
      { pts: 2 * pts, duration, owner: pts },
      { pts: pts + next, duration, owner: pts },
    ];
  }
}

/** The fps filter (libavfilter/vf_fps.c, 5.1 and 7.1) without start time: each tick shows the last frame not after it. */
class FpsClock implements GraphClock {
  #next: number | undefined;
  #held: { readonly tick: number; readonly pts: number } | undefined;
  #end = 0;
  readonly #tickBase: Rational;

  constructor(
    private readonly timeBase: Rational,
    rate: Rational,
  ) {
    this.#tickBase = divide(rational(1), rate);
  }

  push(frame: GraphSource): readonly GraphFrame[] {
    const tick = this.#tick(frame.pts);
    this.#end = frame.pts + frame.duration;
    const held = this.#held;
    this.#held = { tick, pts: frame.pts };
    if (!held) {
      this.#next = tick;
      return [];
    }
    return this.#show(held.pts, tick);
  }

  end(): readonly GraphFrame[] {
    return this.#held ? this.#show(this.#held.pts, this.#tick(this.#end)) : [];
  }

  #show(owner: number, until: number): readonly GraphFrame[] {
    const frames: GraphFrame[] = [];
    for (let tick = this.#next ?? 0; tick < until; tick++) frames.push({ pts: tick, duration: 1, owner });
    this.#next = Math.max(this.#next ?? until, until);
    return frames;
  }

  #tick(pts: number): number {
    return Number(rescale(BigInt(pts), this.timeBase, this.#tickBase));
  }
}
