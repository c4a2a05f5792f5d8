import type { Page, Platform, Rom } from "@multitap/client";
import { button, element, field, link, paragraph } from "../elements.ts";
import { formatCount } from "../format.ts";
import { libraryHash, type Place } from "../places.ts";
import { BASE, type Scene } from "../site.ts";

/** Games of one page: some screens full. */
const PAGE_ROMS = 60;
/** How long the search waits for the next letter. */
const TYPING_MS = 250;

type Library = Extract<Place, { name: "library" }>;

/** Draws the platforms and the games of the library. */
export async function drawLibrary(scene: Scene, place: Library): Promise<Node> {
  const { client, signal } = scene;
  const platforms = (await client.platforms.list({}, { signal })).filter(({ romCount }) => romCount > 0);
  const search = element("input", { type: "search", value: place.search, maxLength: 400 });
  const list = createList(scene, place.platformId);
  let typing: ReturnType<typeof setTimeout> | undefined;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      history.replaceState(null, "", libraryHash(place.platformId, search.value.trim()));
      list.search(search.value.trim());
    }, TYPING_MS);
  });
  list.search(place.search);
  const chosen = platforms.find(({ id }) => id === place.platformId);
  return element(
    "div",
    {},
    element("h1", {}, chosen?.displayName ?? "Library"),
    platforms.length === 0 ? drawEmpty(scene) : drawPlatforms(platforms, place.platformId),
    field("Search", search),
    list.node,
  );
}

function drawEmpty(scene: Scene): Node {
  const words = "There are no games yet. ";
  if (!scene.can("platforms.write")) return paragraph(`${words}Ask an administrator to scan the library.`);
  const links = [
    link("#/setup", "See where games belong"),
    ", then ",
    link("#/scan", "scan the library"),
    ".",
  ];
  return element(
    "p",
    {},
    words,
    ...links.map((part) => (typeof part === "string" ? document.createTextNode(part) : part)),
  );
}

function drawPlatforms(platforms: readonly Platform[], chosenId: number | null): Node {
  const total = platforms.reduce((sum, { romCount }) => sum + romCount, 0);
  const entry = (id: number | null, text: string, count: number) => {
    const made = link(libraryHash(id), `${text} `, element("small", {}, count.toLocaleString("en")));
    if (id === chosenId) made.setAttribute("aria-current", "true");
    return made;
  };
  const entries = platforms.map(({ id, displayName, romCount }) => entry(id, displayName, romCount));
  return element("nav", { class: "chips", "aria-label": "Platforms" }, entry(null, "All", total), ...entries);
}

interface GameList {
  readonly node: Node;
  /** Begins anew; what is still being read is given up. */
  search(text: string): void;
}

function createList(scene: Scene, platformId: number | null): GameList {
  const grid = element("ul", { class: "grid", "aria-label": "Games" });
  const total = element("p", { role: "status", class: "quiet" });
  const more = button("More games", () => next());
  more.hidden = true;
  let reading = new AbortController();
  let next = (): void => undefined;

  async function read(search: string, cursor?: string): Promise<void> {
    const { signal } = reading;
    more.disabled = true;
    const page: Page<Rom> = await scene.client.roms.list(
      {
        limit: PAGE_ROMS,
        withTotal: cursor === undefined,
        cursor,
        search: search === "" ? undefined : search,
        platformIds: platformId === null ? undefined : [platformId],
      },
      { signal },
    );
    if (signal.aborted) return;
    if (cursor === undefined) grid.replaceChildren();
    grid.append(...page.items.map(drawCard));
    if (page.total !== null) total.textContent = formatCount(page.total, "game");
    const { nextCursor } = page;
    more.hidden = nextCursor === null;
    more.disabled = false;
    next = () => nextCursor !== null && !more.disabled && scene.work(() => read(search, nextCursor), more);
    // Somebody who scrolled on meanwhile still sees the end of the list.
    watcher.unobserve(more);
    watcher.observe(more);
  }

  const watcher = new IntersectionObserver(
    (entries) => entries.some(({ isIntersecting }) => isIntersecting) && next(),
    { rootMargin: "600px" },
  );
  scene.signal.addEventListener("abort", () => {
    watcher.disconnect();
    reading.abort();
  });
  return {
    node: element("div", {}, total, grid, more),
    search(text) {
      reading.abort();
      reading = new AbortController();
      scene.work(() => read(text));
    },
  };
}

function drawCard(rom: Rom): Node {
  const made = link(
    `#/game/${rom.id}`,
    drawCover(rom.coverSmall, rom),
    element("span", { class: "name" }, rom.name),
    element("small", {}, rom.isMissing ? `${rom.platformName}, missing` : rom.platformName),
  );
  return element("li", {}, made);
}

/** The cover of a game, or its first letter where it has none. */
export function drawCover(path: string | null, { name, updatedAt }: Rom): Node {
  if (path === null) return element("span", { class: "cover", "aria-hidden": "true" }, name.slice(0, 1));
  const place = path.split("/").map(encodeURIComponent).join("/");
  // The moment makes it another address with the next cover, so that this one may be kept.
  const src = `${BASE}/assets/romm/resources/${place}?ts=${Date.parse(updatedAt)}`;
  return element("img", { class: "cover", src, alt: "", loading: "lazy", decoding: "async" });
}
