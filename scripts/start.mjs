#!/usr/bin/env node
// npm start            sets up, makes a short film and encodes it in chunks on this machine
// npm start -- ARGS    sets up and runs distffmpeg ARGS; ends with its exit status
import { lstatSync, mkdirSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { become, root, run } from "./proc.mjs";
import { SetupProblem, setup } from "./setup.mjs";

const given = process.argv.slice(2);
const args = given[0] === "--" ? given.slice(1) : given;

try {
  setup();
  // npm runs scripts in the repository; the user's relative paths count from where the user stands.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  process.exitCode = args.length > 0 ? await distffmpeg(args, cwd) : await demo();
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function distffmpeg(argv, cwd) {
  return become(process.execPath, [join(root, "dist", "cli.js"), ...argv], { cwd });
}

async function demo() {
  const folder = demoFolder();
  const clip = join(folder, "clip.mkv");
  console.error(`Making a short film: ${clip}`);
  const made = run("ffmpeg", [
    ...["-y", "-v", "error", "-nostdin"],
    ...["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=12"],
    ...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=12"],
    // A keyframe a second: places to cut at.
    ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "flac", clip],
  ]);
  if (made !== 0) return made;

  // Chunks of 2 s: several of them even in a film this short. No workers but this machine.
  const bounds = ["-df_keyint_min=25", "-df_keyint_max=75", "-df_segment_frames=50"];
  const here = ["-df_workers=none", "-df_local_slots=2"];
  const command = ["-y", "-i", "clip.mkv", "-c:v", "libx264", "-crf", "23", "-c:a", "aac", "out.mp4"];
  console.error(`In ${folder}:\n  distffmpeg ${[...here, ...bounds, ...command].join(" ")}\n`);
  const status = await distffmpeg([...here, ...bounds, ...command], folder);
  if (status === 0) {
    const out = join(folder, "out.mp4");
    console.error(`\nThe film is ${out} (${Math.round(statSync(out).size / 1024)} KiB).`);
    console.error("With your own: npm start -- -i INPUT -c:v libx264 -crf 23 OUTPUT");
  }
  return status;
}

/** A folder that is easy to find; one of a random name when somebody else has taken that one. */
function demoFolder() {
  const folder = join(tmpdir(), "distffmpeg-demo");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(folder);
  const mine = lstatSync(folder).isDirectory() && uid === (process.getuid?.() ?? uid);
  return mine ? folder : mkdtempSync(`${folder}-`);
}
