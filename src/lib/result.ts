/**
 * Expected failures are values, not exceptions: a worker that went away or a
 * broken file is part of the normal course of a job, and the compiler should
 * see to it that every kind is handled. Only bugs are thrown.
 */
export type Result<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F };

/** A success carrying `value`. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** An expected failure. */
export function fail<F>(failure: F): { readonly ok: false; readonly failure: F } {
  return { ok: false, failure };
}

/**
 * A failure for people: what went wrong, where, and what to type next.
 * `detail` carries foreign words (ffmpeg's last lines, OpenSSH's message) untouched.
 */
export interface Problem {
  readonly what: string;
  readonly detail?: string;
  readonly fix?: string;
}

/** Proves at compile time that a switch over a union is exhaustive. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
