import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { ok } from "../../../src/lib/result.js";
import { Link } from "../../../src/workers/link.js";
import { POSIX } from "../../../src/workers/posix.js";
import type { SftpChannel, SftpChannels } from "../../../src/workers/sftp.js";
import { SshSession } from "../../../src/workers/ssh-session.js";
import { WINDOWS } from "../../../src/workers/windows/dialect.js";

const link = (): Link => new Link(new ssh2.Client(), "w", 5000);

/** Channels that note each path that SFTP is asked for. */
function noting(home: string): { channels: SftpChannels; paths: string[] } {
  const paths: string[] = [];
  const note = (path: string): Promise<unknown> => {
    paths.push(path);
    return Promise.resolve({ size: 3 });
  };
  const client = {
    fastPut: (_from: string, to: string) => note(to),
    stat: note,
    posixRename: (_from: string, to: string) => note(to),
    delete: note,
    rmdir: note,
    exists: note,
    realPath: () => Promise.resolve(home),
  };
  const use = async (_what: string, work: (channel: SftpChannel, moved: () => void) => Promise<unknown>) =>
    ok(await work({ client } as unknown as SftpChannel, () => undefined));
  return { channels: { use } as unknown as SftpChannels, paths };
}

test("SFTP is asked for a drive below its root, programs are given the drive", async () => {
  const folder = mkdtempSync(join(tmpdir(), "windows-session-"));
  try {
    writeFileSync(join(folder, "a"), "abc");
    const { channels, paths } = noting("");
    const session = new SshSession(
      link(),
      channels,
      { folder: "C:/Users/me/df/x", files: "/C:/Users/me/df/x" },
      WINDOWS,
    );
    expect(await session.put(join(folder, "a"), "1.nut")).toEqual(ok("C:/Users/me/df/x/1.nut"));
    expect(await session.remove("1.nut")).toEqual(ok(undefined));
    expect(session.folder).toBe("C:/Users/me/df/x");
    await session.close();
    expect(new Set(paths)).toEqual(
      new Set(["/C:/Users/me/df/x/1.nut.part", "/C:/Users/me/df/x/1.nut", "/C:/Users/me/df/x"]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a whole command is not run there", async () => {
  const session = new SshSession(link(), noting("").channels, { folder: "C:/x", files: "/C:/x" }, WINDOWS);
  const live = { stdout: process.stdout, stderr: process.stderr };
  expect(await session.runLive(["ffmpeg"], live)).toMatchObject({
    failure: { kind: "transfer", what: "w: it runs no whole commands" },
  });
});

test("a worker that is Windows without the configuration saying so is found by its home folder", async () => {
  const made = await POSIX.makeFolder(link(), noting("/C:/Users/me").channels, "/tmp/distffmpeg", undefined);
  expect(made).toEqual({
    ok: false,
    failure: {
      ...{ kind: "connection", lasting: true, what: "w: its paths are those of Windows" },
      fix: "say so: distffmpeg workers edit w --platform Windows   # or add … --platform Windows",
    },
  });
});
