/**
 * What must be true of a sync, said without a word of its rules: bytes that were taken stay retrievable, nothing that
 * is not retrievable is overwritten on a device, and what buries something its device never had is noted.
 */
import { createHash } from "node:crypto";
import type { createRandom } from "../../../../scripts/library/random.ts";

/** Randomness that a seed repeats. */
type Dice = ReturnType<typeof createRandom>;

/** Digest as lower-case hex. */
export const digest = (algorithm: "md5" | "sha1", text: string) =>
  createHash(algorithm).update(text).digest("hex");

/** One save that devices share: a slot of a rom. */
export interface Lane {
  readonly romId: number;
  readonly slot: string;
  readonly file: string;
}

export type Protocol = "compatible" | "documented" | "own";

/** A device as the model sees it; what it has on disk survives its crashes. */
export interface ModelDevice {
  readonly id: string;
  readonly protocol: Protocol;
  readonly clockOffsetMs: number;
  readonly files: Map<Lane, { readonly text: string; readonly at: string }>;
  /** Everything that it ever had of a lane: what it can be taken to know. */
  readonly had: Map<Lane, Set<string>>;
}

/** What the server said about one file. */
export interface Operation {
  readonly action: "upload" | "download" | "conflict" | "none" | "trash";
  readonly lane: Lane;
  /** The server's version; null when it has none. */
  readonly saveId: number | null;
}

/** The server went away in the middle; what it did is not known. */
export class Interrupted extends Error {}

/** Something that must never happen. */
export class Violation extends Error {}

/** Requests of devices and of a person, against a server that may die at any moment. */
export interface Transport {
  plan(device: ModelDevice): Promise<{ readonly operations: readonly Operation[]; readonly session: string }>;
  /** Null when it was refused as a conflict. */
  upload(
    lane: Lane,
    text: string,
    options: { readonly device: ModelDevice | null; readonly isForced: boolean },
  ): Promise<number | null>;
  download(device: ModelDevice, saveId: number): Promise<string | null>;
  acknowledge(device: ModelDevice, saveId: number, text: string): Promise<void>;
  complete(session: string): Promise<void>;
  /** The newest text of a lane, or null. */
  head(lane: Lane): Promise<{ readonly saveId: number; readonly text: string } | null>;
  replace(saveId: number, text: string, device: ModelDevice | null): Promise<boolean>;
  remove(saveId: number): Promise<void>;
  restore(lane: Lane, text: string): Promise<boolean>;
  /** Whether somebody can get these bytes back. */
  isRetrievable(lane: Lane, text: string): Promise<boolean>;
  /** Whether a conflict between two contents is noted. */
  hasConflict(lane: Lane, sides: { readonly server: string; readonly device: string }): Promise<boolean>;
}

/** The whole of it. */
export interface Model {
  readonly lanes: readonly Lane[];
  readonly devices: readonly ModelDevice[];
  /** Every text that was ever taken, with its lane. */
  readonly taken: Map<string, Lane>;
  readonly transport: Transport;
  readonly dice: Dice;
}

/** How often each sort of step is taken. */
const WEIGHTS = {
  edit: 40,
  sync: 20,
  blindUpload: 12,
  forcedUpload: 4,
  removeLocal: 6,
  replace: 4,
  removeVersion: 2,
  restore: 3,
  personUpload: 4,
} as const;
type Step = keyof typeof WEIGHTS;

/** Takes one random step; gives its name. */
export async function takeStep(model: Model): Promise<Step> {
  const { dice } = model;
  const total = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  let roll = dice.below(total);
  const names = Object.keys(WEIGHTS) as Step[];
  const step = names.find((name) => {
    roll -= WEIGHTS[name];
    return roll < 0;
  });
  const chosen = step ?? "edit";
  await STEPS[chosen](model, pick(dice, model.devices), pick(dice, model.lanes));
  return chosen;
}

function pick<T>(dice: Dice, items: readonly T[]): T {
  return items[dice.below(items.length)] as T;
}

type TakeStep = (model: Model, device: ModelDevice, lane: Lane) => Promise<void>;

const STEPS: Readonly<Record<Step, TakeStep>> = {
  async edit(model, device, lane) {
    setLocal(device, lane, `${device.id} ${model.dice.below(2 ** 48)}`);
  },
  async removeLocal(_model, device, lane) {
    device.files.delete(lane);
  },
  async sync(model, device) {
    await syncDevice(model, device, { crashesAfter: model.dice.below(4) === 0 ? model.dice.below(4) : null });
  },
  async blindUpload(model, device, lane) {
    const file = device.files.get(lane);
    if (file === undefined) return;
    await uploadFrom(model, lane, { device, text: file.text, isForced: false });
    // An app that lost the answer sends it again.
    if (model.dice.below(4) === 0) {
      await uploadFrom(model, lane, { device, text: file.text, isForced: false });
    }
  },
  async forcedUpload(model, device, lane) {
    const file = device.files.get(lane);
    if (file !== undefined) await uploadFrom(model, lane, { device, text: file.text, isForced: true });
  },
  async replace(model, device, lane) {
    const head = await model.transport.head(lane);
    const file = device.files.get(lane);
    if (head === null || file === undefined) return;
    const asDevice = model.dice.below(2) === 0 ? device : null;
    if (!(await model.transport.replace(head.saveId, file.text, asDevice))) return;
    await afterTaking(model, lane, { text: file.text, head: head.text, device: asDevice });
  },
  async removeVersion(model, _device, lane) {
    const head = await model.transport.head(lane);
    if (head !== null) await model.transport.remove(head.saveId);
  },
  async restore(model, _device, lane) {
    const texts = [...model.taken].filter(([, home]) => home === lane).map(([text]) => text);
    if (texts.length === 0) return;
    const text = pick(model.dice, texts.slice(-20));
    if (!(await model.transport.restore(lane, text))) throw new Violation(`"${text}" cannot be restored`);
  },
  async personUpload(model, _device, lane) {
    const text = `person ${model.dice.below(2 ** 48)}`;
    const saveId = await model.transport.upload(lane, text, { device: null, isForced: false });
    if (saveId !== null) await afterTaking(model, lane, { text, head: null, device: null });
  },
};

