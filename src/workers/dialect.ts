import type { Result } from "../lib/result.js";
import type { Link } from "./link.js";
import type { ScriptWords } from "./script.js";
import type { SftpChannels } from "./sftp.js";
import type { TransportFailure } from "./transport.js";

/** What is asked of the SSH server to have a program run. */
export interface Launch {
  /** For the login shell. */
  readonly command: string;
  /** What the channel's stdin begins with, before the beats. */
  readonly words?: string;
  /** Streams and status come in frames (`windows/frames.ts`). */
  readonly isFramed?: true;
}

/** Where a session's files are. */
export interface SessionFolder {
  /** As programs have it. */
  readonly folder: string;
  /** As SFTP has it. */
  readonly files: string;
}

/**
 * The shell of a worker: all that hangs on its kind (POSIX sh, Windows PowerShell). Nothing else of the program knows which it is.
 * A program that is launched ends with the channel's stdin, and when its beats stay out (`heartbeat.ts`).
 */
export interface Dialect {
  readonly scriptWords: ScriptWords;
  /** Makes the private folder of a session, and the work path above it where that is missing. */
  makeFolder(
    link: Link,
    channels: SftpChannels,
    workPath: string,
    signal: AbortSignal | undefined,
  ): Promise<Result<SessionFolder, TransportFailure>>;
  /** Runs exactly `argv` in a folder. Fails with the reason why that cannot be asked for. */
  launch(folder: string, argv: readonly string[]): Result<Launch, string>;
  /** Removes a folder at the end of the connection. */
  janitor(folder: string): Launch;
  /** Whether programs can be run that speak with the user (LiveSession). */
  readonly isLive: boolean;
}
