import { fail, ok, type Result } from "../lib/result.js";
import { judgeProbe, PROBE_MARK, type ProbeFailure, probeScript, type WorkerFacts } from "./probe.js";
import { parseProbe } from "./probe-text.js";
import { runScript, type WorkerScript } from "./script.js";
import type { Session } from "./transport.js";

/** What the probe found, and all that was said. */
export interface Told {
  readonly facts: WorkerFacts;
  readonly stdout: string;
}

/**
 * Asks a machine in one round trip what the probe asks, and `questions` besides, in which `$1` (in PowerShell
 * `$p`) is ffmpeg and `m NAME` begins a section. `within`: milliseconds for all of it; `stop` ends the asking; `where` is what
 * the machine is called in a failure, "the worker" without it. Fails as the probe does: no ffmpeg
 * that can be used, or a session that is lost.
 */
export async function askMore(
  session: Session,
  ffmpegBin: string,
  questions: WorkerScript,
  within: number,
  stop?: AbortSignal,
  where?: string,
): Promise<Result<Told, ProbeFailure>> {
  const late = AbortSignal.timeout(within);
  const signal = stop ? AbortSignal.any([stop, late]) : late;
  const asked = await runScript(session, probeScript(questions), [ffmpegBin, ""], { signal });
  if (!asked.ok) {
    const what = late.aborted ? `${ffmpegBin} was not through within ${within / 1000} s` : asked.failure.what;
    return fail({ ...asked.failure, kind: "connection", what });
  }
  const { stdout, stderrTail } = asked.value;
  const facts = judgeProbe(parseProbe(stdout, PROBE_MARK), stderrTail, ffmpegBin, undefined, where);
  return facts.ok ? ok({ facts: facts.value, stdout }) : facts;
}
