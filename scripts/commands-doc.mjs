// Writes docs/commands.md anew: runs its commands beside plain ffmpeg, and tells what became of them.
import { spawnSync } from "node:child_process";

const env = { ...process.env, DISTFFMPEG_TEST_ALL: "1", DISTFFMPEG_WRITE_DOCS: "1" };
const args = ["vitest", "run", "test/equivalence/commands.test.ts"];
process.exitCode = spawnSync("npx", args, { stdio: "inherit", env }).status ?? 1;
