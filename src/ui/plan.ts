import { quoteAll } from "../lib/shell.js";

/** A plan as `-df_plan` shows it. */
export interface ShownPlan {
  readonly route: string;
  readonly reason: string;
  readonly pre: readonly string[];
  readonly remote: readonly { readonly chunk: number; readonly frames: number; readonly argv: readonly string[] }[];
  readonly final: readonly string[];
}

/** The plan as text: the route with its reason, then every command of every stage. */
export function renderPlan(plan: ShownPlan): string {
  const blocks = [`# route: ${plan.route} (${plan.reason})`];
  if (plan.pre.length > 0) blocks.push(`# PRE, on this machine\n${quoteAll(plan.pre)}`);
  for (const { chunk, frames, argv } of plan.remote) {
    blocks.push(`# REMOTE, chunk ${chunk}: ${frames} frames\n${quoteAll(argv)}`);
  }
  blocks.push(`# ${plan.route === "chunks" ? "FINAL, on this machine" : "on this machine"}\n${quoteAll(plan.final)}`);
  return `${blocks.join("\n\n")}\n`;
}
