/**
 * Formats JSON as the programs that we stand in for do, for texts that others compare or decode: a space behind
 * commas and colons, nothing but ASCII.
 */
export function formatPlainJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatPlainJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(
      ([name, field]) => `${toAscii(name)}: ${formatPlainJson(field)}`,
    );
    return `{${fields.join(", ")}}`;
  }
  return toAscii(value ?? null);
}

function toAscii(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, toEscape);
}

function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
