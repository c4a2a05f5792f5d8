import { NOTIFY_TEXT_BYTES_MAX } from "./limits.ts";

/** Characters of the random part that tells the frames of one message from another's. */
const MESSAGE_ID_LENGTH = 12;

const CONTINUATION_MASK = 0xc0;
const CONTINUATION_BITS = 0x80;

/**
 * Cuts a message into texts that each fit one NOTIFY: `<id>:<index>:<count>:<text>`, index from 0.
 * @param id Distinct per message; without it two equal frames of one transaction would arrive once.
 */
export function splitMessage(message: string, id: string): string[] {
  const bytes = new TextEncoder().encode(message);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts: string[] = [];
  for (let start = 0; start < bytes.length || texts.length === 0; ) {
    let end = Math.min(start + NOTIFY_TEXT_BYTES_MAX, bytes.length);
    // Step back to the first byte of a character, so that every frame is valid text.
    while (end < bytes.length && ((bytes[end] ?? 0) & CONTINUATION_MASK) === CONTINUATION_BITS) end -= 1;
    texts.push(decoder.decode(bytes.subarray(start, end)));
    start = end;
  }
  return texts.map((text, index) => `${id}:${index}:${texts.length}:${text}`);
}

/** Makes an id for {@link splitMessage}. */
export function createMessageId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, MESSAGE_ID_LENGTH);
}

/**
 * Puts the frames of one channel together again. Frames of one message arrive together and in order, so at
 * most one message is ever incomplete; one whose beginning was missed is dropped.
 * @returns A function that takes a frame and returns the message it completes, else null.
 */
export function createMessageJoiner(): (frame: string) => string | null {
  let currentId = "";
  let texts: string[] = [];
  return (frame) => {
    const match = /^([^:]*):(\d+):(\d+):/.exec(frame);
    if (match === null) return null;
    const [header, id = "", index, count] = match;
    const text = frame.slice(header.length);
    if (Number(count) === 1) return text;
    if (Number(index) === 0) {
      currentId = id;
      texts = [];
    }
    if (id !== currentId || Number(index) !== texts.length) return null;
    texts.push(text);
    if (texts.length < Number(count)) return null;
    const message = texts.join("");
    currentId = "";
    texts = [];
    return message;
  };
}
