import { fail, ok, type Result } from "../../lib/result.js";
import type { Dialect, SessionFolder } from "../dialect.js";
import { connectionFailure } from "../failures.js";
import { privateFolderName } from "../folder.js";
import type { Link } from "../link.js";
import { runRemote } from "../remote-run.js";
import { readSections } from "../sections.js";
import type { TransportFailure } from "../transport.js";
import { MAKE_FOLDER } from "./asking.js";
import { janitorLaunch, launch, powershellWords } from "./run.js";

/** Workers that have Windows PowerShell and OpenSSH's server for Windows, whatever its DefaultShell is. */
export const WINDOWS: Dialect = {
  scriptWords: powershellWords,
  // There are no signals, no named pipes of files, and paths of other words: whole commands go elsewhere.
  isLive: false,
  launch,
  janitor: janitorLaunch,
  makeFolder: (link, _channels, workPath, signal) => makeFolder(link, workPath, signal),
};

async function makeFolder(
  link: Link,
  workPath: string,
  signal: AbortSignal | undefined,
): Promise<Result<SessionFolder, TransportFailure>> {
  const words = powershellWords({ sh: "", powershell: MAKE_FOLDER }, [workPath, privateFolderName()]);
  const asked = launch("", words);
  if (!asked.ok) return fail(connectionFailure(`${link.worker}: ${asked.failure}`, { lasting: true }));
  const made = await runRemote(link, asked.value, signal ? { signal } : {});
  if (!made.ok) return made;
  const found = folderOf(made.value.stdout);
  if (found) return ok(found);
  const detail = made.value.stderrTail.join("\n");
  return fail(
    connectionFailure(`${link.worker}: cannot make a work folder in ${workPath}`, {
      ...(detail === "" ? {} : { detail }),
      fix: "choose another work_path for this worker, on a drive of its own",
    }),
  );
}

/**
 * The folder that the script has made: `C:/Users/me/df` for programs, which take either mark between the parts; `/C:/Users/me/df` for SFTP, whose
 * paths begin at a root above the drives (Win32-OpenSSH, sftp-server). Undefined where it says none, or none on a drive. Pure.
 */
export function folderOf(stdout: string): SessionFolder | undefined {
  const path = readSections(stdout, "@distffmpeg ").values.get("folder")?.replaceAll("\\", "/");
  return path !== undefined && /^[A-Za-z]:\/./.test(path) ? { folder: path, files: `/${path}` } : undefined;
}
