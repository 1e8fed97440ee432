/** Kinds of filters: what the rest of the plan may know of this folder. */
export { filterOption, filterTrait, optionsInput } from "./filter-trait.js";
export type {
  Condition,
  FilterOptionsInput,
  FilterTrait,
  FrameTrait,
  GridTrait,
  WholeTrait,
  WindowTrait,
} from "./types.js";
