import type { Device, Scope } from "@multitap/client";
import {
  button,
  element,
  facts,
  field,
  form,
  link,
  listing,
  paragraph,
  section,
  typedText,
} from "../elements.ts";
import { formatAge } from "../format.ts";
import type { Scene } from "../site.ts";

/** What apps on devices need, and no more; of these the account grants what it has. */
const APP_SCOPES: readonly Scope[] = [
  "me.read",
  "roms.read",
  "platforms.read",
  "assets.read",
  "devices.read",
  "firmware.read",
  "roms.user.read",
  "collections.read",
  "me.write",
  "assets.write",
  "devices.write",
  "roms.user.write",
  "collections.write",
];

/** Draws the machines of the account, and how another one comes in. */
export async function drawDevices(scene: Scene): Promise<Node> {
  const devices = await scene.client.devices.list({ signal: scene.signal });
  const rows = devices.map((device) => drawDevice(scene, device));
  return element(
    "div",
    {},
    element("h1", {}, "Devices"),
    section("Add one", drawCodeForm(), drawTokenForm(scene)),
    section("Yours", listing(rows, "There are none yet.")),
  );
}

function drawDevice(scene: Scene, device: Device): Node {
  const { id, name, client: app, clientVersion, platform, lastSeenAt, isSyncEnabled } = device;
  const shownName = name ?? app ?? "Device";
  const change = (task: () => Promise<unknown>, self: HTMLButtonElement) =>
    scene.work(async () => {
      await task();
      scene.redraw();
    }, self);
  const rename = button("Rename", () => {
    const input = element("input", { name: "name", value: shownName, required: true, maxLength: 255 });
    const edit = form("Save", [field(`New name of ${shownName}`, input)], (typed, send) =>
      change(() => scene.client.devices.update(id, { name: typedText(typed, "name") }), send),
    );
    rename.replaceWith(edit);
    input.focus();
  });
  const remove = button("Remove", (self) => {
    const question = `Remove ${shownName}? It is signed out and forgets what it synced; saves stay.`;
    if (confirm(question)) change(() => scene.client.devices.remove(id), self);
  });
  const sync = button(isSyncEnabled ? "Pause sync" : "Resume sync", (self) =>
    change(() => scene.client.devices.update(id, { isSyncEnabled: !isSyncEnabled }), self),
  );
  const buttons = [rename, sync, remove];
  for (const each of buttons) each.setAttribute("aria-label", `${each.textContent} ${shownName}`);
  const about = facts([
    ["App", app === null ? null : `${app} ${clientVersion ?? ""}`.trim()],
    ["System", platform],
    ["Seen", lastSeenAt === null ? "never" : formatAge(lastSeenAt, Date.now())],
    ["Sync", isSyncEnabled ? "on" : "paused"],
  ]);
  const canWrite = scene.can("devices.write");
  return element(
    "div",
    { class: "card" },
    element("h3", {}, shownName),
    about,
    canWrite ? element("p", { class: "row" }, ...buttons) : null,
  );
}

function drawCodeForm(): Node {
  const code = element("input", {
    name: "code",
    required: true,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: false,
    maxLength: 16,
  });
  const hint = "Eight letters and digits, with or without a dash.";
  return form("Look", [field("The device shows a code", code, hint)], (typed) => {
    location.hash = `#/pair?${new URLSearchParams({ code: typedText(typed, "code") })}`;
  });
}

function drawTokenForm(scene: Scene): Node {
  const shown = element("p", { role: "status", class: "code" });
  const name = element("input", { name: "name", required: true, maxLength: 255, placeholder: "My handheld" });
  const create = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const { clientTokens } = scene.client;
      const scopes = APP_SCOPES.filter(scene.can);
      const { id } = await clientTokens.create({ name: typedText(typed, "name"), scopes });
      const { code, expiresInSeconds } = await clientTokens.createPairingCode(id);
      const minutes = Math.max(1, Math.floor(expiresInSeconds / 60));
      shown.replaceChildren(element("b", {}, code), ` Enter it in the app within ${minutes} min.`);
    }, send);
  return element(
    "div",
    {},
    form("Make a code", [field("The device asks for a code", name, "What shall it be called?")], create),
    shown,
  );
}

/** Draws what a device asks for that shows a code, and lets the user decide. */
export async function drawPair(scene: Scene, code: string): Promise<Node> {
  if (code === "")
    return element("div", { class: "narrow" }, element("h1", {}, "Add a device"), drawCodeForm());
  const { deviceFlow } = scene.client;
  const pending = await deviceFlow.pending(code, { signal: scene.signal });
  const boxes = pending.allowedScopes.map((scope) => {
    const box = element("input", { type: "checkbox", name: "scope", value: scope, checked: true });
    return element("label", { class: "box" }, box, ` ${scope}`);
  });
  const name = element("input", { name: "name", value: pending.name, required: true, maxLength: 255 });
  const approve = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const scopes = typed.getAll("scope").map(String) as Scope[];
      await deviceFlow.approve(code, { scopes, deviceName: typedText(typed, "name") });
      location.hash = "#/devices";
    }, send);
  const deny = button("Do not let it in", (self) =>
    scene.work(async () => {
      await deviceFlow.deny(code);
      location.hash = "#/devices";
    }, self),
  );
  const group = element("div", { class: "pick", role: "group", "aria-label": "What it may do" }, ...boxes);
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "Let a device in?"),
    paragraph("Only when you see this code on your own device: whoever shows it gets what you allow here."),
    facts([
      ["Code", code.toUpperCase()],
      ["App", `${pending.client} ${pending.clientVersion ?? ""}`.trim()],
      ["System", pending.platform],
    ]),
    form("Let it in", [field("Name", name), group], approve),
    element("p", {}, deny, " ", link("#/devices", "Back")),
  );
}
