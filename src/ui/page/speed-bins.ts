const BINS = 300;

/** Frames by worker and time, in equal steps of time that become longer as the job does: never more than BINS a worker. */
export class SpeedBins {
  /** Seconds a step. */
  step = 1;
  readonly #frames = new Map<string, number[]>();

  /** `at`: seconds since the start. */
  add(worker: string, at: number, frames: number): void {
    while (at >= this.step * BINS) this.#widen();
    const bins = this.#frames.get(worker) ?? [];
    this.#frames.set(worker, bins);
    const bin = Math.floor(at / this.step);
    while (bins.length <= bin) bins.push(0);
    bins[bin] = Math.max(0, (bins[bin] ?? 0) + frames);
  }

  /** Frames per second, step by step, as far as the worker has done something. */
  of(worker: string): number[] {
    return (this.#frames.get(worker) ?? []).map((frames) => frames / this.step);
  }

  #widen(): void {
    this.step *= 2;
    for (const [worker, bins] of this.#frames) {
      const wide = Array.from({ length: Math.ceil(bins.length / 2) }, (_, i) => {
        return (bins[2 * i] ?? 0) + (bins[2 * i + 1] ?? 0);
      });
      this.#frames.set(worker, wide);
    }
  }
}
