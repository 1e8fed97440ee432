/** What a script on a worker has said, section by section. */
export interface Sections {
  /** What stands behind a section's name. */
  readonly values: ReadonlyMap<string, string>;
  /** The lines of a section, trimmed, without empty ones; none where there is no such section. */
  readonly lines: (name: string) => readonly string[];
}

/** Parts what a script has said; each section begins with a line of `mark`, its name, and perhaps a value. */
export function readSections(stdout: string, mark: string): Sections {
  const values = new Map<string, string>();
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    if (!line.startsWith(mark)) {
      current.push(line);
      continue;
    }
    const [, name = "", value = ""] = /^(\S*)\s*(.*)$/.exec(line.slice(mark.length)) ?? [];
    values.set(name, value.trim());
    current = [];
    sections.set(name, current);
  }
  const lines = (name: string): string[] =>
    (sections.get(name) ?? []).map((line) => line.trim()).filter((line) => line !== "");
  return { values, lines };
}