function setLocal(device: ModelDevice, lane: Lane, text: string): void {
  const at = new Date(Date.now() + device.clockOffsetMs).toISOString();
  device.files.set(lane, { text, at });
  const had = device.had.get(lane) ?? new Set();
  device.had.set(lane, had.add(text));
}

interface Sent {
  readonly device: ModelDevice;
  readonly text: string;
  readonly isForced: boolean;
}

async function uploadFrom(model: Model, lane: Lane, { device, text, isForced }: Sent): Promise<boolean> {
  const head = await model.transport.head(lane);
  const saveId = await model.transport.upload(lane, text, { device, isForced });
  if (saveId === null) return false;
  await afterTaking(model, lane, { text, head: head?.text ?? null, device });
  return true;
}

interface Taking {
  readonly text: string;
  /** What was the newest before. */
  readonly head: string | null;
  readonly device: ModelDevice | null;
}

/** Asks whether what was just taken is safe, and whether what it went on top of was told. */
async function afterTaking(
  { taken, transport }: Model,
  lane: Lane,
  { text, head, device }: Taking,
): Promise<void> {
  taken.set(text, lane);
  if (!(await transport.isRetrievable(lane, text)))
    throw new Violation(`"${text}" was taken and is not there`);
  if (head === null || head === text || device === null) return;
  if (!(await transport.isRetrievable(lane, head)))
    throw new Violation(`"${text}" buried "${head}" for good`);
  const isKnown = device.had.get(lane)?.has(head) === true;
  if (isKnown || (await transport.hasConflict(lane, { server: head, device: text }))) return;
  throw new Violation(
    `${device.id} put "${text}" on top of "${head}", which it never had, and nobody is told`,
  );
}

interface SyncOptions {
  /** The device dies after so many operations; null: it does not. */
  readonly crashesAfter: number | null;
}

/** Lets a device do what it is told; gives how much there was to do. */
export async function syncDevice(
  model: Model,
  device: ModelDevice,
  { crashesAfter }: SyncOptions,
): Promise<number> {
  const { operations, session } = await model.transport.plan(device);
  let done = 0;
  for (const operation of operations) {
    if (operation.action === "none") continue;
    if (crashesAfter !== null && done >= crashesAfter) return done;
    await doOperation(model, device, operation);
    done += 1;
  }
  await model.transport.complete(session);
  return done;
}

async function doOperation(model: Model, device: ModelDevice, operation: Operation): Promise<void> {
  const { lane, action } = operation;
  const file = device.files.get(lane);
  switch (action) {
    case "upload":
      if (file !== undefined) await uploadFrom(model, lane, { device, text: file.text, isForced: false });
      return;
    case "conflict":
      // The person on this device wants to keep what is here; the other version stays as well.
      if (file !== undefined) await uploadFrom(model, lane, { device, text: file.text, isForced: true });
      return;
    case "trash":
      await requireSafe(model, device, lane);
      device.files.delete(lane);
      return;
    case "download":
      await download(model, device, operation);
      return;
    default:
  }
}

/** Nothing on a device is overwritten that is nowhere else. */
async function requireSafe({ transport }: Model, device: ModelDevice, lane: Lane): Promise<void> {
  const file = device.files.get(lane);
  if (file === undefined || (await transport.isRetrievable(lane, file.text))) return;
  throw new Violation(`${device.id} was told to overwrite "${file.text}", which nobody else has`);
}

async function download(model: Model, device: ModelDevice, { lane, saveId }: Operation): Promise<void> {
  await requireSafe(model, device, lane);
  const text = saveId === null ? null : await model.transport.download(device, saveId);
  if (text === null || saveId === null) return;
  setLocal(device, lane, text);
  // Some die right before they say so.
  if (model.dice.below(8) !== 0) await model.transport.acknowledge(device, saveId, text);
}

/** Asks for everything that was ever taken. */
export async function checkAll({ taken, transport }: Model): Promise<void> {
  for (const [text, lane] of taken) {
    if (!(await transport.isRetrievable(lane, text))) throw new Violation(`"${text}" is lost`);
  }
}

/** Rounds until every device agrees; more than a few mean that it never ends. */
const ROUNDS_MAX = 6;

/** Lets every device sync until nobody has anything to do, and asks whether they agree. */
export async function settle(model: Model): Promise<void> {
  for (let round = 0; ; round += 1) {
    let done = 0;
    for (const device of model.devices) done += await syncDevice(model, device, { crashesAfter: null });
    if (done === 0) break;
    if (round === ROUNDS_MAX) throw new Violation("the devices do not come to an end");
  }
  for (const lane of model.lanes) {
    const head = await model.transport.head(lane);
    for (const device of model.devices) {
      const text = device.files.get(lane)?.text;
      if (text === undefined || text === head?.text) continue;
      throw new Violation(`${device.id} has "${text}" of ${lane.file}, the server "${head?.text}"`);
    }
  }
}
