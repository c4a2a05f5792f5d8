/** The list of games: a search, and its pages one after the other. */
import type { Client, Rom } from "@multitap/client";
import { find, toRow } from "./elements.ts";

/** Games of one page. */
const PAGE_ROMS = 30;

/** The list on the page. */
export interface GameList {
  /** Begins anew with what a text finds; "" finds everything. What is still being read is given up. */
  search(text: string): void;
}

/** Draws the games of a server; `work` shows what fails. */
export function createList(client: Client, work: (task: () => Promise<void>) => void): GameList {
  const rows = find("#roms", HTMLUListElement);
  const more = find("#more", HTMLButtonElement);
  let reading = new AbortController();

  async function read(search: string | undefined, cursor: string | undefined): Promise<void> {
    reading.abort();
    reading = new AbortController();
    more.disabled = true;
    const isFirst = cursor === undefined;
    const input = { search, cursor, limit: PAGE_ROMS, withTotal: isFirst };
    const { items, nextCursor, total } = await client.roms.list(input, { signal: reading.signal });
    if (isFirst) rows.replaceChildren();
    rows.append(...items.map(drawGame));
    if (total !== null) {
      find("#total", HTMLElement).textContent = total === 1 ? "1 game" : `${total} games`;
    }
    more.hidden = nextCursor === null;
    more.disabled = false;
    more.onclick = () => work(() => read(search, nextCursor ?? undefined));
  }

  return { search: (text) => work(() => read(text.trim() || undefined, undefined)) };
}

function drawGame({ id, name, platformName }: Rom): HTMLLIElement {
  const link = document.createElement("a");
  link.href = `#/rom/${id}`;
  link.textContent = `${name} (${platformName})`;
  return toRow(link);
}
