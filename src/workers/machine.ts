import { fail, ok, type Result } from "../lib/result.js";
import type { Machine } from "../plan/slots.js";
import { MACHINE_SCRIPT, readMachine } from "./machine-text.js";
import { readSections } from "./sections.js";
import type { Session, TransportFailure } from "./transport.js";

const MARK = "@distffmpeg ";
const WITHIN = 10_000;

/** Asks a machine, in one round trip, what it has for encoding, and whether numactl is installed. */
export async function askMachine(
  session: Session,
): Promise<Result<{ readonly machine: Machine; readonly numactl: boolean }, TransportFailure>> {
  const script = `m() { echo; echo "${MARK}$*"; }; ${MACHINE_SCRIPT}; m numactl; command -v numactl; m end`;
  const asked = await session.run(["sh", "-c", script], { signal: AbortSignal.timeout(WITHIN) });
  if (!asked.ok) return fail(asked.failure);
  const sections = readSections(asked.value.stdout, MARK);
  return ok({ machine: readMachine(sections), numactl: sections.lines("numactl").length > 0 });
}
