/**
 * A table that is asked by words from outside: it has the entries given, and none of those that every object has by
 * itself (`constructor`, `toString` …), which a file format or an option may well be called in somebody's command.
 */
export function table<T extends object>(entries: T): T {
  return Object.assign(Object.create(null) as T, entries);
}
