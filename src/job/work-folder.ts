import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/types.js";
import { printOwner, thisProcess } from "../lib/owner.js";
import { makePrivateFolder } from "../lib/private-folder.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { keepLedger, watchPath } from "../lib/warden.js";

/** What the folders of running jobs begin with. */
export const JOB_PREFIX = "job-";

/** In such a folder: whose it is, and what temporary files there are elsewhere, a path a line. */
export const OWNER = "owner";
export const LEDGER = "elsewhere";

/** The job's own folder, private, with a name nobody can guess. */
export async function makeFolder(config: Config): Promise<Result<string, Problem>> {
  try {
    const folder = await makePrivateFolder(config.server_work_path, JOB_PREFIX);
    watchPath(folder);
    await writeFile(join(folder, OWNER), `${printOwner(thisProcess())}\n`, { mode: 0o600 });
    keepLedger(join(folder, LEDGER));
    return ok(folder);
  } catch (error) {
    return fail({
      what: `no work folder can be made in ${config.server_work_path}`,
      detail: String(error),
      fix: "-df_server_work_path=FOLDER, a folder that you may write",
    });
  }
}
