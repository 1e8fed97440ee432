// Writes the tables of docs/config.md and docs/cli.md that come from the program's own tables anew.
import { spawnSync } from "node:child_process";

const env = { ...process.env, DISTFFMPEG_WRITE_DOCS: "1" };
const args = ["vitest", "run", "test/unit/config/config-docs.test.ts"];
process.exitCode = spawnSync("npx", args, { stdio: "inherit", env }).status ?? 1;
