import type { ClockCounts, ClockFrame, OutputClock, Tick } from "./frame-clock.js";

/** Two clocks side by side, for when it is not settled which of them ffmpeg follows: where they part is doubt. */
export class DoubtfulClock implements OutputClock {
  #parted = false;

  constructor(
    private readonly first: OutputClock,
    private readonly second: OutputClock,
  ) {}

  get finished(): boolean {
    return this.first.finished;
  }

  get counts(): ClockCounts {
    return this.first.counts;
  }

  get doubt(): string | undefined {
    const parted = this.#parted ? "which frames ffmpeg repeats or drops here cannot be foretold" : undefined;
    return this.first.doubt ?? parted;
  }

  push(frame: ClockFrame): readonly Tick[] {
    return this.#compare(this.first.push(frame), this.second.push(frame));
  }

  end(): readonly Tick[] {
    return this.#compare(this.first.end(), this.second.end());
  }

  #compare(a: readonly Tick[], b: readonly Tick[]): readonly Tick[] {
    const key = (ticks: readonly Tick[]): string => ticks.map((t) => `${t.tick}:${t.source}`).join();
    if (key(a) !== key(b)) this.#parted = true;
    return a;
  }
}
