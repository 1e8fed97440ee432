import { fail, ok, type Result } from "../lib/result.js";
import type { Reference } from "../plan/film.js";
import { filesOf, isTee, muxerOf } from "../plan/tee.js";
import { readReference } from "./heads.js";
import type { PlannedOutput } from "./stages.js";

/** One of the files of a tee as an output of its own. */
export interface Slave {
  readonly output: PlannedOutput;
  /** Film by film. */
  readonly references: readonly Reference[];
}

/** The files of a tee in their order, once their heads are there; none of another output. Fails with why one has no head. */
export async function slavesOf(output: PlannedOutput): Promise<Result<readonly Slave[], string>> {
  const { command, plans, heads } = output;
  const slaves: Slave[] = [];
  for (const [i, file] of command.outputs.filter(isTee).flatMap(filesOf).entries()) {
    const own = plans.map((plan) => ({ ...plan, muxer: muxerOf(file) }));
    const references: Reference[] = [];
    for (const [film, plan] of own.entries()) {
      const head = (await heads[film]) ?? fail("there is no head");
      if (!head.ok) return head;
      const slave = head.value.slaves?.[i];
      const reference = slave
        ? await readReference(slave, plan.film.outputStream, plan.muxer)
        : fail(`${file.url} has no head`);
      if (!reference.ok) return reference;
      references.push(reference.value);
    }
    slaves.push({ output: { ...output, command: { ...command, outputs: [file] }, plans: own }, references });
  }
  return ok(slaves);
}
