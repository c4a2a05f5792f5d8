/** Finished JSON: doors send the text as it is instead of making it once more. */
export interface JsonText {
  readonly [MARK]: string;
}

const MARK = Symbol("finished JSON");

/** Marks a text as finished JSON. */
export function toJsonText(text: string): JsonText {
  return { [MARK]: text };
}

/** The JSON of an answer; nothing counts as null. */
export function formatJson(value: unknown): string {
  if (typeof value === "object" && value !== null && MARK in value) return (value as JsonText)[MARK];
  return JSON.stringify(value ?? null);
}
