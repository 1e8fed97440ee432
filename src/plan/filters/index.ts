/** Kinds of filters: what the rest of the plan may know of this folder. */
export { steadyText } from "./drawtext.js";
export {
  fileArguments,
  filterOption,
  filterTrait,
  inputsOf,
  neverSplit,
  optionsInput,
  pairTrait,
  sourceTrait,
} from "./filter-trait.js";
export { ONCE_INSTEAD } from "./pairs.js";
export { deviceFilter } from "./whole.js";
export type {
  Condition,
  FilterOptionsInput,
  FilterTrait,
  FrameTrait,
  GridTrait,
  WholeTrait,
  WindowTrait,
} from "./types.js";
