import { CONFIG_KEYS, type LoadedConfig } from "../config/types.js";
import { columns } from "./table.js";
import { oneLine } from "./text.js";

/** A file that settings may come from. */
export interface ShownPlace {
  readonly path: string;
  readonly exists: boolean;
  readonly read: boolean;
}

/** The files, for people, a line each. */
export function renderPlaces(places: readonly ShownPlace[]): string {
  const state = ({ exists, read }: ShownPlace): string => (read ? "read" : exists ? "not read" : "not there");
  return `${columns(places.map((place) => [oneLine(place.path), state(place)])).join("\n")}\n`;
}

/** The same for programs: version 1, to which fields may be added. */
export function placesAsJson(places: readonly ShownPlace[]): string {
  return `${JSON.stringify({ version: 1, files: places }, null, 2)}\n`;
}

/** Every setting with where its value comes from, for people; of workers their names. */
export function renderConfig({ config, drained, origins }: LoadedConfig): string {
  const rows = CONFIG_KEYS.map((key) => {
    const value =
      key === "workers"
        ? [...config.workers.map(({ name }) => name), ...drained.map(({ name }) => `${name} (drained)`)].join(", ") ||
          "none"
        : String(config[key]);
    return [key, oneLine(value), oneLine(origins[key])];
  });
  return `${columns([["setting", "value", "from"], ...rows]).join("\n")}\n`;
}

/** The same for programs: version 1, to which fields may be added. */
export function configAsJson({ config, drained, origins, files }: LoadedConfig): string {
  const settings = CONFIG_KEYS.map((key) => {
    const value = key === "workers" ? [...config.workers, ...drained] : config[key];
    return [key, { value, from: origins[key] }] as const;
  });
  return `${JSON.stringify({ version: 1, files, settings: Object.fromEntries(settings) }, null, 2)}\n`;
}
