import type { SetupLibrary } from "@multitap/client";
import { element, field, form, link, listing, paragraph, section, typedText } from "../elements.ts";
import { formatCount } from "../format.ts";
import { type Scene, signIn } from "../site.ts";
import { passwordField, usernameField } from "./sign-in.ts";

/** Draws the first step of a new server: its administrator. */
export function drawFirstRun(scene: Scene): Node {
  const create = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const username = typedText(typed, "username");
      const password = String(typed.get("password"));
      await scene.client.users.create({
        username,
        password,
        email: typedText(typed, "email"),
        role: "admin",
      });
      await signIn(scene.client, username, password);
      await scene.enter("#/setup");
    }, send);
  const email = element("input", { name: "email", type: "email", autocomplete: "email" });
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "Welcome to Multitap"),
    paragraph("This server is new. Make the account of its administrator first: that is you."),
    form(
      "Make the account",
      [usernameField(), passwordField("Password", true), field("Mail address (if you like)", email)],
      create,
    ),
  );
}

/** Draws the second step: folders for games. */
export async function drawSetup(scene: Scene): Promise<Node> {
  const library = await scene.client.setup.library({ signal: scene.signal });
  return element(
    "div",
    {},
    element("h1", {}, "Your library"),
    drawFound(library),
    drawChoice(scene, library),
    element("p", {}, link("#/scan", "Go on to the first scan")),
  );
}

function drawFound({ folders, structure }: SetupLibrary): Node {
  const rows = folders.map(({ fsSlug, romCount }) =>
    element("span", {}, element("b", {}, fsSlug), ` ${formatCount(romCount, "entry", "entries")}`),
  );
  const where = structure === "b" ? "library/PLATFORM/roms/" : "library/roms/PLATFORM/";
  return section(
    "Folders with games",
    paragraph(`Games belong into ${where} of the data folder, one folder for each platform.`),
    listing(
      rows,
      "There are no folders yet that were not scanned. Make some below, and copy games into them.",
    ),
  );
}

function drawChoice(scene: Scene, { folders, supportedPlatforms }: SetupLibrary): Node {
  const there = new Set(folders.map(({ fsSlug }) => fsSlug));
  const missing = supportedPlatforms.filter(({ fsSlug, id }) => id === -1 && !there.has(fsSlug));
  const boxes = missing.map(({ fsSlug, displayName }) => {
    const box = element("input", { type: "checkbox", name: "folder", value: fsSlug });
    return element("label", { class: "box" }, box, ` ${displayName}`);
  });
  const create = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const { createdCount } = await scene.client.setup.createFolders(typed.getAll("folder").map(String));
      scene.redraw();
      scene.say(`${formatCount(createdCount, "folder")} made. Copy games into them, then scan.`);
    }, send);
  const pick = element("div", { class: "pick", role: "group", "aria-label": "Platforms" }, ...boxes);
  return section("Make folders", form("Make the chosen folders", [pick], create));
}
