/** What the page draws with. Texts of the library only ever become text: it is nobody's markup. */

/** The one element of a selector. */
export function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new TypeError(`the page has no ${selector}`);
}

/** An entry of a list around one element. */
export function toRow(child: Element): HTMLLIElement {
  const row = document.createElement("li");
  row.append(child);
  return row;
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A size for people, such as `1.5 MB`. */
export function formatSize(sizeBytes: number): string {
  const power = sizeBytes < 1 ? 0 : Math.min(Math.floor(Math.log10(sizeBytes) / 3), UNITS.length - 1);
  const number = sizeBytes / 1000 ** power;
  return `${number.toLocaleString("en", { maximumSignificantDigits: 3 })} ${UNITS[power]}`;
}
