/** The place of the first item whose number is not below `wanted`, in a list that rises by it; its length if none is. */
export function lowerBound<T>(items: readonly T[], wanted: number, numberOf: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && numberOf(item) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
