import { quoteAll } from "../lib/shell.js";
import { count } from "./text.js";

/** A plan as `explain` and `-df_plan` show it. */
export interface ShownPlan {
  readonly route: string;
  readonly reason: string;
  readonly decidedBy: { readonly kind: string; readonly words: string } | undefined;
  readonly because: string | undefined;
  readonly offload:
    | {
        readonly worker: string;
        readonly sent: readonly string[];
        readonly fetched: readonly string[];
        readonly argv: readonly string[];
      }
    | undefined;
  readonly workers: readonly { readonly name: string; readonly slots: number | undefined }[];
  readonly pre: readonly string[];
  readonly remote: readonly { readonly chunk: number; readonly frames: number; readonly argv: readonly string[] }[];
  readonly final: readonly (readonly string[])[];
}

/** The plan as text: the route with its reason and what decided it, then every command of every stage. */
export function renderPlan(plan: ShownPlan): string {
  const split = plan.route === "chunks";
  const head = [`# route: ${plan.route} (${plan.reason})`];
  if (plan.decidedBy) head.push(`# decided by: ${plan.decidedBy.kind} ${plan.decidedBy.words}`);
  if (plan.because !== undefined) head.push(`# ${plan.route === "none" ? "impossible" : "where"}: ${plan.because}`);
  if (split) {
    const hands = plan.workers.map(
      ({ name, slots }) => `${name} (${slots === undefined ? "as many slots as fit" : count(slots, "slot")})`,
    );
    head.push(`# ${count(plan.remote.length, "chunk")}, ${count(framesOf(plan), "frame")}, for ${hands.join(", ")}`);
  }
  const blocks = [head.join("\n")];
  const { offload } = plan;
  if (offload) {
    const sent = offload.sent.map((name) => `# sent: ${name}\n`).join("");
    blocks.push(`${sent}# on worker ${offload.worker}, in its work folder\n${quoteAll(offload.argv)}`);
  }
  if (plan.pre.length > 0) blocks.push(`# PRE, on this machine\n${quoteAll(plan.pre)}`);
  for (const { chunk, frames, argv } of plan.remote) {
    blocks.push(`# REMOTE, chunk ${chunk}: ${frames} frames\n${quoteAll(argv)}`);
  }
  for (const words of plan.final) {
    blocks.push(`# ${split ? "FINAL, on this machine" : "on this machine"}\n${quoteAll(words)}`);
  }
  return `${blocks.join("\n\n")}\n`;
}

/** The plan as JSON with a newline. Fields may be added to version 1, never changed or taken away. */
export function planAsJson(plan: ShownPlan): string {
  const { route, reason, decidedBy = null, because = null, offload = null, workers, pre, remote, final } = plan;
  const counts = { chunks: remote.length, frames: framesOf(plan) };
  // The first output's has stood alone from the beginning.
  const stages = { pre, remote, final: final[0] ?? [], finals: final, offload };
  return `${JSON.stringify({ version: 1, route, reason, decidedBy, because, workers, ...counts, stages }, null, 2)}\n`;
}

function framesOf(plan: ShownPlan): number {
  return plan.remote.reduce((sum, { frames }) => sum + frames, 0);
}
