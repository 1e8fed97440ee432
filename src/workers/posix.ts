import { posix } from "node:path";
import { foreignPart, foreignWords } from "../lib/private-folder.js";
import { quote } from "../lib/shell.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { Dialect, Launch } from "./dialect.js";
import { connectionFailure } from "./failures.js";
import { privateFolderName } from "./folder.js";
import { janitor } from "./janitor.js";
import { makeFolders } from "./make-folders.js";
import { shWords } from "./script.js";
import type { SftpChannels } from "./sftp.js";
import type { TransportFailure } from "./transport.js";
import { wrappedCommand } from "./wrapper.js";

/** Linux takes no longer single argument (MAX_ARG_STRLEN, 128 KiB), and the command is one for the login shell. */
const COMMAND_BYTES = 128 * 1024 - 1;

/** A command for a login shell of POSIX; fails where it is longer than Linux takes. */
export function shellLaunch(command: string): Result<Launch, string> {
  const bytes = Buffer.byteLength(command);
  return bytes > COMMAND_BYTES ? fail(`the command is too long for SSH (${bytes} bytes)`) : ok({ command });
}

/** Workers that have a POSIX shell. */
export const POSIX: Dialect = {
  scriptWords: shWords,
  isLive: true,
  launch: (folder, argv) => shellLaunch(wrappedCommand(folder, argv)),
  janitor: (folder) => ({ command: `exec sh -c ${quote(janitor())} sh ${quote(folder)}` }),
  makeFolder: async (link, channels, workPath, signal) => {
    const made = await makeSessionFolder(channels, workPath, signal);
    if (!made.ok) return made;
    if (made.value !== undefined) return ok({ folder: made.value, files: made.value });
    return fail(
      connectionFailure(`${link.worker}: its paths are those of Windows`, {
        lasting: true,
        fix: `say so: distffmpeg workers edit ${quote(link.worker)} --platform Windows   # or add … --platform Windows`,
      }),
    );
  },
};

/**
 * Makes the private folder of a session, mode 0700, and the work path above it where that is missing.
 * A relative work path, and one with `~`, count from where SFTP starts: the home folder. Returns the absolute path; undefined
 * where the home folder is on a drive, as OpenSSH of Windows has it (`/C:/Users/…`).
 */
function makeSessionFolder(
  channels: SftpChannels,
  workPath: string,
  signal: AbortSignal | undefined,
): Promise<Result<string | undefined, TransportFailure>> {
  return channels.use(
    `cannot make a work folder in ${workPath}`,
    async ({ client, raw }) => {
      if (/^~[^/]/.test(workPath)) throw new Error("of home folders only one's own can be named: ~ or ~/…");
      const home = await client.realPath(".");
      if (/^\/?[A-Za-z]:/.test(home)) return undefined;
      const base = posix.resolve(home, workPath.replace(/^~\/*/, "") || ".");
      await makeFolders(client, base);
      // Links are followed once: who owns one in a shared folder could let it lead elsewhere later.
      const real = await client.realPath(base);
      const folder = posix.join(real, privateFolderName());
      // With its mode from the first moment: nobody else can look in or put anything in between.
      await new Promise<void>((resolve, reject) => {
        raw.mkdir(folder, { mode: 0o700 }, (error) => (error ? reject(error) : resolve()));
      });
      const { mode, uid } = await client.stat(folder);
      const foreign = await foreignPart(real, uid, (path) => client.stat(path));
      if (foreign !== undefined) {
        await client.rmdir(folder, true);
        throw new Error(foreignWords(foreign));
      }
      if ((mode & 0o777) !== 0o700) await client.chmod(folder, 0o700);
      return folder;
    },
    signal,
  );
}
