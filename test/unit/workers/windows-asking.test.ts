import { describe, expect, test } from "vitest";
import { sweep } from "../../../src/job/clean/worker.js";
import { fail, ok } from "../../../src/lib/result.js";
import { cancelledFailure } from "../../../src/workers/failures.js";
import { probeScript, probeWorker } from "../../../src/workers/probe.js";
import { processorTime } from "../../../src/workers/processor-time.js";
import { measureSpeeds } from "../../../src/workers/speeds.js";
import { surveyWorker } from "../../../src/workers/survey.js";
import type { Session } from "../../../src/workers/transport.js";
import { MAKE_FOLDER } from "../../../src/workers/windows/asking.js";
import { launch, powershellWords } from "../../../src/workers/windows/run.js";
import { unbalanced } from "./windows-line.js";

/** A session with a worker that has Windows, and says `stdout` to whatever it is asked; `asked` are the scripts that came. */
function windowsSession(...answers: readonly string[]): { session: Session; asked: string[] } {
  const asked: string[] = [];
  const session: Partial<Session> = {
    folder: "C:/Users/me/df/own",
    scriptWords: powershellWords,
    run: (argv) => {
      expect(argv[0]).toBe("powershell.exe");
      asked.push(Buffer.from(argv.at(-1) ?? "", "base64").toString("utf16le"));
      const stdout = answers[asked.length - 1];
      return Promise.resolve(
        stdout === undefined
          ? fail(cancelledFailure("w"))
          : ok({ code: 0, signal: undefined, stderrTail: [], stdout: stdout.replaceAll("\n", "\r\n") }),
      );
    },
  };
  return { session: session as Session, asked };
}

const FFMPEG = "C:\\Program Files\\ffmpeg\\bin\\ffmpeg.exe";
const BUILD = `${FFMPEG} 142606336 638500000000000000`;
const PROBE = `
@distffmpeg path ${FFMPEG}

@distffmpeg build ${BUILD}

@distffmpeg version
ffmpeg version 7.1-full_build-www.gyan.dev Copyright (c) 2000-2024 the FFmpeg developers

@distffmpeg version-status 0

@distffmpeg encoders
 V....D libx264              libx264 H.264

@distffmpeg cores
16

@distffmpeg memory
MemAvailable: 20000000 kB

@distffmpeg numactl

@distffmpeg system
Windows
PRETTY_NAME=Microsoft Windows 11 Pro
`;
const SURVEY = `
@distffmpeg uname
Windows
AMD64

@distffmpeg disk
C:\\ 976000000 476000000 500000000 0% C:\\

@distffmpeg ffprobe
ffprobe version 7.1-full_build-www.gyan.dev Copyright (c) 2007-2024

@distffmpeg try libx264 0


@distffmpeg try h264_nvenc 1
[h264_nvenc @ 000001d2] Cannot load nvcuda.dll

@distffmpeg speed libx264
bench: utime=0.500s stime=0.016s rtime=0.100s
`;
const END = "\n@distffmpeg end\n";

describe("a Windows worker", () => {
  test("is asked by these scripts", async () => {
    const { session, asked } = windowsSession();
    await probeWorker(session, "ffmpeg");
    await surveyWorker(session, "C:/it's/ffmpeg.exe");
    await processorTime(session, "C:/Users/me/df/own/1.nut", new AbortController().signal);
    await measureSpeeds(session, "ffmpeg");
    await expect(asked.join("\n\n# ----\n\n")).toMatchFileSnapshot("windows-asking.ps1");
    expect(asked[1]).toContain("$argv=@('C:/it''s/ffmpeg.exe','')");
    for (const script of [...asked, MAKE_FOLDER]) {
      expect(unbalanced(script)).toEqual([]);
      // PowerShell would read stdin by itself.
      expect(script).not.toMatch(/\$input\b/i);
    }
    await expect(MAKE_FOLDER).toMatchFileSnapshot("windows-folder.ps1");
  });

  test("is asked by command lines that Windows takes", () => {
    const longest = powershellWords(probeScript({ sh: "", powershell: "#".repeat(6000) }), ["x".repeat(300), BUILD]);
    expect(launch("C:/w", longest)).toMatchObject({ ok: true });
  });

  test("answers the probe as any other does", async () => {
    const { session } = windowsSession(PROBE + END);
    expect(await probeWorker(session, "ffmpeg")).toEqual({
      ok: true,
      value: {
        ...{ ffmpegVersion: "7.1-full_build-www.gyan.dev", encoders: new Set(["libx264"]) },
        ...{ machine: { cores: 16, memory: 20_480_000_000, nodes: [] }, numactl: false },
        ...{ build: BUILD, fromCache: false },
      },
    });
    const missing = windowsSession(`${PROBE.replace(/path .*/, "path ")}${END}`);
    expect(await probeWorker(missing.session, "ffmpeg")).toMatchObject({
      failure: { kind: "no-ffmpeg", fix: expect.stringContaining("winget install") },
    });
  });

  test("answers the survey as any other does", async () => {
    const { session } = windowsSession(PROBE + SURVEY + END);
    expect(await surveyWorker(session, "ffmpeg")).toMatchObject({
      value: {
        ...{ os: "Windows (Microsoft Windows 11 Pro)", arch: "AMD64", free: 512_000_000_000 },
        ffprobeVersion: "7.1-full_build-www.gyan.dev",
        encoders: [
          { name: "libx264", works: true, hardware: false },
          { name: "h264_nvenc", works: false, hardware: true, why: "Cannot load nvcuda.dll" },
        ],
        speed: { encoder: "libx264", fps: 300 },
      },
    });
  });

  test("tells how long a program has worked", async () => {
    const { session } = windowsSession("0:1234.50 ffmpeg.exe\n0:3.10 cmd.exe\n");
    expect(await processorTime(session, "x", new AbortController().signal)).toBe(1234.5);
  });

  test("is swept of what dead jobs have left", async () => {
    const [dead, used] = ["b", "c"].map((digit) => `distffmpeg-${digit.repeat(24)}`);
    const listing = `folder ${dead}\nfolder ${used}\nyoung ${used}\nprogram 7  ffmpeg.exe  -i file:C:/Users/me/df/${used}/1.nut\n`;
    const { session, asked } = windowsSession(listing, "");
    expect(await sweep("w", session, new AbortController().signal)).toEqual({
      ok: true,
      value: { worker: "w", removed: [`C:/Users/me/df/${dead}`], ended: [] },
    });
    expect(asked[1]).toContain(`$argv=@('C:/Users/me/df','','${dead}')`);
    await expect(asked.join("\n\n# ----\n\n")).toMatchFileSnapshot("windows-clean.ps1");
    for (const script of asked) expect(unbalanced(script)).toEqual([]);
  });
});
