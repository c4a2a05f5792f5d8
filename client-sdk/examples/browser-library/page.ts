/** The page: signs in and shows either the list or the game that the address names. */
import { type Client, createClient, isMultitapError } from "@multitap/client";
import { find } from "./elements.ts";
import { drawGame } from "./game.ts";
import { createList, type GameList } from "./list.ts";

/** How long the search waits for the next letter, in milliseconds. */
const TYPING_MS = 200;

const signIn = find("#sign-in", HTMLFormElement);
const failure = find("#failure", HTMLElement);
const search = find("#search", HTMLInputElement);

interface Library {
  readonly client: Client;
  readonly list: GameList;
}

let library: Library | null = null;

/** Does what the user asked for, and says why when it fails. */
function work(task: () => Promise<void>): void {
  failure.textContent = "";
  task().catch((error: unknown) => {
    // The user has asked for something else meanwhile.
    if (isMultitapError(error, "aborted")) return;
    failure.textContent = error instanceof Error ? error.message : String(error);
  });
}

let opening = new AbortController();

function showPlace({ client }: Library): void {
  opening.abort();
  opening = new AbortController();
  const { signal } = opening;
  const [, romId] = /^#\/rom\/(\d+)$/.exec(location.hash) ?? [];
  find("#library", HTMLElement).hidden = romId !== undefined;
  const game = find("#game", HTMLElement);
  game.hidden = true;
  failure.textContent = "";
  if (romId === undefined) return;
  work(async () => {
    await drawGame(client, Number(romId), { work, signal });
    game.hidden = false;
  });
}

async function openLibrary(url: string, auth: string): Promise<Library> {
  const client = createClient({ url, auth, app: { name: "browser-library", version: "1.0.0" } });
  try {
    await client.users.me();
    return { client, list: createList(client, work) };
  } catch (error) {
    await client.close();
    throw error;
  }
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(signIn);
  const url = String(fields.get("url") ?? "") || location.origin;
  work(async () => {
    const opened = await openLibrary(url, String(fields.get("token") ?? ""));
    library = opened;
    signIn.hidden = true;
    opened.list.search("");
    showPlace(opened);
  });
});

let typing: ReturnType<typeof setTimeout> | undefined;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => library?.list.search(search.value), TYPING_MS);
});
addEventListener("hashchange", () => {
  if (library !== null) showPlace(library);
});
