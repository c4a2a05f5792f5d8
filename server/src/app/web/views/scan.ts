import type { Scan, ScanType } from "@multitap/client";
import {
  button,
  choice,
  element,
  field,
  form,
  link,
  listing,
  paragraph,
  section,
  typedText,
} from "../elements.ts";
import { formatAge, formatCount } from "../format.ts";
import { describeScan } from "../scans.ts";
import type { Scene } from "../site.ts";

const TYPES: readonly (readonly [ScanType, string])[] = [
  ["quick", "What is new"],
  ["new_platforms", "New platforms only"],
  ["complete", "Everything again"],
  ["hashes", "Everything, and read all files anew"],
  ["unmatched", "Look up games without details"],
  ["update", "Look up all games again"],
];
const LISTED = 10;

/** Draws how scans start, how the present one goes, and the last ones. */
export async function drawScan(scene: Scene): Promise<Node> {
  const { client, signal } = scene;
  const scans = await client.scan.list({ limit: LISTED }, { signal });
  const progress = element("div", { id: "progress" });
  const show = (scan: Scan) => progress.replaceChildren(watch(scene, scan));
  const active = scans.find(({ status }) => ["queued", "running", "paused"].includes(status));
  if (active !== undefined) show(active);
  const start = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const type = typedText(typed, "type") as ScanType;
      show(await client.scan.start({ type, acceptMissing: typed.has("acceptMissing") }));
    }, send);
  const accept = element("input", { type: "checkbox", name: "acceptMissing" });
  const rows = scans.filter((scan) => scan !== active).map((scan) => drawEnded(scene, scan));
  return element(
    "div",
    {},
    element("h1", {}, "Scan"),
    form(
      "Start scan",
      [
        field("What to look at", choice("type", TYPES)),
        element("label", { class: "box" }, accept, " Files that are gone are gone for good"),
      ],
      start,
    ),
    progress,
    section("Last scans", listing(rows, "There was none yet.")),
    element("p", {}, link("#/setup", "Folders of the library")),
  );
}

/** A bar that moves with the scan. */
function watch(scene: Scene, scan: Scan): Node {
  const bar = element("progress", { max: 1, "aria-label": "Progress of the scan" });
  const text = element("p", { role: "status" });
  const cancel = button("Cancel", (self) => scene.work(() => scene.client.scan.cancel(scan.id), self));
  const links = element("p", { hidden: true }, link("#/", "See the library"));
  const box = element("div", { class: "card" }, bar, text, element("p", {}, cancel), links);
  scene.work(async () => {
    for await (const step of scene.client.scan.watch(scan.id, { signal: scene.signal })) {
      const { share, text: said, isOver } = describeScan(step);
      if (share !== null) bar.value = share;
      text.textContent = said;
      cancel.hidden = isOver;
      links.hidden = !isOver;
      if (isOver && step.problems > 0) box.append(await drawProblems(scene, scan.id));
    }
  });
  return box;
}

async function drawProblems({ client }: Scene, scanId: number): Promise<Node> {
  const problems = await client.scan.problems(scanId);
  const rows = problems.map(({ path, message }) =>
    element("span", {}, element("b", {}, path), ` ${message}`),
  );
  return element(
    "details",
    {},
    element("summary", {}, `${formatCount(problems.length, "problem")}: what could not be read`),
    listing(rows, "Nothing."),
  );
}

function drawEnded(scene: Scene, scan: Scan): Node {
  const { text } = describeScan({
    ...scan.stats,
    scanId: scan.id,
    status: scan.status,
    phase: scan.phase,
    platformFsSlug: null,
    errorMessage: scan.errorMessage,
  });
  const box = element(
    "div",
    {},
    element("small", {}, formatAge(scan.createdAt, Date.now())),
    paragraph(text),
  );
  if (scan.stats.problems === 0) return box;
  const more = button("What could not be read", (self) =>
    scene.work(async () => self.replaceWith(await drawProblems(scene, scan.id)), self),
  );
  box.append(more);
  return box;
}
