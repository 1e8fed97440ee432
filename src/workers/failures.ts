import { fail } from "../lib/result.js";
import type { TransportFailure } from "./transport.js";

/** The message of whatever was thrown; foreign libraries throw more than Errors. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `error.code` when it is a string, as node's system errors carry it ("ENOENT"). */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The worker itself is lost. */
export function connectionFailure(
  what: string,
  more: { detail?: string; fix?: string; lasting?: boolean } = {},
): TransportFailure {
  return { kind: "connection", what, ...more };
}

/** Only this operation failed. */
export function transferFailure(what: string, more: { detail?: string; fix?: string } = {}): TransportFailure {
  return { kind: "transfer", what, ...more };
}

/** The failure of an operation that was stopped by its signal. */
export function cancelledFailure(worker: string): TransportFailure {
  return { kind: "cancelled", what: `${worker}: stopped on request` };
}

/** A failed Result that says that the caller's signal ended the operation. */
export function cancelled(worker: string): { readonly ok: false; readonly failure: TransportFailure } {
  return fail(cancelledFailure(worker));
}
