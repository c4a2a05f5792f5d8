import type { Client } from "@multitap/client";
import type { NetplayRoom } from "../../../netplay/contract.ts";
import type { RoomInfo } from "../../../netplay/relay-rooms/contract.ts";
import { button, element, link, listing, paragraph } from "../elements.ts";
import { formatMoment } from "../format.ts";
import { type RoomCard, toRoomCards } from "../rooms.ts";
import { keepAsking, type Scene } from "../site.ts";

/** Delays change all the time, and RetroArch's sessions tell no event. */
const ASK_MS = 4_000;

/** Draws a live list of everything that is played together. */
export function drawRooms(scene: Scene): Node {
  const { client, signal } = scene;
  const list = element("div", { "aria-live": "polite" }, paragraph("Looking …", "quiet"));
  let last = "";
  const ask = async () => {
    const cards = await readRooms(client, signal);
    const text = JSON.stringify(cards);
    // Drawn anew only when something changed, so that the keyboard keeps its place.
    if (text === last || signal.aborted) return;
    last = text;
    list.replaceChildren(
      listing(
        cards.map((card) => drawRoom(scene, card)),
        "Nobody plays together right now.",
      ),
    );
  };
  const askNow = keepAsking(scene, ASK_MS, ask);
  const stop = client.events(["netplay"], { signal }).subscribe(askNow);
  signal.addEventListener("abort", stop);
  return element(
    "div",
    {},
    element("h1", {}, "Rooms"),
    paragraph("Games that people play together over this server, in every app."),
    list,
  );
}

async function readRooms(client: Client, signal: AbortSignal): Promise<readonly RoomCard[]> {
  const [listed, emulatorJs, relay] = await Promise.all([
    ask<readonly RoomInfo[]>(client, "netplay.list", signal),
    ask<readonly NetplayRoom[]>(client, "netplay.rooms", signal),
    client.relay.list({}, { signal }),
  ]);
  return toRoomCards({ listed, emulatorJs, relay });
}

/** These lists belong to the client's `/netplay` entry, whose rooms would be a sixth of the page for nothing. */
async function ask<T>(client: Client, procedure: string, signal: AbortSignal): Promise<T | readonly never[]> {
  const answer = await client.fetch(`/trpc/${procedure}?input=%7B%7D`, { signal });
  if (!answer.ok) return [];
  const { result } = (await answer.json()) as { readonly result: { readonly data: T } };
  return result.data;
}

function drawRoom(scene: Scene, card: RoomCard): Node {
  const line = element("code", { class: "line" }, card.joinLine);
  const copy = button("Copy", (self) =>
    scene.work(async () => {
      await copyText(card.joinLine, line);
      scene.say(`Copied: ${card.joinLine}`);
    }, self),
  );
  copy.setAttribute("aria-label", `Copy how to join ${card.title}`);
  const title = card.romId === null ? card.title : link(`#/game/${card.romId}`, card.title);
  return element(
    "div",
    { class: "card" },
    element("h2", {}, title, " ", element("small", {}, card.kindText)),
    paragraph(`${card.about}, opened ${formatMoment(card.openedAt)}`, "quiet"),
    listing(
      card.players.map((player) => element("span", {}, player)),
      "Nobody is in it.",
    ),
    element("p", { class: "row" }, line, copy),
    element("small", {}, card.joinHint),
  );
}

/** Browsers offer the clipboard to pages by https alone; elsewhere the line is marked, ready to be copied. */
async function copyText(text: string, line: HTMLElement): Promise<void> {
  getSelection()?.selectAllChildren(line);
  if (navigator.clipboard === undefined) document.execCommand("copy");
  else await navigator.clipboard.writeText(text);
}
