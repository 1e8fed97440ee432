import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalTransport } from "../../../src/workers/local.js";
import { surveyWorker } from "../../../src/workers/survey.js";
import { value } from "../../lab/sessions.js";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "distffmpeg-survey-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LISTED = ["h264_nvenc", "hevc_nvenc", "libx264", "h264_qsv", "hevc_qsv", "h264_vaapi"];

/** One NVENC encode at a time, the first of which goes on only when VAAPI is being tried too; QSV hangs. */
const FFMPEG = `#!/bin/sh
case "$*" in
*-version*) echo "ffmpeg version 7.1";;
*-encoders*) printf ' V....D %s x\\n' ${LISTED.join(" ")};;
*h264_nvenc*) mkdir busy; i=0; while [ ! -e met ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; [ -e met ]; s=$?; rmdir busy; exit $s;;
*hevc_nvenc*) mkdir busy || exit 1; rmdir busy;;
*h264_vaapi*) : >met;;
*_qsv*) exit 124;;
*libx264*) echo "[libx264 @ 0x55d0] it is a bad day" >&2; exit 1;;
esac
`;

test("kinds of devices are tried side by side, those of one kind one after another, and no more once one hangs", async () => {
  const ffmpeg = join(folder, "ffmpeg");
  writeFileSync(ffmpeg, FFMPEG, { mode: 0o755 });
  const session = value(await new LocalTransport(folder).openSession());
  try {
    const surveyed = await surveyWorker(session, ffmpeg);
    expect(surveyed.ok && surveyed.value.encoders).toEqual([
      { name: "h264_nvenc", hardware: true, works: true },
      { name: "hevc_nvenc", hardware: true, works: true },
      { name: "libx264", hardware: false, works: false, why: "it is a bad day" },
      { name: "h264_qsv", hardware: true, works: false, why: "it did not end within 20 s" },
      { name: "hevc_qsv", hardware: true, works: false, why: "not tried: h264_qsv hung" },
      { name: "h264_vaapi", hardware: true, works: true },
    ]);
  } finally {
    await session.close();
  }
});
