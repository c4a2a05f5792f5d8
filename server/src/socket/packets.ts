/**
 * Packets that are passed on as they came: events of the default namespace without an acknowledgement.
 * @source Socket.IO protocol 5 inside of Engine.IO protocol 4: `42["name",…]`, and `45<count>-["name",…]` with that many
 *   binary frames behind it.
 */

/** A packet as its frames: the text, and its attachments in order. */
export type PassedFrames = readonly [text: string, ...attachments: Uint8Array[]];

/** What the text of a packet says; `attachments` binary frames follow it. */
export interface PacketHead {
  readonly name: string;
  readonly attachments: number;
}

/** Finds the name of a passed event at the start of a packet's text. */
export type FindPassed = (text: string) => PacketHead | null;

const EVENT = "42";
const BINARY_EVENT = "45";

/**
 * Makes the look for packets with one of these names. It is cheap and sure only of the name: what follows is for
 * {@link isWholePacket}. Packets written in another way (escapes in the name, an acknowledgement, a namespace) are not
 * found, and take the way of every other event.
 * @param attachmentsMax Packets that announce more are not found.
 */
export function createFindPassed(names: readonly string[], attachmentsMax: number): FindPassed {
  const heads = names.map((name) => ({ quoted: `["${name}"`, head: { name, attachments: 0 } }));
  const findAt = (text: string, at: number) => {
    for (const each of heads) if (text.startsWith(each.quoted, at)) return each.head;
    return null;
  };
  return (text) => {
    if (text.startsWith(EVENT)) return findAt(text, EVENT.length);
    if (!text.startsWith(BINARY_EVENT)) return null;
    const end = text.indexOf("-", BINARY_EVENT.length);
    const digits = end < 0 || end > BINARY_EVENT.length + 2 ? "" : text.slice(BINARY_EVENT.length, end);
    const attachments = /^[1-9]\d?$/.test(digits) ? Number(digits) : 0;
    const head = attachments < 1 || attachments > attachmentsMax ? null : findAt(text, end + 1);
    return head && { ...head, attachments };
  };
}

/**
 * Tells whether receivers can read a packet: one that they cannot makes their client drop the connection.
 * @param text As {@link FindPassed} found it.
 */
export function isWholePacket(text: string, { attachments }: PacketHead): boolean {
  const start = attachments === 0 ? EVENT.length : text.indexOf("-") + 1;
  try {
    const value: unknown = JSON.parse(text.slice(start));
    if (!Array.isArray(value) || value.length > ARGUMENTS_MAX) return false;
    return attachments === 0 || hasEachPlace(value, attachments);
  } catch {
    return false;
  }
}

/** The name and one argument: no client sends more. */
const ARGUMENTS_MAX = 2;
/** Objects within objects in which places for attachments are looked for. */
const DEPTH_MAX = 32;

/** Tells whether every place names an attachment, and every attachment has a place. */
function hasEachPlace(value: unknown, attachments: number): boolean {
  const places = new Set<number>();
  const isFine = (item: unknown, depth: number): boolean => {
    if (typeof item !== "object" || item === null) return true;
    if (depth > DEPTH_MAX) return false;
    if ("_placeholder" in item && item._placeholder === true) {
      const place: unknown = "num" in item ? item.num : null;
      if (typeof place !== "number" || !Number.isInteger(place) || place < 0 || place >= attachments)
        return false;
      places.add(place);
      return true;
    }
    return Object.values(item).every((each) => isFine(each, depth + 1));
  };
  return isFine(value, 0) && places.size === attachments;
}

/**
 * Writes an event that came in another way as the same frames that a websocket would have brought.
 * @returns Null when it is nested too deeply, or has too many attachments.
 */
export function encodePassed(
  name: string,
  args: readonly unknown[],
  attachmentsMax: number,
): PassedFrames | null {
  const attachments: Uint8Array[] = [];
  let isTooDeep = false;
  const replace = (item: unknown, depth: number): unknown => {
    if (typeof item !== "object" || item === null) return item;
    if (item instanceof Uint8Array) return { _placeholder: true, num: attachments.push(item) - 1 };
    if (depth > DEPTH_MAX) {
      isTooDeep = true;
      return null;
    }
    if (Array.isArray(item)) return item.map((each) => replace(each, depth + 1));
    return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, replace(each, depth + 1)]));
  };
  const plain = replace([name, ...args], 0);
  if (isTooDeep || attachments.length > attachmentsMax) return null;
  const json = JSON.stringify(plain);
  if (attachments.length === 0) return [EVENT + json];
  return [`${BINARY_EVENT}${attachments.length}-${json}`, ...attachments];
}
