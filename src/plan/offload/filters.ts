import { type FilterOption, type FilterUse, parseFiltergraph, printFiltergraph } from "../../ffmpeg/filtergraph.js";
import { deviceFilter } from "../filters/index.js";
import { sideUses, withPaths } from "../sides.js";
import { bound, type Cargo } from "./cargo.js";
import type { Needs } from "./needs.js";
import { table } from "../../lib/table.js";

/** Filters that write a file, by the option that names it; `always`: without the option they write one too. */
const WRITERS: Readonly<Record<string, { readonly options: RegExp; readonly always?: true }>> = table({
  vidstabdetect: { options: /^result$/, always: true },
  libvmaf: { options: /^log_path$/ },
  psnr: { options: /^(stats_file|f)$/ },
  ssim: { options: /^(stats_file|f)$/ },
  xpsnr: { options: /^(stats_file|f)$/ },
  ssim360: { options: /^(stats_file|f)$/ },
  metadata: { options: /^file$/ },
  ametadata: { options: /^file$/ },
  signature: { options: /^filename$/ },
  deshake: { options: /^filename$/ },
  curves: { options: /^plot$/ },
  whisper: { options: /^destination$/ },
});

/** Filters that listen to, or are fed by, something of this machine. */
const TIED = /^(a?zmq|frei0r(_src)?|ladspa|lv2|sab|avsynctest|abuffersink|buffersink)$/;

/** A graph with the files that its filters read under the worker's names. Throws `Bound`. */
export function moveGraph(text: string, cargo: Cargo, needs: Needs): string {
  const parsed = parseFiltergraph(text);
  if (!parsed.ok) return bound("a filter graph is not understood");
  const { chains } = parsed.value;
  const moved = chains.map((chain) => chain.map((use) => moveFilter(use, cargo, needs)));
  const same = moved.every((chain, i) => chain.every((use, j) => use === chains[i]?.[j]));
  return same ? text : printFiltergraph({ ...parsed.value, chains: moved });
}

function moveFilter(use: FilterUse, cargo: Cargo, needs: Needs): FilterUse {
  const { name, options } = use;
  needs.add("filters", name);
  if (deviceFilter(name)) needs.devices.push(name);
  if (TIED.test(name)) bound(`filter ${name} is tied to this machine`);
  const writer = WRITERS[name];
  const written = writer && options.some((option) => writer.options.test(option.name ?? "") && option.value !== "-");
  if (writer?.always || written) bound(`filter ${name} writes a file of its own`);
  const paths = new Map<number, string>();
  for (const { path, at } of sideUses(use)) {
    if (options[at]?.name === "fontsdir") continue;
    if (path === undefined) bound(`filter ${name} reads what is no local file`);
    else paths.set(at, moveFile(name, path, cargo));
  }
  for (const [at, option] of options.entries()) {
    if (paths.has(at)) continue;
    if (option.name?.startsWith("/")) bound(`filter ${name} reads its option ${option.name.slice(1)} from a file`);
    if (option.name === "fontsdir") {
      paths.set(
        at,
        cargo.readFolder(option.value, `${option.value}/`, () => true),
      );
    } else if (looksLikePath(option.value) && cargo.files.kind(option.value) === "file") {
      paths.set(at, cargo.read(option.value));
    }
  }
  if (name === "vidstabtransform" && paths.size === 0) bound("filter vidstabtransform reads transforms.trf");
  if (takesFonts(name, options)) needs.fonts ??= name;
  return withPaths(use, paths);
}

function moveFile(filter: string, path: string, cargo: Cargo): string {
  if (cargo.files.kind(path) !== "file") bound(`${path}, which filter ${filter} reads, is no ordinary file`);
  return cargo.read(path);
}

/** Words and numbers are no files, even where there is one of that name. */
export function looksLikePath(value: string): boolean {
  return /[./]/.test(value) && !/^[-+\d.:/e]+$/i.test(value) && value.length < 4096 && !value.includes("\0");
}

/** Filters that write with the fonts of the machine they run on. */
function takesFonts(name: string, options: readonly FilterOption[]): boolean {
  const given = (option: string): boolean => options.some((one) => one.name === option);
  if (name === "drawtext") return !given("fontfile");
  return (name === "subtitles" || name === "ass") && !given("fontsdir");
}
