import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { takeFlags } from "../../../src/config/take-flags.js";
import { loadConfig } from "../../../src/config/load.js";
import type { LoadedConfig } from "../../../src/config/types.js";
import type { Problem } from "../../../src/lib/result.js";

/** A home and a working folder of a test's own. Files: path below the folder -> text, or a value made JSON. */
export class House {
  readonly folder = mkdtempSync(join(tmpdir(), "distffmpeg-config-"));
  readonly home = join(this.folder, "home");
  readonly cwd = join(this.folder, "cwd");

  constructor(files: Readonly<Record<string, unknown>> = {}) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    mkdirSync(this.home);
    mkdirSync(this.cwd);
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: unknown): string {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, typeof content === "string" ? content : JSON.stringify(content, null, 2));
    return whole;
  }

  load(argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ReturnType<typeof loadConfig> {
    return loadConfig({ flags: takeFlags(argv).flags, env: { HOME: this.home, ...env }, cwd: this.cwd });
  }

  /** Loads what must be right. */
  loaded(argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}): LoadedConfig {
    const result = this.load(argv, env);
    if (!result.ok) throw new Error(result.failure.map((problem) => problem.what).join("\n"));
    return result.value;
  }

  /** Loads what must be wrong. */
  problems(argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}): readonly Problem[] {
    const result = this.load(argv, env);
    if (result.ok) throw new Error("no problem was found");
    return result.failure;
  }
}

/** Where the files of a House go. */
export const HERE = "cwd/distffmpeg.json";
export const USER = "home/.config/distffmpeg/config.json";
export const OLD = "home/.config/distrffmpeg/config.json";
