import type { SftpChannel } from "./sftp.js";

/** Each failure but the last may be another session's doing, a folder of the path at a time. */
const TRIES = 4;

/**
 * Makes a folder and those above it over SFTP; one that is there is fine. Another session may be making the same ones at
 * this moment, of which SFTP only says that it failed: what counts is that they are there. Rejects with SFTP's last word.
 */
export async function makeFolders(client: SftpChannel["client"], path: string): Promise<void> {
  for (let tried = 1; ; tried++) {
    const isThere = await client.stat(path).then(
      (stats) => stats.isDirectory,
      () => false,
    );
    if (isThere) return;
    try {
      await client.mkdir(path, true);
      return;
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
}
