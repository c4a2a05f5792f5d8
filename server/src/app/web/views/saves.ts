import { type HistoricVersion, hasErrorCode, type NotedConflict, type Rom } from "@multitap/client";
import { button, element, field, form, listing, paragraph, section, typedText } from "../elements.ts";
import { formatMoment } from "../format.ts";
import { BASE, type Scene } from "../site.ts";
import { type Lane, type LaneVersion, toLanes } from "../versions.ts";

/** Draws the saves of a game with all their versions. */
export async function drawSaves(scene: Scene, rom: Rom): Promise<Node> {
  const list = element("div", { tabIndex: -1 });
  const slots = element("datalist", { id: "slots" });
  let lanes: readonly Lane[] = [];
  let turns = 0;
  const refresh = async () => {
    turns += 1;
    const turn = turns;
    const read = await readSaves(scene, rom);
    // Answers may pass each other.
    if (turn !== turns) return;
    lanes = read.lanes;
    list.replaceChildren(...drawList(scene, read, change));
    const known = lanes.flatMap(({ slot }) => (slot === null ? [] : [slot]));
    slots.replaceChildren(...known.map((value) => element("option", { value })));
  };
  const change: Change = (task, said, self) =>
    scene.work(async () => {
      await task();
      await refresh();
      // The button that was pressed is gone.
      if (!self.isConnected) list.focus({ preventScroll: true });
      scene.say(said);
    }, self);
  await refresh();
  const events = scene.client.events(["saves"], { signal: scene.signal });
  const stop = events.subscribe((event) => {
    // Whether something was missed or happened: what is shown is read again.
    if (event.topic === "gap" || event.data.romId === rom.id) scene.work(refresh);
  });
  scene.signal.addEventListener("abort", stop);
  // Apart from the list, so that what somebody has chosen outlives what other devices do.
  const upload = scene.can("assets.write")
    ? drawUpload(scene, rom, { slots, change, lanes: () => lanes })
    : null;
  return section("Saves", list, upload);
}

interface ReadSaves {
  readonly lanes: readonly Lane[];
  readonly conflicts: readonly NotedConflict[];
}

async function readSaves({ client, signal, can }: Scene, { id: romId }: Rom): Promise<ReadSaves> {
  const [history, conflicts, devices] = await Promise.all([
    client.saves.versions({ romId }, { signal }),
    client.saves.conflicts({ romId, isOpen: true }, { signal }),
    can("devices.read") ? client.devices.list({ signal }) : [],
  ]);
  const names = new Map(devices.map(({ id, name, client: app }) => [id, name ?? app ?? "a device"]));
  return { lanes: toLanes(history, names), conflicts: conflicts.filter(({ kind }) => kind === "saves") };
}

function drawList(scene: Scene, { lanes, conflicts }: ReadSaves, change: Change): Node[] {
  return [
    ...conflicts.map((conflict) => drawConflict(scene, conflict, change)),
    ...(lanes.length === 0 ? [paragraph("There are none yet.", "quiet")] : []),
    ...lanes.map((lane) => drawLane(scene, lane, change)),
  ];
}

/** Does something about saves and draws them anew. */
type Change = (task: () => Promise<unknown>, said: string, self: HTMLButtonElement) => void;

function drawConflict({ client }: Scene, conflict: NotedConflict, change: Change): Node {
  const { id, canonicalName, slot, createdAt, serverVersionId, deviceVersionId } = conflict;
  const decide = (
    text: string,
    resolution: "keep_both" | "server_wins" | "device_wins",
    versionId: number | null,
  ) =>
    button(text, (self) =>
      change(
        async () => {
          if (versionId !== null) await client.saves.restore({ versionId });
          await client.saves.resolveConflict(id, resolution);
        },
        "Decided. Both versions stay in the list.",
        self,
      ),
    );
  return element(
    "div",
    { class: "card", role: "group", "aria-label": `Conflict in ${canonicalName}` },
    element("h3", {}, "Two sides changed this save"),
    paragraph(
      `${canonicalName}${slot === null ? "" : ` in slot ${slot}`}, ${formatMoment(createdAt)}. Which one shall devices get? The other one stays as a version.`,
    ),
    element(
      "p",
      { class: "row" },
      decide("The server's", "server_wins", serverVersionId),
      deviceVersionId === null ? null : decide("The device's", "device_wins", deviceVersionId),
      decide("Leave it as it is", "keep_both", null),
    ),
  );
}

function drawLane(scene: Scene, lane: Lane, change: Change): Node {
  const { name, slot, versions } = lane;
  const title = slot === null ? name : `${name}, slot ${slot}`;
  const rows = versions.map((version) => drawVersion(scene, version, change));
  return element("div", { class: "card" }, element("h3", {}, title), listing(rows, ""));
}

function drawVersion({ client, can }: Scene, shown: LaneVersion, change: Change): Node {
  const { version, isNewest, isRestorable, text } = shown;
  const when = element("time", { dateTime: version.updatedAt }, formatMoment(version.updatedAt));
  const restore = button("Restore", (self) =>
    change(() => client.saves.restore(toRestore(version)), "Restored: it is the newest version now.", self),
  );
  restore.setAttribute("aria-label", `Restore the version of ${formatMoment(version.updatedAt)}`);
  const { versionId, fileName } = version;
  const bytes =
    versionId === null
      ? null
      : element("a", { href: `${BASE}/api/saves/${versionId}/content`, download: fileName }, "Download");
  return element(
    "span",
    { class: "row" },
    element("span", {}, isNewest ? element("b", {}, when) : when, " ", element("small", {}, text)),
    bytes,
    isRestorable && can("assets.write") ? restore : null,
  );
}

function toRestore({ versionId, trashId }: HistoricVersion) {
  return versionId === null ? { trashId: trashId ?? 0 } : { versionId };
}

interface UploadParts {
  /** Slots to choose from. */
  readonly slots: HTMLDataListElement;
  readonly lanes: () => readonly Lane[];
  readonly change: Change;
}

function drawUpload({ client }: Scene, rom: Rom, { slots, lanes, change }: UploadParts): Node {
  const file = element("input", { name: "file", type: "file", required: true });
  const slot = element("input", { name: "slot", value: "main", maxLength: 64 });
  slot.setAttribute("list", slots.id);
  const upload = (typed: FormData, send: HTMLButtonElement) => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    const into = typedText(typed, "slot") || null;
    const below = lanes().find((lane) => lane.slot === into && (into !== null || lane.name === chosen.name));
    const name = below?.name ?? chosen.name;
    const about = { romId: rom.id, slot: into, name, basedOn: below?.newestId ?? null };
    change(
      async () => {
        try {
          await client.saves.store(chosen, about);
        } catch (error) {
          if (!hasErrorCode(error, "SAVES_SLOT_NEWER")) throw error;
          if (!confirm("A newer version came in meanwhile. Put yours on top of it? Both stay.")) throw error;
          await client.saves.store(chosen, { ...about, force: true });
        }
      },
      "Uploaded.",
      send,
    );
  };
  const hint = "Versions of one slot follow each other. Empty keeps the file beside the slots.";
  return element(
    "div",
    { class: "card" },
    element("h3", {}, "Upload a save"),
    form("Upload", [field("File", file), field("Slot", slot, hint), slots], upload),
  );
}
